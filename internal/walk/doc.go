// Package walk tests the product's main walk from outside, as its users see
// it: the built program with a real Postgres, real TLS servers, a real mail
// server and a real browser. It holds tests only.
package walk

// Package remedies holds what to change where a requirement fails: sentences,
// and configuration lines for the servers that partners run. It is data with
// its reader; it judges nothing and asks nobody.
package remedies

// Package tlsparameters knows the registries of TLS: cipher suites with what
// their names imply, SSL 2.0 cipher specs, named groups, signature schemes,
// alerts, extensions, handshake and content types, under IANA's names.
//
// The tables are generated from those in registry/, whose README says where
// each comes from and how old it is. Values that are in use without being
// assigned are there too, and flagged Unassigned.
//
// It must not say what is secure or what to offer, and knows no server: it
// holds facts that follow from a number. Recommended is IANA's word.
package tlsparameters

//go:generate go run ./internal/generate

// Package demo runs a handful of local TLS servers of different quality, a
// DNS server that knows their names, and receivers for mail and webhooks, so
// that a newcomer sees every kind of result without a URL at hand. It listens
// on loopback only and must not be part of a real deployment's configuration.
package demo

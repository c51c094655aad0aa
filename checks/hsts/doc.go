// Package hsts reads Strict-Transport-Security (RFC 6797), knows what the
// preload list of browsers asks for, and carries that list. It must not do
// input or output, or read a clock.
package hsts

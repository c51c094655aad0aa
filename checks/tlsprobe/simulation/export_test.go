package simulation

import (
	"net/netip"
	"testing"
)

// RealServers are those of TestRealServers, for the tests outside.
func RealServers() map[string]func(t *testing.T) netip.AddrPort { return realServers() }

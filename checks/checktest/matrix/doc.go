// Package matrix lists real servers of many configurations, each with the full
// set of protocols, suites and groups that it takes, and whose order decides.
// What is expected comes from the servers' documentation and configuration, and
// was compared with nmap's answers, never with our own: see TestNmap. Each has
// its grade too, reasoned by the rating guide: see Graded. It looks at nothing
// itself, and must never be linked into the program.
package matrix

import (
	"embed"
	"net/netip"
	"testing"
)

// Host is the name that the certificates are for, and that clients must send.
const Host = "app.test"

// Group is servers that start together, in one process where the program can.
type Group struct {
	Name    string
	Servers []Server
	// Start runs them until the end of the test and returns an address for each
	// of Servers.
	Start func(t testing.TB) []netip.AddrPort
}

// Server is one configuration.
type Server struct {
	Name string
	Want Expectation
	// Grade is what all of it is worth.
	Grade Graded
	// Nmap says why nmap cannot tell it all, where it cannot.
	Nmap string
}

//go:embed keys
var keyFiles embed.FS

//go:embed expected
var expectedFiles embed.FS

// Groups returns every group. It fails the test when an expectation is missing
// or cannot be read.
func Groups(t testing.TB) []Group {
	t.Helper()
	lists := [][]definition{
		nginxServers(), apacheServers(), haproxyServers(), opensslServers(), gnutlsServers(), goServers(),
	}
	var groups []Group
	for _, list := range lists {
		for _, one := range list {
			groups = append(groups, Group{
				Name: one.name, Servers: []Server{{Name: one.name, Nmap: one.nmap}},
				Start: func(t testing.TB) []netip.AddrPort { return []netip.AddrPort{one.start(t)} },
			})
		}
	}
	groups = append(groups, nodeGroups()...)
	groups = append(groups, javaGroups()...)
	expected, grades := readExpected(t), readGrades(t)
	for _, group := range groups {
		for index := range group.Servers {
			server := &group.Servers[index]
			want, found := expected[server.Name]
			if !found {
				t.Fatalf("nothing is expected of %q", server.Name)
			}
			graded, found := grades[server.Name]
			if !found {
				t.Fatalf("no grade is reasoned for %q", server.Name)
			}
			server.Want, server.Grade = want, graded
			delete(grades, server.Name)
		}
	}
	for name := range grades {
		t.Errorf("a grade is reasoned for %q, which is no server", name)
	}
	return groups
}

// definition is a server with a process of its own.
type definition struct {
	name  string
	start func(t testing.TB) netip.AddrPort
	nmap  string // see Server
}

// beyondNmap returns d with why nmap cannot tell it all.
func (d definition) beyondNmap(reason string) definition {
	d.nmap = reason
	return d
}

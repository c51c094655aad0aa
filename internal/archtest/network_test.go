package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// reaching names what opens a connection or asks a resolver by itself. Server
// sides (Listen) and types (Conn, Addr) are free.
func reaching() map[string][]string {
	return map[string][]string{
		"net": {
			"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer",
			"Resolver", "DefaultResolver", "LookupHost", "LookupIP", "LookupAddr", "LookupCNAME",
			"LookupMX", "LookupNS", "LookupSRV", "LookupTXT", "LookupPort", "ResolveTCPAddr", "ResolveUDPAddr", "ResolveIPAddr",
		},
		"crypto/tls":                 {"Dial", "DialWithDialer", "Dialer"},
		"net/http":                   {"DefaultClient", "DefaultTransport", "Get", "Post", "PostForm", "Head"},
		"net/smtp":                   {"Dial", "SendMail"},
		"net/rpc":                    {"Dial", "DialHTTP", "DialHTTPPath"},
		"github.com/miekg/dns":       {"Client", "Exchange", "ExchangeContext", "ExchangeConn", "Dial", "DialTimeout", "DialWithTLS"},
		"github.com/quic-go/quic-go": {"DialAddr", "DialAddrEarly"},
		"golang.org/x/net/proxy":     {"Direct", "FromEnvironment", "SOCKS5", "Dial"},
		"syscall":                    {"Connect", "Socket"},
		"golang.org/x/sys/unix":      {"Connect", "Socket"},
	}
}

// dialers are who may reach out, and why. Tests and the servers of tests are
// not asked.
func dialers() []arrow {
	return []arrow{
		{"checks/probe/", nil, "the only dialer: it vets addresses and counts connections"},
		{"cmd/gradewatch/health.go", nil, "asks the program's own listener"},
		{"internal/alert/session.go", nil, "the mail server is the operator's setting, often on loopback, and never a user's"},
		{"internal/pgembed/", nil, "asks its own Postgres on a Unix socket, and free ports of loopback"},
	}
}

func mayDial(path string) bool {
	return slices.ContainsFunc(dialers(), func(d arrow) bool { return strings.HasPrefix(path, d.importer) })
}

// dials returns what in f reaches the network by itself.
func dials(f file) []string {
	names := f.localNames()
	reach := reaching()
	var found []string
	report := func(node ast.Node, what string) {
		found = append(found, fmt.Sprintf("%s:%d: %s", f.path, f.line(node.Pos()), what))
	}
	ast.Inspect(f.tree, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.SelectorExpr:
			path, name := qualified(names, node)
			if slices.Contains(reach[path], name) {
				report(node, path+"."+name)
			}
		case *ast.CompositeLit:
			path, name := qualified(names, node.Type)
			if path == "net/http" && name == "Client" && !hasField(node, "Transport") {
				report(node, "http.Client without a Transport uses the default one")
			}
			if path == "net/http" && name == "Transport" && !hasField(node, "DialContext", "DialTLSContext") {
				report(node, "http.Transport without DialContext dials by itself")
			}
		}
		return true
	})
	return found
}

// qualified returns the import path and the name of an expression like net.Dial.
func qualified(names map[string]string, expression ast.Expr) (path, name string) {
	selector, ok := expression.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	identifier, ok := selector.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	return names[identifier.Name], selector.Sel.Name
}

func hasField(literal *ast.CompositeLit, fields ...string) bool {
	return slices.ContainsFunc(literal.Elts, func(element ast.Expr) bool {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		key, ok := pair.Key.(*ast.Ident)
		return ok && slices.Contains(fields, key.Name)
	})
}

// A URL from a user is hostile: one package resolves once, vets the addresses
// and dials the vetted one, so that no other can be talked into a private network.
func TestOnlyTheProbeDials(t *testing.T) {
	t.Parallel()
	support := arrow{may: testSupport()}
	handWritten(t, func(p source, f file) {
		if support.allows(p.path) || mayDial(f.path) {
			return
		}
		for _, finding := range dials(f) {
			t.Errorf("%s: only checks/probe dials", finding)
		}
	})
}

func TestDialsAreSeen(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		code string
		want int
	}{
		"net.Dial":                {`import "net"; func f() { net.Dial("tcp", "x") }`, 1},
		"renamed import":          {`import n "net"; func f() { var d n.Dialer; d.Dial("tcp", "x") }`, 1},
		"tls.Dial":                {`import "crypto/tls"; func f() { tls.Dial("tcp", "x", nil) }`, 1},
		"default client":          {`import "net/http"; func f() { http.Get("http://x"); http.DefaultClient.Get("x") }`, 2},
		"client of nothing":       {`import "net/http"; func f() { _ = &http.Client{Timeout: 1} }`, 1},
		"transport of its own":    {`import "net/http"; func f() { _ = &http.Transport{} }`, 1},
		"transport through probe": {`import "net/http"; func f(d any) { _ = &http.Client{Transport: &http.Transport{DialContext: nil}} }`, 0},
		"look-up":                 {`import "net"; func f() { net.LookupHost("x") }`, 1},
		"listening":               {`import "net"; func f() { net.Listen("tcp", ":0") }`, 0},
		"a method called Dial":    {`func f(network interface{ Dial() }) { network.Dial() }`, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found := dials(parse(t, "package p; "+test.code)); len(found) != test.want {
				t.Errorf("want %d findings, got %q", test.want, found)
			}
		})
	}
}

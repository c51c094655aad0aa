package simulator

import (
	"net/netip"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// Host is a name, the servers behind it, and what is wrong with them.
type Host struct {
	Name    string
	Servers []*Server
	// Unresolved says why the name does not resolve; empty: it does.
	Unresolved checks.Reason
	// Share is how many of its addresses the name gives at a time, others at each
	// look; 0: all of them.
	Share int
	// Renews: its certificate of 90 days is replaced when 60 are over.
	Renews bool

	generation int // raised by whatever changes what a look sees
}

// Server is what answers at one address. Hosts may share it.
type Server struct {
	Address     netip.Addr
	Certificate *Certificate
	Down        checks.Reason // why nothing answers; empty: it does
	SSLv3       bool          // it accepts SSL 3.0: T-02, and the grade
	TLSv10      bool          // it accepts TLS 1.0 and 1.1: the grade
	WeakSuites  bool          // it accepts suites without forward secrecy: only a full look sees it
	Misread     bool          // our engine takes a refusal of SSL 2.0 for acceptance
	NewKeys     bool          // it prefers another group than before: drift
}

// Page is what the application answers at one endpoint, wherever it runs.
type Page struct {
	LooseCookie bool          // without HttpOnly: C-01
	OpenCookie  bool          // without Secure: C-02
	NoSameSite  bool          // its cookie has no SameSite, which nothing asks for yet
	Status      int           // of the answer; 0: 200
	Wall        checks.Reason // something else answers instead of the application, such as a bot wall
}

// answers returns the addresses that the name gives at its n-th look, as indexes.
func (h *Host) answers(n int) []int {
	all := make([]int, len(h.Servers))
	for i := range all {
		all[i] = i
	}
	if h.Share <= 0 || h.Share >= len(all) {
		return all
	}
	var given []int
	for i := range h.Share {
		given = append(given, (n*h.Share+i)%len(all))
	}
	slices.Sort(given)
	return slices.Compact(given)
}

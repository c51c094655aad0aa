package grade

import (
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// truth is an answer to whether something holds. The zero value: it does not.
type truth uint8

const (
	no truth = iota
	yes
	unknown // facts are missing that would say it
)

// The versions by their place in facts.versions, oldest first as in
// checks.Protocols.
const (
	ssl2 = iota
	ssl3
	tls10
	tls11
	tls12
	tls13
	versionCount
)

// facts are what conditions ask, put together once for each grade.
type facts struct {
	observed  *checks.AddressObservation
	appraised *checks.AddressAppraisal
	address   string
	versions  [versionCount]version
	// chains are those that clients get that name the host; allChains: a full
	// look found every one.
	chains    []chain
	allChains bool
	hsts      hstsSeen
	clients   []client
}

// version is what is known of one protocol version.
type version struct {
	protocol checks.Protocol
	accepted truth
	suites   []suite // that it is known to take, in the server's order where it has one
	kinds    kind    // of any of them
	// open: it may take more suites than these, because of open facts.
	open components
}

type suite struct {
	*checks.Suite
	trait
}

// chain is one chain and its place in the appraisal.
type chain struct {
	*checks.ChainAppraisal
	index int
}

func newFacts(observed *checks.AddressObservation, appraised *checks.AddressAppraisal) *facts {
	f := &facts{observed: observed, appraised: appraised, address: observed.Address.String()}
	for i, protocol := range checks.Protocols() {
		f.versions[i] = newVersion(observed, protocol)
	}
	for i := range appraised.Chains {
		if appraised.Chains[i].SNI {
			f.chains = append(f.chains, chain{&appraised.Chains[i], i})
		}
	}
	f.allChains = len(f.chains) > 0 && observed.Full.Chains.Served.State == checks.Known
	f.hsts = seenHSTS(observed.HTTP.Hops)
	simulations := observed.Full.Simulations.Clients
	f.clients = make([]client, len(simulations))
	for i := range simulations {
		f.clients[i] = f.newClient(&simulations[i])
	}
	return f
}

func newVersion(observed *checks.AddressObservation, protocol checks.Protocol) version {
	v := version{protocol: protocol}
	fact := observed.TLS.Protocols[protocol]
	switch fact.State {
	case checks.Absent:
		return v
	case checks.Known:
		v.accepted = yes
	default:
		v.accepted, v.open = unknown, protocolsMissing
		return v
	}
	listed := observed.Full.Suites.Accepted[protocol]
	v.suites = make([]suite, 0, len(listed.Value)+1)
	chosenListed := fact.Value.Suite == ""
	for i := range listed.Value {
		seen := &listed.Value[i]
		v.add(seen)
		chosenListed = chosenListed || strings.EqualFold(seen.ID, fact.Value.Suite)
	}
	if chosen, found := registered().byID[fact.Value.Suite]; found && !chosenListed {
		v.add(&chosen)
	}
	if listed.State != checks.Known || !chosenListed || len(listed.Value) == 0 && !fact.Value.WithoutSuites {
		v.open = suitesMissing
	}
	return v
}

func (v *version) add(seen *checks.Suite) {
	s := suite{seen, traitOf(seen)}
	if s.exchange == ephemeralField && s.GroupBits == 0 { // its parameters could not be read
		v.open = suitesMissing
	}
	v.suites, v.kinds = append(v.suites, s), v.kinds|s.kind
}

// accepts says whether a version is accepted.
func (f *facts) accepts(version int) truth { return f.versions[version].accepted }

// takes says whether a suite of a kind is accepted in the versions from first to
// last. TLS 1.3 has none that any rule minds, among those that a look offers.
func (f *facts) takes(of kind, first, last int) (truth, components) {
	open := components(0)
	for i := first; i <= last; i++ {
		if f.versions[i].kinds&of != 0 {
			return yes, 0
		}
		if i < tls13 {
			open |= f.versions[i].open
		}
	}
	if open != 0 {
		return unknown, open
	}
	return no, 0
}

// legacy says whether a version of SSL 3.0 to TLS 1.2 is accepted: what it needs
// is not applicable to a server of TLS 1.3 alone (section 9).
func (f *facts) legacy() (truth, components) {
	answer := no
	for i := ssl3; i <= tls12; i++ {
		switch f.accepts(i) {
		case yes:
			return yes, 0
		case unknown:
			answer = unknown
		case no:
		}
	}
	if answer == unknown {
		return unknown, protocolsMissing
	}
	return no, 0
}

// spoken says whether any protocol version is accepted.
func (f *facts) spoken() truth {
	answer := no
	for _, v := range f.versions {
		switch v.accepted {
		case yes:
			return yes
		case unknown:
			answer = unknown
		case no:
		}
	}
	return answer
}

// key is the weakest key, in bits of RSA, of the leaves of a class, or of all
// leaves where none is of it. Unknown where one of them is.
func (f *facts) key(class leafClass) (bits int, known bool) {
	found := false
	for _, c := range f.chains {
		if !class.fits(c.Leaf.Key) {
			continue
		}
		if c.Leaf.RSABits <= 0 {
			return 0, false
		}
		if !found || c.Leaf.RSABits < bits {
			bits, found = c.Leaf.RSABits, true
		}
	}
	if !found && class != anyLeaf {
		return f.key(anyLeaf)
	}
	return bits, found
}

// finding is the answer about a vulnerability, from the passive or the
// intrusive ones.
func (f *facts) finding(name checks.Vulnerability) (checks.Finding, components) {
	if isIntrusive(name) {
		return f.observed.Full.Intrusive[name], intrusiveMissing
	}
	return f.observed.Full.Vulnerabilities[name], vulnerabilitiesMissing
}

func isIntrusive(name checks.Vulnerability) bool {
	switch name {
	case checks.Heartbleed, checks.CCSInjection, checks.Ticketbleed, checks.ROBOT, checks.OpenSSLPaddingOracle,
		checks.POODLETLS, checks.ZombiePOODLE, checks.GOLDENDOODLE, checks.ZeroLengthPaddingOracle, checks.SleepingPOODLE:
		return true
	}
	return false
}

// client is a simulated client and what it gets.
type client struct {
	*checks.Simulation
	state   checks.State // Known, Absent, or what tells nothing
	version int
	kind    kind // of the suite
}

// newClient reads what a client gets. What it got in a version that is refused
// by now is out of date and tells nothing.
func (f *facts) newClient(simulation *checks.Simulation) client {
	c := client{Simulation: simulation, state: simulation.Handshake.State}
	if c.state != checks.Known {
		return c
	}
	got := &simulation.Handshake.Value
	if c.version = place(got.Protocol); c.version < 0 || f.versions[c.version].accepted == no {
		c.state = checks.Inconclusive
		return c
	}
	c.kind = handshakeKind(got)
	return c
}

func handshakeKind(got *checks.SimulatedHandshake) kind {
	if t, found := registered().traits[got.SuiteName]; found {
		return t.kind
	}
	if seen, found := registered().byID[got.Suite]; found {
		return traitOf(&seen).kind
	}
	return newTrait(got.SuiteName, "").kind
}

func place(protocol checks.Protocol) int {
	switch protocol {
	case checks.SSLv2:
		return ssl2
	case checks.SSLv3:
		return ssl3
	case checks.TLSv10:
		return tls10
	case checks.TLSv11:
		return tls11
	case checks.TLSv12:
		return tls12
	case checks.TLSv13:
		return tls13
	}
	return -1
}

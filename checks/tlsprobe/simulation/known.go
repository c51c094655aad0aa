package simulation

import (
	"crypto/ecdsa"
	"crypto/x509"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
)

// Known is what a look knows of one address, with SNI. Compute reads it only.
type Known struct {
	TLS    checks.TLS
	Suites checks.Suites
	Chains checks.Chains
	// Certificates are those that Chains names, as far as they are at hand.
	Certificates []checks.Certificate
}

// server is what is known of an address, in the form in which it is asked.
type server struct {
	known    Known
	accepted map[checks.Protocol][]candidate // of facts that are Known, in the server's order
	groups   []uint16                        // of TLS 1.3
	legacy   []uint16                        // of ECDHE before it
	named    map[uint16]checks.Group
	// schemes are the signature schemes by protocol; missing where not Known.
	schemes map[checks.Protocol][]uint16
	// curves are those of the ECDSA keys that are served with SNI; nil where
	// not all are known.
	curves []uint16
	// views are the ways of choosing that agree with everything seen so far.
	views []view
}

// candidate is a suite that the server accepts.
type candidate struct {
	value uint16
	suite checks.Suite
	kind  tlsparameters.Suite
	field uint16 // its group of RFC 7919; 0: another finite field, or none
}

func newServer(known Known) *server {
	s := &server{
		known: known, accepted: map[checks.Protocol][]candidate{}, schemes: map[checks.Protocol][]uint16{},
		groups: groupValues(known.Suites.Groups), legacy: groupValues(known.Suites.LegacyGroups), curves: ecdsaCurves(known),
		named: groupsByValue(known.Suites),
	}
	for protocol, fact := range known.Suites.Accepted {
		if fact.State == checks.Known {
			s.accepted[protocol] = candidates(fact.Value)
		}
	}
	for protocol, fact := range known.Suites.SignatureSchemes {
		if fact.State == checks.Known {
			s.schemes[protocol] = schemeValues(fact.Value)
		}
	}
	s.views = views(s)
	return s
}

func candidates(suites []checks.Suite) []candidate {
	list := make([]candidate, 0, len(suites))
	for _, suite := range suites {
		if value, err := known.Value(suite.ID); err == nil {
			kind, _ := tlsparameters.SuiteByValue(value)
			list = append(list, candidate{value, suite, kind, ffdheValue(suite.Group)})
		}
	}
	return list
}

func groupValues(fact checks.Fact[[]checks.Group]) []uint16 {
	if fact.State != checks.Known {
		return nil
	}
	var list []uint16
	for _, group := range fact.Value {
		if value, err := known.Value(group.ID); err == nil {
			list = append(list, value)
		}
	}
	return list
}

func schemeValues(names []string) []uint16 {
	var list []uint16
	for _, scheme := range tlsparameters.SignatureSchemes() {
		if slices.Contains(names, scheme.Name) {
			list = append(list, scheme.Value)
		}
	}
	return list
}

// ecdsaCurves returns the groups of the ECDSA leaves served with SNI, nil where
// one is not at hand.
func ecdsaCurves(known Known) []uint16 {
	var curves []uint16
	for _, chain := range known.Chains.Served.Value {
		if chain.Key != "ECDSA" || !chain.SNI || len(chain.Certificates) == 0 {
			continue
		}
		curve, ok := curveOf(known.Certificates, chain.Certificates[0])
		if !ok {
			return nil
		}
		curves = append(curves, curve)
	}
	return curves
}

func curveOf(certificates []checks.Certificate, leaf checks.Fingerprint) (uint16, bool) {
	at := slices.IndexFunc(certificates, func(c checks.Certificate) bool { return c.SHA256 == leaf })
	if at < 0 {
		return 0, false
	}
	certificate, err := x509.ParseCertificate(certificates[at].DER)
	if err != nil {
		return 0, false
	}
	key, ok := certificate.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return 0, false
	}
	switch key.Curve.Params().Name {
	case "P-256":
		return 0x0017, true
	case "P-384":
		return 0x0018, true
	case "P-521":
		return 0x0019, true
	default:
		return 0, false
	}
}

// group returns a group as reports name it.
func (s *server) group(value uint16) checks.Group {
	if group, found := s.named[value]; found {
		return group
	}
	group, _ := tlsparameters.GroupByValue(value)
	return checks.Group{ID: tlsparameters.SuiteID(value), Name: tlsparameters.GroupName(value), Bits: group.Bits}
}

// groupsByValue are those that the facts name.
func groupsByValue(suites checks.Suites) map[uint16]checks.Group {
	named := map[uint16]checks.Group{}
	for _, group := range slices.Concat(suites.LegacyGroups.Value, suites.Groups.Value) {
		if value, err := known.Value(group.ID); err == nil {
			named[value] = group
		}
	}
	return named
}

// withoutSNI says how a client fares that does not name the server: as one that
// does (Known true), not at all (Absent), or otherwise.
func (s *server) withoutSNI() checks.Fact[bool] {
	chains := s.known.Chains
	if chains.SNIRequired.State == checks.Known && chains.SNIRequired.Value {
		return checks.AbsentFact[bool](checks.ReasonHandshakeFailed)
	}
	if chains.Served.State != checks.Known {
		return checks.InconclusiveFact[bool](undecided)
	}
	var with, without []checks.Fingerprint
	for _, chain := range chains.Served.Value {
		if len(chain.Certificates) == 0 {
			continue
		}
		if chain.SNI {
			with = append(with, chain.Certificates[0])
		} else {
			without = append(without, chain.Certificates[0])
		}
	}
	slices.Sort(with)
	slices.Sort(without)
	if len(with) == 0 || slices.Equal(slices.Compact(with), slices.Compact(without)) {
		return checks.KnownFact(true) // one set of keys, one set of suites
	}
	return checks.InconclusiveFact[bool](undecided)
}

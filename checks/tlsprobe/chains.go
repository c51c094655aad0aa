package tlsprobe

import (
	"cmp"
	"context"
	"crypto/x509"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// edwards are the signature schemes of EdDSA (RFC 8422 section 5.1.3).
func edwards() []uint16 { return []uint16{0x0807, 0x0808} }

// chains asks for the chains that the hellos so far could not bring: without
// SNI, and with a key of EdDSA. It returns whether SNI is required.
func (i *inspection) chains(ctx context.Context, protocol checks.Protocol, suites []uint16) (required checks.Fact[bool]) {
	certified := slices.DeleteFunc(slices.Clone(suites), func(value uint16) bool {
		suite, _ := tlsparameters.SuiteByValue(value)
		return !suite.NeedsCertificate()
	})
	if len(certified) == 0 {
		return checks.InconclusiveFact[bool](checks.ReasonHandshakeFailed)
	}
	i.together(
		func() {
			if i.isMixed() {
				required = i.chainsOfAll(ctx, protocol, certified)
				return
			}
			required = i.withoutSNI(ctx, protocol, certified)
		},
		func() { i.edwardsChain(ctx, protocol, certified) },
	)
	return required
}

// withoutSNI asks for each kind of key without a server name. A name that SNI
// cannot carry (an address) is always asked for without.
func (i *inspection) withoutSNI(ctx context.Context, protocol checks.Protocol, suites []uint16) checks.Fact[bool] {
	rest, accepted := suites, false
	for len(rest) > 0 {
		answer := i.ask(ctx, protocol.Title()+" without SNI", offer{protocol: protocol, suites: rest, withoutSNI: true})
		if !answer.Accepted() {
			refused, reason := i.relied(ctx, protocol, answer)
			if !refused {
				i.missChains(reason)
			}
			switch {
			case accepted:
				return checks.KnownFact(false)
			case refused:
				return checks.KnownFact(true)
			}
			return checks.InconclusiveFact[bool](reason)
		}
		accepted = true
		rest = withoutKind(rest, answer.Hello.Suite)
	}
	return checks.KnownFact(false)
}

// mixedChains is how often each chain is asked for where servers behind one
// address differ.
const mixedChains = 4

// chainsOfAll asks for each kind of key again and again, with SNI and without,
// where servers behind one address differ.
func (i *inspection) chainsOfAll(ctx context.Context, protocol checks.Protocol, suites []uint16) checks.Fact[bool] {
	accepted, required := false, false
	for rest := suites; len(rest) > 0; {
		others := withoutKind(rest, rest[0])
		kind := without(rest, others...)
		rest = others
		_, lacking, _ := i.askAll(ctx, protocol.Title()+", one kind of key", offer{protocol: protocol, suites: kind})
		came, refused, reason := i.askAll(ctx, protocol.Title()+" without SNI, one kind of key", offer{protocol: protocol, suites: kind, withoutSNI: true})
		if reason != "" {
			i.missChains(reason)
			return checks.InconclusiveFact[bool](reason)
		}
		accepted = accepted || came
		required = required || refused && !lacking // else some just have no such key
	}
	if accepted && required {
		return checks.InconclusiveFact[bool](checks.ReasonDisagreement)
	}
	return checks.KnownFact(!accepted)
}

// askAll sends the same hello again and again, and says whether it was
// accepted, whether it was refused, and why nobody can tell.
func (i *inspection) askAll(ctx context.Context, name string, offered offer) (accepted, refused bool, reason checks.Reason) {
	for range mixedChains {
		answer := i.ask(ctx, name, offered)
		relied, doubt := i.relied(ctx, offered.protocol, answer)
		accepted, refused, reason = accepted || answer.Accepted(), refused || relied, cmp.Or(reason, doubt)
	}
	return accepted, refused, reason
}

// withoutKind leaves out the suites that authenticate as value does: they
// bring the same chain. Suites of TLS 1.3 do not say how.
func withoutKind(list []uint16, value uint16) []uint16 {
	picked, _ := tlsparameters.SuiteByValue(value)
	return slices.DeleteFunc(slices.Clone(list), func(other uint16) bool {
		suite, _ := tlsparameters.SuiteByValue(other)
		return suite.Authentication() == picked.Authentication()
	})
}

// edwardsChain asks TLS 1.2 for a key of EdDSA, which suites of ECDSA carry.
func (i *inspection) edwardsChain(ctx context.Context, protocol checks.Protocol, suites []uint16) {
	if protocol != checks.TLSv12 {
		return
	}
	ecdsa := slices.DeleteFunc(slices.Clone(suites), func(value uint16) bool {
		suite, _ := tlsparameters.SuiteByValue(value)
		return suite.Authentication() != "ECDSA"
	})
	if len(ecdsa) > 0 {
		answer := i.ask(ctx, "TLS 1.2, EdDSA alone", offer{protocol: protocol, suites: ecdsa, schemes: edwards()})
		if refused, reason := i.relied(ctx, protocol, answer); !refused {
			i.missChains(reason)
		}
	}
}

// servedChains are the distinct chains of all sightings.
func (i *inspection) servedChains() []checks.ServedChain {
	i.mu.Lock()
	defer i.mu.Unlock()
	_, named := wire.ServerName(i.host) // an address is never named
	var served []checks.ServedChain
	for _, sight := range i.seen {
		// SSL 2.0 has no SNI and sends the leaf alone: no chain of its own.
		if len(sight.chain) == 0 || sight.answer.SSLv2 != nil {
			continue
		}
		// SSL 3.0 has no SNI either: what it brings is what comes without.
		one := checks.ServedChain{
			Key: keyAlgorithm(i.certificates[sight.chain[0]]), Certificates: sight.chain,
			SNI: named && !sight.offer.withoutSNI && sight.offer.protocol != checks.SSLv3,
		}
		if !slices.ContainsFunc(served, func(other checks.ServedChain) bool { return compareChains(one, other) == 0 }) {
			served = append(served, one)
		}
	}
	slices.SortFunc(served, compareChains)
	return served
}

func compareChains(a, b checks.ServedChain) int {
	sni := func(chain checks.ServedChain) int {
		if chain.SNI {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(sni(a), sni(b)), slices.Compare(a.Certificates, b.Certificates))
}

// keyAlgorithm names a leaf's key; "unknown" where nothing can parse it or
// knows the algorithm (GOST).
func keyAlgorithm(der []byte) string {
	certificate, err := x509.ParseCertificate(der)
	if err != nil || certificate.PublicKeyAlgorithm == x509.UnknownPublicKeyAlgorithm {
		return "unknown"
	}
	return certificate.PublicKeyAlgorithm.String()
}

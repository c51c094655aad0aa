package tlsprobe

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/prime"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// exchangeForm says what the ServerKeyExchange of a suite looks like.
func exchangeForm(suite tlsparameters.Suite) wire.KeyExchangeForm {
	form := wire.KeyExchangeForm{PSK: suite.PSK(), Signed: !suite.PSK() && !suite.Anonymous()}
	switch {
	case suite.ECDHE():
		form.Kind = wire.KeyExchangeECDHE
	case suite.DHE():
		form.Kind = wire.KeyExchangeDHE
	case suite.RSAKeyTransport() && suite.Export():
		form.Kind = wire.KeyExchangeRSA
	case suite.PSK():
		form.Kind = wire.KeyExchangePSK
	}
	return form
}

// serverKeyExchange reads the parameters that came with an answer; nil where
// there are none, or none that can be read.
func serverKeyExchange(answer conversation.Answer) *wire.ServerKeyExchange {
	if answer.Hello == nil || len(answer.KeyExchange) == 0 {
		return nil
	}
	suite, known := tlsparameters.SuiteByValue(answer.Hello.Suite)
	if !known {
		return nil
	}
	exchange, err := wire.ParseServerKeyExchange(answer.KeyExchange, exchangeForm(suite), answer.Hello.Version)
	if err != nil {
		return nil
	}
	return exchange
}

// parameters is what the key exchanges of a look showed.
type parameters struct {
	primes  map[string]checks.Prime
	publics map[bool][][]byte // by whether it is of a finite field: the keys seen
	schemes map[checks.Protocol][]uint16
}

func newParameters(sights []sighting) *parameters {
	p := &parameters{primes: map[string]checks.Prime{}, publics: map[bool][][]byte{}, schemes: map[checks.Protocol][]uint16{}}
	for _, sight := range sights {
		p.read(sight)
	}
	return p
}

func (p *parameters) read(sight sighting) {
	exchange := serverKeyExchange(sight.answer)
	if exchange == nil {
		return
	}
	if exchange.SignatureScheme != 0 && !slices.Contains(p.schemes[sight.offer.protocol], exchange.SignatureScheme) {
		p.schemes[sight.offer.protocol] = append(p.schemes[sight.offer.protocol], exchange.SignatureScheme)
	}
	if len(exchange.Public) == 0 {
		return
	}
	finite := len(exchange.P) > 0
	p.publics[finite] = append(p.publics[finite], exchange.Public)
	if finite {
		seen := newPrime(exchange.P, exchange.G)
		p.primes[seen.SHA256] = seen
	}
}

// reuse says whether one public key came twice. Two of different groups
// cannot be equal, so all may be compared with all. missed is why suites may be
// accepted that were not seen.
func (p *parameters) reuse(finite bool, missed checks.Reason) checks.Fact[bool] {
	seen := p.publics[finite]
	switch {
	case len(seen) == 0 && missed != "":
		return checks.InconclusiveFact[bool](missed)
	case len(seen) == 0:
		return checks.AbsentFact[bool]("")
	case len(seen) == 1:
		return checks.InconclusiveFact[bool](checks.ReasonBudget)
	}
	sorted := slices.SortedFunc(slices.Values(seen), bytes.Compare)
	return checks.KnownFact(len(slices.CompactFunc(sorted, bytes.Equal)) < len(seen))
}

// signatureSchemes are those seen in TLS 1.2, whose ServerKeyExchange names them.
func (p *parameters) signatureSchemes(missed checks.Reason) map[checks.Protocol]checks.Fact[[]string] {
	facts := map[checks.Protocol]checks.Fact[[]string]{}
	for protocol, schemes := range p.schemes {
		fact := checks.KnownFact(schemeNames(schemes))
		if missed != "" {
			fact.State, fact.Reason = checks.Inconclusive, missed
		}
		facts[protocol] = fact
	}
	return facts
}

// schemeNames are IANA's, sorted by value.
func schemeNames(schemes []uint16) []string {
	names := []string{}
	for _, scheme := range slices.Sorted(slices.Values(schemes)) {
		names = append(names, tlsparameters.SignatureSchemeName(scheme))
	}
	return names
}

// newPrime describes parameters, but for Weak, which takes time to find out.
func newPrime(p, g []byte) checks.Prime {
	value := new(big.Int).SetBytes(p)
	sum := sha256.Sum256(value.Bytes())
	named, _ := prime.Lookup(value)
	return checks.Prime{
		SHA256: hex.EncodeToString(sum[:]), Bits: value.BitLen(), P: value.Text(16), Generator: new(big.Int).SetBytes(g).Text(16),
		Known: named.Name,
	}
}

// maxTested bounds the primes of one address that are tested for weakness: an
// honest server has a few, a hostile one a new one for each connection.
const maxTested = 8

// judgePrimes fills in Weak, until ctx ends: a prime of 4096 bits takes a while.
func judgePrimes(ctx context.Context, primes []checks.Prime) {
	for at := range primes[:min(len(primes), maxTested)] {
		if ctx.Err() != nil {
			return
		}
		p, okP := new(big.Int).SetString(primes[at].P, 16)
		g, okG := new(big.Int).SetString(primes[at].Generator, 16)
		primes[at].Weak = okP && okG && prime.Weak(p, g)
	}
}

func (p *parameters) sortedPrimes(ctx context.Context) []checks.Prime {
	var primes []checks.Prime
	for _, seen := range p.primes {
		primes = append(primes, seen)
	}
	slices.SortFunc(primes, func(a, b checks.Prime) int { return cmp.Compare(a.SHA256, b.SHA256) })
	judgePrimes(ctx, primes)
	return primes
}

// newSuite describes an accepted suite by the first answer that chose it when
// every group was offered. A HelloRetryRequest names the group that it wants.
func newSuite(value uint16, sights []sighting) checks.Suite {
	known, _ := tlsparameters.SuiteByValue(value)
	suite := checks.Suite{
		ID: tlsparameters.SuiteID(value), Name: tlsparameters.SuiteName(value), Strength: known.Bits, KeyExchange: known.KeyExchange,
	}
	for _, sight := range sights {
		if sight.answer.Hello == nil || sight.answer.Hello.Suite != value || sight.offer.groups != nil {
			continue
		}
		if describeGroup(&suite, sight.answer) {
			break
		}
	}
	return suite
}

// describeGroup fills in the group of a key exchange.
func describeGroup(suite *checks.Suite, answer conversation.Answer) bool {
	value := answer.Hello.Group
	if answer.Hello.Version != wire.TLS13 {
		exchange := serverKeyExchange(answer)
		if exchange == nil {
			return false
		}
		if len(exchange.P) > 0 {
			seen := newPrime(exchange.P, exchange.G)
			suite.Group, suite.GroupBits, suite.Prime = fieldName(exchange.P), seen.Bits, seen.SHA256
			return true
		}
		value = exchange.Group
	}
	if value == 0 {
		return false
	}
	group, known := tlsparameters.GroupByValue(value)
	suite.Group, suite.GroupBits = tlsparameters.GroupName(value), group.Bits
	return known
}

func cipherSpecSuite(value uint32) checks.Suite {
	for _, spec := range tlsparameters.CipherSpecs() {
		if spec.Value == value {
			return checks.Suite{ID: specValue(value), Name: spec.Name, Strength: spec.Bits, KeyExchange: "RSA"}
		}
	}
	return checks.Suite{ID: specValue(value), Name: specValue(value), KeyExchange: "RSA"}
}

func specValue(value uint32) string { return fmt.Sprintf("0x%06X", value) }

// fieldName is how a suite names a finite field: as IANA or an RFC does, "dh"
// where none has a name for it.
func fieldName(p []byte) string {
	named, _ := prime.Lookup(new(big.Int).SetBytes(p))
	return cmp.Or(named.Group, "dh")
}

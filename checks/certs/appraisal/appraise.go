package appraisal

import (
	"maps"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Appraise answers every question about every chain of every address of an
// observation, at a time, under trust data. It never fails: what it cannot tell
// is an answer too.
func Appraise(observation *checks.Observation, at time.Time, trust *Trust) checks.Appraisal {
	a := &appraiser{
		observation: observation, at: at, trust: trust,
		der: make(map[checks.Fingerprint][]byte, len(observation.Certificates)),
	}
	for _, certificate := range observation.Certificates {
		a.der[certificate.SHA256] = certificate.DER
	}
	appraised := checks.Appraisal{Addresses: make([]checks.AddressAppraisal, 0, len(observation.Addresses))}
	for index := range observation.Addresses {
		appraised.Addresses = append(appraised.Addresses, a.address(&observation.Addresses[index]))
	}
	slices.SortFunc(a.boundaries, time.Time.Compare)
	appraised.Boundaries = slices.CompactFunc(a.boundaries, time.Time.Equal)
	return appraised
}

// appraiser is one call of Appraise.
type appraiser struct {
	observation *checks.Observation
	at          time.Time
	trust       *Trust
	der         map[checks.Fingerprint][]byte
	boundaries  []time.Time
}

// served is one chain that an address serves.
type served struct {
	fingerprints []checks.Fingerprint
	sni          bool
}

func (a *appraiser) address(address *checks.AddressObservation) checks.AddressAppraisal {
	result := checks.AddressAppraisal{Address: address.Address, Port: address.Port, Chains: []checks.ChainAppraisal{}}
	chains := servedChains(address)
	if len(chains) == 0 {
		result.Reason = address.TLS.Chain.Reason
		return result
	}
	for _, chain := range chains {
		result.Chains = append(result.Chains, a.chain(address, chain))
	}
	return result
}

const maxChains = 16 // an address; there are about ten kinds of key

// servedChains lists the chain that every look sees, then the others with SNI,
// then those without, none of them twice.
func servedChains(address *checks.AddressObservation) []served {
	var chains []served
	add := func(fingerprints []checks.Fingerprint, sni bool) {
		known := slices.ContainsFunc(chains, func(s served) bool { return slices.Equal(s.fingerprints, fingerprints) })
		if len(fingerprints) > 0 && !known && len(chains) < maxChains {
			chains = append(chains, served{fingerprints, sni})
		}
	}
	add(address.TLS.Chain.Value, true)
	for _, sni := range []bool{true, false} {
		for _, other := range address.Full.Chains.Served.Value {
			if other.SNI == sni {
				add(other.Certificates, sni)
			}
		}
	}
	return chains
}

// subject is one chain under appraisal.
type subject struct {
	*appraiser
	address *checks.AddressObservation
	sni     bool
	all     []checks.Fingerprint // as sent, leaf first
	sent    []*certificate       // the first maxSent of them
	leaf    *certificate
	fetched []*certificate
	built   *building
	path    route // the one that a careful client takes; without certificates where there is none
}

func (a *appraiser) chain(address *checks.AddressObservation, chain served) checks.ChainAppraisal {
	s := &subject{appraiser: a, address: address, sni: chain.sni, all: chain.fingerprints}
	for _, fingerprint := range chain.fingerprints[:min(len(chain.fingerprints), maxSent)] {
		s.sent = append(s.sent, a.trust.certificate(fingerprint, a.der[fingerprint]))
	}
	s.leaf = s.sent[0]
	s.fetched = a.fetchedFor(s.sent)
	s.build()
	result := checks.ChainAppraisal{
		SNI: chain.sni, Served: slices.Clone(chain.fingerprints),
		Findings: make(map[checks.Question]checks.ChainFinding, len(checks.Questions())),
		Stores:   maps.Clone(s.built.stores), PrivateRoot: s.path.private,
	}
	if len(s.path.certificates) > 0 {
		result.Path = s.path.fingerprints()
	}
	result.Leaf = s.describeLeaf()
	for _, question := range checks.Questions() {
		result.Findings[question] = s.ask(question)
	}
	a.boundaries = append(a.boundaries, s.changes()...)
	return result
}

// changes are the times at which an answer about this chain changes. A panic
// loses those of timestamps at most.
func (s *subject) changes() (times []time.Time) {
	defer func() { _ = recover() }()
	times = s.dateChanges()
	return append(times, s.timestampChanges()...)
}

// build finds the paths. Where a library panics on a hostile certificate there
// are none, and what hangs on them is inconclusive.
func (s *subject) build() {
	defer func() {
		if recover() != nil {
			s.built, s.path = &building{failed: true, stores: map[string]bool{}}, route{}
			s.built.walk = walk{certificates: []*certificate{s.leaf}}
		}
	}()
	s.built = s.trust.build(s.sent, s.fetched)
	if best, found := s.built.best(s.at); found {
		s.path = best
	}
}

// fetchedFor returns the issuers that the addresses in certificates led to,
// from those sent upwards.
func (a *appraiser) fetchedFor(sent []*certificate) []*certificate {
	if len(a.observation.PKI.Issuers) == 0 {
		return nil
	}
	var fetched []*certificate
	queue := slices.Clone(sent)
	for len(queue) > 0 && len(fetched) < maxFetched {
		next := queue[0]
		queue = queue[1:]
		for _, fingerprint := range a.observation.PKI.Issuers[next.fingerprint].Value {
			issuer := a.trust.certificate(fingerprint, a.der[fingerprint])
			if contains(sent, issuer) || contains(fetched, issuer) || len(fetched) >= maxFetched {
				continue
			}
			fetched, queue = append(fetched, issuer), append(queue, issuer)
		}
	}
	return fetched
}

// way is the path, or as much of one as there is: what a question about issuers
// is asked of.
func (s *subject) way() []*certificate {
	if len(s.path.certificates) > 0 {
		return s.path.certificates
	}
	return s.built.walk.certificates
}

// belowRoot is the way without the root that it ends at.
func (s *subject) belowRoot() []*certificate {
	if len(s.path.certificates) > 0 {
		return s.path.belowRoot()
	}
	return s.built.walk.below()
}

package certs

import (
	"context"
	"crypto/x509"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// look is one look at the certificates of one observation.
type look struct {
	collector *Collector
	network   checks.Network
	target    checks.Target
	now       time.Time
	fetchTime time.Duration // for one request, its redirects included

	slots   chan struct{}
	fetches atomic.Int64
	wait    sync.WaitGroup

	mu      sync.Mutex // guards what follows
	shelf   shelf
	sent    []*sentCertificate                        // in the order of chains
	byPrint map[checks.Fingerprint]*sentCertificate   // those of sent
	leaves  []*sentCertificate                        // one of each
	fetched []*sentCertificate                        // issuers that AIA led to
	seen    map[checks.Fingerprint][]byte             // the observation's certificates
	added   map[checks.Fingerprint]checks.Certificate // beside them
	led     map[checks.Fingerprint]checks.Fact[[]checks.Fingerprint]
}

// sentCertificate is a certificate that a server sent.
type sentCertificate struct {
	print checks.Fingerprint
	*x509.Certificate
}

func newLook(c *Collector, network checks.Network, target checks.Target, observation *checks.Observation, fetchTime time.Duration) *look {
	l := &look{
		collector: c, network: network, target: target, now: c.now(), fetchTime: fetchTime,
		slots:   make(chan struct{}, fetchesAtOnce),
		shelf:   shelf{anchors: c.Config.Anchors},
		byPrint: map[checks.Fingerprint]*sentCertificate{},
		seen:    map[checks.Fingerprint][]byte{},
		added:   map[checks.Fingerprint]checks.Certificate{},
		led:     map[checks.Fingerprint]checks.Fact[[]checks.Fingerprint]{},
	}
	for _, certificate := range observation.Certificates {
		l.seen[certificate.SHA256] = certificate.DER
	}
	for _, chain := range chainsOf(observation) {
		for i, fingerprint := range chain {
			l.takeSent(fingerprint, l.seen[fingerprint], i == 0)
		}
	}
	return l
}

// chainsOf lists every chain that the addresses served, repetitions included.
func chainsOf(observation *checks.Observation) [][]checks.Fingerprint {
	var chains [][]checks.Fingerprint
	for _, address := range observation.Addresses {
		chains = append(chains, address.TLS.Chain.Value)
		for _, served := range address.Full.Chains.Served.Value {
			chains = append(chains, served.Certificates)
		}
	}
	return chains
}

// takeSent notes a certificate that a server sent. What nothing can parse names
// nobody who could be asked.
func (l *look) takeSent(fingerprint checks.Fingerprint, der []byte, leaf bool) *sentCertificate {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.byPrint[fingerprint]
	if known == nil {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil
		}
		known = &sentCertificate{print: fingerprint, Certificate: certificate}
		l.byPrint[fingerprint] = known
		l.sent = append(l.sent, known)
		l.shelf.put(certificate)
	}
	if leaf && !slices.Contains(l.leaves, known) {
		l.leaves = append(l.leaves, known)
	}
	return known
}

// add notes a certificate for the observation, unless it holds it already.
func (l *look) add(certificate checks.Certificate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, held := l.seen[certificate.SHA256]; !held {
		l.added[certificate.SHA256] = certificate
	}
}

// additions returns the certificates that were added, sorted.
func (l *look) additions() []checks.Certificate {
	l.mu.Lock()
	defer l.mu.Unlock()
	var certificates []checks.Certificate
	for _, fingerprint := range slices.Sorted(maps.Keys(l.added)) {
		certificates = append(certificates, l.added[fingerprint])
	}
	return certificates
}

// run runs ask beside others; wait.Wait waits for it. A fault of our own on what
// somebody published ends ask alone.
func (l *look) run(ask func()) {
	l.wait.Go(func() {
		defer func() {
			if fault := recover(); fault != nil {
				l.network.Logf("pki: our own fault: %v", fault)
			}
		}()
		ask()
	})
}

// issuerOf returns a certificate that signed child, nil where none is at hand.
func (l *look) issuerOf(child *x509.Certificate) *x509.Certificate {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shelf.issuerOf(child)
}

func (l *look) selfSigned(certificate *x509.Certificate) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shelf.selfSigned(certificate)
}

// askIssuers asks about revocation of every certificate sent, or fetched to
// complete a chain, but self-signed ones, and for the renewal window of every leaf.
func (l *look) askIssuers(ctx context.Context) (map[checks.Fingerprint]checks.Revocation, map[checks.Fingerprint]checks.Fact[checks.RenewalInfo]) {
	var mu sync.Mutex
	revocations := map[checks.Fingerprint]checks.Revocation{}
	renewals := map[checks.Fingerprint]checks.Fact[checks.RenewalInfo]{}
	asked := 0
	for _, certificate := range slices.Concat(l.sent, l.fetched) {
		if l.selfSigned(certificate.Certificate) {
			continue
		}
		reason := checks.ReasonInternal
		if asked++; asked > certificatesOfLook {
			reason = checks.ReasonBudget
		}
		revocations[certificate.print] = checks.Revocation{
			CRL:  checks.InconclusiveFact[checks.RevocationStatus](reason),
			OCSP: checks.InconclusiveFact[checks.RevocationStatus](reason),
		}
		if asked > certificatesOfLook {
			continue
		}
		l.run(func() {
			found := l.revocation(ctx, certificate.Certificate)
			mu.Lock()
			defer mu.Unlock()
			revocations[certificate.print] = found
		})
	}
	for _, leaf := range l.leaves[:min(len(l.leaves), certificatesOfLook)] {
		l.run(func() {
			fact := l.renewal(ctx, leaf.Certificate)
			if fact.State == checks.NotAsked {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			renewals[leaf.print] = fact
		})
	}
	l.wait.Wait()
	return revocations, renewals
}

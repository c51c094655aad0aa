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
	issued := slices.DeleteFunc(slices.Concat(l.sent, l.fetched), func(sent *sentCertificate) bool { return l.selfSigned(sent.Certificate) })
	revocations := make([]checks.Revocation, len(issued))
	for i, certificate := range issued {
		if i >= certificatesOfLook {
			revocations[i] = untold(checks.ReasonBudget)
			continue
		}
		revocations[i] = untold(checks.ReasonInternal)
		l.run(func() { revocations[i] = l.revocation(ctx, certificate.Certificate) })
	}
	leaves := l.leaves[:min(len(l.leaves), certificatesOfLook)]
	renewals := make([]checks.Fact[checks.RenewalInfo], len(leaves))
	for i, leaf := range leaves {
		renewals[i] = checks.InconclusiveFact[checks.RenewalInfo](checks.ReasonInternal)
		l.run(func() { renewals[i] = l.renewal(ctx, leaf.Certificate) })
	}
	l.wait.Wait()
	revoked := make(map[checks.Fingerprint]checks.Revocation, len(issued))
	for i, certificate := range issued {
		revoked[certificate.print] = revocations[i]
	}
	renewed := map[checks.Fingerprint]checks.Fact[checks.RenewalInfo]{}
	for i, leaf := range leaves {
		if renewals[i].State != checks.NotAsked {
			renewed[leaf.print] = renewals[i]
		}
	}
	return revoked, renewed
}

// untold is a certificate of which nobody could tell.
func untold(reason checks.Reason) checks.Revocation {
	return checks.Revocation{
		CRL:  checks.InconclusiveFact[checks.RevocationStatus](reason),
		OCSP: checks.InconclusiveFact[checks.RevocationStatus](reason),
	}
}

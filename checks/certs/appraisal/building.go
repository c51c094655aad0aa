package appraisal

import (
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"sync"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

// building is everything about one chain as sent that does not hang on time:
// it is kept from one appraisal to the next.
type building struct {
	routes     []route // trusted, dates aside
	distrusted []route // of good signatures, to a root that does not count for them
	refusal    error   // why crypto/x509 finds no path to the store that decides
	walk       walk    // only where there is no route
	stores     map[string]bool
	failed     bool // a library panicked on the way

	once       sync.Once // guards timestamps
	timestamps timestamps
}

// route is a path of good signatures to a root, leaf first.
type route struct {
	certificates []*certificate
	private      bool
	fetched      bool // uses a certificate that was not sent
	distrust     error
	unparsed     bool // built without crypto/x509, which does not parse the leaf
}

const (
	maxSent    = 64 // how many of a chain are looked at; real ones have up to 10
	maxFetched = 16
)

// build returns the building of a chain, from the cache where it is there.
func (t *Trust) build(sent, fetched []*certificate) *building {
	sum := sha256.New()
	for _, certificate := range sent {
		sum.Write([]byte(certificate.fingerprint))
	}
	sum.Write([]byte("/"))
	for _, certificate := range fetched {
		sum.Write([]byte(certificate.fingerprint))
	}
	key := [sha256.Size]byte(sum.Sum(nil))
	if known, found := t.buildings.get(key); found {
		return known
	}
	built := t.buildNow(sent, fetched)
	t.buildings.add(key, built)
	return built
}

func (t *Trust) buildNow(sent, fetched []*certificate) *building {
	built := &building{}
	leaf := sent[0]
	if leaf.candidate != nil {
		built.refusal = t.addRoutes(built, t.public, leaf, sent, nil, false)
		if t.private != nil {
			_ = t.addRoutes(built, t.private, leaf, sent, nil, true)
		}
		if len(fetched) > 0 {
			_ = t.addRoutes(built, t.public, leaf, sent, fetched, false)
			if t.private != nil {
				_ = t.addRoutes(built, t.private, leaf, sent, fetched, true)
			}
		}
	}
	if len(built.routes) == 0 {
		built.walk = t.walk(leaf, sent[1:], fetched)
		t.adoptWalk(built)
	}
	built.stores = t.storesOf(built, sent, fetched)
	return built
}

// adoptWalk makes a walk a route where only the leaf keeps crypto/x509 from
// finding one, since it does not parse it: a curve that it does not know, a
// broken extension. What can be asked of the issuers is asked of them.
func (t *Trust) adoptWalk(built *building) {
	way := built.walk
	if way.certificates[0].standard != nil || !way.proven() || brokenByIssuer(way) != "" {
		return
	}
	found := route{
		certificates: way.certificates, private: way.end == endPrivate, fetched: way.fetched, unparsed: true,
		distrust: t.distrusts(way),
	}
	if found.distrust != nil {
		built.distrusted = append(built.distrusted, found)
		return
	}
	built.routes = append(built.routes, found)
}

// distrusts asks the constraint of the public root that a walk ends at. It sees
// the dates of the leaf, and nothing else of it.
func (t *Trust) distrusts(way walk) error {
	leaf, root := way.certificates[0], way.certificates[len(way.certificates)-1]
	path := []*x509.Certificate{{Raw: leaf.outline.Raw, NotBefore: leaf.outline.NotBefore, NotAfter: leaf.outline.NotAfter}}
	for _, issuer := range way.certificates[1:] {
		path = append(path, issuer.standard)
	}
	for _, anchor := range t.public.Named(root.outline.RawSubject) {
		if way.end == endPublic && anchor.Certificate.Equal(root.standard) && anchor.Constraint != nil {
			return anchor.Constraint(path)
		}
	}
	return nil
}

// addRoutes adds the routes to one store. With fetched, only those that need
// some of it are new.
func (t *Trust) addRoutes(built *building, store *chain.Store, leaf *certificate, sent, fetched []*certificate, private bool) error {
	known := map[*x509.Certificate]*certificate{leaf.standard: leaf}
	var issuers []*chain.Candidate
	fromFetch := make(map[*x509.Certificate]bool, len(fetched))
	for index, certificate := range slices.Concat(sent[1:], fetched) {
		if !certificate.usableIssuer() || known[certificate.standard] != nil {
			continue
		}
		known[certificate.standard] = certificate
		fromFetch[certificate.standard] = index >= len(sent)-1
		issuers = append(issuers, certificate.candidate)
	}
	paths, err := store.Paths(leaf.candidate, issuers)
	for _, path := range paths {
		found := route{private: private, distrust: path.Distrust}
		for _, standard := range path.Certificates {
			certificate := known[standard]
			if certificate == nil {
				certificate = t.anchors[standard]
			}
			found.certificates = append(found.certificates, certificate)
			found.fetched = found.fetched || fromFetch[standard]
		}
		switch {
		case len(fetched) > 0 && !found.fetched:
		case found.distrust != nil:
			built.distrusted = append(built.distrusted, found)
		default:
			built.routes = append(built.routes, found)
		}
	}
	return err
}

// storesOf says which stores the chain leads to, dates aside.
func (t *Trust) storesOf(built *building, sent, fetched []*certificate) map[string]bool {
	stores := map[string]bool{StoreMozilla: slices.ContainsFunc(built.routes, func(r route) bool { return !r.private })}
	for name, store := range t.others {
		stores[name] = t.leadsTo(store, built, sent, fetched)
	}
	return stores
}

func (t *Trust) leadsTo(store *chain.Store, built *building, sent, fetched []*certificate) bool {
	for _, route := range slices.Concat(built.routes, built.distrusted) {
		last := route.certificates[len(route.certificates)-1]
		if last.standard != nil && store.Trusts(last.standard) {
			return true
		}
	}
	if sent[0].candidate == nil {
		return false
	}
	var issuers []*chain.Candidate
	for _, certificate := range slices.Concat(sent[1:], fetched) {
		if certificate.usableIssuer() {
			issuers = append(issuers, certificate.candidate)
		}
	}
	paths, err := store.Paths(sent[0].candidate, issuers)
	return err == nil && len(paths) > 0
}

// best returns the route that a careful client takes at a time: in date, then
// public, then as sent, then the one that ends last.
func (b *building) best(at time.Time) (route, bool) {
	return bestOf(b.routes, at)
}

func bestOf(routes []route, at time.Time) (best route, found bool) {
	for _, candidate := range routes {
		if !found || candidate.better(best, at) {
			best, found = candidate, true
		}
	}
	return best, found
}

func (r route) better(than route, at time.Time) bool {
	for _, pair := range [][2]bool{
		{r.inDate(at), than.inDate(at)}, {!r.private, !than.private}, {!r.fetched, !than.fetched},
	} {
		if pair[0] != pair[1] {
			return pair[0]
		}
	}
	return r.notAfter().After(than.notAfter())
}

func (r route) inDate(at time.Time) bool {
	return !slices.ContainsFunc(r.certificates, func(c *certificate) bool {
		return at.After(c.outline.NotAfter) || at.Before(c.outline.NotBefore)
	})
}

func (r route) notAfter() time.Time {
	earliest := r.certificates[0].outline.NotAfter
	for _, certificate := range r.certificates[1:] {
		if certificate.outline.NotAfter.Before(earliest) {
			earliest = certificate.outline.NotAfter
		}
	}
	return earliest
}

func (r route) fingerprints() []checks.Fingerprint {
	list := make([]checks.Fingerprint, 0, len(r.certificates))
	for _, certificate := range r.certificates {
		list = append(list, certificate.fingerprint)
	}
	return list
}

// belowRoot are the certificates that somebody above them signed.
func (r route) belowRoot() []*certificate {
	if len(r.certificates) == 1 {
		return r.certificates
	}
	return r.certificates[:len(r.certificates)-1]
}

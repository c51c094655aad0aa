// Package authority runs what a certificate authority runs for others: an HTTP
// server with its revocation lists, OCSP responder, certificate and ACME
// renewal information, on loopback and for tests. It issues nothing (package
// pki does), and knows faults that no real authority would have for long.
package authority

import (
	"crypto/x509"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// Service is one thing that an authority serves.
type Service string

// The services.
const (
	CRL       Service = "crl"       // revocation lists
	OCSP      Service = "ocsp"      // the responder
	AIA       Service = "aia"       // the authority's own certificate
	Directory Service = "directory" // ACME directory (RFC 8555 section 7.1.1)
	ARI       Service = "ari"       // renewal information (RFC 9773)
)

// Authority is a running authority. Its methods may be called at any time.
type Authority struct {
	ca            *pki.CA
	plain, secure *httptest.Server
	ended         chan struct{}

	mu       sync.Mutex // guards what follows
	revoked  []x509.RevocationListEntry
	faults   map[Service]Fault
	requests map[string]int
	agents   map[string]bool
	fixed    map[Service][]byte
	window   window
}

// Start runs the services of ca until the test ends. AIA, CRL and OCSP are
// plain HTTP; the ACME directory and renewal information are HTTPS.
func Start(t testing.TB, ca *pki.CA) *Authority {
	t.Helper()
	a := &Authority{
		ca: ca, ended: make(chan struct{}),
		faults: map[Service]Fault{}, requests: map[string]int{}, agents: map[string]bool{}, fixed: map[Service][]byte{},
		window: window{start: time.Now().Add(24 * time.Hour), end: time.Now().Add(48 * time.Hour), retryAfter: "21600"},
	}
	a.plain = httptest.NewServer(a.routes())
	a.secure = httptest.NewTLSServer(a.routes())
	t.Cleanup(func() {
		close(a.ended)
		a.plain.Close()
		a.secure.Close()
	})
	return a
}

func (a *Authority) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /crl/{list}", a.serve(CRL, a.serveCRL))
	mux.HandleFunc("POST /ocsp", a.serve(OCSP, a.serveOCSP))
	mux.HandleFunc("GET /ocsp/{request...}", a.serve(OCSP, a.serveOCSP))
	mux.HandleFunc("GET /aia/{file}", a.serve(AIA, a.serveAIA))
	mux.HandleFunc("GET /directory", a.serve(Directory, a.serveDirectory))
	mux.HandleFunc("GET /ari/{id}", a.serve(ARI, a.serveARI))
	return mux
}

// CRLURL is where the complete revocation list is.
func (a *Authority) CRLURL() string { return a.plain.URL + "/crl/all.crl" }

// ShardURL is where shard n of the revocation list is (RFC 5280 section
// 5.2.5). Its issuing distribution point names this URL. Each shard lists every
// certificate that was revoked.
func (a *Authority) ShardURL(n int) string { return a.plain.URL + "/crl/" + strconv.Itoa(n) + ".crl" }

// OCSPURL is the responder's URL.
func (a *Authority) OCSPURL() string { return a.plain.URL + "/ocsp" }

// AIAURL is where the authority's certificate is, in DER.
func (a *Authority) AIAURL() string { return a.plain.URL + "/aia/issuer.cer" }

// PKCS7URL is where the authority's certificate is in a certs-only message.
func (a *Authority) PKCS7URL() string { return a.plain.URL + "/aia/issuer.p7c" }

// PEMURL is where the authority's certificate is in PEM.
func (a *Authority) PEMURL() string { return a.plain.URL + "/aia/issuer.pem" }

// DirectoryURL is the ACME directory. Its server's certificate is verified by Roots.
func (a *Authority) DirectoryURL() string { return a.secure.URL + "/directory" }

// Roots verify the server of DirectoryURL; they are no roots of ca's certificates.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.secure.Certificate())
	return pool
}

// Leaf returns leaf with the URLs of this authority in it. Fields that are set
// stay as they are.
func (a *Authority) Leaf(leaf pki.Leaf) pki.Leaf {
	if leaf.CRL == nil {
		leaf.CRL = []string{a.CRLURL()}
	}
	if leaf.OCSP == nil {
		leaf.OCSP = []string{a.OCSPURL()}
	}
	if leaf.AIA == nil {
		leaf.AIA = []string{a.AIAURL()}
	}
	return leaf
}

// Revoke revokes the certificate with this serial number an hour ago, for a
// reason of RFC 5280 section 5.3.1 (0: none is given).
func (a *Authority) Revoke(serial *big.Int, reason int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revoked = append(a.revoked, x509.RevocationListEntry{
		SerialNumber: serial, RevocationTime: time.Now().Add(-time.Hour).Truncate(time.Second).UTC(), ReasonCode: reason,
	})
}

// Misbehave makes one service answer with a fault from now on; Healthy ends it.
func (a *Authority) Misbehave(service Service, fault Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults[service] = fault
}

// Answer makes one healthy service answer with this body from now on.
func (a *Authority) Answer(service Service, body []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fixed[service] = body
}

// Requests says how often a service was asked.
func (a *Authority) Requests(service Service) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests[string(service)]
}

// NotModified says how often a list was asked for by somebody who had it.
func (a *Authority) NotModified() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests["304"]
}

// UserAgents are all who ever asked, sorted.
func (a *Authority) UserAgents() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.agents))
}

func (a *Authority) count(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests[what]++
}

func (a *Authority) agent(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.agents[name] = true
}

func (a *Authority) fault(service Service) Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.faults[service]
}

func (a *Authority) answer(service Service) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fixed[service]
}

func (a *Authority) entries() []x509.RevocationListEntry {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.revoked)
}

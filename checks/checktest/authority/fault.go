package authority

import (
	"bytes"
	"net/http"
	"time"
)

// Fault is how a service fails.
type Fault string

// The faults. Each service knows those that make sense for it: the first group
// any, the second lists and responses, the third as each says.
const (
	Healthy    Fault = ""
	NotFound   Fault = "not_found"   // 404
	Broken     Fault = "broken"      // 500
	HTML       Fault = "html"        // a page with status 200
	Oversized  Fault = "oversized"   // 40 MiB
	Endless    Fault = "endless"     // a body that never ends, as fast as it goes
	Slow       Fault = "slow"        // a byte each 50 ms, for ever
	Silent     Fault = "silent"      // the request is read, and nothing comes
	Redirected Fault = "redirected"  // to a special-purpose address that nothing answers at
	Truncated  Fault = "truncated"   // half of what it should be
	NoBody     Fault = "no_body"     // 200 and nothing
	RedirectTo Fault = "redirect_to" // once, to the same service by another path, which is healthy

	Expired      Fault = "expired"       // nextUpdate is over
	NotYetValid  Fault = "not_yet_valid" // thisUpdate is to come
	BadSignature Fault = "bad_signature" // the last byte is another
	OtherIssuer  Fault = "other_issuer"  // a stranger of the same name signs

	OtherShard      Fault = "other_shard"      // CRL: the issuing distribution point names another URL
	OnlyCA          Fault = "only_ca"          // CRL: onlyContainsCACerts
	OnlyUser        Fault = "only_user"        // CRL: onlyContainsUserCerts
	SomeReasons     Fault = "some_reasons"     // CRL: onlySomeReasons
	Indirect        Fault = "indirect"         // CRL: indirectCRL
	UnknownCritical Fault = "unknown_critical" // CRL: a critical extension that nobody knows
	Delta           Fault = "delta"            // CRL: a delta list in place of a complete one

	OtherSerial       Fault = "other_serial"        // OCSP: about another certificate
	OtherName         Fault = "other_name"          // OCSP: the right serial of an issuer with another name
	Delegated         Fault = "delegated"           // OCSP: signed by a delegate with OCSPSigning; no fault
	DelegatedNoUsage  Fault = "delegated_no_usage"  // OCSP: signed by a certificate without OCSPSigning
	DelegatedExpired  Fault = "delegated_expired"   // OCSP: signed by a delegate that is out of date
	DelegatedStranger Fault = "delegated_stranger"  // OCSP: signed by a delegate of somebody else
	TryLater          Fault = "try_later"           // OCSP: tryLater
	Unknown           Fault = "unknown_certificate" // OCSP: the certificate is not known

	NoRenewalInfo Fault = "no_renewal_info" // Directory: an issuer that offers none
	PlainRenewal  Fault = "plain_renewal"   // Directory: renewalInfo is an http URL
	WindowReverse Fault = "window_reversed" // ARI: the window ends before it starts
)

// serve answers with handler, or with the fault that was asked for.
func (a *Authority) serve(service Service, handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.count(string(service))
		a.agent(r.UserAgent())
		switch a.fault(service) {
		case NotFound:
			http.NotFound(w, r)
		case Broken:
			http.Error(w, "broken", http.StatusInternalServerError)
		case HTML:
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<!DOCTYPE html><title>Moved</title>"))
		case Oversized:
			a.flood(w, r, 40<<20)
		case Endless:
			a.flood(w, r, 1<<40)
		case Slow:
			a.drip(w, r)
		case Silent:
			a.hold(r)
		case Redirected:
			http.Redirect(w, r, "http://192.0.2.1/"+string(service), http.StatusFound) //nolint:gosec // nobody's input
		case RedirectTo:
			if r.URL.RawQuery == "" {
				http.Redirect(w, r, r.URL.Path+"?again", http.StatusMovedPermanently) //nolint:gosec // the path of a test's own request
				return
			}
			handler(w, r)
		case NoBody:
			w.WriteHeader(http.StatusOK)
		case Truncated:
			half(w, r, handler)
		default:
			if body := a.answer(service); body != nil {
				_, _ = w.Write(body)
				return
			}
			handler(w, r)
		}
	}
}

// flood writes bytes that begin like DER.
func (a *Authority) flood(w http.ResponseWriter, r *http.Request, total int) {
	block := make([]byte, 32<<10)
	copy(block, []byte{0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF})
	for sent := 0; sent < total; sent += len(block) {
		if _, err := w.Write(block); err != nil || r.Context().Err() != nil {
			return
		}
	}
}

func (a *Authority) drip(w http.ResponseWriter, r *http.Request) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := w.Write([]byte{0x30}); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-a.ended:
			return
		}
	}
}

func (a *Authority) hold(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-a.ended:
	}
}

// half answers with the first half of what handler says.
func half(w http.ResponseWriter, r *http.Request, handler http.HandlerFunc) {
	var whole recorded
	handler(&whole, r)
	_, _ = w.Write(whole.body.Bytes()[:whole.body.Len()/2])
}

// recorded is an http.ResponseWriter that keeps the body.
type recorded struct {
	header http.Header
	body   bytes.Buffer
}

func (r *recorded) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}
func (r *recorded) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorded) WriteHeader(int)             {}

package certs

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/probe"

	encoding "encoding/asn1"
)

// Bounds of following caIssuers.
const (
	issuerBytes       = 64 << 10 // one answer
	issuersAtMost     = 16       // certificates in one answer
	issuerURLsAtMost  = 3        // of one certificate
	stepsUp           = 4
	chainsFollowed    = 8
	issuerTime        = 24 * time.Hour // an answer is kept
	failureTime       = time.Minute    // and a failure, so that nobody is asked in a row
	longestSentChains = 16
)

// issuerAnswer is what one caIssuers URL led to.
type issuerAnswer struct {
	certificates []*x509.Certificate
	err          error
}

// findIssuers follows the caIssuers URLs of those certificates that chains end
// with, where their issuers were neither sent nor are known anchors.
func (l *look) findIssuers(ctx context.Context) {
	var tops []*sentCertificate
	l.mu.Lock()
	for _, leaf := range l.leaves {
		if top := l.topOf(leaf); top != nil && l.led[top.print].State == checks.NotAsked && len(tops) < chainsFollowed {
			l.led[top.print] = checks.InconclusiveFact[[]checks.Fingerprint](checks.ReasonInternal)
			tops = append(tops, top)
		}
	}
	l.mu.Unlock()
	for _, top := range tops {
		l.run(func() {
			fact := l.follow(ctx, top.Certificate)
			l.mu.Lock()
			defer l.mu.Unlock()
			l.led[top.print] = fact
		})
	}
	l.wait.Wait()
}

// topOf climbs from leaf as long as issuers were sent. It returns nil where it
// ends at an anchor or a self-signed certificate. It is called with l.mu held.
func (l *look) topOf(leaf *sentCertificate) *sentCertificate {
	current := leaf
	for range longestSentChains {
		if l.shelf.selfSigned(current.Certificate) {
			return nil
		}
		issuer := l.shelf.issuerOf(current.Certificate)
		if issuer == nil {
			return current
		}
		above := l.byPrint[checks.NewCertificate(issuer.Raw).SHA256]
		if above == nil {
			return nil
		}
		current = above
	}
	return nil
}

// follow goes up from a certificate, at most stepsUp steps.
func (l *look) follow(ctx context.Context, top *x509.Certificate) checks.Fact[[]checks.Fingerprint] {
	var led []checks.Fingerprint
	current := top
	for range stepsUp {
		if len(current.IssuingCertificateURL) == 0 {
			break
		}
		issuer, err := l.fetchIssuer(ctx, current)
		if err != nil {
			if reason := probe.ReasonOf(err); !proves(err) {
				return checks.InconclusiveFact[[]checks.Fingerprint](reason)
			} else if len(led) == 0 {
				return checks.AbsentFact[[]checks.Fingerprint](reason)
			}
			break
		}
		found := checks.NewCertificate(issuer.Raw)
		l.add(found)
		led = append(led, found.SHA256)
		if l.stands(issuer) {
			break
		}
		current = issuer
	}
	if len(led) == 0 {
		return checks.AbsentFact[[]checks.Fingerprint]("")
	}
	return checks.KnownFact(led)
}

// stands puts a fetched issuer on the shelf, and says whether nothing needs to
// be fetched above it.
func (l *look) stands(issuer *x509.Certificate) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shelf.put(issuer)
	l.takeFetched(issuer)
	return l.shelf.selfSigned(issuer) || l.shelf.issuerOf(issuer) != nil
}

// takeFetched notes an issuer that was not sent, which may be revoked like one
// that was. It is called with l.mu held.
func (l *look) takeFetched(issuer *x509.Certificate) {
	fetched := &sentCertificate{print: checks.NewCertificate(issuer.Raw).SHA256, Certificate: issuer}
	same := func(other *sentCertificate) bool { return other.print == fetched.print }
	if l.byPrint[fetched.print] == nil && !slices.ContainsFunc(l.fetched, same) {
		l.fetched = append(l.fetched, fetched)
	}
}

// proves says whether a failure proves that nothing usable is there.
func proves(err error) bool {
	if notThere(err) {
		return true
	}
	switch probe.ReasonOf(err) {
	case checks.ReasonMalformed, checks.ReasonOutOfScope, checks.ReasonUnsupportedScheme, checks.ReasonNameNotFound, checks.ReasonNoAddress:
		return true
	}
	return false
}

// notThere says whether a server says that it has nothing there.
func notThere(err error) bool {
	status, ok := errors.AsType[*statusError](err)
	return ok && (status.status == http.StatusNotFound || status.status == http.StatusGone)
}

// fetchIssuer returns the certificate that signed child. Where every URL fails,
// the error is one that proves nothing, if there is one.
func (l *look) fetchIssuer(ctx context.Context, child *x509.Certificate) (*x509.Certificate, error) {
	urls := plainURLs(child.IssuingCertificateURL, issuerURLsAtMost)
	if len(urls) == 0 {
		return nil, failed(checks.ReasonUnsupportedScheme, "no caIssuers URL is http")
	}
	var failure error
	for _, url := range urls {
		candidates, err := l.issuersAt(ctx, url)
		for _, candidate := range candidates {
			if l.isIssuer(child, candidate) {
				return candidate, nil
			}
		}
		if err == nil {
			err = failed(checks.ReasonOutOfScope, "none of %d certificates is the issuer", len(candidates))
		}
		if failure == nil || !proves(err) {
			failure = err
		}
	}
	return nil, failure
}

func (l *look) isIssuer(child, candidate *x509.Certificate) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(child.RawIssuer) == string(candidate.RawSubject) && l.shelf.signed(child, candidate)
}

// plainURLs returns the first few URLs that are http. Certificates name others
// too (ldap, javascript), which nobody asks: https would need the revocation
// that is being asked for (RFC 5280 section 8).
func plainURLs(urls []string, limit int) []string {
	var plain []string
	for _, url := range urls {
		if len(url) > len("http://") && strings.EqualFold(url[:len("http://")], "http://") && len(plain) < limit {
			plain = append(plain, url)
		}
	}
	return plain
}

// issuersAt fetches and reads the certificates at a URL.
func (l *look) issuersAt(ctx context.Context, url string) ([]*x509.Certificate, error) {
	limit := cacheLimit{entries: 512, bytes: 8 << 20}
	answer, ok := l.collector.issuers.get(ctx, limit, url, l.now, func(old issuerAnswer) answered[issuerAnswer] {
		kept := answered[issuerAnswer]{value: l.askIssuersAt(ctx, url), until: l.now.Add(issuerTime)}
		if err := kept.value.err; err != nil {
			kept.until = l.now.Add(failureTime)
			kept.givenUp = givenUp(ctx, err)
			if len(old.certificates) > 0 && !proves(err) {
				kept.value, kept.givenUp = old, false // an issuer that was there does not go away
			}
		}
		kept.bytes = len(url) + sizeOf(kept.value.certificates)
		return kept
	})
	if !ok {
		return nil, reasoned(ctx.Err())
	}
	return answer.certificates, answer.err
}

func (l *look) askIssuersAt(ctx context.Context, url string) issuerAnswer {
	reply, err := l.fetch(ctx, request{url: url, accept: "application/pkix-cert, application/pkcs7-mime, */*;q=0.5", bytes: issuerBytes})
	if err != nil {
		return issuerAnswer{err: err}
	}
	defer reply.givenBack()
	certificates, err := readCertificates(reply.body)
	return issuerAnswer{certificates: certificates, err: err}
}

func sizeOf(certificates []*x509.Certificate) int {
	const parsed = 4 // how much larger a parsed certificate is
	total := 0
	for _, certificate := range certificates {
		total += parsed * len(certificate.Raw)
	}
	return total
}

// givenUp says whether a failure is the asker's own and says nothing of whom it
// asked: its time or its budget was over.
func givenUp(ctx context.Context, err error) bool {
	reason := probe.ReasonOf(err)
	return ctx.Err() != nil || reason == checks.ReasonBudget || reason == checks.ReasonCanceled
}

// readCertificates reads what stands at a caIssuers URL: one certificate in DER,
// a certs-only message (RFC 5280 section 4.2.2.1), or either in PEM, which some
// issuers serve all the same.
func readCertificates(body []byte) ([]*x509.Certificate, error) {
	var ders [][]byte
	if block, _ := pem.Decode(body); block != nil {
		for rest := body; len(ders) < issuersAtMost; {
			block, rest = pem.Decode(rest)
			if block == nil {
				break
			}
			ders = append(ders, unpack(block.Bytes)...)
		}
	} else {
		ders = unpack(body)
	}
	var certificates []*x509.Certificate
	for _, der := range ders[:min(len(ders), issuersAtMost)] {
		if certificate, err := x509.ParseCertificate(der); err == nil {
			certificates = append(certificates, certificate)
		}
	}
	if len(certificates) == 0 {
		return nil, failed(checks.ReasonMalformed, "%d bytes hold no certificate", len(body))
	}
	return certificates, nil
}

// unpack returns the certificates of a certs-only message (RFC 5652 section
// 5.1), or der itself where it is none.
func unpack(der []byte) [][]byte {
	var content, explicit, signed, certificates, ignored cryptobyte.String
	var kind encoding.ObjectIdentifier
	input := cryptobyte.String(der)
	constructed := asn1.Tag(0).ContextSpecific().Constructed()
	if !input.ReadASN1(&content, asn1.SEQUENCE) || !content.ReadASN1ObjectIdentifier(&kind) ||
		!kind.Equal(encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}) ||
		!content.ReadASN1(&explicit, constructed) || !explicit.ReadASN1(&signed, asn1.SEQUENCE) ||
		!signed.SkipASN1(asn1.INTEGER) || !signed.SkipASN1(asn1.SET) || !signed.ReadASN1(&ignored, asn1.SEQUENCE) ||
		!signed.ReadASN1(&certificates, constructed) {
		return [][]byte{der}
	}
	var found [][]byte
	for !certificates.Empty() && len(found) < issuersAtMost {
		var element cryptobyte.String
		var tag asn1.Tag
		if !certificates.ReadAnyASN1Element(&element, &tag) {
			break
		}
		found = append(found, element)
	}
	return found
}

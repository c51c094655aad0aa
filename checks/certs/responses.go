package certs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// Bounds of OCSP.
const (
	responseBytes      = 32 << 10
	respondersAtMost   = 2              // of one certificate
	responseTime       = time.Hour      // a response is used before it is asked for again
	undatedResponseAge = 24 * time.Hour // of one without nextUpdate
)

// responseKey says which responder about which certificate.
type responseKey struct {
	url    string
	issuer [sha256.Size]byte
	serial string
}

type responseAnswer struct {
	status checks.RevocationStatus
	until  time.Time // nextUpdate, or what stands for it
	err    error
}

// What can be wrong with a response that could be read.
var (
	errExpired     = errors.New("the OCSP response is out of date")
	errNotYetValid = errors.New("the OCSP response is not valid yet")
)

// responded asks the responders of a certificate (RFC 6960).
func (l *look) responded(ctx context.Context, certificate, issuer *x509.Certificate) checks.Fact[checks.RevocationStatus] {
	if issuer == nil {
		return checks.Fact[checks.RevocationStatus]{}
	}
	urls := plainURLs(certificate.OCSPServer, respondersAtMost)
	if len(urls) == 0 {
		return checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonUnsupportedScheme)
	}
	reason := checks.Reason("")
	for _, url := range urls {
		status, err := l.response(ctx, url, certificate, issuer)
		if err == nil {
			return checks.KnownFact(status)
		}
		if reason == "" {
			reason = probe.ReasonOf(err)
		}
	}
	return checks.InconclusiveFact[checks.RevocationStatus](reason)
}

func (l *look) response(ctx context.Context, url string, certificate, issuer *x509.Certificate) (checks.RevocationStatus, error) {
	limit := cacheLimit{entries: 8192, bytes: 8 << 20}
	key := responseKey{url: url, issuer: identity(issuer), serial: string(certificate.SerialNumber.Bytes())}
	answer, ok := l.collector.responses.get(ctx, limit, key, l.now, func(old responseAnswer) answered[responseAnswer] {
		const size = 512
		kept := answered[responseAnswer]{bytes: size + 2*len(url), until: l.now.Add(failureTime)}
		kept.value = l.askResponder(ctx, url, certificate, issuer)
		switch {
		case kept.value.err == nil:
			kept.until = earlier(l.now.Add(responseTime), kept.value.until)
		case old.err == nil && old.until.After(l.now): // what is at hand still holds
			kept.value, kept.until = old, earlier(kept.until, old.until)
		default:
			kept.givenUp = givenUp(ctx, kept.value.err)
		}
		return kept
	})
	if !ok {
		return checks.RevocationStatus{}, reasoned(ctx.Err())
	}
	return answer.status, answer.err
}

func (l *look) askResponder(ctx context.Context, url string, certificate, issuer *x509.Certificate) responseAnswer {
	// SHA-1 names the issuer, as every responder knows it (RFC 5019 section 2.1.1).
	question, err := ocsp.CreateRequest(certificate, issuer, nil)
	if err != nil {
		return responseAnswer{err: failed(checks.ReasonMalformed, "write the OCSP request: %w", err)}
	}
	reply, err := l.fetch(ctx, request{
		url: url, body: question, contentType: "application/ocsp-request", accept: "application/ocsp-response", bytes: responseBytes,
	})
	if err != nil {
		return responseAnswer{err: err}
	}
	defer reply.givenBack()
	response, err := readResponse(reply.body, certificate, issuer, l.now)
	if err != nil {
		l.network.Logf("pki %s: %v", url, err)
		return responseAnswer{err: err}
	}
	status := statusOf(response)
	status.URL = url
	return responseAnswer{status: status, until: validUntil(response)}
}

func statusOf(response *ocsp.Response) checks.RevocationStatus {
	switch response.Status {
	case ocsp.Good:
		return checks.RevocationStatus{State: checks.RevocationGood}
	case ocsp.Revoked:
		return checks.RevocationStatus{
			State: checks.RevocationRevoked, RevokedAt: sensible(response.RevokedAt), Cause: causes()[response.RevocationReason],
		}
	}
	return checks.RevocationStatus{State: checks.RevocationUnknown}
}

// readResponse reads an OCSP response about a certificate of issuer and checks
// that it is about that certificate, who signed it, and its dates (RFC 6960
// section 3.2). With an error about dates alone, the response comes too.
func readResponse(der []byte, certificate, issuer *x509.Certificate, now time.Time) (*ocsp.Response, error) {
	outline, err := readOutline(der)
	if err != nil {
		return nil, err
	}
	if !outline.isAbout(certificate, issuer) {
		return nil, failed(checks.ReasonOutOfScope, "the OCSP response is about another certificate")
	}
	if outline.signer != nil && !verifiable(outline.signer) || !verifiable(issuer) {
		return nil, failed(checks.ReasonBadSignature, "the responder's key is too long to verify with")
	}
	response, err := ocsp.ParseResponseForCert(der, certificate, issuer)
	switch {
	case err != nil && strings.Contains(err.Error(), "signature"): // the library has one type for every error
		return nil, failed(checks.ReasonBadSignature, "read the OCSP response: %w", err)
	case err != nil:
		return nil, failed(checks.ReasonMalformed, "read the OCSP response: %w", err)
	}
	if err := mayRespond(response.Certificate, issuer, now); err != nil {
		return nil, err
	}
	return response, currentResponse(response, now)
}

// mayRespond says whether a certificate that came with a response, whose
// signature by issuer is verified, is a delegate of issuer (RFC 6960 section
// 4.2.2.2). Nil and issuer itself need no delegation.
func mayRespond(delegate, issuer *x509.Certificate, now time.Time) error {
	switch {
	case delegate == nil || bytes.Equal(delegate.RawSubjectPublicKeyInfo, issuer.RawSubjectPublicKeyInfo):
		return nil
	case !bytes.Equal(delegate.RawIssuer, issuer.RawSubject), !slices.Contains(delegate.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return failed(checks.ReasonBadSignature, "who signed the OCSP response may not sign any")
	case now.Before(delegate.NotBefore.Add(-skew)) || now.After(delegate.NotAfter):
		return failed(checks.ReasonBadSignature, "the certificate that signed the OCSP response is out of date")
	}
	return nil
}

func currentResponse(response *ocsp.Response, now time.Time) error {
	switch {
	case response.ThisUpdate.After(now.Add(skew)):
		return failed(checks.ReasonNotCurrent, "%w", errNotYetValid)
	case !validUntil(response).After(now):
		return failed(checks.ReasonNotCurrent, "%w", errExpired)
	}
	return nil
}

// validUntil is nextUpdate. Without one there is always something newer (RFC
// 6960 section 2.4), so that a day is as old as it may be.
func validUntil(response *ocsp.Response) time.Time {
	if response.NextUpdate.IsZero() {
		return response.ThisUpdate.Add(undatedResponseAge)
	}
	return response.NextUpdate
}

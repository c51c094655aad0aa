package certs

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/crl"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// Bounds of revocation lists.
const (
	listURLsAtMost = 4             // of one certificate
	listTime       = 4 * time.Hour // a list is used before it is asked for again
	bytesBeingRead = 96 << 20      // by all looks at a time
)

// listKey says whose list at which URL: a list counts for who signed it.
type listKey struct {
	url    string
	issuer [sha256.Size]byte
}

// listAnswer is a list, or why there is none, or both: a list that could not be
// asked for again and is still current.
type listAnswer struct {
	list        *crl.List
	err         error
	etag, since string
}

// listed asks the revocation lists of a certificate.
func (l *look) listed(ctx context.Context, certificate, issuer *x509.Certificate) checks.Fact[checks.RevocationStatus] {
	points, err := crl.Points(certificate)
	switch {
	case err != nil:
		return checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonMalformed)
	case len(points) == 0:
		return checks.AbsentFact[checks.RevocationStatus]("")
	case issuer == nil:
		return checks.Fact[checks.RevocationStatus]{}
	}
	reason := checks.Reason("")
	tried := 0
	for _, point := range points {
		for _, url := range plainURLs(point.URLs, listURLsAtMost-tried) {
			tried++
			status, err := l.listedAt(ctx, url, point, certificate, issuer)
			if err == nil {
				return checks.KnownFact(status)
			}
			if reason == "" {
				reason = probe.ReasonOf(err)
			}
		}
	}
	if tried == 0 {
		reason = checks.ReasonUnsupportedScheme
	}
	return checks.InconclusiveFact[checks.RevocationStatus](reason)
}

// listedAt looks a certificate up on the list at one URL.
func (l *look) listedAt(ctx context.Context, url string, point crl.Point, certificate, issuer *x509.Certificate) (checks.RevocationStatus, error) {
	list, err := l.list(ctx, url, issuer)
	if err != nil {
		return checks.RevocationStatus{}, err
	}
	entry, revoked, coverage := list.Find(certificate, point)
	switch {
	case coverage == crl.OutOfScope:
		return checks.RevocationStatus{}, failed(checks.ReasonOutOfScope, "the list is not about the certificate")
	case revoked:
		return checks.RevocationStatus{
			State: checks.RevocationRevoked, RevokedAt: entry.RevokedAt, Cause: causes()[entry.Reason], URL: url,
		}, nil
	case coverage == crl.Partly:
		return checks.RevocationStatus{}, failed(checks.ReasonOutOfScope, "the list is about some reasons only")
	}
	return checks.RevocationStatus{State: checks.RevocationGood, URL: url}, nil
}

// list returns the current list at a URL, which issuer signed.
func (l *look) list(ctx context.Context, url string, issuer *x509.Certificate) (*crl.List, error) {
	limit := cacheLimit{entries: 1024, bytes: 64 << 20}
	key := listKey{url: url, issuer: identity(issuer)}
	answer, ok := l.collector.lists.get(ctx, limit, key, l.now, func(old listAnswer) answered[listAnswer] {
		answer, gaveUp := l.fetchList(ctx, url, issuer, old)
		kept := answered[listAnswer]{value: answer, bytes: len(url), until: l.now.Add(failureTime), givenUp: gaveUp}
		if answer.list != nil {
			kept.bytes += answer.list.Size()
		}
		if answer.err == nil {
			kept.until = earlier(l.now.Add(listTime), answer.list.NextUpdate)
		}
		return kept
	})
	switch {
	case !ok:
		return nil, reasoned(ctx.Err())
	case answer.list != nil && currentList(answer.list, l.now) == nil:
		return answer.list, nil
	case answer.err != nil:
		return nil, answer.err
	}
	return nil, failed(checks.ReasonNotCurrent, "the list is out of date")
}

// fetchList asks for a list, or for what changed since old.
func (l *look) fetchList(ctx context.Context, url string, issuer *x509.Certificate, old listAnswer) (answer listAnswer, gaveUp bool) {
	if old.list != nil && currentList(old.list, l.now) != nil {
		old = listAnswer{}
	}
	reply, err := l.fetch(ctx, request{url: url, accept: "application/pkix-crl, */*;q=0.5", etag: old.etag, since: old.since, bytes: crl.MaxBytes})
	if err != nil {
		old.err = err
		return old, givenUp(ctx, err)
	}
	defer reply.givenBack()
	if reply.status == http.StatusNotModified {
		old.err = nil
		return old, false
	}
	list, err := readList(reply.body, issuer, l.now)
	if err != nil {
		l.network.Logf("pki %s: %v", url, err)
		old.err = err
		return old, false
	}
	return listAnswer{list: list, etag: reply.etag, since: reply.since}, false
}

// readList reads a list in DER, or in PEM as some issuers serve it.
func readList(body []byte, issuer *x509.Certificate, now time.Time) (*crl.List, error) {
	const beginsPEM = '-'
	if len(body) > 0 && body[0] == beginsPEM {
		if block, _ := pem.Decode(body); block != nil {
			body = block.Bytes
		}
	}
	list, err := crl.Read(body, issuer)
	switch {
	case errors.Is(err, crl.ErrSignature):
		return nil, failed(checks.ReasonBadSignature, "%w", err)
	case errors.Is(err, crl.ErrUnsupported):
		return nil, failed(checks.ReasonOutOfScope, "%w", err)
	case err != nil:
		return nil, failed(checks.ReasonMalformed, "%w", err)
	}
	return list, currentList(list, now)
}

// currentList returns nil for a list that holds now. One without nextUpdate,
// which RFC 5280 section 5.1.2.5 requires, could be of any age.
func currentList(list *crl.List, now time.Time) error {
	switch {
	case list.ThisUpdate.After(now.Add(skew)):
		return failed(checks.ReasonNotCurrent, "the list is of %s", list.ThisUpdate)
	case !list.NextUpdate.After(now):
		return failed(checks.ReasonNotCurrent, "the list was to be replaced by %s", list.NextUpdate)
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

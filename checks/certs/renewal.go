package certs

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// Bounds of renewal information.
const (
	directoryBytes    = 64 << 10
	directoryTime     = 24 * time.Hour // a directory is kept
	windowBytes       = 16 << 10
	explanationBytes  = 1 << 10
	defaultRetryAfter = 6 * time.Hour // RFC 9773 section 4.3.3
	shortestRetry     = time.Minute
	longestRetry      = 24 * time.Hour
	smallAnswer       = 1 << 10 // what a kept window or directory takes
)

// offerAnswer is where a directory says that renewal information is; empty
// where it offers none.
type offerAnswer struct {
	url string
	err error
}

type windowAnswer struct {
	info checks.RenewalInfo
	err  error
}

// renewal asks when the issuer of a leaf wants it renewed. It is Absent where the
// issuer is none whose ACME directory is known, and NotAsked where the certificate
// is out of date (RFC 9773 section 4.3).
func (l *look) renewal(ctx context.Context, leaf *x509.Certificate) checks.Fact[checks.RenewalInfo] {
	directory := l.collector.directoryOf(leaf)
	switch {
	case directory == "":
		return checks.AbsentFact[checks.RenewalInfo]("")
	case l.now.After(leaf.NotAfter):
		return checks.Fact[checks.RenewalInfo]{}
	}
	identifier, ok := renewalID(leaf)
	if !ok {
		return checks.AbsentFact[checks.RenewalInfo]("")
	}
	offer := l.offer(ctx, directory)
	switch {
	case offer.err != nil:
		return checks.InconclusiveFact[checks.RenewalInfo](probe.ReasonOf(offer.err))
	case offer.url == "":
		return checks.AbsentFact[checks.RenewalInfo]("")
	}
	window := l.window(ctx, strings.TrimSuffix(offer.url, "/")+"/"+identifier)
	switch {
	case window.err != nil && notThere(window.err):
		return checks.AbsentFact[checks.RenewalInfo](probe.ReasonOf(window.err))
	case window.err != nil:
		return checks.InconclusiveFact[checks.RenewalInfo](probe.ReasonOf(window.err))
	}
	return checks.KnownFact(window.info)
}

// renewalID is the identifier of a certificate (RFC 9773 section 4.1). There is
// none without an authority key identifier.
func renewalID(leaf *x509.Certificate) (string, bool) {
	if len(leaf.AuthorityKeyId) == 0 {
		return "", false
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode(leaf.AuthorityKeyId) + "." + encode(serialContents(leaf.SerialNumber)), true
}

// serialContents are the contents of the DER INTEGER, without tag and length.
func serialContents(serial *big.Int) []byte {
	var builder cryptobyte.Builder
	builder.AddASN1BigInt(serial)
	var contents cryptobyte.String
	der := cryptobyte.String(builder.BytesOrPanic())
	der.ReadASN1(&contents, asn1.INTEGER)
	return contents
}

// offer reads where a directory offers renewal information (RFC 9773 section 3).
func (l *look) offer(ctx context.Context, directory string) offerAnswer {
	limit := cacheLimit{entries: 256, bytes: 1 << 20}
	answer, ok := l.collector.offers.get(ctx, limit, directory, l.now, func(offerAnswer) answered[offerAnswer] {
		kept := answered[offerAnswer]{bytes: smallAnswer + urlBytes, until: l.now.Add(directoryTime)}
		kept.value = l.fetchOffer(ctx, directory)
		if kept.value.err != nil {
			kept.until, kept.givenUp = l.now.Add(failureTime), givenUp(ctx, kept.value.err)
		}
		return kept
	})
	if !ok {
		return offerAnswer{err: reasoned(ctx.Err())}
	}
	return answer
}

func (l *look) fetchOffer(ctx context.Context, directory string) offerAnswer {
	reply, err := l.fetch(ctx, request{url: directory, accept: "application/json", bytes: directoryBytes, secure: true})
	if err != nil {
		return offerAnswer{err: err}
	}
	defer reply.givenBack()
	var found struct {
		RenewalInfo string `json:"renewalInfo"`
	}
	if err := json.Unmarshal(reply.body, &found); err != nil {
		return offerAnswer{err: failed(checks.ReasonMalformed, "read the directory %s: %w", directory, err)}
	}
	if found.RenewalInfo != "" {
		if _, err := allowed(found.RenewalInfo, true); err != nil {
			return offerAnswer{err: err}
		}
	}
	return offerAnswer{url: found.RenewalInfo}
}

// window asks for the suggested window of one certificate.
func (l *look) window(ctx context.Context, url string) windowAnswer {
	limit := cacheLimit{entries: 8192, bytes: 16 << 20}
	answer, ok := l.collector.windows.get(ctx, limit, url, l.now, func(windowAnswer) answered[windowAnswer] {
		kept := answered[windowAnswer]{bytes: smallAnswer + len(url), until: l.now.Add(failureTime)}
		reply, err := l.fetch(ctx, request{url: url, accept: "application/json", bytes: windowBytes, secure: true})
		if err != nil {
			kept.value.err, kept.givenUp = err, givenUp(ctx, err)
			return kept
		}
		defer reply.givenBack()
		if kept.value.info, kept.value.err = readWindow(reply.body, l.now); kept.value.err == nil {
			kept.until = l.now.Add(retryAfter(reply.retryAfter, l.now))
		}
		return kept
	})
	if !ok {
		return windowAnswer{err: reasoned(ctx.Err())}
	}
	return answer
}

// readWindow reads a RenewalInfo object (RFC 9773 section 4.2).
func readWindow(body []byte, now time.Time) (checks.RenewalInfo, error) {
	var found struct {
		SuggestedWindow struct {
			Start time.Time `json:"start"`
			End   time.Time `json:"end"`
		} `json:"suggestedWindow"`
		ExplanationURL string `json:"explanationURL"`
	}
	if err := json.Unmarshal(body, &found); err != nil {
		return checks.RenewalInfo{}, failed(checks.ReasonMalformed, "read the renewal information: %w", err)
	}
	window := found.SuggestedWindow
	if sensible(window.Start).IsZero() || sensible(window.End).IsZero() || !window.End.After(window.Start) {
		return checks.RenewalInfo{}, failed(checks.ReasonMalformed, "the renewal window is none: %s to %s", window.Start, window.End)
	}
	info := checks.RenewalInfo{Start: window.Start.UTC().Truncate(time.Second), End: window.End.UTC().Truncate(time.Second)}
	if explains(found.ExplanationURL) {
		info.ExplanationURL = found.ExplanationURL
	}
	return settled(info, now), nil
}

// settled makes a window that is over the same all day: an issuer that wants a
// certificate renewed at once answers with one that ended just before it was
// asked (RFC 9773 section 4.2), another each time.
func settled(info checks.RenewalInfo, now time.Time) checks.RenewalInfo {
	if info.End.After(now) {
		return info
	}
	const day = 24 * time.Hour
	info.Start, info.End = info.Start.Truncate(day), info.End.Truncate(day)
	if !info.Start.Before(info.End) { // a window that is none asks for nothing
		info.Start = info.End.Add(-day)
	}
	return info
}

// explains says whether an explanation can be shown as a link.
func explains(text string) bool {
	if len(text) > explanationBytes {
		return false
	}
	_, err := allowed(text, false)
	return err == nil
}

// retryAfter reads Retry-After: seconds or a date (RFC 9110 section 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	wait := defaultRetryAfter
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, shortestRetry), longestRetry)
}

package renewal

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gradewatch/gradewatch/checks"
)

// maxExplanation bounds an explanation URL, in bytes. A longer one is ignored.
const maxExplanation = 512

// Possible says whether an issuer can mean this window for this certificate: it
// begins before it ends (RFC 9773 section 4.2 calls anything else invalid), and
// ends no later than the certificate. A window in the past is possible: it says
// 'renew now', also where it ended before the certificate began.
func Possible(info checks.RenewalInfo, notBefore, notAfter time.Time) bool {
	return seconds(notBefore, notAfter) > 0 && !info.Start.IsZero() &&
		info.Start.Before(info.End) && !info.End.After(notAfter)
}

// OverdueFromWithin returns from when on a renewal is overdue whose issuer
// publishes a window: OverdueFrom, or the end of the window where that is
// later, but not past the middle between due and expiry.
func OverdueFromWithin(info checks.RenewalInfo, notBefore, notAfter time.Time) time.Time {
	from := OverdueFrom(notBefore, notAfter)
	if !Possible(info, notBefore, notAfter) || !info.End.After(from) {
		return from
	}
	due := Due(notBefore, notAfter)
	if middle := later(due, seconds(due, notAfter)/2); info.End.After(middle) {
		return middle
	}
	return info.End.UTC()
}

// Moved says whether a window was moved forward: it ends earlier before the
// certificate is due than a good renewal may happen after it.
func Moved(info checks.RenewalInfo, notBefore, notAfter time.Time) bool {
	due := Due(notBefore, notAfter)
	return Possible(info, notBefore, notAfter) && info.End.Before(later(due, -seconds(due, notAfter)/3))
}

// AskedFrom returns from when on an issuer's wish counts as not fulfilled, and
// false where the window is not possible.
func AskedFrom(info checks.RenewalInfo, notBefore, notAfter time.Time) (time.Time, bool) {
	switch {
	case !Possible(info, notBefore, notAfter):
		return time.Time{}, false
	case Moved(info, notBefore, notAfter):
		return latest(info.Start, notBefore), true
	case Explanation(info) != "":
		return latest(info.End, notBefore), true
	}
	return OverdueFromWithin(info, notBefore, notAfter), true
}

// Asked says whether the issuer's window is over, or was moved to now, while
// the certificate is still served, and why in a sentence. The sentence of a moved
// window names no times: issuers move such a window on with every answer.
func Asked(info checks.RenewalInfo, notBefore, notAfter, at time.Time) (asked bool, because string) {
	from, possible := AskedFrom(info, notBefore, notAfter)
	if !possible || at.Before(from) {
		return false, ""
	}
	because = fmt.Sprintf("Its issuer asked for its renewal from %s to %s.", minute(info.Start), minute(info.End))
	if Moved(info, notBefore, notAfter) {
		because = "Its issuer asks for its renewal at once, long before it is due, as issuers do before they revoke certificates."
	}
	if explanation := Explanation(info); explanation != "" {
		because += " The issuer explains why at " + explanation
	}
	return true, because
}

// Explanation returns the page on which the issuer explains its window, empty
// where it gives none that can be shown as a link.
func Explanation(info checks.RenewalInfo) string {
	beyondASCII := func(r rune) bool { return r > unicode.MaxASCII }
	if len(info.ExplanationURL) > maxExplanation || strings.ContainsFunc(info.ExplanationURL, beyondASCII) {
		return ""
	}
	page, err := url.Parse(info.ExplanationURL)
	if err != nil || page.Host == "" || page.User != nil || page.Scheme != "https" && page.Scheme != "http" {
		return ""
	}
	return page.String()
}

// Boundaries returns the times, sorted, at which an answer of Overdue (within
// the window where info is not nil) or Asked changes by time alone.
func Boundaries(info *checks.RenewalInfo, notBefore, notAfter time.Time) []time.Time {
	if info == nil {
		return []time.Time{OverdueFrom(notBefore, notAfter)}
	}
	times := []time.Time{OverdueFromWithin(*info, notBefore, notAfter)}
	if from, possible := AskedFrom(*info, notBefore, notAfter); possible {
		times = append(times, from)
	}
	slices.SortFunc(times, time.Time.Compare)
	return slices.CompactFunc(times, time.Time.Equal)
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b.UTC()
	}
	return a.UTC()
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

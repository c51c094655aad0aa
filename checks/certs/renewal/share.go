package renewal

import "time"

// shortLived is the lifetime below which a certificate is due at half of it.
const shortLived = 10 * 24 * time.Hour

// Due returns when a certificate is due for renewal: two thirds of its lifetime
// after notBefore, or half of it where it lives under ten days. Both ends are
// part of the lifetime (RFC 5280 section 4.1.2.5). Whole seconds, in UTC. A
// certificate that ends before it begins is due when it ends.
func Due(notBefore, notAfter time.Time) time.Time {
	lifetime := seconds(notBefore, notAfter)
	if lifetime <= 0 {
		return end(notAfter)
	}
	used := lifetime / 3 * 2
	if isShortLived(notBefore, notAfter) {
		used = lifetime / 2
	}
	return later(notBefore, used)
}

// OverdueFrom returns from when on a renewal is overdue: a third of the time
// between due and expiry is gone.
func OverdueFrom(notBefore, notAfter time.Time) time.Time {
	due := Due(notBefore, notAfter)
	return later(due, seconds(due, notAfter)/3)
}

// Overdue says whether at is not before OverdueFrom. It stays true when the
// certificate has expired.
func Overdue(notBefore, notAfter, at time.Time) bool {
	return !at.Before(OverdueFrom(notBefore, notAfter))
}

func isShortLived(notBefore, notAfter time.Time) bool {
	return seconds(notBefore, notAfter) < int64(shortLived/time.Second)
}

// end is the first second in which a certificate is not valid any more.
func end(notAfter time.Time) time.Time {
	return later(notAfter, 1)
}

// seconds is how long a certificate that ends with notAfter is valid from from
// on. A time.Duration cannot hold the 8000 years that a certificate may claim.
func seconds(from, notAfter time.Time) int64 {
	return notAfter.Unix() + 1 - from.Unix()
}

func later(t time.Time, seconds int64) time.Time { return time.Unix(t.Unix()+seconds, 0).UTC() }

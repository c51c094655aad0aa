package renewal

import (
	"fmt"
	"time"
)

// Limit is a rule that shortens how long new certificates may live, from a date on.
type Limit struct {
	From time.Time
	Days int // the longest lifetime of what is issued from then on
	// Issuer is the organization that it binds, as in the issuer field of its
	// certificates; empty: every public authority.
	Issuer string
	Title  string
	Text   string
	Source string // URL
}

// lifetime is the longest that the limit allows.
func (l Limit) lifetime() time.Duration { return time.Duration(l.Days) * 24 * time.Hour }

const (
	baselineRequirements = "https://cabforum.org/working-groups/server/baseline-requirements/requirements/"
	letsEncryptSteps     = "https://letsencrypt.org/2025/12/02/from-90-to-45"
)

// Limits returns every limit of this kind that is known, in force or announced,
// in the order of their dates: section 6.3.2 of the Baseline Requirements as
// ballot SC-081v3 changed it, and what Let's Encrypt announced for its default
// profile.
func Limits() []Limit {
	return []Limit{
		baseline(2026, 200, 200),
		letsEncrypt(time.Date(2027, 2, 10, 0, 0, 0, 0, time.UTC), 64, "10 days"),
		baseline(2027, 100, 100),
		letsEncrypt(time.Date(2028, 2, 16, 0, 0, 0, 0, time.UTC), 45, "7 hours"),
		baseline(2029, 47, 10),
	}
}

func baseline(year, days, reuse int) Limit {
	return Limit{
		From: time.Date(year, 3, 15, 0, 0, 0, 0, time.UTC), Days: days,
		Title: fmt.Sprintf("New public certificates live %d days at most", days),
		Text: fmt.Sprintf("A certificate that an authority issues from this day on lives at most %d days, and a proof that a domain is yours may be used again for at most %d days. What was issued before stays valid until it ends.",
			days, reuse),
		Source: baselineRequirements,
	}
}

func letsEncrypt(from time.Time, days int, reuse string) Limit {
	return Limit{
		From: from, Days: days, Issuer: "Let's Encrypt",
		Title: fmt.Sprintf("Let's Encrypt issues certificates of %d days by default", days),
		Text: fmt.Sprintf("Its default profile issues certificates that live %d days from this day on, and a proof that a domain is yours may be used again for %s. Clients that renew by share of the lifetime, or ask for the issuer's window, need no change.",
			days, reuse),
		Source: letsEncryptSteps,
	}
}

// rootLifecycles is Mozilla's schedule, under section 7.4 of its root store policy.
const rootLifecycles = "https://wiki.mozilla.org/CA/Root_CA_Lifecycles"

// DistrustOfRoot returns when Mozilla's schedule takes a root out of the roots
// for websites: 15 years after its key was made, and step by step before that
// for roots of before 2014. When the key was made is taken from the beginning of
// the root, so the true date may be earlier.
func DistrustOfRoot(notBefore time.Time) time.Time {
	for _, step := range []struct{ before, removed time.Time }{
		{day(2006, 1, 1), day(2025, 4, 15)},
		{day(2008, 1, 1), day(2026, 4, 15)},
		{day(2010, 1, 1), day(2027, 4, 15)},
		{day(2012, 1, 1), day(2028, 4, 15)},
		{day(2014, 4, 15), day(2029, 4, 15)},
	} {
		if notBefore.Before(step.before) {
			return step.removed
		}
	}
	return notBefore.UTC().AddDate(15, 0, 0)
}

func day(year int, month time.Month, number int) time.Time {
	return time.Date(year, month, number, 0, 0, 0, 0, time.UTC)
}

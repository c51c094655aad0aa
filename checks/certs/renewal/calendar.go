package renewal

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Role is what a certificate is in a chain.
type Role string

// The roles of certificates.
const (
	Leaf         Role = "leaf"
	Intermediate Role = "intermediate"
	Root         Role = "root"
)

// Certificate is one certificate that endpoints serve, or that the path of one
// ends with.
type Certificate struct {
	SHA256              checks.Fingerprint
	Role                Role
	Name                string // its first name, or its common name
	Issuer              string // organization or common name of its issuer
	NotBefore, NotAfter time.Time
	Public              bool                // leads to, or is, a root of Mozilla's store
	Window              *checks.RenewalInfo // nil: none known; of leaves
	Replaced            bool                // one of its endpoints serves a newer one for the same names too
	Endpoints           []int64             // that serve it, sorted
}

// Kind says what happens at an entry's time.
type Kind string

// The kinds of entries. The first four are about leaves.
const (
	RenewalDue     Kind = "renewal_due"     // the time to renew it has come
	RenewalAsked   Kind = "renewal_asked"   // the issuer's wish is not fulfilled
	RenewalOverdue Kind = "renewal_overdue" // a good renewal would have happened
	Expiry         Kind = "expiry"          // the last second in which it is valid
	AuthorityEnd   Kind = "authority_end"   // likewise, of an intermediate or a root
	RootDistrust   Kind = "root_distrust"   // Mozilla's schedule takes the root out
	NewLimit       Kind = "limit"           // certificates must live shorter from then on
)

// Entry is one event of the calendar.
type Entry struct {
	At          time.Time
	Kind        Kind
	Title       string
	Text        string
	Source      string       // URL of where a limit is written; empty: the certificate itself
	Certificate *Certificate // nil for limits
	Endpoints   []int64      // that it concerns, sorted
}

// Calendar lists what is to come between now and until, sorted by time: for
// each leaf its renewal and its expiry, the ends of authorities and what
// Mozilla's schedule says of roots. What is past counts as long as the
// certificate is served: one entry a leaf says the worst of it, an expiry, a
// wish of the issuer, or an overdue or due renewal. Limits that take effect
// after now are all listed, however late, with the endpoints whose certificate
// lives longer than they allow.
func Calendar(served []Certificate, limits []Limit, now, until time.Time) []Entry {
	var entries []Entry
	for i := range served {
		for _, entry := range served[i].entries(now) {
			if entry.At.Before(until) {
				entries = append(entries, entry)
			}
		}
	}
	for _, limit := range limits {
		if limit.From.After(now) {
			entries = append(entries, limit.entry(served))
		}
	}
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Title, b.Title))
	})
	return entries
}

func (c *Certificate) entries(now time.Time) []Entry {
	if c.Role == Leaf {
		return c.leafEntries(now)
	}
	ends := c.entry(c.NotAfter, AuthorityEnd, fmt.Sprintf("The %s certificate %s %s", c.Role, c.Name, word(now.After(c.NotAfter), "has ended", "ends")),
		"A chain that needs it is not trusted from then on, also where the certificate of the URL lives longer.")
	if c.Role != Root || !c.Public {
		return []Entry{ends}
	}
	leaves := c.entry(DistrustOfRoot(c.NotBefore), RootDistrust, fmt.Sprintf("Mozilla's schedule ends trust in the root %s", c.Name),
		"Have a certificate that leads to a newer root before then. The schedule goes by the age of the root's key, which is taken from the beginning of its certificate.")
	leaves.Source = rootLifecycles
	return []Entry{leaves, ends}
}

// notReloaded is what a certificate that outlived its renewal says of itself.
const notReloaded = " A newer certificate for the same names is served at the same URL: it was renewed, and a server was not reloaded."

func (c *Certificate) leafEntries(now time.Time) []Entry {
	entries := c.datedEntries(now)
	if first := &entries[0]; c.Replaced && !first.At.After(now) {
		first.Text += notReloaded
	}
	return entries
}

func (c *Certificate) datedEntries(now time.Time) []Entry {
	expiry := c.entry(c.NotAfter, Expiry, fmt.Sprintf("The certificate of %s %s", c.Name, word(now.After(c.NotAfter), "has expired", "expires")),
		fmt.Sprintf("It was issued by %s on %s.", c.Issuer, c.NotBefore.UTC().Format(time.DateOnly)))
	if now.After(c.NotAfter) {
		return []Entry{expiry}
	}
	return []Entry{c.renewal(now), expiry}
}

// renewal says where the renewal of a leaf stands.
func (c *Certificate) renewal(now time.Time) Entry {
	due, overdue := Due(c.NotBefore, c.NotAfter), OverdueFrom(c.NotBefore, c.NotAfter)
	text := fmt.Sprintf("%s used %s. A renewal is overdue from %s.",
		word(isShortLived(c.NotBefore, c.NotAfter), "Half of its lifetime is", "Two thirds of its lifetime are"), word(now.Before(due), "then", "up"), minute(overdue))
	if c.Window != nil && Possible(*c.Window, c.NotBefore, c.NotAfter) {
		if asked, because := Asked(*c.Window, c.NotBefore, c.NotAfter, now); asked {
			from, _ := AskedFrom(*c.Window, c.NotBefore, c.NotAfter)
			return c.entry(from, RenewalAsked, fmt.Sprintf("The issuer wants the certificate of %s renewed", c.Name), because)
		}
		due, overdue = c.Window.Start.UTC(), OverdueFromWithin(*c.Window, c.NotBefore, c.NotAfter)
		text = fmt.Sprintf("Its issuer asks for a renewal between %s and %s. It is overdue from %s.", minute(c.Window.Start), minute(c.Window.End), minute(overdue))
	}
	if !now.Before(overdue) {
		return c.entry(overdue, RenewalOverdue, fmt.Sprintf("The renewal of %s is overdue", c.Name),
			fmt.Sprintf("It was due on %s, and the certificate is valid until %s.", minute(due), minute(c.NotAfter)))
	}
	return c.entry(due, RenewalDue, fmt.Sprintf("The certificate of %s is due for renewal", c.Name), text)
}

func word(first bool, one, other string) string {
	if first {
		return one
	}
	return other
}

func (c *Certificate) entry(at time.Time, kind Kind, title, text string) Entry {
	return Entry{At: at.UTC(), Kind: kind, Title: title, Text: text, Certificate: c, Endpoints: c.Endpoints}
}

// entry lists the endpoints whose public leaf lives longer than the limit allows.
func (l Limit) entry(served []Certificate) Entry {
	entry := Entry{At: l.From, Kind: NewLimit, Title: l.Title, Text: l.Text, Source: l.Source}
	for _, certificate := range served {
		if certificate.Role != Leaf || !certificate.Public || l.Issuer != "" && l.Issuer != certificate.Issuer {
			continue
		}
		if seconds(certificate.NotBefore, certificate.NotAfter) > int64(l.lifetime()/time.Second) {
			entry.Endpoints = append(entry.Endpoints, certificate.Endpoints...)
		}
	}
	slices.Sort(entry.Endpoints)
	entry.Endpoints = slices.Compact(entry.Endpoints)
	return entry
}

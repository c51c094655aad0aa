package certificates

import (
	"testing"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// Windows are intermediates of Root that run an ACME directory, by when they
// want every certificate renewed (RFC 9773).
type Windows struct {
	Later, Over, Now, Never *Issuer
}

// All returns them.
func (w Windows) All() []*Issuer { return []*Issuer{w.Later, w.Over, w.Now, w.Never} }

func newWindows(t testing.TB, root *Issuer) Windows {
	t.Helper()
	now := time.Now()
	make := func(name string, start, end time.Time) *Issuer {
		issuer := root.below(t, pki.Authority{Name: name})
		issuer.Services.SuggestWindow(start, end, "", "21600")
		return issuer
	}
	windows := Windows{
		Later: make("Example Issuer with a window to come", now.Add(24*day), now.Add(26*day)),
		Over:  make("Example Issuer with a window that is over", now.Add(-4*day), now.Add(-2*day)),
		Now:   make("Example Issuer with a window that was moved to now", now.Add(-2*time.Hour), now.Add(-time.Hour)),
		Never: make("Example Issuer without windows", now, now.Add(day)),
	}
	windows.Never.Services.Misbehave(authority.Directory, authority.NoRenewalInfo)
	return windows
}

// windowCases: an issuer says when it wants a certificate renewed.
func windowCases() []Case {
	of := func(issuer func(Windows) *Issuer, changes ...func(*leaf)) func(*Maker) Served {
		return func(m *Maker) Served {
			own := func(l *leaf) { l.issuer = issuer(m.Windows) }
			return Served{Issued: m.leafOf(append(changes, own)...)}
		}
	}
	// 45 days, of which 37 are over: due a week ago, and overdue since two days.
	late := around(time.Now().Add(-37*day), time.Now().Add(8*day))
	return []Case{
		{
			Name: "window to come", Why: "RFC 9773 section 4.2: not yet",
			Make: of(func(w Windows) *Issuer { return w.Later }),
		},
		{
			Name: "window over", Why: "RFC 9773 section 4.2: the issuer wanted it renewed by the day before yesterday, which is past two thirds of its life too",
			Want: Want{Yes: yes(checks.RenewalAsked, checks.RenewalOverdue)},
			Make: of(func(w Windows) *Issuer { return w.Over }, late),
		},
		{
			Name: "window moved to now", Why: "RFC 9773 section 4.1: a window moved into the past asks for renewal at once, weeks before it is due",
			Want: Want{Yes: yes(checks.RenewalAsked)},
			Make: of(func(w Windows) *Issuer { return w.Now }),
		},
		{
			Name: "issuer without windows", Why: "its directory offers none (RFC 9773 section 3)",
			Make: of(func(w Windows) *Issuer { return w.Never }),
		},
		{
			Name: "window of an expired certificate", Why: "T-EXPIRED; nobody asks for a window then (RFC 9773 section 4.3)",
			Want: Want{Yes: yes(checks.Expired, checks.RenewalOverdue), NotAsked: yes(checks.RenewalAsked), Letter: checks.GradeT},
			Make: of(func(w Windows) *Issuer { return w.Later }, from(-45*day), until(-time.Hour)),
		},
	}
}

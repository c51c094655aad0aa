package monitor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

var ownershipStart = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func absentEverywhere() checks.OwnershipLook {
	none := checks.AbsentFact[string](checks.ReasonNoToken)
	return checks.OwnershipLook{DNS: none, File: none, Meta: none, Page: none}
}

func TestOwnershipIsVerifiedByTheMethodThatCountsMost(t *testing.T) {
	t.Parallel()
	there := checks.KnownFact("https://app.example.com/")
	pending := monitor.Ownership{ID: 1, Host: "app.example.com", State: monitor.OwnershipPending}
	tests := map[string]struct {
		look   checks.OwnershipLook
		method monitor.OwnershipMethod
		domain string
	}{
		"DNS of a parent":          {checks.OwnershipLook{DNS: checks.KnownFact("example.com"), File: there}, monitor.ByDNS, "example.com"},
		"DNS of a public suffix":   {checks.OwnershipLook{DNS: checks.KnownFact("github.io")}, monitor.ByDNS, ""},
		"file":                     {checks.OwnershipLook{File: there, Meta: there}, monitor.ByFile, ""},
		"file, while DNS fails":    {checks.OwnershipLook{DNS: checks.InconclusiveFact[string](checks.ReasonTimeout), File: there}, monitor.ByFile, ""},
		"meta of the first page":   {checks.OwnershipLook{Meta: there, Page: there}, monitor.ByMeta, ""},
		"meta of a page elsewhere": {checks.OwnershipLook{Page: there}, monitor.ByPage, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := monitor.StepOwnership(pending, test.look, ownershipStart)
			require.Equal(t, monitor.OwnershipVerified, got.State)
			require.Equal(t, test.method, got.Method)
			require.Equal(t, test.domain, got.Domain)
			require.Equal(t, ownershipStart, got.VerifiedAt)
			require.False(t, got.NextCheckAt.Before(ownershipStart.Add(24*time.Hour)))
			require.Less(t, got.NextCheckAt, ownershipStart.Add(25*time.Hour))
			require.True(t, got.Holds())
		})
	}
}

// Each step is hours since the first check, and what that check saw.
func TestOwnershipLapses(t *testing.T) {
	t.Parallel()
	absent := absentEverywhere()
	unread := checks.OwnershipLook{DNS: checks.InconclusiveFact[string](checks.ReasonResolverFailed)}
	optedOut := checks.OwnershipLook{DNS: absent.DNS, File: checks.InconclusiveFact[string](checks.ReasonOptedOut), Meta: checks.InconclusiveFact[string](checks.ReasonOptedOut)}
	there := checks.OwnershipLook{DNS: checks.KnownFact("example.com")}
	type check struct {
		hours int
		look  checks.OwnershipLook
		want  monitor.OwnershipState
	}
	const verified, failing, lapsed, pending = monitor.OwnershipVerified, monitor.OwnershipFailing, monitor.OwnershipLapsed, monitor.OwnershipPending
	tests := map[string]struct {
		method monitor.OwnershipMethod
		checks []check
	}{
		"after three days":                 {monitor.ByDNS, []check{{0, absent, failing}, {24, absent, failing}, {48, absent, failing}, {72, absent, lapsed}, {96, absent, lapsed}}},
		"impatient people hasten nothing":  {monitor.ByDNS, []check{{0, absent, failing}, {0, absent, failing}, {1, absent, failing}, {2, absent, failing}, {71, absent, failing}, {72, absent, lapsed}}},
		"two failures are not enough":      {monitor.ByDNS, []check{{0, absent, failing}, {200, absent, failing}, {224, absent, lapsed}}},
		"a success begins anew":            {monitor.ByDNS, []check{{0, absent, failing}, {24, absent, failing}, {48, there, verified}, {72, absent, failing}, {120, absent, failing}, {143, absent, failing}, {144, absent, lapsed}}},
		"what could not be read never":     {monitor.ByDNS, []check{{0, unread, verified}, {24, unread, verified}, {240, unread, verified}, {2400, unread, verified}}},
		"nor does it count as one of them": {monitor.ByDNS, []check{{0, absent, failing}, {24, unread, failing}, {48, unread, failing}, {72, unread, failing}, {96, absent, failing}, {120, absent, lapsed}}},
		"DNS gone, the host opted out":     {monitor.ByDNS, []check{{0, optedOut, failing}, {24, optedOut, failing}, {72, optedOut, lapsed}}},
		"a file, the host opted out":       {monitor.ByFile, []check{{0, optedOut, verified}, {24, optedOut, verified}, {720, optedOut, verified}}},
		"a page":                           {monitor.ByPage, []check{{0, absent, failing}, {24, absent, failing}, {72, absent, lapsed}}},
		"lapsed and found again":           {monitor.ByMeta, []check{{0, absent, failing}, {24, absent, failing}, {72, absent, lapsed}, {73, unread, lapsed}, {74, there, verified}}},
		"never verified":                   {"", []check{{0, absent, pending}, {24, unread, pending}, {100, absent, pending}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := monitor.Ownership{ID: 7, State: verified, Method: test.method, Domain: "example.com", VerifiedAt: ownershipStart.Add(-time.Hour)}
			if test.method == "" {
				o.State, o.VerifiedAt = pending, time.Time{}
			}
			for i, step := range test.checks {
				at := ownershipStart.Add(time.Duration(step.hours) * time.Hour)
				before := o
				o = monitor.StepOwnership(o, step.look, at)
				require.Equal(t, step.want, o.State, "check %d", i)
				require.Equal(t, at, o.CheckedAt)
				require.Equal(t, step.look, *o.Answer)
				require.Equal(t, o.Holds(), !o.NextCheckAt.IsZero(), "only what holds is checked by itself")
				require.NotEqual(t, before, o)
			}
		})
	}
}

func TestOwnershipSaysWhenItLapses(t *testing.T) {
	t.Parallel()
	o := monitor.Ownership{State: monitor.OwnershipFailing, FailingSince: ownershipStart}
	require.Equal(t, ownershipStart.Add(72*time.Hour), o.Lapses())
	o.State = monitor.OwnershipVerified
	require.Zero(t, o.Lapses())
}

func TestSpeaksForNamesBelow(t *testing.T) {
	t.Parallel()
	for domain, want := range map[string]bool{"example.com": true, "app.example.com": true, "github.io": false, "com": false, "co.uk": false, "": false, "localhost": false} {
		require.Equal(t, want, monitor.SpeaksForNamesBelow(domain), domain)
	}
}

func TestOwnershipDomains(t *testing.T) {
	t.Parallel()
	for host, want := range map[string][]string{
		"example.com": {"example.com"}, "a.b.example.co.uk": {"a.b.example.co.uk", "b.example.co.uk", "example.co.uk"},
		"shop.github.io": {"shop.github.io"}, "github.io": {"github.io"}, "localhost": {"localhost"}, "::1": nil, "192.0.2.1": nil, "": nil,
	} {
		require.Equal(t, want, monitor.OwnershipDomains(host), host)
	}
	deep := strings.Repeat("a.", 30) + "example.com"
	domains := monitor.OwnershipDomains(deep)
	require.Len(t, domains, 8)
	require.Equal(t, deep, domains[0])
	require.Equal(t, "example.com", domains[7])
}

package renewal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/renewal"
)

func leaf(name string, lifetime time.Duration, endpoints ...int64) renewal.Certificate {
	return renewal.Certificate{
		Role: renewal.Leaf, Name: name, Issuer: "Let's Encrypt", Public: true,
		NotBefore: issued, NotAfter: until(lifetime), Endpoints: endpoints,
	}
}

type line struct {
	date      string
	kind      renewal.Kind
	endpoints []int64
}

func lines(entries []renewal.Entry) []line {
	list := []line{}
	for _, entry := range entries {
		list = append(list, line{entry.At.Format(time.DateOnly), entry.Kind, entry.Endpoints})
	}
	return list
}

func TestCalendarOfLeaves(t *testing.T) {
	t.Parallel()
	usual, moved, broken := window(59, 61), window(1, 2), window(61, 60)
	with := func(info *checks.RenewalInfo) renewal.Certificate {
		c := leaf("a.example", 90*day, 1)
		c.Window = info
		return c
	}
	tests := []struct {
		name        string
		certificate renewal.Certificate
		now         time.Duration // after notBefore
		want        []line
	}{
		{"fresh", leaf("a.example", 90*day, 1, 2), 0, []line{{"2027-01-21", renewal.RenewalDue, []int64{1, 2}}, {"2027-02-20", renewal.Expiry, []int64{1, 2}}}},
		{"due", leaf("a.example", 90*day, 1), 65 * day, []line{{"2027-01-21", renewal.RenewalDue, []int64{1}}, {"2027-02-20", renewal.Expiry, []int64{1}}}},
		{"overdue", leaf("a.example", 90*day, 1), 70 * day, []line{{"2027-01-31", renewal.RenewalOverdue, []int64{1}}, {"2027-02-20", renewal.Expiry, []int64{1}}}},
		{"in its last second", leaf("a.example", 90*day, 1), 90*day - time.Second, []line{{"2027-01-31", renewal.RenewalOverdue, []int64{1}}, {"2027-02-20", renewal.Expiry, []int64{1}}}},
		{"expired", leaf("a.example", 90*day, 1), 90 * day, []line{{"2027-02-20", renewal.Expiry, []int64{1}}}},
		{"beyond the horizon", leaf("a.example", 398*day, 1), 0, []line{{"2027-08-14", renewal.RenewalDue, []int64{1}}}},
		{"with a window", with(&usual), 0, []line{{"2027-01-20", renewal.RenewalDue, []int64{1}}, {"2027-02-20", renewal.Expiry, []int64{1}}}},
		{"window moved to now", with(&moved), 2 * day, []line{{"2026-11-23", renewal.RenewalAsked, []int64{1}}, {"2027-02-20", renewal.Expiry, []int64{1}}}},
		{"impossible window", with(&broken), 0, []line{{"2027-01-21", renewal.RenewalDue, []int64{1}}, {"2027-02-20", renewal.Expiry, []int64{1}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := renewal.Calendar([]renewal.Certificate{test.certificate}, nil, issued.Add(test.now), issued.AddDate(1, 0, 0))
			require.Equal(t, test.want, lines(got))
		})
	}
}

func TestCalendarSaysThatAServerWasNotReloaded(t *testing.T) {
	t.Parallel()
	for age, said := range map[time.Duration]bool{0: false, 59 * day: false, 65 * day: true, 80 * day: true, 95 * day: true} {
		old := leaf("a.example", 90*day, 1)
		require.NotContains(t, renewal.Calendar([]renewal.Certificate{old}, nil, issued.Add(age), issued.AddDate(1, 0, 0))[0].Text, "reloaded")
		old.Replaced = true
		require.Equal(t, said, strings.Contains(renewal.Calendar([]renewal.Certificate{old}, nil, issued.Add(age), issued.AddDate(1, 0, 0))[0].Text, "a server was not reloaded"), age)
	}
}

func TestCalendarOfAuthorities(t *testing.T) {
	t.Parallel()
	root := renewal.Certificate{
		Role: renewal.Root, Name: "Old Root", Public: true, NotBefore: time.Date(2009, 5, 1, 0, 0, 0, 0, time.UTC),
		NotAfter: time.Date(2030, 5, 1, 0, 0, 0, 0, time.UTC), Endpoints: []int64{7},
	}
	private, intermediate := root, root
	private.Public = false
	intermediate.Role = renewal.Intermediate
	far := issued.AddDate(10, 0, 0)
	require.Equal(t, []line{{"2027-04-15", renewal.RootDistrust, []int64{7}}, {"2030-05-01", renewal.AuthorityEnd, []int64{7}}},
		lines(renewal.Calendar([]renewal.Certificate{root}, nil, issued, far)))
	for _, c := range []renewal.Certificate{private, intermediate} {
		require.Equal(t, []line{{"2030-05-01", renewal.AuthorityEnd, []int64{7}}}, lines(renewal.Calendar([]renewal.Certificate{c}, nil, issued, far)))
	}
}

func TestCalendarOfLimits(t *testing.T) {
	t.Parallel()
	other := leaf("b.example", 199*day, 2)
	other.Issuer = "Example Trust"
	private := leaf("c.example", 3000*day, 3)
	private.Public = false
	served := []renewal.Certificate{leaf("a.example", 90*day, 1), other, private, leaf("d.example", 45*day, 4), leaf("e.example", 64*day, 5, 1)}
	var limits []renewal.Entry
	for _, entry := range renewal.Calendar(served, renewal.Limits(), issued, issued) {
		if entry.Kind == renewal.NewLimit {
			limits = append(limits, entry)
			require.NotEmpty(t, entry.Source)
		}
	}
	require.Equal(t, []line{
		{"2027-02-10", renewal.NewLimit, []int64{1}},
		{"2027-03-15", renewal.NewLimit, []int64{2}},
		{"2028-02-16", renewal.NewLimit, []int64{1, 5}},
		{"2029-03-15", renewal.NewLimit, []int64{1, 2, 5}},
	}, lines(limits))
}

func TestDistrustOfRootsFollowsTheSchedule(t *testing.T) {
	t.Parallel()
	for begun, removed := range map[string]string{
		"1998-09-01": "2025-04-15", "2005-12-31": "2025-04-15", "2006-01-01": "2026-04-15", "2007-12-31": "2026-04-15",
		"2008-01-01": "2027-04-15", "2009-12-31": "2027-04-15", "2011-12-31": "2028-04-15", "2014-04-14": "2029-04-15",
		"2014-04-15": "2029-04-15", "2015-06-04": "2030-06-04",
	} {
		at, err := time.Parse(time.DateOnly, begun)
		require.NoError(t, err)
		require.Equal(t, removed, renewal.DistrustOfRoot(at).Format(time.DateOnly), begun)
	}
}

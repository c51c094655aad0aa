package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// authority signs certificates for the calendar.
type authority struct {
	testing.TB
	*pki.CA
}

func newAuthority(t testing.TB, notAfter time.Time) authority {
	t.Helper()
	root, err := pki.NewRoot(pki.Authority{Name: "Example Root", NotBefore: notAfter.AddDate(-10, 0, 0), NotAfter: notAfter})
	require.NoError(t, err)
	return authority{t, root}
}

func (a authority) trust() *appraisal.Trust {
	a.Helper()
	trust, err := appraisal.NewTrust(appraisal.Config{PrivateRoots: a.PEM(), WithoutLint: true})
	require.NoError(a, err)
	return trust
}

func (a authority) issue(name string, notBefore time.Time, lifetime time.Duration) checks.Certificate {
	a.Helper()
	issued, err := a.Issue(pki.Leaf{Names: []string{name}, NotBefore: notBefore, NotAfter: notBefore.Add(lifetime - time.Second)})
	require.NoError(a, err)
	return checks.NewCertificate(issued.Certificate.Certificate[0])
}

// serves writes a look that saw endpoint serve these certificates, one an address.
func (s *site) serves(endpoint monitor.Endpoint, certificates ...checks.Certificate) {
	s.Helper()
	observation := &checks.Observation{
		Depth: checks.Quick, DNS: checks.DNS{Host: "app.example.com", Addresses: checks.KnownFact([]netip.Addr{netip.MustParseAddr("192.0.2.10")})},
		Certificates: certificates,
	}
	for i, certificate := range certificates {
		observation.Addresses = append(observation.Addresses, checks.AddressObservation{
			Address: netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + i)}), Port: 443,
			TLS:  checks.TLS{Protocols: protocols(false), Chain: checks.KnownFact([]checks.Fingerprint{certificate.SHA256})},
			HTTP: checks.HTTP{End: checks.KnownFact(200)},
		})
	}
	s.saw(endpoint, observation, s.now())
}

// calendarSite is a site with one certificate of each state, all of one root.
func calendarSite(t testing.TB) *site {
	t.Helper()
	root := newAuthority(t, time.Now().AddDate(0, 0, 100))
	s := newSite(t, root.trust())
	s.seedCalendar(root)
	return s
}

// seedCalendar serves one certificate of each state.
func (s *site) seedCalendar(root authority) {
	s.Helper()
	const day = 24 * time.Hour
	now := s.now().Truncate(time.Second)
	one := func(path string, name string, age, lifetime time.Duration) {
		s.serves(s.addEndpoint("Calendar", "https://"+name+"/"+path, policy.Production), root.issue(name, now.Add(-age), lifetime))
	}
	one("a", "expired.example.com", 91*day, 90*day)
	one("b", "overdue.example.com", 5*day, 6*day)
	one("c", "due.example.com", 63*day, 90*day)
	one("d", "fresh.example.com", 0, 90*day)
	one("e", "year.example.com", 0, 398*day)
	shared := root.issue("shared.example.com", now.Add(-10*day), 47*day)
	for i := range 5 {
		s.serves(s.addEndpoint("Calendar", fmt.Sprintf("https://shared.example.com/%d", i), policy.Stage), shared)
	}
	nodes := s.addEndpoint("Calendar", "https://nodes.example.com/", policy.SOD)
	s.serves(nodes, root.issue("nodes.example.com", now, 45*day), root.issue("nodes.example.com", now.Add(-44*day), 45*day))
	s.addEndpoint("Calendar", "https://unseen.example.com/", policy.SOD)
}

func TestCalendarShowsWhatIsToCome(t *testing.T) {
	t.Parallel()
	s := calendarSite(t)
	b := s.signedIn(s.person)
	page := b.get("/calendar")
	require.Equal(t, http.StatusOK, page.status)
	require.Equal(t, "Calendar", page.text("h1"))

	var standing []string
	page.Find(`section[data-month=now] tr[data-kind]`).Each(func(_ int, row *selection) {
		standing = append(standing, row.AttrOr("data-kind", "")+" "+row.Find("td a").Text())
	})
	require.Equal(t, []string{
		"expiry https://expired.example.com/a",
		"renewal_overdue https://nodes.example.com/", // one node was not reloaded, for longest
		"renewal_overdue https://overdue.example.com/b",
		"renewal_due https://due.example.com/c",
	}, standing)
	require.Contains(t, page.text("section[data-month=now]"), "The renewal of nodes.example.com is overdue")
	require.Contains(t, page.text("section[data-month=now]"), "it was renewed, and a server was not reloaded")

	shared := page.Find(`tr[data-kind=expiry]:contains("shared.example.com")`)
	require.Equal(t, "5 URLs", shared.Find("summary").Text())
	require.Equal(t, 5, shared.Find("details a").Length())
	require.Contains(t, page.text(`tr[data-kind=authority_end]`), "The root certificate Example Root ends")
	require.Contains(t, page.text("main"), "Of 1 URL no certificate was seen yet")
	for _, link := range page.Find(`tr[data-kind=limit] a`).Nodes {
		require.True(t, strings.HasPrefix(link.Attr[0].Val, "https://"))
	}
}

func TestCalendarCountersLeadToTheirLists(t *testing.T) {
	t.Parallel()
	s := calendarSite(t)
	b := s.signedIn(s.person)
	page := b.get("/calendar?days=365")
	require.Equal(t, "365 days", page.text(`nav a.button[aria-current]`))
	counters := page.Find("a[data-shown]")
	require.Equal(t, 7, counters.Length())
	counters.Each(func(_ int, counter *selection) {
		list := b.get(counter.AttrOr("href", ""))
		require.Equal(t, counter.Find(".number").Text(), fmt.Sprint(list.Find("tr[data-kind]").Length()), counter.Text())
		require.Equal(t, counter.AttrOr("data-shown", ""), list.Find("a[data-shown][aria-current]").AttrOr("data-shown", ""))
	})
	require.Greater(t, b.get("/calendar?days=365&show=renewals").Find("tr[data-kind]").Length(), b.get("/calendar?days=90&show=renewals").Find("tr[data-kind]").Length())
	strange := b.get("/calendar?days=99999&show=%3Cscript%3E")
	require.Equal(t, http.StatusOK, strange.status)
	require.Equal(t, "180 days", strange.text(`nav a.button[aria-current]`))
}

func TestCalendarFileIsReadable(t *testing.T) {
	t.Parallel()
	s := calendarSite(t)
	b := s.signedIn(s.person)
	answer := b.get("/calendar.ics")
	body := answer.body
	require.Equal(t, http.StatusOK, answer.status)
	require.Equal(t, "text/calendar; charset=utf-8", answer.header.Get("Content-Type"))
	require.NotContains(t, strings.ReplaceAll(body, "\r\n", ""), "\n", "lines end with CRLF (RFC 5545 section 3.1)")
	for line := range strings.SplitSeq(body, "\r\n") {
		require.LessOrEqual(t, len(line), 75, line)
	}
	file, err := ics.ParseCalendar(strings.NewReader(body))
	require.NoError(t, err)
	uids := map[string]bool{}
	found := false
	for _, event := range file.Events() {
		require.False(t, uids[event.Id()], "UIDs are unique")
		uids[event.Id()] = true
		begins, err := event.GetStartAt()
		require.NoError(t, err)
		require.True(t, begins.After(s.now().Add(-time.Minute)))
		found = found || strings.Contains(event.GetProperty(ics.ComponentPropertySummary).Value, "fresh.example.com expires")
	}
	require.True(t, found)
	second, err := ics.ParseCalendar(strings.NewReader(b.get("/calendar.ics").body))
	require.NoError(t, err)
	for _, event := range second.Events() {
		require.True(t, uids[event.Id()], "UIDs stay")
	}
}

func TestCalendarOfEveryTeamIsForOperators(t *testing.T) {
	t.Parallel()
	s := calendarSite(t)
	other := s.colleague(monitor.Administrator, "eve@example.com", true)
	operator := s.colleague(monitor.Operator, "operator@example.com", true)

	page := s.signedIn(other).get("/calendar")
	require.Zero(t, page.Find("tr[data-kind=expiry]").Length(), "another team's certificates are not shown")
	require.Equal(t, http.StatusForbidden, s.signedIn(other).get("/fleet/calendar").status)
	require.Equal(t, http.StatusForbidden, s.signedIn(s.person).get("/fleet/calendar").status)
	require.NotContains(t, s.signedIn(s.person).get("/calendar").text("main"), "Every team")

	b := s.signedIn(operator)
	require.Zero(t, b.get("/calendar").Find("tr[data-kind=expiry]").Length())
	fleet := b.get("/fleet/calendar")
	require.Equal(t, http.StatusOK, fleet.status)
	require.Contains(t, fleet.text("section[data-month=now]"), "https://expired.example.com/a")
	require.Zero(t, fleet.Find("td a").Length(), "pages of other teams' URLs are not an operator's")
}

// TestBrowserCalendar takes pictures of the calendar, and opens a list of URLs
// with the keys alone.
func TestBrowserCalendar(t *testing.T) {
	t.Parallel()
	s := calendarSite(t)
	ctx := chromium(t)
	signIn := func(person monitor.Person) {
		token, err := auth.NewSignInLink(t.Context(), s.store, person, s.now())
		require.NoError(t, err)
		require.NoError(t, chromedp.Do(ctx,
			chromedp.Navigate(s.url+"/sign-in/"+token), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(`//h1[.="Overview"]`)))
	}
	signIn(s.person)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Click(`//nav//a[.="Calendar"]`),
		chromedp.WaitVisible(chromedp.CSS(`section[data-month=now] .local-time`)),
		chromedp.Focus(chromedp.CSS("details summary")), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("details[open] a")),
	))
	s.walkPictures(ctx, map[string]string{"calendar": "/calendar", "calendar-limits": "/calendar?show=limits", "calendar-none": "/calendar?show=authorities&days=90"})
	signIn(s.colleague(monitor.Operator, "operator@example.com", true))
	s.walkPictures(ctx, map[string]string{"calendar-fleet": "/fleet/calendar"})
}

// TestCalendarOfHostileCertificates: names are whatever somebody wrote.
func TestCalendarOfHostileCertificates(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, time.Now().AddDate(20, 0, 0))
	s := newSite(t, root.trust())
	issued, err := root.Issue(pki.Leaf{
		Names:     []string{"<script>alert(1)</script>\r\nBEGIN:VEVENT\u202e" + strings.Repeat("x", 5000)},
		NotBefore: time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Now().AddDate(0, 0, 50), OnlyCommonName: true,
	})
	require.NoError(t, err)
	backwards := root.issue("backwards.example.com", s.now(), -24*time.Hour)
	s.serves(s.addEndpoint("Hostile", "https://hostile.example.com/", policy.SOD), checks.NewCertificate(issued.Certificate.Certificate[0]), backwards, checks.NewCertificate([]byte("no certificate")))
	b := s.signedIn(s.person)
	page := b.get("/calendar")
	require.Equal(t, http.StatusOK, page.status)
	require.Zero(t, page.Find("main script").Length())
	require.Contains(t, page.text("main"), "backwards.example.com has expired")
	body := b.get("/calendar.ics").body
	require.Equal(t, strings.Count(body, "BEGIN:VEVENT\r\n"), strings.Count(body, "END:VEVENT\r\n"))
	_, err = ics.ParseCalendar(strings.NewReader(body))
	require.NoError(t, err)
}

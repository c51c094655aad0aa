package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// check settles a check of a host as the worker does.
func (s *site) check(host string, look checks.OwnershipLook, at time.Time) {
	s.Helper()
	var claimed monitor.Ownership
	require.NoError(s, s.store.AsTeam(s.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) (err error) {
		claimed, err = tx.Ownership(ctx, host)
		return err
	}))
	require.NoError(s, s.store.AsWorker(s.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.SettleOwnership(ctx, claimed.ID, func(before monitor.Ownership) monitor.Ownership {
			return monitor.StepOwnership(before, look, at)
		}, at)
		return err
	}))
}

func absent(dns checks.Fact[string]) checks.OwnershipLook {
	return checks.OwnershipLook{
		DNS: dns, File: checks.AbsentFact[string](checks.ReasonHTTPStatus),
		Meta: checks.AbsentFact[string](checks.ReasonNoToken), Page: checks.InconclusiveFact[string](checks.ReasonTimeout),
	}
}

func TestHostIsClaimedCheckedAndVerified(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	s.addEndpoint("Shop", "https://app.example.com/other", policy.SOD)
	b := s.signedIn(s.person)
	list := b.get("/hosts")
	require.Equal(t, "app.example.com", list.text("tbody th"))
	require.Equal(t, "/hosts/app.example.com#urls", list.Find("tbody td a").AttrOr("href", ""), "the count leads to what it counts")
	require.Equal(t, "2 URLs", list.text("tbody td a"))
	require.Contains(t, list.text("tbody"), "Not verified")
	require.Equal(t, "1 host not verified", list.text(`a[href="/hosts?show=unverified"]`))

	page := b.get("/hosts/app.example.com")
	require.Equal(t, 2, page.Find("#urls tbody tr[data-endpoint]").Length())
	require.Equal(t, "/hosts/app.example.com?done=host-claimed", b.post("/hosts", url.Values{"host": {"https://APP.example.com/cb"}}).location)
	token := s.scan(`SELECT token FROM host_ownerships`)
	page = b.get("/hosts/app.example.com?done=host-claimed")
	require.Equal(t, "gradewatch-verification="+token, page.text("#record"))
	require.Equal(t, token, page.text("#token"))
	require.Equal(t, `<meta name="gradewatch-verification" content="`+token+`">`, page.text("#tag"))
	require.Contains(t, page.text("#main"), "_gradewatch.app.example.com")
	require.Contains(t, page.text("#main"), "covers every name below example.com")
	require.Contains(t, page.text("#state"), "Put the token in one of the three places below")

	require.Equal(t, "/hosts/app.example.com", b.post("/hosts/app.example.com/check", nil).location)
	require.Equal(t, "1", s.scan(`SELECT count(*)::text FROM river_job WHERE kind = 'verify' AND queue = 'verify'`))
	page = b.get("/hosts/app.example.com")
	require.Equal(t, "/hosts/app.example.com/progress", page.Find("#progress").AttrOr("hx-get", ""))
	require.Empty(t, b.get("/hosts/app.example.com/progress").header.Get("HX-Refresh"))
	soon := b.post("/hosts/app.example.com/check", nil)
	require.Equal(t, http.StatusTooManyRequests, soon.status)
	require.Contains(t, soon.text("[role=alert]"), "Wait 10 seconds")

	s.check("app.example.com", absent(checks.AbsentFact[string](checks.ReasonNoToken)), s.now())
	require.Equal(t, "true", b.get("/hosts/app.example.com/progress").header.Get("HX-Refresh"))
	page = b.get("/hosts/app.example.com")
	require.Zero(t, page.Find("#progress").Length())
	require.Equal(t, "The last check did not find the token.", page.text("#state"))
	for _, sentence := range []string{
		"A TXT record at _gradewatch.app.example.com or _gradewatch.example.com holds another token.",
		"https://app.example.com/.well-known/gradewatch-verification.txt does not exist: the server answered 404 or 410.",
		"https://app.example.com/ does not hold the token.", "The page did not answer in time.",
	} {
		require.Contains(t, page.text("#seen"), sentence)
	}

	s.check("app.example.com", checks.OwnershipLook{DNS: checks.KnownFact("example.com")}, s.now())
	page = b.get("/hosts/app.example.com")
	require.Equal(t, "Verified by the DNS of example.com: it and every name below it count as your team's.", page.text("#state"))
	require.Contains(t, b.get("/hosts").text("tbody"), "Verified by DNS")
	require.Contains(t, b.get("/hosts?show=unverified").text("main"), "Every host of your URLs is verified.")
	s.addEndpoint("Shop", "https://sub.example.com/cb", policy.SOD)
	require.Contains(t, b.get("/hosts/sub.example.com").text("#ownership + p"), "by the DNS of example.com")
	audit := b.get("/audit").text("tbody")
	for _, sentence := range []string{"Said that a host is the team's own", "Asked for a check of a host", "A host is verified"} {
		require.Contains(t, audit, sentence)
	}

	at := s.now()
	s.check("app.example.com", absent(checks.AbsentFact[string](checks.ReasonNoRecord)), at)
	require.Contains(t, b.get("/hosts/app.example.com").text("#state"), "If at least 3 checks in a row miss it, this ends at "+at.Add(72*time.Hour).Format("2006-01-02 15:04"))
	for day := range 3 {
		s.check("app.example.com", absent(checks.AbsentFact[string](checks.ReasonNoRecord)), at.AddDate(0, 0, day+1))
	}
	require.Contains(t, b.get("/hosts/app.example.com").text("#state"), "does not count as your team's since")
	require.Equal(t, "/hosts?done=host-given-up", b.post("/hosts/app.example.com/give-up", nil).location)
	require.Equal(t, "/hosts?done=host-given-up", b.post("/hosts/app.example.com/give-up", nil).location, "twice does no harm")
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM host_ownerships`))
}

func TestHostsAreTheTeamsOwnToSeeAndChange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	b := s.signedIn(s.person)
	b.post("/hosts", url.Values{"host": {"app.example.com"}})
	stranger := s.signedIn(s.colleague(monitor.Administrator, "stranger@example.com", true))
	for _, path := range []string{"/hosts/app.example.com", "/hosts/app.example.com/progress", "/hosts/APP.example.com", "/hosts/..%2f", "/hosts/%00", "/hosts/other.example"} {
		require.Contains(t, []int{http.StatusNotFound, http.StatusBadRequest}, stranger.get(path).status, path)
	}
	require.Equal(t, http.StatusNotFound, stranger.post("/hosts/app.example.com/check", nil).status)
	require.Equal(t, http.StatusSeeOther, stranger.post("/hosts/app.example.com/give-up", nil).status)
	require.Equal(t, "1", s.scan(`SELECT count(*)::text FROM host_ownerships`))
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM river_job WHERE kind = 'verify'`))

	reader := s.signedIn(s.colleague(monitor.Reader, "reader@example.com", false))
	require.Equal(t, http.StatusOK, reader.get("/hosts/app.example.com").status)
	require.Zero(t, reader.get("/hosts/app.example.com").Find("main form").Length())
	for _, path := range []string{"/hosts", "/hosts/app.example.com/check", "/hosts/app.example.com/give-up"} {
		require.Equal(t, http.StatusForbidden, reader.post(path, url.Values{"host": {"x.example"}}).status, path)
	}
	for text, sentence := range map[string]string{
		"": "Enter a host name", "no host": "host", "https://": "host", strings.Repeat("a", 300): "host", "a\x01b.example": "",
	} {
		bad := b.post("/hosts", url.Values{"host": {text}})
		require.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusBadRequest}, bad.status, text)
		if bad.status == http.StatusUnprocessableEntity {
			require.Contains(t, bad.text("#host-fault"), sentence)
			require.Equal(t, strings.TrimSpace(text), bad.Find("#host").AttrOr("value", ""), "what was typed stays")
		}
	}
	require.Equal(t, "/hosts/xn--bcher-kva.example?done=host-claimed", b.post("/hosts", url.Values{"host": {"Bücher.example"}}).location)
	require.Equal(t, http.StatusOK, b.get("/hosts/xn--bcher-kva.example").status)
	literal := b.post("/hosts", url.Values{"host": {"2001:db8::1"}}).location
	require.Equal(t, http.StatusOK, b.get(literal).status)
	require.NotContains(t, b.get(literal).text("main"), "Add a TXT record")
}

func TestAdministratorAllowsIntrusiveProbesOfAVerifiedHost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint := s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	s.worked(endpoint, checks.Quick, s.now())
	b := s.signedIn(s.person)
	form := b.get("/endpoints/1/intrusive")
	require.Contains(t, form.text("#not-owned"), "Your team can allow these probes where it has shown that the host is its own")
	require.Equal(t, "/hosts/app.example.com", form.Find("#not-owned a").AttrOr("href", ""))
	require.Equal(t, http.StatusUnprocessableEntity, b.post("/endpoints/1/intrusive", url.Values{"reason": {"mine"}}).status)
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM intrusive_leaves`))

	b.post("/hosts", url.Values{"host": {"app.example.com"}})
	s.check("app.example.com", checks.OwnershipLook{File: checks.KnownFact("https://app.example.com/.well-known/gradewatch-verification.txt")}, s.now())
	require.Contains(t, b.post("/endpoints/1/intrusive", url.Values{"reason": {""}}).text("#faults"), "Enter why these probes may be sent")
	require.Equal(t, "/endpoints/1/intrusive?done=intrusive-allowed", b.post("/endpoints/1/intrusive", url.Values{"reason": {"Our own <server>"}}).location)
	require.Equal(t, http.StatusSeeOther, b.post("/endpoints/1/intrusive", url.Values{"reason": {"again"}}).status)
	require.Contains(t, b.get("/endpoints/1").text("main"), "Intrusive probes are allowed by ada@example.com since")
	require.Contains(t, b.get("/endpoints/1/intrusive").text("main"), "on the team's own word")
	require.Equal(t, "ownership", s.scan(`SELECT new->>'basis' FROM audit WHERE action = 'endpoint.intrusive.allow'`))

	operator := s.signedIn(s.colleague(monitor.Operator, "operator@superoffice.example", true))
	require.Equal(t, http.StatusSeeOther, operator.post("/endpoints/1/intrusive", url.Values{"reason": {"agreed too"}}).status)
	require.Equal(t, "operator ownership", s.scan(`SELECT string_agg(basis, ' ' ORDER BY basis) FROM intrusive_leaves`))
	require.Equal(t, "/endpoints/1/intrusive?done=intrusive-forbidden", b.post("/endpoints/1/intrusive/forbid", nil).location)
	require.Equal(t, http.StatusSeeOther, b.post("/endpoints/1/intrusive/forbid", nil).status, "twice does no harm")
	require.Equal(t, "operator", s.scan(`SELECT string_agg(basis, ' ' ORDER BY basis) FROM intrusive_leaves`))
	require.Contains(t, b.get("/endpoints/1/intrusive").text("main"), "on an operator's word")
}

func TestOperatorRecordsOptOuts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	partner := s.signedIn(s.person)
	for _, path := range []string{"/opt-outs", "/opt-outs/1/end"} {
		require.Equal(t, http.StatusForbidden, partner.post(path, nil).status)
	}
	require.Equal(t, http.StatusForbidden, partner.get("/opt-outs").status)
	require.Zero(t, partner.get("/hosts").Find(`a[href="/opt-outs"]`).Length())

	operator := s.signedIn(s.colleague(monitor.Operator, "operator@superoffice.example", true))
	require.Equal(t, 1, operator.get("/hosts").Find(`a[href="/opt-outs"]`).Length())
	bad := operator.post("/opt-outs", url.Values{"host": {"shop.example"}, "below": {"yes"}, "contact": {" "}, "reason": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, bad.status)
	require.Equal(t, "shop.example", bad.Find("#host").AttrOr("value", ""))
	require.Equal(t, 1, bad.Find("#below[checked]").Length())
	require.Contains(t, bad.text("#contact-fault"), "Enter who asked")
	require.Contains(t, bad.text("#reason-fault"), "Enter why")
	good := url.Values{"host": {"https://Shop.example/x"}, "below": {"yes"}, "contact": {"Grace <grace@shop.example>"}, "reason": {"asked by mail"}}
	require.Equal(t, "/opt-outs?done=opt-out-recorded", operator.post("/opt-outs", good).location)
	require.Contains(t, operator.post("/opt-outs", good).text("#host-fault"), "on record already")
	page := operator.get("/opt-outs")
	require.Contains(t, page.text("tbody"), "shop.example and every name below it")
	require.Contains(t, page.text("tbody"), "Grace <grace@shop.example>: asked by mail")
	require.Contains(t, page.text("tbody"), "by operator@superoffice.example at")
	require.Equal(t, "/opt-outs?done=opt-out-ended", operator.post("/opt-outs/1/end", nil).location)
	require.Equal(t, http.StatusSeeOther, operator.post("/opt-outs/1/end", nil).status, "twice does no harm")
	require.Contains(t, operator.get("/opt-outs").text("tbody"), "Ended")
	audit := operator.get("/audit").text("tbody")
	require.Contains(t, audit, "Recorded an opt-out")
	require.Contains(t, audit, "Ended an opt-out")
}

// Whoever looks at the page of a URL whose host opted out reads why nothing is
// known, before anything else.
func TestEndpointSaysWhoOptedOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint := s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	observation := checks.Observation{Depth: checks.Quick, DNS: checks.DNS{Host: "app.example.com"}}
	observation.DNS.Addresses.State, observation.DNS.Addresses.Reason = checks.Inconclusive, checks.ReasonOptedOut
	verdicts := policy.Judge(policy.Evidence{Observation: &observation, Subject: endpoint.Subject(), At: s.now()}, policy.SuperOffice())
	for _, verdict := range verdicts {
		if verdict.Requirement == monitor.Unreachable {
			require.Equal(t, checks.ResultInconclusive, verdict.Result)
		}
	}
	s.seedLook(endpoint, look{at: s.now(), purpose: monitor.Requested, verdicts: verdicts})
	first := s.signedIn(s.person).get("/endpoints/1").text(".note.first")
	require.Contains(t, first, "Not looked at")
	require.Contains(t, first, "Whoever runs app.example.com asked not to be looked at, so nobody connects to it.")
}

func TestQuotaOfHostsIsSaidOnTheForm(t *testing.T) {
	t.Parallel()
	s := newSiteWithQuota(t, 2)
	b := s.signedIn(s.person)
	form := func(values ...string) url.Values {
		filled := url.Values{"name": {"Shop"}, "type": {"custom"}, "rows": {fmt.Sprint(len(values))}, "do": {"save"}}
		for i, value := range values {
			filled.Set(fmt.Sprintf("url-%d-environment", i), "Production")
			filled.Set(fmt.Sprintf("url-%d-kind", i), "literal")
			filled.Set(fmt.Sprintf("url-%d-value", i), value)
			filled.Set(fmt.Sprintf("url-%d-minutes", i), "60")
		}
		return filled
	}
	bad := b.post("/applications", form("https://a.example.com/", "https://b.example.com/", "https://a.example.com/2", "https://c.example.com/"))
	require.Equal(t, http.StatusUnprocessableEntity, bad.status)
	require.Contains(t, bad.text("#faults"), "Your team may have 2 hosts that are not verified, and has 0. This would add a.example.com, b.example.com, c.example.com.")
	require.Equal(t, 1, bad.Find(`#faults a[href="/hosts"]`).Length())
	require.Equal(t, "https://c.example.com/", bad.Find("#url-3-value").AttrOr("value", ""), "what was typed stays")
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM endpoints`))
	require.Equal(t, http.StatusSeeOther, b.post("/applications", form("https://a.example.com/", "https://b.example.com/", "https://a.example.com/2")).status)
	require.Contains(t, b.get("/hosts").text("main"), "Your team has 2 hosts not verified and may have 2.")
}

// Another probe URL may lead to a host too many, and a file may hold many.
func TestQuotaOfHostsIsSaidEverywhere(t *testing.T) {
	t.Parallel()
	s := newSiteWithQuota(t, 1)
	b := s.signedIn(s.person)
	s.addEndpoint("Shop", "https://b.example.com/cb", policy.Production)
	s.addEndpoint("Shop", "https://b.example.com/pattern", policy.Production)
	s.sql(`UPDATE endpoints SET value_kind = 'pattern', value = '^https://[ab]\.example\.com/$', probe_url = 'https://b.example.com/' WHERE id = 2`)
	settings := b.get("/endpoints/2/settings").formOf("main form")
	settings.Set("probe", "https://a.example.com/")
	refused := b.post("/endpoints/2/settings", settings)
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, refused.text("#faults"), "Your team may have 1 host that is not verified, and has 1. This would add a.example.com.")
	require.Equal(t, "https://a.example.com/", refused.Find("#probe").AttrOr("value", ""), "what was typed stays")

	csv := "application,type,environment,kind,value_kind,value\nShop,custom,Production,redirect,literal,https://c.example.com/\nShop,custom,Production,redirect,literal,https://d.example.com/\n"
	page := b.get(b.upload("urls.csv", []byte(csv), nil).location)
	full := b.post(page.Find("main form[action$=confirm]").AttrOr("action", ""), page.formOf("main form[action$=confirm]"))
	require.Equal(t, http.StatusUnprocessableEntity, full.status, full.text("main"))
	require.Contains(t, full.text("main"), "This would add c.example.com, d.example.com.")
	require.Equal(t, 1, full.Find(`main a[href="/hosts"]`).Length())
	require.Equal(t, "2", s.scan(`SELECT count(*)::text FROM endpoints`))
}

func TestProbePageSaysHowToOptOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	page := s.browser().get("/probe")
	require.Equal(t, http.StatusOK, page.status)
	main := page.text("main")
	for _, said := range []string{
		"_gradewatch.app.example.com", "opt-out", "at most 12 to an address", "About once an hour", "About once a day", "once a minute", "ops@example.com",
		"We sign in nowhere", "TXT record, a file or a meta tag",
	} {
		require.Contains(t, main, said)
	}
	file := s.browser().get("/.well-known/security.txt")
	require.Equal(t, http.StatusOK, file.status)
	require.Equal(t, "text/plain; charset=utf-8", file.header.Get("Content-Type"))
	require.Contains(t, file.body, "Contact: mailto:ops@example.com\n")
	require.Regexp(t, `(?m)^Expires: \d{4}-\d\d-\d\dT00:00:00Z$`, file.body)
	require.Contains(t, file.body, "Policy: "+s.url+"/probe\n")
}

package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func chainOf() []checks.Fingerprint { return []checks.Fingerprint{certificate().SHA256} }

func TestEndpointShowsWhatAFullLookFoundWithItsAge(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint := s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	b := s.signedIn(s.person)
	s.worked(endpoint, checks.Quick, s.now().Add(-30*time.Hour))
	before := b.get("/endpoints/1")
	require.Contains(t, before.text("section[aria-labelledby=full]"), "Not asked yet: a full check asks for this.")
	require.Zero(t, before.Find("section[aria-labelledby=suites]").Length(), "nothing is said of what was never asked")

	s.worked(endpoint, checks.Full, s.now().Add(-3*time.Hour), checktest.FullFacts(chainOf(), true))
	s.worked(endpoint, checks.Quick, s.now().Add(-10*time.Minute)) // hides nothing
	s.worked(endpoint, checks.Full, s.now().Add(-5*time.Minute), checktest.FullUnknown())
	page := b.get("/endpoints/1")
	for _, section := range []string{"suites", "groups", "chains", "features", "vulnerabilities", "clients"} {
		age := page.text("section[aria-labelledby=" + section + "] > .card-head:first-child .age")
		require.Regexp(t, `^Seen 3 hours ago, \d{4}-\d\d-\d\d \d\d:\d\d UTC The last look could not tell\.$`, age, section)
	}
	require.Regexp(t, `^Seen 5 minutes ago`, page.text("section[aria-labelledby=protocols] .age"))
	require.Regexp(t, `^Seen 3 hours ago, \S+ \S+ UTC$`, page.text(".card-head:has(#intrusive) .age"), "the full look since had no leave")

	require.Equal(t, []string{"0x1302", "0x1303", "0xC02B", "0x009E", "0xC013", "0x000A", "0x0005"}, each(page, "tr[data-suite]", "data-suite"))
	require.Equal(t, "Weak CBC", page.text(`tr[data-suite="0xC013"] [data-label=Remarks]`))
	require.Equal(t, "Weak 3DES, CBC, no forward secrecy", page.text(`tr[data-suite="0x000A"] [data-label=Remarks]`))
	require.Equal(t, "Insecure RC4, no forward secrecy", page.text(`tr[data-suite="0x0005"] [data-label=Remarks]`))
	require.Equal(t, "None", page.text(`tr[data-suite="0xC02B"] [data-label=Remarks]`))
	require.Equal(t, "ffdhe2048 (2048 bits)", page.text(`tr[data-suite="0x009E"] [data-label=Group]`))
	suites := page.text("section[aria-labelledby=suites]")
	require.Contains(t, suites, "The server's order decides")
	require.Contains(t, suites, "The client's order decides")
	require.Contains(t, suites, "TLS 1.1 We could not tell which suites it accepts: timeout.")
	groups := page.text("section[aria-labelledby=groups]")
	require.Contains(t, groups, "X25519MLKEM768 post-quantum x25519 secp256r1")
	require.Contains(t, groups, "costs a client without its key share a HelloRetryRequest")
	require.Contains(t, page.text("section[aria-labelledby=chains]"), "CN=app.example.com")
	require.Contains(t, page.text("section[aria-labelledby=features]"), "A ClientHello of more than one packet Fails")
	require.Equal(t, "SWEET32 Exposed TLS_RSA_WITH_3DES_EDE_CBC_SHA is accepted in TLS 1.2", page.text(`tr[data-vulnerability=sweet32]`))
	require.Equal(t, "CRIME Could not tell Timeout.", page.text(`tr[data-vulnerability=crime]`))
	require.Contains(t, page.text(`tr[data-vulnerability=robot]`), "ROBOT Vulnerable a correct padding: alert bad_record_mac")
	require.Contains(t, page.text(".note.first"), "Vulnerable: ROBOT")
	require.Equal(t, 1, page.Find(`.note.first a[href="#vulnerabilities"]`).Length())
	require.NotContains(t, page.text(".note.first"), "Nothing to do")
	clients := page.text("section[aria-labelledby=clients]")
	require.Contains(t, clients, "2 of 3 clients get a handshake, 1 of them with forward secrecy. No handshake: Android 2.3.7.")
	require.Equal(t, "Java 8u161 TLS 1.2 TLS_RSA_WITH_3DES_EDE_CBC_SHA None No", page.text(`tr[data-client="Java 8u161"]`))
}

func TestAddressesWithTheSameAnswerAreSaidOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint := s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	other := checktest.FullFacts(chainOf(), false)
	other.Suites.Groups = checks.KnownFact([]checks.Group{})
	s.worked(endpoint, checks.Full, s.now(), checktest.FullFacts(chainOf(), false), checktest.FullFacts(chainOf(), false), other)
	page := s.signedIn(s.person).get("/endpoints/1")
	require.Equal(t, "192.0.2.10, 192.0.2.11 192.0.2.12", page.text("section[aria-labelledby=groups] h3"))
	require.Empty(t, page.text("section[aria-labelledby=features] h3.of-address"), "all three are alike")
	require.Contains(t, page.text("section[aria-labelledby=vulnerabilities]"), "Online Operations may allow them for this URL.")
}

func TestCheckNowAndFullCheck(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	s.addEndpoint("Shop", "http://plain.example.com/cb", policy.SOD)
	b := s.signedIn(s.person)
	page := b.get("/endpoints/1")
	require.Equal(t, "Check now Full check", page.text(`form[action="/endpoints/1/look"] button`))
	require.Equal(t, "Check now", b.get("/endpoints/2").text(`form[action="/endpoints/2/look"] button`), "there is no TLS to ask")

	full := url.Values{"depth": {"full"}}
	require.Equal(t, "/endpoints/1?done=look-asked", b.post("/endpoints/1/look", url.Values{"depth": {"quick"}}).location)
	require.Equal(t, "/endpoints/1?done=full-look-asked", b.post("/endpoints/1/look", full).location, "the quick one asks less")
	require.Equal(t, "/endpoints/1?done=look-running", b.post("/endpoints/1/look", full).location)
	require.Equal(t, "/endpoints/1?done=look-running", b.post("/endpoints/1/look", nil).location, "the full one asks it too")
	require.Equal(t, "/endpoints/2?done=look-asked", b.post("/endpoints/2/look", full).location)
	require.Equal(t, "full quick quick", s.scan(`SELECT string_agg(depth, ' ' ORDER BY depth) FROM assessments`))
	require.Contains(t, b.get("/endpoints/1?done=full-look-asked").text("main"), "A full check has been asked for.")
}

func TestOperatorAllowsIntrusiveProbesAndTakesThemBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint := s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	s.worked(endpoint, checks.Quick, s.now())
	operator := s.signedIn(s.colleague(monitor.Operator, "operator@superoffice.example", true)) // of another team
	partner := s.signedIn(s.person)
	reader := s.signedIn(s.colleague(monitor.Reader, "reader@example.com", false))
	require.Zero(t, reader.get("/endpoints/1").Find(`a[href="/endpoints/1/intrusive"]`).Length())

	form := operator.get("/endpoints/1/intrusive")
	require.Contains(t, form.text("main"), "https://app.example.com/cb")
	require.Contains(t, form.text("main"), "Not allowed")
	bad := operator.post("/endpoints/1/intrusive", url.Values{"reason": {"  "}})
	require.Equal(t, http.StatusUnprocessableEntity, bad.status)
	require.Contains(t, bad.text("#faults"), "Enter why these probes may be sent")
	long := operator.post("/endpoints/1/intrusive", url.Values{"reason": {strings.Repeat("é", 501)}})
	require.Equal(t, http.StatusUnprocessableEntity, long.status)
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM intrusive_leaves`))

	reason := "Agreed with <Ada> on 22 November by mail"
	require.Equal(t, "/endpoints/1/intrusive?done=intrusive-allowed", operator.post("/endpoints/1/intrusive", url.Values{"reason": {reason}}).location)
	require.Equal(t, http.StatusSeeOther, operator.post("/endpoints/1/intrusive", url.Values{"reason": {"again"}}).status)
	page := partner.get("/endpoints/1")
	require.Contains(t, page.text("main"), "Intrusive probes are allowed by operator@superoffice.example since")
	require.Contains(t, page.text("main"), reason)
	audit := partner.get("/audit").text("tbody")
	require.Contains(t, audit, "Allowed intrusive probes")
	require.Contains(t, audit, "operator@superoffice.example")
	require.Equal(t, reason, s.scan(`SELECT new->>'reason' FROM audit WHERE action = 'endpoint.intrusive.allow'`))

	require.Equal(t, "/endpoints/1/intrusive?done=intrusive-forbidden", operator.post("/endpoints/1/intrusive/forbid", nil).location)
	require.Equal(t, http.StatusSeeOther, operator.post("/endpoints/1/intrusive/forbid", nil).status, "twice does no harm")
	require.Contains(t, partner.get("/endpoints/1").text("main"), "Online Operations may allow them")
	require.Equal(t, "1 1", s.scan(`SELECT count(*) FILTER (WHERE action = 'endpoint.intrusive.allow') || ' ' ||
		count(*) FILTER (WHERE action = 'endpoint.intrusive.forbid') FROM audit WHERE result = 'done'`))
	require.Equal(t, http.StatusNotFound, operator.get("/endpoints/99/intrusive").status)
}

func TestOnlyOperatorsAndAdministratorsDecideOnIntrusiveProbes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	for _, role := range []monitor.Role{monitor.Developer, monitor.Reader} {
		b := s.signedIn(s.colleague(role, string(role)+"@example.com", false))
		require.Equal(t, http.StatusForbidden, b.get("/endpoints/1/intrusive").status, role)
		require.Equal(t, http.StatusForbidden, b.post("/endpoints/1/intrusive", url.Values{"reason": {"x"}}).status, role)
		require.Equal(t, http.StatusForbidden, b.post("/endpoints/1/intrusive/forbid", nil).status, role)
	}
	stranger := s.signedIn(s.colleague(monitor.Administrator, "stranger@example.com", true))
	require.Equal(t, http.StatusNotFound, stranger.get("/endpoints/1/intrusive").status)
	require.Equal(t, http.StatusNotFound, stranger.post("/endpoints/1/intrusive", url.Values{"reason": {"x"}}).status)
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM intrusive_leaves`))
	require.Equal(t, "6", s.scan(`SELECT count(*)::text FROM audit WHERE result = 'denied'`))
}

// each reads an attribute of every element that a selector finds.
func each(page answer, selector, attribute string) []string {
	return page.Find(selector).Map(func(_ int, found *selection) string { return found.AttrOr(attribute, "") })
}

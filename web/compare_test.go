package web_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/browsertest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// twoFull are two URLs that were looked at in full: one takes TLS_RSA suites at
// two addresses, the other has lost most of them.
func (s *site) twoFull() (first, second monitor.Endpoint) {
	s.Helper()
	first = s.addEndpoint("Shop", "https://full.app.example.com/callback", policy.Production)
	second = s.addEndpoint("Bridge", "https://bridge.example.com/a/very/long/path/that/goes/on/and/on/signin-superoffice?with=parameters", policy.SOD)
	chain := []checks.Fingerprint{certificate().SHA256}
	s.worked(first, checks.Full, s.now().Add(-time.Hour), checktest.FullFacts(chain, true), checktest.FullFacts(chain, true))
	other := checktest.FullFacts(chain, true)
	other.Suites.Accepted[checks.TLSv12] = checks.KnownFact(other.Suites.Accepted[checks.TLSv12].Value[:2])
	other.Suites.Groups = checks.KnownFact(other.Suites.Groups.Value[1:])
	other.Features.ALPN = checks.KnownFact([]string{})
	other.Vulnerabilities[checks.FREAK] = checks.Finding{Result: checks.Vulnerable}
	s.worked(second, checks.Full, s.now().Add(-time.Minute), other)
	return first, second
}

func TestTwoLooksAreCompared(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint, passed, failed := s.failing()
	b := s.signedIn(s.person)
	history := b.get(fmt.Sprintf("/endpoints/%d/history", endpoint.ID))
	link := history.Find(`a:contains("Compare with the one before")`)
	require.Equal(t, 1, link.Length(), "the first look has none before it")
	path := link.AttrOr("href", "")
	require.Equal(t, fmt.Sprintf("/compare?left=%d@%d&right=%d@%d", endpoint.ID, passed, endpoint.ID, failed), path)

	page := b.get(path)
	require.Equal(t, http.StatusOK, page.status)
	words := page.text("main")
	require.Contains(t, words, "The server now accepts SSL 3.0.")
	require.Contains(t, words, "T-02 fails now: 192.0.2.10 accepts SSL 3.0.")
	require.Contains(t, page.text("table.compared"), "SSL 3.0 refused accepted")
	require.NotContains(t, page.text("table.compared"), "TLS 1.2", "what does not differ is left out")
	require.Contains(t, b.get(page.Find(`a:contains("Show also")`).AttrOr("href", "")).text("table.compared"), "TLS 1.2 accepted accepted")
	require.Equal(t, fmt.Sprintf("%d@%d", endpoint.ID, passed), page.Find("#left option[selected]").AttrOr("value", ""), "the form holds what is chosen")

	swapped := b.get(page.Find(`a:contains("Swap sides")`).AttrOr("href", ""))
	require.Contains(t, swapped.text("main"), "The server now accepts SSL 3.0.", "from the earlier look to the later one, on whichever side")
	require.Contains(t, swapped.text("table.compared"), "SSL 3.0 accepted refused")
	same := b.get(fmt.Sprintf("/compare?left=%d@%d&right=%d@%d", endpoint.ID, failed, endpoint.ID, failed))
	require.Contains(t, same.text("main"), "Nothing changed.")
	require.Zero(t, same.Find("table.compared").Length())
}

func TestTwoEndpointsAreCompared(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, second := s.twoFull()
	b := s.signedIn(s.person)
	page := b.get(fmt.Sprintf("/compare?left=%d&right=%d", first.ID, second.ID))
	require.Equal(t, http.StatusOK, page.status)
	words := page.text("main")
	for _, sentence := range []string{
		"Right is vulnerable to FREAK, left is not.", "By ALPN, only left takes h2 and http/1.1.", "In TLS 1.3, only left takes X25519MLKEM768.",
	} {
		require.Contains(t, words, sentence)
	}
	require.Contains(t, page.text("table.compared"), "FREAK not vulnerable vulnerable")

	// A quick look hides nothing that the full one found.
	s.worked(first, checks.Quick, s.now())
	require.Contains(t, b.get(fmt.Sprintf("/compare?left=%d&right=%d", first.ID, second.ID)).text("main"), "Right is vulnerable to FREAK, left is not.")

	operator := s.signedIn(s.colleague(monitor.Operator, "operator@example.com", true))
	require.Contains(t, operator.get(fmt.Sprintf("/compare?left=%d&right=%d", first.ID, second.ID)).text("main"), "Right is vulnerable to FREAK, left is not.")
	require.Equal(t, 2, operator.get("/compare").Find("#left optgroup option").Length())
}

func TestComparisonOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint, passed, _ := s.failing()
	fresh := s.addEndpoint("Shop", "https://new.example.com/cb", policy.SOD)
	b := s.signedIn(s.person)
	empty := b.get("/compare")
	require.Equal(t, http.StatusOK, empty.status)
	require.Equal(t, 2, empty.Find("#left optgroup option").Length())
	chosen := b.get(fmt.Sprintf("/compare?left=%d", endpoint.ID))
	require.Equal(t, http.StatusOK, chosen.status)
	require.Equal(t, 2, chosen.Find("#left optgroup").First().Find("option").Length(), "its looks can be chosen")
	for query, fault := range map[string]string{
		"left=x":      "Choose a URL, or a look at it, for the left side.",
		"left=-1":     "Choose a URL, or a look at it, for the left side.",
		"left=1@":     "Choose a URL, or a look at it, for the left side.",
		"right=1@0":   "Choose a URL, or a look at it, for the right side.",
		"right=1@1@1": "Choose a URL, or a look at it, for the right side.",
		fmt.Sprintf("left=%d&right=%d", endpoint.ID, fresh.ID): "Nobody has looked at this URL yet. Compare it after its first look.",
	} {
		page := b.get("/compare?" + query)
		require.Equal(t, http.StatusUnprocessableEntity, page.status, query)
		require.Contains(t, page.text(".fault"), fault, query)
	}
	for _, query := range []string{"left=999", "left=1@999", fmt.Sprintf("left=%d@%d", fresh.ID, passed), "right=9223372036854775807"} {
		require.Equal(t, http.StatusNotFound, b.get("/compare?"+query).status, query)
	}
	stranger := s.signedIn(s.colleague(monitor.Administrator, "eve@example.org", true))
	for _, query := range []string{fmt.Sprintf("left=%d", endpoint.ID), fmt.Sprintf("right=%d@%d", endpoint.ID, passed)} {
		require.Equal(t, http.StatusNotFound, stranger.get("/compare?"+query).status, query)
	}
	require.Equal(t, http.StatusSeeOther, s.browser().get("/compare").status, "signed out: to the sign-in")
}

// A person goes from a URL to its comparison with another one, with the
// keyboard and the form alone; then every state of the page at a desk's and a
// small phone's width, in light and dark.
func TestBrowserComparison(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint, passed, failed := s.failing()
	first, second := s.twoFull()
	ctx := browsertest.Start(t, "/compare?left=x&right=y")
	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate(s.url+"/sign-in/"+token), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS(".counters")),
		chromedp.Navigate(fmt.Sprintf("%s/endpoints/%d", s.url, first.ID)), chromedp.Click(`//a[.="Compare"]`), chromedp.WaitVisible(chromedp.CSS("#right")),
		chromedp.SetValue(chromedp.CSS("#right"), fmt.Sprint(second.ID)), chromedp.Click(`//main//button[.="Compare"]`), chromedp.WaitVisible(chromedp.CSS("#sentences")),
	))
	s.walkPictures(ctx, map[string]string{
		"compare-form": "/compare", "compare-fault": "/compare?left=x&right=y",
		"compare-looks":     fmt.Sprintf("/compare?left=%d@%d&right=%d@%d", endpoint.ID, passed, endpoint.ID, failed),
		"compare-endpoints": fmt.Sprintf("/compare?left=%d&right=%d", first.ID, second.ID),
		"compare-all":       fmt.Sprintf("/compare?left=%d&right=%d&all=yes", first.ID, second.ID),
		"compare-history":   fmt.Sprintf("/endpoints/%d/history", endpoint.ID),
	}, 1280, 360)
}

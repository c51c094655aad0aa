package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/browsertest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// A person gets a token, asks for a check, and the page loads anew by itself
// when the worker is done; then every page of hosts and opt-outs, at a desk's
// and a small phone's width, in light and dark.
func TestBrowserHosts(t *testing.T) {
	t.Parallel()
	s := newSiteWithQuota(t, 50)
	long := strings.Repeat("averylonglabel.", 12) + "example.com"
	for _, value := range []string{"https://app.example.com/callback", "https://" + long + "/callback", "https://shop.example.net/cb"} {
		s.addEndpoint("Shop", value, policy.Production)
	}
	ctx := browsertest.Start(t, "/nowhere", "/hosts", "/opt-outs")
	signIn := func(person monitor.Person) {
		token, err := auth.NewSignInLink(t.Context(), s.store, person, s.now())
		require.NoError(t, err)
		require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(s.url+"/sign-in/"+token), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS(".counters"))))
	}
	signIn(s.person)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Click(`//nav//a[.="Hosts"]`), chromedp.WaitVisible(chromedp.CSS("#host")),
		chromedp.SendKeys(chromedp.CSS("#host"), "not a host"+kb.Enter), chromedp.WaitVisible(chromedp.CSS("#host-fault")),
		chromedp.Click(`//a[.="app.example.com"]`), chromedp.Click(`//button[.="Get a token"]`), chromedp.WaitVisible(chromedp.CSS("#record")),
		chromedp.Click(`//button[.="Check now"]`), chromedp.WaitVisible(chromedp.CSS("#progress")),
	))
	s.check("app.example.com", absent(checks.AbsentFact[string](checks.ReasonNoToken)), s.now())
	require.NoError(t, chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS("#seen")), chromedp.WaitNotPresent(chromedp.CSS("#progress"))))

	b := s.signedIn(s.person)
	for _, host := range []string{long, "shop.example.net"} {
		b.post("/hosts", url.Values{"host": {host}})
	}
	s.check("shop.example.net", checks.OwnershipLook{DNS: checks.KnownFact("example.net")}, s.now())
	s.walkPictures(ctx, map[string]string{
		"hosts": "/hosts", "host-missing": "/hosts/app.example.com", "host-new": "/hosts/" + long, "host-verified": "/hosts/shop.example.net",
		"intrusive-not-owned": "/endpoints/1/intrusive", "intrusive-owned": "/endpoints/3/intrusive", "probe-small": "/probe",
	}, 1280, 360)

	operator := s.colleague(monitor.Operator, "operator@example.com", false)
	recorded := s.signedIn(operator).post("/opt-outs", url.Values{"host": {long}, "below": {"yes"}, "contact": {"hostmaster@example.com"}, "reason": {"asked by mail"}})
	require.Equal(t, http.StatusSeeOther, recorded.status)
	signIn(operator)
	s.walkPictures(ctx, map[string]string{"opt-outs": "/opt-outs", "hosts-operator": "/hosts"}, 1280, 360)
}

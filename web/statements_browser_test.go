package web_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/browsertest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// seedStatements fills the pages of application 1 with one of each state.
func (s *site) seedStatements(b *browser) {
	s.Helper()
	today := s.now()
	day := func(ahead int) string { return today.AddDate(0, 0, ahead).Format(time.DateOnly) }
	for requirement, days := range map[string][2]int{"A-06": {-400, -35}, "A-07": {-340, 20}, "A-09": {-10, 170}, "A-12": {-1, 364}, "A-24": {-1, 364}} {
		b.post("/applications/1/attestations/"+requirement, statementForm(func(form url.Values) {
			form.Set("stated_on", day(days[0]))
			form.Set("renew_by", day(days[1]))
			form.Set("owner", "grace.hopper.of.the.operations.department@a-very-long-name-of-a-partner.example.com")
		}))
	}
	b.post("/applications/1/attestations/A-08", statementForm(func(form url.Values) {
		form.Set("stated_on", day(0))
		form.Set("result", "fail")
		form.Set("reason", "The console of the old appliance still has its default password.")
	}))
	for i, ahead := range []int{-3, 0, 6, 200} {
		b.post("/applications/1/secrets", secretForm(func(form url.Values) {
			form.Set("expires_on", day(ahead))
			form.Set("kind", []string{"secret", "certificate"}[i%2])
			form.Set("description", "Entry of the vault, application-integration-with-a-name-that-does-not-end")
		}))
	}
	b.post("/applications/1/secrets/1/replace", secretForm(func(form url.Values) { form.Set("expires_on", day(365)) }))
	b.post("/applications/1/compromise", compromiseForm(func(form url.Values) { form.Set("discovered_at", today.Add(-time.Hour).Format("2006-01-02T15:04")) }))
	b.post("/applications/1/compromise/1/steps", stepForm(func(form url.Values) { form.Set("happened_at", today.Add(-time.Minute).Format("2006-01-02T15:04")) }))
}

// TestBrowserStatements states something with the keys alone, sees a form with
// a fault keep what was typed, and takes pictures at a desk's and a phone's
// width, in light and dark.
func TestBrowserStatements(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint("Shop", "https://app.example.com/cb", "Production")
	s.seedStatements(s.signedIn(s.person))
	ctx := browsertest.Start(t, "/attestations/A-27", "/secrets")
	signIn := func(person monitor.Person) {
		token, err := auth.NewSignInLink(t.Context(), s.store, person, s.now())
		require.NoError(t, err)
		require.NoError(t, chromedp.Do(ctx,
			chromedp.Navigate(s.url+"/sign-in/"+token), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(`//h1[.="Overview"]`)))
	}
	signIn(s.person)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate(s.url+"/applications/1/attestations/A-27"),
		chromedp.Focus(chromedp.CSS("input[value=pass]")), chromedp.KeyEvent(" "),
		chromedp.Focus(chromedp.CSS("#evidence")), chromedp.KeyEvent("wiki.example/contacts"+kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("#faults")),
	))
	typed, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("#evidence").value + " " + document.querySelector("input[name=result]:checked").value + " " + document.activeElement.id`))
	require.NoError(t, err)
	require.Equal(t, "wiki.example/contacts pass faults", typed, "what was typed stays, and the fault has the focus")
	s.pictureHere(ctx, "attestation-fault")
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Focus(chromedp.CSS("#evidence")), chromedp.KeyEvent(kb.Home), chromedp.KeyEvent("https://"+kb.Enter),
		chromedp.WaitVisible(`//*[@role="status" and contains(., "The statement is recorded")]`),
	))
	pages := map[string]string{
		"attestations": "/applications/1/attestations", "attestations-overdue": "/applications/1/attestations?state=overdue",
		"attestation": "/applications/1/attestations/A-27", "secrets": "/applications/1/secrets", "secret-replace": "/applications/1/secrets/2/replace",
		"compromise": "/applications/1/compromise", "statements-application": "/applications/1", "statements-overview": "/",
		"statements-calendar": "/calendar",
	}
	s.walkPictures(ctx, pages)
	signIn(s.colleague(monitor.Operator, "operator@example.com", true))
	fleet := map[string]string{
		"fleet-attestations": "/fleet/attestations", "fleet-attestations-team": fmt.Sprintf("/fleet/attestations?team=%d", s.person.TeamID),
		"fleet-compromises": "/fleet/compromises",
	}
	s.walkPictures(ctx, fleet)
	for name, path := range fleet { // nothing is wider than the narrowest phone
		require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(360, 800)))
		s.takePicture(ctx, name+"-360", path)
	}
	signIn(s.person)
	for name, path := range pages {
		s.takePicture(ctx, name+"-360", path)
	}
}

package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestSecondOpinionsAreChosen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	b := s.signedIn(s.person)
	form := b.get("/endpoints/1/profiles")
	var known []string
	for _, profile := range policy.SecondOpinions() {
		known = append(known, profile.ID)
	}
	require.Equal(t, known, each(form, "input[name=profile]", "value"))
	require.NotContains(t, known, "superoffice", "its requirements are no choice")
	require.Zero(t, form.Find("input[name=profile][checked]").Length())

	held := func() []string { return each(b.get("/endpoints/1/profiles"), "input[name=profile][checked]", "value") }
	ticks := url.Values{"profile": {"mozilla-modern", "superoffice", "nonsense", "pci-dss-4", "mozilla-modern"}}
	for range 2 { // twice does no harm
		require.Equal(t, "/endpoints/1?done=profiles-changed", b.post("/endpoints/1/profiles", ticks).location)
		require.ElementsMatch(t, []string{"mozilla-modern", "pci-dss-4"}, held())
	}
	require.Contains(t, b.get("/endpoints/1").text("section[aria-labelledby=about]"), policy.Find("mozilla-modern").Title)
	require.Equal(t, http.StatusSeeOther, b.post("/endpoints/1/profiles", url.Values{"profile": {"pci-dss-4"}}).status)
	require.Equal(t, []string{"pci-dss-4"}, held())
	require.Equal(t, http.StatusSeeOther, b.post("/endpoints/1/profiles", nil).status)
	require.Empty(t, held())
	require.Contains(t, b.get("/endpoints/1").text("section[aria-labelledby=about]"), "Second opinions None")
	require.Equal(t, "2 2", s.scan(`SELECT count(*) FILTER (WHERE action = 'profile.add') || ' ' || count(*) FILTER (WHERE action = 'profile.remove') FROM audit`))
	audit := b.get("/audit").text("tbody")
	require.Contains(t, audit, "Added a second opinion")
	require.Contains(t, audit, "Removed a second opinion")
}

func TestOnlyItsTeamChoosesSecondOpinions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	tick := url.Values{"profile": {"mozilla-modern"}}
	reader := s.signedIn(s.colleague(monitor.Reader, "reader@example.com", false))
	require.Equal(t, http.StatusForbidden, reader.post("/endpoints/1/profiles", tick).status)
	page := reader.get("/endpoints/1/profiles")
	require.Contains(t, page.text("main"), "Your role can read only.")
	require.Equal(t, page.Find("input[name=profile]").Length(), page.Find("input[name=profile][disabled]").Length())
	require.Zero(t, page.Find("main form[method=post]").Length(), "it offers no change")
	eve := s.signedIn(s.colleague(monitor.Administrator, "eve@example.org", true))
	require.Equal(t, http.StatusNotFound, eve.get("/endpoints/1/profiles").status)
	require.Equal(t, http.StatusNotFound, eve.post("/endpoints/1/profiles", tick).status)
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM endpoint_profiles`))
}

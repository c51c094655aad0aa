package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Identifiers of another team's rows are as if they were not there, and nothing
// of an attempt is kept.
func TestStrangersFindNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint("Shop & <b>Sons</b>", "https://app.example.com/cb", "Production")
	b := s.signedIn(s.person)
	s.seedStatements(b)
	file, _ := bigFile(3, 1)
	upload := b.upload("urls.csv", file, nil).location
	stranger := s.signedIn(s.colleague(monitor.Administrator, "eve@example.org", true))
	before := s.scan(`SELECT (SELECT count(*) FROM application_secrets WHERE ended_at IS NULL) || ' ' || (SELECT count(*) FROM compromises) || ' ' ||
		(SELECT count(*) FROM compromise_steps) || ' ' || (SELECT count(*) FROM attestations) || ' ' || (SELECT count(*) FROM imports)`)
	for _, path := range []string{
		"/inventory?application=1", "/inventory/urls.csv?application=1", "/inventory/urls.json?application=1", "/inventory/urls.xlsx?application=1",
		"/applications/1/secrets/2/replace", "/applications/1/secrets/2/remove", upload, upload + "/rejected.csv",
	} {
		require.Equal(t, http.StatusOK, b.get(path).status, path)
		require.Equal(t, http.StatusNotFound, stranger.get(path).status, path)
	}
	for path, form := range map[string]url.Values{
		"/applications/1/secrets": secretForm(nil), "/applications/1/secrets/2/replace": secretForm(nil), "/applications/1/secrets/2/remove": nil,
		"/applications/1/compromise": compromiseForm(nil), "/applications/1/compromise/1/steps": stepForm(nil),
		"/applications/1/attestations/A-09": statementForm(nil), upload + "/discard": nil, upload + "/confirm": nil,
	} {
		require.Equal(t, http.StatusNotFound, stranger.post(path, form).status, path)
	}
	for _, path := range []string{"/opt-outs", "/opt-outs/1/end"} {
		require.Equal(t, http.StatusForbidden, stranger.post(path, url.Values{"host": {"app.example.com"}}).status, path)
	}
	require.Equal(t, before, s.scan(`SELECT (SELECT count(*) FROM application_secrets WHERE ended_at IS NULL) || ' ' || (SELECT count(*) FROM compromises) || ' ' ||
		(SELECT count(*) FROM compromise_steps) || ' ' || (SELECT count(*) FROM attestations) || ' ' || (SELECT count(*) FROM imports)`))
}

// Files are saved under a name that says of what they are, are kept by nobody on
// the way, and are only read.
func TestFilesToSave(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint(`Shop "& <b>Söns</b>"; /..`, "https://app.example.com/cb", "Production")
	b := s.signedIn(s.person)
	file, _ := bigFile(3, 1)
	upload := b.upload("urls.csv", file, nil).location
	for path, name := range map[string]string{
		"/inventory/urls.csv": "gradewatch-urls.csv", "/inventory/urls.xlsx?application=1": "gradewatch-urls-shop-b-s-ns-b.xlsx",
		"/applications/1/attestations.csv": "gradewatch-attestations-shop-b-s-ns-b.csv", upload + "/rejected.csv": "gradewatch-rejected.csv",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			sent := b.do(method, path, nil, nil)
			require.Equal(t, http.StatusOK, sent.status, path)
			require.Equal(t, `attachment; filename="`+name+`"`, sent.header.Get("Content-Disposition"))
			require.Equal(t, "no-store", sent.header.Get("Cache-Control"), path)
			require.Equal(t, "nosniff", sent.header.Get("X-Content-Type-Options"), path)
		}
		require.Equal(t, http.StatusNotFound, b.post(path, nil).status, path)
	}
	operator := s.signedIn(s.colleague(monitor.Operator, "operator@example.com", true))
	require.Equal(t, `attachment; filename="gradewatch-attestations-of-every-team.csv"`, operator.get("/fleet/attestations.csv").header.Get("Content-Disposition"))
	require.Equal(t, http.StatusNotFound, operator.post("/fleet/attestations.csv", nil).status)
}

package web_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestOverviewPollsWhileSomethingIsLookedAt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	s.failing()
	still := b.get("/")
	require.Equal(t, 1, still.Find("#fleet").Length())
	require.Empty(t, still.Find("#fleet").AttrOr("hx-get", ""), "nothing is looked at, so nothing is polled")
	require.Zero(t, still.Find("head noscript").Length())

	b.post("/endpoints/1/look", nil)
	fleet := b.get("/?state=failing").Find("#fleet")
	require.Equal(t, "every 3s", fleet.AttrOr("hx-trigger", ""))
	poll := fleet.AttrOr("hx-get", "")
	require.Equal(t, "/overview?page=1&state=failing", poll)
	part := b.get(poll)
	require.Zero(t, part.Find("header").Length(), "the part, not the page")
	require.Contains(t, part.text("#fleet tr[data-endpoint]"), "Being looked at now")
	require.Equal(t, 1, b.get("/").Find("head noscript").Length())

	s.sql(`UPDATE assessments SET finished_at = slot, outcome = 'dropped' WHERE finished_at IS NULL`)
	require.Empty(t, b.get(poll).Find("#fleet").AttrOr("hx-get", ""), "the last answer stops the polling")
}

// What to do first stands at the top, and our advice is never SuperOffice's.
func TestEndpointPageSaysWhatToDoFirst(t *testing.T) {
	t.Parallel()
	must := verdict("T-02", checks.Fail, checks.Must, "192.0.2.10 accepts SSL 3.0.")
	advice := verdict("T-09", checks.Fail, checks.Advice, "The certificate expired.")
	must.Remedy, advice.Remedy = "Turn SSL 3.0 off.", "Renew the certificate."
	unsure := verdict("C-01", checks.ResultInconclusive, checks.Must, "It did not answer in time.")
	unsure.Remedy = "Check the port."
	for name, test := range map[string]struct {
		verdicts []checks.Verdict
		want     []string
		not      string
	}{
		"a must before everything": {[]checks.Verdict{advice, unsure, must}, []string{"What to do first", "Turn SSL 3.0 off.", "192.0.2.10 accepts SSL 3.0."}, "advice"},
		"what could not be told":   {[]checks.Verdict{advice, unsure}, []string{"We could not tell everything", "Check the port."}, "advice"},
		"advice only":              {[]checks.Verdict{advice}, []string{"Our advice", "Renew the certificate.", "Nothing that SuperOffice asks for fails here."}, "What to do first What"},
		"nothing":                  {[]checks.Verdict{verdict("T-02", checks.Pass, checks.Must, "Fine.")}, []string{"Nothing to do"}, "advice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			b := s.signedIn(s.person)
			s.seedLook(s.addEndpoint("CRM bridge", "https://app.example.com/callback", policy.Production), look{at: s.now(), purpose: monitor.First, verdicts: test.verdicts})
			first := b.get("/endpoints/1").text(".note.first")
			for _, want := range test.want {
				require.Contains(t, first, want)
			}
			require.NotContains(t, first, test.not)
		})
	}
}

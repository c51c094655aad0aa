package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
)

func TestPageKeepsWhatSuperOfficeAsksApart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	assessed := s.richly(s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production), s.now())
	b := s.signedIn(s.person)
	for _, path := range []string{"/endpoints/1", fmt.Sprintf("/endpoints/1/looks/%d", assessed)} {
		page := b.get(path)
		require.Equal(t, http.StatusOK, page.status)
		require.Equal(t, []string{"required", "advised", "recorded", "profile-mozilla-intermediate"}, each(page, "[data-section]", "data-section"), path)
		for section, want := range map[string][]string{
			"required":                     {"C-02", "T-09", "T-07", "T-01", "T-08"},
			"advised":                      {"G-03", "T-05", "V-01", "G-01", "G-02"},
			"recorded":                     {"T-04"},
			"profile-mozilla-intermediate": {"MI-01", "MI-04", "MI-02"},
		} {
			listed := page.Find("[data-section=" + section + "]").NextUntil("[data-section]").Find("li[data-requirement]").
				Map(func(_ int, item *selection) string { return item.AttrOr("data-requirement", "") })
			require.Equal(t, sorted(want), sorted(listed), "%s %s", path, section)
		}
		folded := page.Find("section[aria-labelledby=verdicts] > details > summary").Map(func(_ int, found *selection) string { return found.Text() })
		require.Equal(t, []string{
			"1 requirement that does not apply",
			"1 question that only a full check asks", "2 rules that this URL follows", "1 rule that this URL follows",
			"1 question that only a full check asks", "1 rule that this URL follows",
		}, folded, path)
		require.Zero(t, page.Find("details li[data-result=fail]").Length(), "no fail is behind a click")
		require.Equal(t, 1, page.Find("ul.verdicts > li[data-requirement=T-09]").Length())
		require.Contains(t, page.text("li[data-requirement=T-07]"), "Waived by Grace until 2027-05-01 00:00 UTC")
		require.NotContains(t, page.body, "<May>")
		require.Contains(t, page.text("li[data-requirement=T-05]"), "Our advice")
	}
	require.Contains(t, b.get("/endpoints/1").text(".note.first"), "The cookie session lacks Secure.")
}

func TestPageShowsTheGradeWithItsProof(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	assessed := s.richly(s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production), s.now())
	b := s.signedIn(s.person)
	for _, path := range []string{"/endpoints/1", fmt.Sprintf("/endpoints/1/looks/%d", assessed)} {
		page := b.get(path)
		card := page.text("section[aria-labelledby=grade]")
		require.Equal(t, "Grade B", page.text("section[aria-labelledby=grade] .letter.large"))
		for _, want := range []string{
			"SSL Labs rating guide 2009r", "B because TLS 1.0 is accepted.", "Provisional:", "Under criteria that are announced: C.",
			"B-TLS10", "no better than B", "192.0.2.10 accepts TLS 1.0 <script>alert(1)</script>.", "N-CAA", "no effect on the letter",
			"Without TLS 1.0 and with forward secrecy: A", "PLUS-HSTS", "whether ROBOT works was not asked", "95 90 90 91.5",
			"192.0.2.10 port 443: grade B", "192.0.2.11 port 443: grade A-",
		} {
			require.Contains(t, card, want, path)
		}
		require.NotContains(t, page.body, "<script>alert(1)", "what servers say is escaped")
		require.NotContains(t, card, "If trust is ignored", "it is the same letter")
		rule := page.Find("section[aria-labelledby=grade] .rules > li").First()
		require.Equal(t, "How to do it with nginx", rule.Find("summary").Text(), "by what the server says it is")
		require.Contains(t, rule.Find("pre").Text(), "ssl_protocols TLSv1.2 TLSv1.3;")
		require.Equal(t, "How to do it with nginx", page.text("li[data-requirement=MI-01] summary"))

		judged := page.text("section[aria-labelledby=trust]")
		require.Contains(t, judged, "Sent by 192.0.2.10, 192.0.2.11; 1 certificate.", "one chain at two addresses stands once")
		require.Contains(t, judged, "By the roots of Mozilla and the machine that looks.")
		require.Contains(t, judged, "ECDSA, 256 bits (secp256r1), as strong as RSA of 3072 bits")
		require.Contains(t, judged, "90 days")
		require.Contains(t, judged, "The issuer <b>CN=R10</b> was not sent")
		require.Contains(t, judged, "Revoked: could not be told")
		require.Contains(t, judged, "29 questions without a fault")
	}
	require.Equal(t, "Grade B provisional", b.get("/").text("tr[data-endpoint] [data-label=Grade]"))
	require.Equal(t, "Grade B provisional", b.get("/endpoints/1/history").text("tr[data-assessment] [data-label=Grade]"))
}

func TestPageHasOneOutline(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	assessed := s.richly(s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production), s.now())
	b := s.signedIn(s.person)
	for _, path := range []string{"/endpoints/1", fmt.Sprintf("/endpoints/1/looks/%d", assessed), "/endpoints/1/waivers", "/endpoints/1/profiles"} {
		page := b.get(path)
		ids := each(page, "[id]", "id")
		require.Len(t, slices.Compact(sorted(ids)), len(ids), "%s: an id stands twice", path)
		for _, attribute := range []string{"aria-labelledby", "aria-describedby", "for"} {
			for _, id := range each(page, "["+attribute+"]", attribute) {
				require.Subset(t, ids, strings.Fields(id), "%s: %s", path, attribute)
			}
		}
		for _, target := range each(page, `a[href^="#"]`, "href") {
			require.Contains(t, ids, strings.TrimPrefix(target, "#"), path)
		}
		level := 0
		page.Find("h1, h2, h3, h4, h5, h6").Each(func(_ int, heading *selection) {
			next := int(heading.Nodes[0].Data[1] - '0')
			require.LessOrEqual(t, next, level+1, "%s: %s", path, heading.Text())
			level = next
		})
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

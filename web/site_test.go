package web_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
	"github.com/gradewatch/gradewatch/web"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// site is a running installation with one team and its administrator.
type site struct {
	testing.TB
	database *testdb.Database
	store    *store.Store
	url      string
	person   monitor.Person
	offset   atomic.Int64 // of the site's clock, in nanoseconds
	log      *syncBuffer
}

// newSite starts a site. With trust, certificates are trusted by it.
func newSite(t testing.TB, trust ...*appraisal.Trust) *site {
	t.Helper()
	return newSiteWithQuota(t, 0, trust...)
}

// newSiteWithoutMail starts a site that has no mail server.
func newSiteWithoutMail(t testing.TB) *site {
	t.Helper()
	return newSiteWith(t, 0, func(config *web.Config) { config.NoMail = true })
}

// newSiteWithQuota starts a site with a quota of hosts that are not verified.
func newSiteWithQuota(t testing.TB, hosts int, trust ...*appraisal.Trust) *site {
	t.Helper()
	return newSiteWith(t, hosts, func(config *web.Config) { config.Trust = slices.Concat(trust, []*appraisal.Trust{nil})[0] })
}

func newSiteWith(t testing.TB, hosts int, change func(*web.Config)) *site {
	t.Helper()
	s := &site{TB: t, database: testdb.New(t), log: &syncBuffer{}}
	s.store = s.database.Store.WithHostQuota(hosts)
	require.NoError(t, s.store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `SELECT ensure_partitions($1, 1)`, time.Now().AddDate(0, -1, 0))
		return err
	}))
	jobs, err := river.NewClient(riverpgxv5.New(s.database.Pool), &river.Config{})
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(nil)
	config := web.Config{
		Store: s.store, Jobs: jobs, BaseURL: "http://" + server.Listener.Addr().String(), Version: "test",
		Clock: s.now, Logger: slog.New(slog.NewTextHandler(s.log, nil)), Contact: "ops@example.com",
	}
	change(&config)
	handler, err := web.New(config)
	require.NoError(t, err)
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL
	s.person, _, err = auth.EnsureFirstAdministrator(t.Context(), s.store, "ada@example.com", s.now())
	require.NoError(t, err)
	return s
}

func (s *site) now() time.Time {
	return time.Now().UTC().Add(time.Duration(s.offset.Load())).Truncate(time.Microsecond)
}

// colleague adds a person to the site's team, or to a new one.
func (s *site) colleague(role monitor.Role, email string, newTeam bool) (person monitor.Person) {
	s.Helper()
	require.NoError(s, s.store.AsOperator(s.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		team := s.person.TeamID
		if newTeam {
			created, err := tx.CreateTeam(ctx, "Other team", s.now())
			if err != nil {
				return err
			}
			team = created.ID
		}
		person, err = tx.CreatePerson(ctx, monitor.Person{TeamID: team, Email: email, Role: role}, s.now())
		return err
	}))
	return person
}

// browser is an HTTP client with cookies that follows no redirects.
type browser struct {
	site   *site
	client *http.Client
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(s, err)
	return &browser{site: s, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signedIn returns a browser in which person signed in by a link.
func (s *site) signedIn(person monitor.Person) *browser {
	s.Helper()
	b := s.browser()
	token, err := auth.NewSignInLink(s.Context(), s.store, person, s.now())
	require.NoError(s, err)
	answer := b.post("/sign-in/"+token, nil)
	require.Equal(s, http.StatusSeeOther, answer.status)
	return b
}

type answer struct {
	*goquery.Document
	status   int
	header   http.Header
	location string
	cookies  []*http.Cookie
	body     string
}

func (b *browser) get(path string) answer {
	b.site.Helper()
	return b.do(http.MethodGet, path, nil, nil)
}

func (b *browser) post(path string, form url.Values) answer {
	b.site.Helper()
	return b.do(http.MethodPost, path, form, http.Header{"Origin": {b.site.url}, "Sec-Fetch-Site": {"same-origin"}})
}

func (b *browser) do(method, path string, form url.Values, header http.Header) answer {
	b.site.Helper()
	request, err := http.NewRequestWithContext(b.site.Context(), method, b.site.url+path, strings.NewReader(form.Encode()))
	require.NoError(b.site, err)
	for name, values := range header {
		request.Header[name] = values
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := b.client.Do(request)
	require.NoError(b.site, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.site, err)
	document, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	require.NoError(b.site, err)
	return answer{document, response.StatusCode, response.Header, response.Header.Get("Location"), response.Cookies(), string(body)}
}

// text returns the words of a selection with single spaces.
func (a answer) text(selector string) string {
	var words []string
	var walk func(*html.Node)
	walk = func(node *html.Node) {
		if node.Type == html.TextNode {
			words = append(words, strings.Fields(node.Data)...)
		}
		for child := node.FirstChild; child != nil; child = child.NextSibling {
			walk(child)
		}
	}
	for _, node := range a.Find(selector).Nodes {
		walk(node)
	}
	return strings.Join(words, " ")
}

// formOf reads every field of a form as a browser would send it.
func (a answer) formOf(selector string) url.Values {
	values := url.Values{}
	form := a.Find(selector)
	form.Find("input, select").Each(func(_ int, field *goquery.Selection) {
		name, _ := field.Attr("name")
		switch {
		case field.Is("select"):
			option := field.Find("option[selected]")
			if option.Length() == 0 {
				option = field.Find("option").First()
			}
			values.Set(name, option.AttrOr("value", ""))
		case field.Is("[type=radio], [type=checkbox]"):
			if _, checked := field.Attr("checked"); checked {
				values.Set(name, field.AttrOr("value", ""))
			}
		default:
			values.Set(name, field.AttrOr("value", ""))
		}
	})
	return values
}

type selection = goquery.Selection

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}

// anyToken returns what looks like a token of the site's team.
func (s *site) anyToken() string {
	raw := make([]byte, 40)
	raw[7] = byte(s.person.TeamID)
	return base64.RawURLEncoding.EncodeToString(raw)
}

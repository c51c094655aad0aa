package walk_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// visitor is a signed-in person with a browser that runs no scripts.
type visitor struct {
	t      *testing.T
	base   string
	client *http.Client
}

// signIn uses the link that the program printed.
func signIn(t *testing.T, link string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	where, err := url.Parse(link)
	require.NoError(t, err)
	v := &visitor{t: t, base: where.Scheme + "://" + where.Host, client: &http.Client{Jar: jar, Timeout: 15 * time.Second}}
	v.get(where.Path)
	v.post(where.Path, nil)
	return v
}

func (v *visitor) get(path string) *goquery.Document {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.base+path, nil)
	require.NoError(v.t, err)
	_, page := v.ask(request)
	return page
}

// post sends a form and returns the path that it led to.
func (v *visitor) post(path string, form url.Values) (string, *goquery.Document) {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.base+path, strings.NewReader(form.Encode()))
	require.NoError(v.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.ask(request)
}

func (v *visitor) ask(request *http.Request) (string, *goquery.Document) {
	v.t.Helper()
	response, err := v.client.Do(request)
	require.NoError(v.t, err)
	defer response.Body.Close()
	page, err := goquery.NewDocumentFromReader(response.Body)
	require.NoError(v.t, err)
	require.Less(v.t, response.StatusCode, 300, "%s %s: %s", request.Method, request.URL.Path, page.Text())
	return response.Request.URL.Path, page
}

var endpointPath = regexp.MustCompile(`^/endpoints/\d+$`)

// register adds an application with one redirect URL and returns its page.
func (v *visitor) register(application, value string) (endpoint string) {
	v.t.Helper()
	v.post("/applications", url.Values{
		"name": {application}, "type": {"standard"}, "rows": {"1"}, "do": {"save"},
		"url-0-environment": {"Production"}, "url-0-kind": {"literal"}, "url-0-value": {value}, "url-0-minutes": {"1440"},
	})
	v.get("/").Find("a[href]").EachWithBreak(func(_ int, link *goquery.Selection) bool {
		href, _ := link.Attr("href")
		if endpointPath.MatchString(href) && strings.Contains(link.Text(), strings.TrimPrefix(value, "https://")) {
			endpoint = href
		}
		return endpoint == ""
	})
	require.NotEmpty(v.t, endpoint, "the overview links to the endpoint")
	return endpoint
}

// channel adds a channel and returns the page that shows it.
func (v *visitor) channel(kind, address string) *goquery.Document {
	v.t.Helper()
	_, page := v.post("/channels", url.Values{"kind": {kind}, "address": {address}})
	return page
}

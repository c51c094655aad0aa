// Package registration asks SuperOffice's sign-in service whether it knows a
// redirect URL (E-08). It loads somebody else's sign-in, so it must run only with
// SuperOffice's consent, and rarely: one request a full look. It never signs in.
package registration

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec/content"
	"github.com/gradewatch/gradewatch/checks/httpsec/site"
	"github.com/gradewatch/gradewatch/checks/probe"
)

const (
	contentBytes = 256 << 10
	mostHops     = 5 // from the authorize request to the page that people see
)

// Asker asks. Transport is required: a vetted one, such as probe's.
type Asker struct{ Transport http.RoundTripper }

// errLeaves ends a walk that leaves the service.
var errLeaves = errors.New("the answer leads away from the sign-in service")

// Look sends the authorize request of target.AuthorizeURL and reads the page that
// comes. Known true: it is the sign-in page, or leads back to the redirect URL.
// Known false: it is the error page of superoffice.md E-08. Anything else is
// inconclusive. Without an AuthorizeURL nothing is asked.
func (a Asker) Look(ctx context.Context, network checks.Network, target checks.Target) checks.Fact[bool] {
	if target.AuthorizeURL == "" {
		return checks.Fact[bool]{}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.AuthorizeURL, http.NoBody)
	if err != nil {
		return checks.InconclusiveFact[bool](checks.ReasonMalformed)
	}
	request.Header.Set("User-Agent", probe.UserAgent)
	back := request.URL.Query().Get("redirect_uri")
	client := http.Client{Transport: a.Transport, CheckRedirect: func(next *http.Request, way []*http.Request) error {
		switch {
		case leadsTo(next.URL, back), len(way) > mostHops:
			return http.ErrUseLastResponse
		case next.URL.Scheme != "https" || !site.Same(next.URL.Hostname(), request.URL.Hostname()):
			return errLeaves
		}
		return nil
	}}
	response, err := client.Do(request)
	if errors.Is(err, errLeaves) {
		return checks.InconclusiveFact[bool](checks.ReasonLeadsElsewhere)
	}
	if err != nil {
		network.Logf("sign-in service: %v", err)
		return checks.InconclusiveFact[bool](probe.ReasonOf(err))
	}
	defer response.Body.Close() // nothing more is read
	fact := read(response, back)
	network.Logf("sign-in service: status %d: registered %v %s", response.StatusCode, fact.Value, fact.Reason)
	return fact
}

// read tells the sign-in page from the error page.
func read(response *http.Response, back string) checks.Fact[bool] {
	if location, err := response.Location(); err == nil {
		if leadsTo(location, back) {
			return checks.KnownFact(true)
		}
		return checks.InconclusiveFact[bool](checks.ReasonTooManyRedirects)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, contentBytes))
	if err != nil {
		return checks.InconclusiveFact[bool](probe.ReasonOf(err))
	}
	text := strings.ToLower(string(body))
	switch {
	case strings.Contains(text, "invalidredirecturl"),
		strings.Contains(text, "technical difficulties") && strings.Contains(text, "request id"):
		return checks.KnownFact(false)
	case response.StatusCode >= http.StatusBadRequest:
		return checks.InconclusiveFact[bool](checks.ReasonHTTPStatus)
	}
	page := content.Read(content.Input{
		URL: response.Request.URL, Status: response.StatusCode, Body: body, Truncated: len(body) == contentBytes,
		Fields: map[string][]string{"content-type": response.Header.Values("Content-Type")},
	})
	if page.Wall == "" && (page.Content.Password || page.Content.Look == checks.LookSignIn) {
		return checks.KnownFact(true)
	}
	if page.Wall != "" {
		return checks.InconclusiveFact[bool](page.Wall)
	}
	return checks.InconclusiveFact[bool](checks.ReasonUnrecognized)
}

// leadsTo says whether u is the redirect URL, with whatever is added to it.
func leadsTo(u *url.URL, back string) bool {
	to, err := url.Parse(back)
	return err == nil && back != "" && u.Scheme == to.Scheme && strings.EqualFold(u.Host, to.Host) && u.EscapedPath() == to.EscapedPath()
}

package httpsec

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gradewatch/gradewatch/checks"
)

// provokedError is an error that a sign-in service could send (RFC 6749 section
// 4.1.2.1): the person said no. Nobody waits for this state (E-01, E-02).
const provokedError = "error=access_denied&state=monitor"

// provocation is the request with provokedError: in the query after what stands
// there, or as the form of a POST (OAuth 2.0 Form Post Response Mode).
func (w *walker) provocation() request {
	to := *w.start
	if methodOf(w.target) == http.MethodPost {
		return request{method: http.MethodPost, url: &to, fields: []string{formContent}, content: provokedError, read: true}
	}
	if to.RawQuery != "" {
		to.RawQuery += "&"
	}
	to.RawQuery += provokedError
	return request{method: http.MethodGet, url: &to, read: true}
}

// besides asks one more thing of the target's own host, and follows nothing.
func (w *walker) besides(ctx context.Context, main trail, ask request) checks.Fact[checks.Response] {
	if first := main.hops[0].Answer; first.State == checks.Inconclusive && !mayAnswer(first.Reason) {
		return checks.InconclusiveFact[checks.Response](first.Reason)
	}
	got, reason := w.ask(ctx, besides, ask)
	if reason != "" {
		return checks.InconclusiveFact[checks.Response](reason)
	}
	return w.read(ask.url, got).answer
}

// mayAnswer says whether a server that gave no answer for reason could have one
// to another request: it was there, and said something or hung up.
func mayAnswer(reason checks.Reason) bool {
	switch reason {
	case checks.ReasonBotWall, checks.ReasonCaptcha, checks.ReasonMaintenance,
		checks.ReasonClosed, checks.ReasonReset, checks.ReasonMalformed, checks.ReasonTooLarge:
		return true
	}
	return false
}

const jsonContent = "Content-Type: application/json; charset=utf-8"

// testEvent is the event with which SuperOffice tests a webhook: receivers
// ignore it and answer 200 (E-12). All values are constant, and it is not
// signed, since only SuperOffice and the receiver know the key.
const testEvent = `{"EventId":"00000000-0000-0000-0000-000000000000","Timestamp":"2026-01-01T00:00:00Z","Changes":[],` +
	`"Event":"test","PrimaryKey":0,"Entity":"test","ContextIdentifier":"Default","ChangedByAssociateId":0,"WebhookName":"Gradewatch"}`

// unsignedChange is the news that a tenant works again (Resume), with a token
// that nobody signed: it is long over, and names a tenant that is nobody's (E-11).
// A receiver that checks tokens turns it down; one that does not has nothing to do.
//
// The token is {"typ":"JWT","alg":"RS256"} and {"iss":"https://gradewatch.dev","exp":1},
// with 64 bytes of zero as its signature.
const unsignedChange = `{"ChangeType":3,"ContextIdentifier":"Cust00000","VersionName":"","FileVersion":"","Token":"` +
	`eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2dyYWRld2F0Y2guZGV2IiwiZXhwIjoxfQ.` +
	`AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`

// posting is the request with content that the target wants sent.
func (w *walker) posting() (request, bool) {
	ask := request{method: http.MethodPost, url: copyOf(w.start), fields: []string{jsonContent}, read: true}
	switch w.target.Post {
	case checks.PostWebhookTest:
		ask.fields = append(ask.fields, "X-SuperOffice-Event: test", "X-Hook-Test: true")
		ask.content = testEvent
	case checks.PostInvalidToken:
		ask.content = unsignedChange
	default:
		return request{}, false
	}
	return ask, true
}

func copyOf(u *url.URL) *url.URL {
	other := *u
	return &other
}

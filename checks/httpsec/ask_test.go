package httpsec_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec"
)

// asked walks and returns what the server was asked: method, URI, some header
// fields, content.
func asked(t *testing.T, path string, settings func(*checks.Target), handler http.HandlerFunc) ([]string, checks.HTTP) {
	t.Helper()
	requests := make(chan string, 32)
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		requests <- strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", r.Method, r.URL.RequestURI(),
			r.Header.Get("Content-Type"), r.Header.Get("X-SuperOffice-Event")+r.Header.Get("Origin"), content))
		if handler != nil {
			handler(w, r)
		}
	})
	target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d%s", address.Port(), path), checks.Quick, checks.Limits{})
	require.NoError(t, err)
	settings(&target)
	got := httpsec.Walk(t.Context(), network(t), target, address).HTTP
	close(requests)
	var told []string
	for request := range requests {
		told = append(told, request)
	}
	return told, got
}

const preflight = "OPTIONS %s  https://gradewatch.invalid"

func TestProvokedErrorComesAfterTheQuery(t *testing.T) {
	t.Parallel()
	provoke := func(target *checks.Target) { target.Provoke = true }
	for path, want := range map[string]string{
		"/cb":        "/cb?error=access_denied&state=monitor",
		"/cb?":       "/cb?error=access_denied&state=monitor",
		"/cb?a=b&c":  "/cb?a=b&c&error=access_denied&state=monitor",
		"/cb?state=": "/cb?state=&error=access_denied&state=monitor",
	} {
		got, _ := asked(t, path, provoke, nil)
		require.Equal(t, []string{"GET " + path, "GET " + want}, got[:2])
		require.Len(t, got, 3)
	}
	got, _ := asked(t, "/cb?a=b", func(target *checks.Target) { target.Provoke, target.Method = true, http.MethodPost }, nil)
	require.Equal(t, []string{
		"POST /cb?a=b application/x-www-form-urlencoded",
		"POST /cb?a=b application/x-www-form-urlencoded  error=access_denied&state=monitor",
		fmt.Sprintf(preflight, "/cb?a=b"),
	}, got)
}

// The provoked answer leads nowhere: what it leads to is told and not asked.
func TestProvokedAnswerIsNotFollowed(t *testing.T) {
	t.Parallel()
	requests, got := asked(t, "/cb", func(target *checks.Target) { target.Provoke = true }, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("error") {
			http.Redirect(w, r, "/denied?id=1", http.StatusFound)
		}
	})
	require.Len(t, requests, 3)
	require.Equal(t, http.StatusFound, got.Provoked.Value.Status)
	require.Contains(t, got.Provoked.Value.Location, "/denied?id=*")
}

func TestPostedContent(t *testing.T) {
	t.Parallel()
	requests, got := asked(t, "/hook?key=1", func(target *checks.Target) { target.Post = checks.PostWebhookTest }, nil)
	require.Equal(t, checks.Known, got.Posted.State)
	const prefix = "POST /hook?key=1 application/json; charset=utf-8 test "
	require.True(t, strings.HasPrefix(requests[1], prefix), requests[1])
	var event struct{ Event, Entity string }
	require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(requests[1], prefix)), &event))
	require.Equal(t, "test", event.Event)
	require.Equal(t, "test", event.Entity)

	requests, _ = asked(t, "/change", func(target *checks.Target) { target.Post = checks.PostInvalidToken }, nil)
	var change struct{ ContextIdentifier, Token string }
	_, content, _ := strings.Cut(requests[1], "{")
	require.NoError(t, json.Unmarshal([]byte("{"+content), &change))
	require.Equal(t, "Cust00000", change.ContextIdentifier)
	parts := strings.Split(change.Token, ".")
	require.Len(t, parts, 3)
	for i, want := range []string{`{"typ":"JWT","alg":"RS256"}`, `{"iss":"https://gradewatch.dev","exp":1}`, string(make([]byte, 64))} {
		part, err := base64.RawURLEncoding.DecodeString(parts[i])
		require.NoError(t, err)
		require.Equal(t, want, string(part))
	}
	requests, got = asked(t, "/", func(*checks.Target) {}, nil)
	require.Equal(t, []string{"GET /", fmt.Sprintf(preflight, "/")}, requests)
	require.Equal(t, checks.NotAsked, got.Posted.State)
	require.Equal(t, checks.NotAsked, got.Provoked.State)
	require.Equal(t, checks.NotAsked, got.SignIn.State)
}

// A receiver that hangs up on whoever does not post is posted to all the same.
func TestPostedWhereNothingElseIsAnswered(t *testing.T) {
	t.Parallel()
	_, got := asked(t, "/hook", func(target *checks.Target) { target.Post = checks.PostWebhookTest }, func(_ http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			panic(http.ErrAbortHandler)
		}
	})
	require.Equal(t, checks.InconclusiveFact[int](checks.ReasonClosed), got.End)
	require.Equal(t, 200, got.Posted.Value.Status)
}

// A broker stands between many applications and the service: its own authorize
// request is told only where the walk goes no further.
func TestSignInBehindABroker(t *testing.T) {
	t.Parallel()
	leads := map[string]string{
		"/login":             "/connect/authorize?response_type=code&client_id=app&state=1",
		"/external":          "https://online.superoffice.com/login/common/oauth/authorize?response_type=code&client_id=broker&state=2",
		"/connect/authorize": "/external",
	}
	start := func(target *checks.Target) { target.SignInStart = true }
	requests, got := asked(t, "/login", start, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, leads[r.URL.Path], http.StatusFound)
	})
	require.Len(t, requests, 6, "two starts of three requests")
	require.Equal(t, "online.superoffice.com", got.SignIn.Value.Host)
	require.Equal(t, "broker", got.SignIn.Value.ClientID)
	require.Equal(t, checks.KnownFact(false), got.SignIn.Value.FreshState)

	_, got = asked(t, "/login", start, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			http.Redirect(w, r, leads[r.URL.Path], http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<form><input type=password></form>`)
	})
	require.Equal(t, "app.example.com", got.SignIn.Value.Host)
	require.Equal(t, "app", got.SignIn.Value.ClientID)
	require.False(t, got.SignIn.Value.PasswordBefore, "the page comes after it")
}

// A second start that leads elsewhere leaves open what is new.
func TestSignInThatStartsOnce(t *testing.T) {
	t.Parallel()
	first := true
	_, got := asked(t, "/login", func(target *checks.Target) { target.SignInStart = true }, func(w http.ResponseWriter, r *http.Request) {
		if first {
			http.Redirect(w, r, "https://sod.superoffice.com/login/common/oauth/authorize?state=1", http.StatusFound)
		}
		first = false
	})
	require.Equal(t, checks.InconclusiveFact[bool](checks.ReasonDisagreement), got.SignIn.Value.FreshState)
	require.Equal(t, checks.AbsentFact[bool](""), got.SignIn.Value.FreshNonce)
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		origin, credentials string
		want                checks.Preflight
	}{
		"nothing":       {"", "", checks.Preflight{Status: 200}},
		"everybody":     {"*", "", checks.Preflight{Status: 200, AllowOrigin: "*"}},
		"whoever it is": {"(reflected)", "true", checks.Preflight{Status: 200, AllowOrigin: checks.PreflightOrigin, AllowCredentials: true}},
		"TRUE":          {"*", "TRUE", checks.Preflight{Status: 200, AllowOrigin: "*"}},
	} {
		_, got := asked(t, "/", func(*checks.Target) {}, func(w http.ResponseWriter, r *http.Request) {
			if test.origin == "(reflected)" && r.Header.Get("Origin") != "" {
				w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
			} else if test.origin != "" && test.origin != "(reflected)" {
				w.Header().Set("Access-Control-Allow-Origin", test.origin)
			}
			if test.credentials != "" {
				w.Header().Set("Access-Control-Allow-Credentials", test.credentials)
			}
		})
		require.Equal(t, checks.KnownFact(test.want), got.Preflight, name)
	}
}

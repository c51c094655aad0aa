package observatory_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/observatory"
)

// answer is the facts of one host with everything right, changed by change.
func answer(change func(*checks.HTTP, *checks.Response)) checks.AddressObservation {
	response := checks.Response{
		Status: 200,
		HSTS:   checks.KnownFact([]string{"max-age=63072000; includeSubDomains"}),
		Fields: map[string][]string{
			"content-type":                 {"text/html; charset=utf-8"},
			"content-security-policy":      {"default-src 'none'; frame-ancestors 'none'"},
			"referrer-policy":              {"no-referrer"},
			"x-content-type-options":       {"nosniff"},
			"cross-origin-resource-policy": {"same-origin"},
		},
		Content: checks.KnownFact(checks.Content{MediaType: "text/html"}),
	}
	facts := checks.HTTP{
		PlainHTTP: checks.KnownFact(checks.PlainHTTP{Status: 301, RedirectsToHTTPS: true, Route: []string{"https://a.example/"}}),
		Preflight: checks.KnownFact(checks.Preflight{Status: 204}),
		End:       checks.KnownFact(200),
		Hops:      []checks.Hop{{URL: "https://a.example/", Scheme: "https", Host: "a.example", SameSite: true}},
	}
	if change != nil {
		change(&facts, &response)
	}
	last := &facts.Hops[len(facts.Hops)-1]
	if last.Answer.State == checks.NotAsked {
		last.Answer = checks.KnownFact(response)
	}
	return checks.AddressObservation{HTTP: facts}
}

func resultOf(t *testing.T, score *checks.HTTPScore, name string) string {
	t.Helper()
	require.NotNil(t, score)
	at := slices.IndexFunc(score.Rules, func(rule checks.HTTPRule) bool { return rule.Name == name })
	require.GreaterOrEqual(t, at, 0, name)
	return score.Rules[at].Result
}

func TestScoreOfEverythingRight(t *testing.T) {
	t.Parallel()
	score := observatory.Score(answer(nil), "a.example")
	require.Equal(t, 4, score.Algorithm)
	require.Equal(t, 130, score.Score)
	require.Equal(t, "A+", score.Grade)
	var names []string
	for _, rule := range score.Rules {
		names = append(names, rule.Name)
		require.NotEmpty(t, rule.Text)
	}
	require.Equal(t, []string{
		"content-security-policy", "cookies", "cross-origin-resource-sharing", "redirection", "referrer-policy",
		"strict-transport-security", "subresource-integrity", "x-content-type-options", "x-frame-options", "cross-origin-resource-policy",
	}, names)
	require.Equal(t, "cookies-not-found", score.Rules[1].Result)
	require.Nil(t, score.Rules[1].Pass, "it does not apply")
	require.True(t, *score.Rules[0].Pass)
}

// A bonus counts only where penalties leave 90 points or more.
func TestBonuses(t *testing.T) {
	t.Parallel()
	drop := func(names ...string) checks.AddressObservation {
		return answer(func(_ *checks.HTTP, response *checks.Response) {
			for _, name := range names {
				delete(response.Fields, name)
			}
		})
	}
	require.Equal(t, 125, observatory.Score(drop("x-content-type-options"), "a.example").Score, "95 and 30 of bonus")
	none := observatory.Score(drop("x-content-type-options", "content-security-policy"), "a.example")
	require.Equal(t, 50, none.Score, "5, 25 and 20 less, and no bonus of 15")
	require.Equal(t, "C", none.Grade)
	require.False(t, *none.Rules[0].Pass)
	everything := observatory.Score(answer(func(facts *checks.HTTP, response *checks.Response) {
		response.Fields = map[string][]string{"content-type": {"text/html"}}
		response.HSTS = checks.AbsentFact[[]string]("")
		response.Cookies = []checks.Cookie{{Name: "sess"}}
		response.Content = checks.KnownFact(checks.Content{Scripts: []checks.Script{{Origin: "http://b.example"}}})
		facts.PlainHTTP = checks.KnownFact(checks.PlainHTTP{Status: 200})
		facts.Preflight = checks.KnownFact(checks.Preflight{AllowOrigin: checks.PreflightOrigin, AllowCredentials: true})
	}), "a.example")
	require.Zero(t, everything.Score, "never below it")
	require.Equal(t, "F", everything.Grade)
}

func TestNothingToScore(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*checks.HTTP, *checks.Response){
		"a loop": func(facts *checks.HTTP, _ *checks.Response) {
			facts.End = checks.AbsentFact[int](checks.ReasonRedirectLoop)
		},
		"no answer": func(facts *checks.HTTP, _ *checks.Response) {
			facts.End = checks.InconclusiveFact[int](checks.ReasonTimeout)
			facts.Hops[0].Answer = checks.InconclusiveFact[checks.Response](checks.ReasonTimeout)
		},
		"a wall": func(facts *checks.HTTP, _ *checks.Response) {
			facts.End = checks.InconclusiveFact[int](checks.ReasonBotWall)
			facts.Hops[0].Answer = checks.InconclusiveFact[checks.Response](checks.ReasonBotWall)
		},
		"a server's fault": func(_ *checks.HTTP, response *checks.Response) { response.Status = 500 },
		"not there":        func(_ *checks.HTTP, response *checks.Response) { response.Status = 404 },
	} {
		require.Nil(t, observatory.Score(answer(change), "a.example"), name)
	}
	require.Nil(t, observatory.Score(checks.AddressObservation{}, "a.example"))
	for _, status := range []int{204, 304, 401, 403} {
		require.NotNil(t, observatory.Score(answer(func(_ *checks.HTTP, response *checks.Response) { response.Status = status }), "a.example"), status)
	}
}

// What nobody could tell adds nothing and takes nothing.
func TestInconclusiveRules(t *testing.T) {
	t.Parallel()
	score := observatory.Score(answer(func(facts *checks.HTTP, response *checks.Response) {
		facts.PlainHTTP = checks.InconclusiveFact[checks.PlainHTTP](checks.ReasonTimeout)
		facts.Preflight = checks.InconclusiveFact[checks.Preflight](checks.ReasonBudget)
		response.Content = checks.InconclusiveFact[checks.Content](checks.ReasonTimeout)
		delete(response.Fields, "content-security-policy")
		delete(response.Fields, "referrer-policy")
	}), "a.example")
	for _, name := range []string{"redirection", "cross-origin-resource-sharing", "subresource-integrity", "content-security-policy", "referrer-policy"} {
		require.Equal(t, observatory.Inconclusive, resultOf(t, score, name))
	}
	for _, rule := range score.Rules {
		if rule.Result == observatory.Inconclusive {
			require.Zero(t, rule.Modifier)
			require.Nil(t, rule.Pass)
		}
	}
}

func TestUntrusted(t *testing.T) {
	t.Parallel()
	score := observatory.ScoreUntrusted(answer(func(_ *checks.HTTP, response *checks.Response) {
		response.Cookies = []checks.Cookie{{Name: "a"}}
	}), "a.example")
	require.Equal(t, "hsts-invalid-cert", resultOf(t, score, "strict-transport-security"))
	require.Equal(t, "redirection-invalid-cert", resultOf(t, score, "redirection"))
	require.Equal(t, "cookies-without-secure-flag", resultOf(t, score, "cookies"), "nothing protects it")
}

func FuzzScore(f *testing.F) {
	f.Add("https://a.example/x", "a.example", "https://b.example", "max-age=1", "a")
	f.Add("http://[::1]:80", "::1", "\x00", "max-age=", "%")
	f.Add("", "", "", "", "")
	f.Fuzz(func(t *testing.T, address, host, origin, transport, path string) {
		observed := answer(func(facts *checks.HTTP, response *checks.Response) {
			facts.Hops[0].URL, facts.Hops[0].Host = address, host
			facts.PlainHTTP = checks.KnownFact(checks.PlainHTTP{Route: []string{address, origin}})
			facts.Preflight = checks.KnownFact(checks.Preflight{AllowOrigin: origin})
			response.HSTS = checks.KnownFact([]string{transport})
			response.Cookies = []checks.Cookie{{Name: host, Path: path, Domain: host, Lifetime: checks.LifetimeDeleted}}
			response.Content = checks.KnownFact(checks.Content{Scripts: []checks.Script{{Origin: origin}}})
			facts.Hops = append([]checks.Hop{{URL: address, Scheme: "http", Host: host, Answer: checks.KnownFact(*response)}}, facts.Hops...)
		})
		score := observatory.Score(observed, host)
		require.NotNil(t, score)
		require.GreaterOrEqual(t, score.Score, 0)
		require.LessOrEqual(t, score.Score, 145)
		require.Len(t, score.Rules, 10)
		require.Equal(t, score, observatory.Score(observed, host))
	})
}

func BenchmarkScore(b *testing.B) {
	observed := answer(nil)
	for b.Loop() {
		observatory.Score(observed, "a.example")
	}
}

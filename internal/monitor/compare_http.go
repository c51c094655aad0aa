package monitor

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// hopNames names a hop of a walk in paths, and in sentences where there are
// several.
type hopNames func(hops []checks.Hop, index int) (name, where string)

// byURL is for two looks at one endpoint.
func byURL(hops []checks.Hop, index int) (name, where string) {
	name = checks.Clean(hops[index].URL, 200)
	if len(hops) > 1 {
		where = "At " + name
	}
	return name, where
}

// byPlace is for two endpoints: their URLs differ, and yet both have an end.
func byPlace(hops []checks.Hop, index int) (name, where string) {
	last := index == len(hops)-1
	switch {
	case len(hops) == 1:
		return "last", ""
	case last:
		return "last", "In the final answer"
	default:
		return fmt.Sprint(index), fmt.Sprintf("In answer %d", index+1)
	}
}

func ended(http checks.HTTP) bool { return http.End.State == checks.Known }
func answering() verb             { return verb{"answers", "answer"} }

// httpTraits says what answers at the URL, hop by hop.
func httpTraits(s *side, http checks.HTTP, full checks.FullTLS, names hopNames) {
	if ended(http) {
		s.add(wayTrait(http.Hops), statusTrait("http.end", "The status of the final answer", http.End.Value))
	}
	if http.PlainHTTP.Conclusive() {
		s.add(plainTrait(http.PlainHTTP))
	}
	for i, hop := range http.Hops {
		if hop.Answer.State == checks.Known && (i == 0 || hop.SameSite) {
			name, where := names(http.Hops, i)
			hopTraits(s, fmt.Sprintf("http.hops[%s]", name), where, hop.Answer.Value)
		}
	}
	if http.Provoked.State == checks.Known {
		const path = "http.provoked"
		s.add(statusTrait(path, "The status of the answer to an error", http.Provoked.Value.Status))
		contentTraits(s, path, "In the answer to an error", http.Provoked.Value)
	}
	if http.Posted.State == checks.Known {
		s.add(statusTrait("http.posted", "The status of the answer to a POST", http.Posted.Value.Status))
	}
	s.add(preflightTraits(http.Preflight)...)
	s.add(signInTraits(http.SignIn)...)
	for _, version := range []checks.HTTPVersion{checks.HTTP11, checks.HTTP2, checks.HTTP3} {
		if fact := full.Versions[version]; fact.Conclusive() {
			t := trait{
				path: "versions." + string(version), field: "versions." + string(version), section: sectionHTTP, what: string(version), text: "no answer",
				verb: answering(), object: "over " + string(version), has: fact.State == checks.Known,
			}
			if t.has {
				t.text = "answers"
			}
			s.add(t)
		}
	}
	if scripts := full.ScriptCookies; scripts.State == checks.Known {
		s.holds("script_cookies")
		cookieTraits(s, "script_cookies", "", "the cookie %s from script", scripts.Value)
	}
}

func wayTrait(hops []checks.Hop) trait {
	urls := make([]string, 0, len(hops))
	for _, hop := range hops {
		urls = append(urls, checks.Clean(hop.URL, 300))
	}
	return trait{
		path: "http.hops", field: "http.hops", section: sectionHTTP, what: "Redirects", form: quality, text: strings.Join(urls, " → "),
		say: func(_, after trait) (one, many string) {
			if !strings.Contains(after.text, " → ") {
				return "no longer redirects", "no longer redirect"
			}
			return "now redirects differently: " + after.text, "now redirect differently: " + after.text
		},
	}
}

// statusTrait: a server's own error is worse than any other answer.
func statusTrait(path, what string, status int) trait {
	t := trait{path: path, field: path, section: sectionHTTP, what: what, form: quality, text: fmt.Sprint(status), rank: 1}
	if status >= 500 {
		t.rank, t.weight = 2, High
	}
	return t
}

func plainTrait(fact checks.Fact[checks.PlainHTTP]) trait {
	t := trait{path: "http.plain_http", field: "http.plain_http", section: sectionHTTP, what: "TCP port 80", form: quality, rank: 1}
	switch {
	case fact.State == checks.Absent:
		t.text = "closed"
	case fact.Value.RedirectsToHTTPS:
		t.text = "redirects to https"
	default:
		t.text, t.rank = fmt.Sprintf("answers with status %d", fact.Value.Status), 2
	}
	t.say = func(before, after trait) (one, many string) {
		switch {
		case after.text == "closed":
			return "no longer answers on TCP port 80", "no longer answer on TCP port 80"
		case after.rank == 1:
			return "now redirects TCP port 80 to https", "now redirect TCP port 80 to https"
		}
		status := strings.TrimPrefix(after.text, "answers ")
		return "now answers on TCP port 80 " + status, "now answer on TCP port 80 " + status
	}
	return t
}

// hopTraits says what one answer has.
func hopTraits(s *side, path, where string, answer checks.Response) {
	s.holds(path)
	headerTraits(s, path, where, answer)
	cookieTraits(s, path, where, "the cookie %s", answer.Cookies)
	contentTraits(s, path, where, answer)
}

// contentTraits says what the content of an answer showed.
func contentTraits(s *side, path, where string, answer checks.Response) {
	if answer.Content.State != checks.Known {
		return
	}
	content := answer.Content.Value
	list := func(name, what string, v verb, members []string, weight Weight) {
		s.add(trait{
			path: path + ".content." + name, field: "content." + name, section: sectionHTTP, what: rowOf(what, where), form: collection, plain: true,
			where: where, verb: v, members: members, text: listWords(members), weight: weight, merits: func(string) merit {
				if weight == "" {
					return neutral
				}
				return bad
			},
		})
	}
	var scripts, mixed []string
	for _, script := range content.Scripts {
		if script.Origin != "" && !script.SameSite {
			scripts = append(scripts, checks.Clean(script.Origin, 120))
		}
	}
	for _, one := range content.Mixed {
		mixed = append(mixed, checks.Clean(one.Origin, 120))
	}
	list("signatures", "Debug pages and stack traces", verb{"shows signs of a debug page or stack trace:", "show signs of a debug page or stack trace:"}, content.Signatures, High)
	list("mixed", "Loaded over http", verb{"loads over plain http from", "load over plain http from"}, mixed, Medium)
	list("scripts", "Scripts of other sites", verb{"loads script from", "load script from"}, scripts, "")
	s.add(boolTrait(checks.KnownFact(content.Password), trait{
		path: path + ".content.password", field: "content.password", section: sectionHTTP, what: rowOf("Asks for a password", where), where: where, plain: true,
		verb: verb{"asks for", "ask for"}, object: "a password",
	})...)
	if content.Look != "" {
		s.add(trait{
			path: path + ".content.look", field: "content.look", section: sectionHTTP, what: rowOf("What a visitor sees", where), form: quality,
			text: spaced(content.Look), quiet: true,
		})
	}
}

// rowOf names a row of an answer among several.
func rowOf(what, where string) string {
	if where == "" {
		return what
	}
	at := strings.TrimPrefix(where, "At ")
	if place, err := url.Parse(at); err == nil && place.Host != "" {
		at = place.Host + place.Path
	}
	return what + " (" + strings.ToLower(at[:1]) + at[1:] + ")"
}

func preflightTraits(fact checks.Fact[checks.Preflight]) []trait {
	if fact.State != checks.Known {
		return nil
	}
	t := trait{
		path: "http.preflight", field: "http.preflight", section: sectionHTTP, what: "What CORS allows to a foreign origin", form: quality,
		text: "nothing", rank: 1,
	}
	if allowed := fact.Value.AllowOrigin; allowed != "" {
		t.text, t.rank = checks.Clean(allowed, 100), 1
		if allowed == "*" || allowed == checks.PreflightOrigin {
			t.text, t.rank = "every origin", 2
		}
		if fact.Value.AllowCredentials {
			t.text, t.rank = t.text+", with credentials", t.rank+1
		}
	}
	return []trait{t}
}

// signInTraits says how a sign-in starts.
func signInTraits(fact checks.Fact[checks.SignIn]) []trait {
	if fact.State != checks.Known {
		return nil
	}
	var list []trait
	for _, one := range []struct{ name, what, text string }{
		{"host", "The host that the sign-in goes to", fact.Value.Host},
		{"client_id", "The client ID of the sign-in", fact.Value.ClientID},
		{"redirect_uri", "The redirect URL of the sign-in", fact.Value.RedirectURI},
		{"response_type", "The response type of the sign-in", fact.Value.ResponseType},
		{"response_mode", "The response mode of the sign-in", fact.Value.ResponseMode},
		{"scope", "The scope of the sign-in", fact.Value.Scope},
		{"code_challenge_method", "The code challenge of the sign-in", fact.Value.CodeChallengeMethod},
	} {
		text := checks.Clean(one.text, 200)
		if text == "" {
			text = "none"
		}
		list = append(list, trait{path: "http.sign_in." + one.name, field: "http.sign_in." + one.name, section: sectionHTTP, what: one.what, form: quality, text: text})
	}
	with := verb{"sends", "send"}
	for _, one := range []struct {
		name, object string
		merit        merit
		has          bool
	}{
		{"state", "state with the sign-in", good, fact.Value.State},
		{"nonce", "nonce with the sign-in", good, fact.Value.Nonce},
		{"legacy", "people to the sign-in of before OAuth 2.0", bad, fact.Value.Legacy},
	} {
		list = append(list, boolTrait(checks.KnownFact(one.has), trait{
			path: "http.sign_in." + one.name, field: "http.sign_in." + one.name, section: sectionHTTP, what: "Sends " + one.object, verb: with, object: one.object, merit: one.merit,
		})...)
	}
	for _, one := range []struct {
		name string
		fact checks.Fact[bool]
	}{{"state", fact.Value.FreshState}, {"nonce", fact.Value.FreshNonce}, {"code challenge", fact.Value.FreshChallenge}} {
		path := "http.sign_in.fresh_" + strings.ReplaceAll(one.name, " ", "_")
		list = append(list, boolTrait(one.fact, trait{
			path: path, field: path, section: sectionHTTP, what: "A new " + one.name + " for each sign-in", verb: verb{"gives", "give"},
			object: "each sign-in a new " + one.name, merit: good,
		})...)
	}
	return list
}

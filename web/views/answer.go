package views

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

func httpOf(a checks.AddressObservation) any { return a.HTTP }

// answers groups the addresses that were asked over HTTP by what they answered.
func answers(seen Seen) []sameAnswer { return sameAnswers(seen, httpOf) }

// scoreOf is the Observatory's score of a group's answer; nil: there is none.
func scoreOf(seen Seen, group sameAnswer) *checks.HTTPScore { return seen.Scores[group.Address] }

// hopSentence says what a hop answered and where that leads.
func hopSentence(hop checks.Hop) string {
	if hop.Answer.State != checks.Known {
		if hop.Answer.Reason == "" {
			return "Not asked."
		}
		return "No answer: " + reasonWords(hop.Answer.Reason) + "."
	}
	text := responseWords(hop.Answer.Value)
	if hop.Answer.Value.Location != "" {
		text += ", leads to " + hop.Answer.Value.Location
	}
	return text + "."
}

func responseWords(answer checks.Response) string {
	text := fmt.Sprintf("Status %d", answer.Status)
	switch {
	case answer.TLS != "" && answer.Version != "":
		text += fmt.Sprintf(" by %s over %s", answer.Version, answer.TLS.Title())
	case answer.TLS != "":
		text += " over " + answer.TLS.Title()
	case answer.Version != "":
		text += fmt.Sprintf(" by %s without TLS", answer.Version)
	}
	return text
}

// viaWord says how the hop before led to this one, where it was not a status.
func viaWord(via checks.Via) string {
	switch via {
	case checks.ViaRefresh:
		return "By Refresh"
	case checks.ViaMetaRefresh:
		return "By meta refresh"
	case checks.ViaStart, checks.ViaLocation:
	}
	return ""
}

func plainSentence(fact checks.Fact[checks.PlainHTTP]) string {
	switch fact.State {
	case checks.Known:
		if fact.Value.RedirectsToHTTPS {
			return fmt.Sprintf("Port 80 redirects to https (status %d).", fact.Value.Status)
		}
		return fmt.Sprintf("Port 80 answers with status %d and does not redirect to https.", fact.Value.Status)
	case checks.Absent:
		return "Port 80 is closed."
	case checks.Inconclusive:
		return "We could not tell what port 80 does: " + reasonWords(fact.Reason) + "."
	default:
		return ""
	}
}

// besides are sentences on what was asked beside the walk.
func besides(address checks.AddressObservation) []string {
	var sentences []string
	if text := plainSentence(address.HTTP.PlainHTTP); text != "" {
		sentences = append(sentences, text)
	}
	sentences = append(sentences, askedSentence("With error=access_denied added", address.HTTP.Provoked)...)
	sentences = append(sentences, askedSentence("Our request with content", address.HTTP.Posted)...)
	if text := versionsSentence(address.Full.Versions); text != "" {
		sentences = append(sentences, text)
	}
	return append(sentences, scriptCookieSentence(address.Full.ScriptCookies)...)
}

func askedSentence(what string, fact checks.Fact[checks.Response]) []string {
	switch fact.State {
	case checks.Known:
		return []string{fmt.Sprintf("%s: %s.", what, lowerFirst(responseWords(fact.Value)))}
	case checks.Inconclusive, checks.Absent:
		return []string{fmt.Sprintf("%s: no answer, %s.", what, reasonWords(fact.Reason))}
	default:
		return nil
	}
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }

// versionsSentence says which versions of HTTP a full look got an answer by.
func versionsSentence(versions checks.HTTPVersions) string {
	var answered, refused, unsure []string
	for _, version := range []checks.HTTPVersion{checks.HTTP11, checks.HTTP2, checks.HTTP3} {
		switch fact := versions[version]; fact.State {
		case checks.Known:
			answered = append(answered, string(version))
		case checks.Absent:
			refused = append(refused, string(version))
		case checks.Inconclusive:
			unsure = append(unsure, fmt.Sprintf("%s (%s)", version, reasonWords(fact.Reason)))
		default:
		}
	}
	var parts []string
	for _, part := range []struct {
		word     string
		versions []string
	}{{"Answers by", answered}, {"not by", refused}, {"could not tell of", unsure}} {
		if len(part.versions) > 0 {
			parts = append(parts, part.word+" "+strings.Join(part.versions, ", "))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "; ") + "."
}

func scriptCookieSentence(fact checks.Fact[[]checks.Cookie]) []string {
	switch fact.State {
	case checks.Known:
		names := make([]string, 0, len(fact.Value))
		for _, cookie := range fact.Value {
			names = append(names, cookie.Name)
		}
		if len(names) == 0 {
			return []string{"Script sets no cookie in a browser."}
		}
		return []string{"Script sets cookies in a browser, which HttpOnly cannot cover: " + strings.Join(names, ", ") + "."}
	case checks.Inconclusive:
		return []string{"We could not tell which cookies script sets: " + reasonWords(fact.Reason) + "."}
	default:
		return nil
	}
}

// setCookie is a cookie and the hop that sets it.
type setCookie struct {
	checks.Cookie
	hop checks.Hop
}

func (c setCookie) name() string {
	if c.Name == "" {
		return "Without a name"
	}
	return c.Name
}

func (c setCookie) has() string   { has, _ := c.Attributes(); return listWords(has) }
func (c setCookie) lacks() string { _, lacks := c.Attributes(); return listWords(lacks) }

// lacksClass marks what SuperOffice requires of every cookie of the site.
func (c setCookie) lacksClass() string {
	if c.hop.SameSite && !c.Invalid && !c.HttpOnly {
		return "fail-text"
	}
	return ""
}

func listWords(words []string) string {
	if len(words) == 0 {
		return "None"
	}
	return strings.Join(words, ", ")
}

// cookiesOf lists the cookies of a walk, in the order of its hops.
func cookiesOf(answer checks.HTTP) []setCookie {
	var cookies []setCookie
	for _, hop := range answer.Hops {
		for _, cookie := range hop.Answer.Value.Cookies {
			cookies = append(cookies, setCookie{cookie, hop})
		}
	}
	return cookies
}

func hasCookies(groups []sameAnswer) bool {
	return slices.ContainsFunc(groups, func(g sameAnswer) bool { return len(cookiesOf(g.HTTP)) > 0 })
}

// headerField is one header field of the last answer.
type headerField struct {
	name   string
	values []string
}

// securityFields are the fields whose absence is shown.
func securityFields() []string {
	return []string{"content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy", "permissions-policy"}
}

// headerFields lists the fields of the walk's last answer that say something of
// security, and those of securityFields that it lacks.
func headerFields(answer checks.HTTP) (sent []headerField, lacks []string) {
	last := lastAnswer(answer)
	if last == nil {
		return nil, nil
	}
	if len(last.HSTS.Value) > 0 {
		sent = append(sent, headerField{"strict-transport-security", last.HSTS.Value})
	} else {
		lacks = append(lacks, "strict-transport-security")
	}
	for _, name := range checks.FieldNames() {
		if values := last.Fields[name]; len(values) > 0 {
			sent = append(sent, headerField{name, values})
		}
	}
	for _, name := range securityFields() {
		if len(last.Fields[name]) == 0 {
			lacks = append(lacks, name)
		}
	}
	return sent, lacks
}

// lastAnswer is the answer at the end of a walk; nil: there is none.
func lastAnswer(answer checks.HTTP) *checks.Response {
	if len(answer.Hops) == 0 {
		return nil
	}
	last := answer.Hops[len(answer.Hops)-1].Answer
	if last.State != checks.Known {
		return nil
	}
	return &last.Value
}

func hasFields(groups []sameAnswer) bool {
	return slices.ContainsFunc(groups, func(g sameAnswer) bool { return lastAnswer(g.HTTP) != nil })
}

func hasScores(seen Seen, groups []sameAnswer) bool {
	return slices.ContainsFunc(groups, func(g sameAnswer) bool { return scoreOf(seen, g) != nil })
}

func ruleMark(rule checks.HTTPRule) (mark, string) {
	switch {
	case rule.Pass == nil:
		return mark{"dash", "calm"}, "Does not apply"
	case *rule.Pass:
		return mark{"check", "pass"}, "Passes"
	default:
		return mark{"diamond", "unsure"}, "Costs points"
	}
}

func modifierWord(modifier int) string { return fmt.Sprintf("%+d", modifier) }

// contentWords say what the content of an answer looked like.
func contentWords(fact checks.Fact[checks.Content]) string {
	if fact.State != checks.Known {
		return ""
	}
	words := map[checks.Look]string{
		checks.LookNothing: "an empty page", checks.LookScriptShell: "a page that script fills",
		checks.LookSignIn: "a page to sign in", checks.LookMessage: "a short message", checks.LookData: "a page with content",
	}
	text := words[fact.Value.Look]
	if fact.Value.Password {
		text = strings.TrimPrefix(text+", with a password field", ", ")
	}
	if len(fact.Value.Signatures) > 0 {
		text = strings.TrimPrefix(text+", with signs of "+strings.Join(fact.Value.Signatures, ", "), ", ")
	}
	return text
}

func orNone(text string) string {
	if text == "" {
		return "None"
	}
	return text
}

// freshWord says whether a value stands in the request, and is made anew.
func freshWord(there bool, fresh checks.Fact[bool]) string {
	switch {
	case !there:
		return "None"
	case fresh.State != checks.Known:
		return "Sent"
	case fresh.Value:
		return "Sent, and new at every start"
	default:
		return "Sent, and the same at every start"
	}
}

package views

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/observatory"
)

// answerOfAddress is all that the section of answers says of an address.
type answerOfAddress struct {
	HTTP          checks.HTTP
	Versions      checks.HTTPVersions
	ScriptCookies checks.Fact[[]checks.Cookie]
}

func answerParts(a checks.AddressObservation) any {
	return answerOfAddress{a.HTTP, a.Full.Versions, a.Full.ScriptCookies}
}

func cookieParts(a checks.AddressObservation) any { return cookiesOf(a.HTTP) }
func headerParts(a checks.AddressObservation) any { return headerFields(a.HTTP) }

// answerGroups groups the addresses that have a part by what it holds; several
// says whether they are worth telling apart.
func answerGroups(seen Seen, part func(checks.AddressObservation) any) (groups []sameAnswer, several bool) {
	groups = sameAnswers(seen, part)
	return groups, len(groups) > 1 || len(groups) == 1 && len(groups[0].addresses) < len(withTLS(seen.Addresses))
}

// scoreGroups groups the addresses that have a score by it.
func scoreGroups(seen Seen) (groups []sameAnswer, several bool) {
	return answerGroups(seen, func(a checks.AddressObservation) any { return seen.Scores[a.Address] })
}

// cookieGroups groups the addresses that answered by the cookies they set; it
// is empty where none sets any.
func cookieGroups(seen Seen) (groups []sameAnswer, several bool) {
	groups, several = answerGroups(seen, cookieParts)
	if len(groups) == 1 && len(cookiesOf(groups[0].HTTP).Cookies) == 0 {
		return nil, false
	}
	return groups, several
}

// hopSentence says what the hop at index answered, and where that leads where no
// hop comes after it.
func hopSentence(hops []checks.Hop, index int) string {
	hop := hops[index]
	if hop.Answer.State != checks.Known {
		if hop.Answer.Reason == "" {
			return "Not asked."
		}
		return hop.Host + " " + hop.Answer.Reason.Text() + "."
	}
	text := responseWords(hop.Answer.Value)
	if next := hop.Answer.Value.Location; next != "" && (index+1 == len(hops) || hops[index+1].URL != next) {
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

// endSentence says why a walk stopped before a final answer.
func endSentence(answer checks.HTTP) string {
	switch {
	case answer.End.State == checks.Known || answer.End.Reason == "":
		return ""
	case len(answer.Hops) == 0:
		return "The server " + answer.End.Reason.Text() + "."
	case answer.Hops[len(answer.Hops)-1].Answer.State != checks.Known:
		return "" // the last hop says it
	default:
		return answer.Hops[len(answer.Hops)-1].Host + " " + answer.End.Reason.Text() + "."
	}
}

// viaWord says how the hop before led to this one, where it was not a status.
func viaWord(via checks.Via) string {
	switch via {
	case checks.ViaRefresh:
		return "By the field Refresh"
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
		return "We could not tell what port 80 does: it " + fact.Reason.Text() + "."
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
		text := lowered(responseWords(fact.Value))
		if words := contentWords(fact.Value.Content); words != "" {
			text += ", " + words
		}
		return []string{fmt.Sprintf("%s: %s.", what, text)}
	case checks.Inconclusive, checks.Absent:
		return []string{fmt.Sprintf("%s: the server %s.", what, fact.Reason.Text())}
	default:
		return nil
	}
}

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
	return capitalized(strings.Join(parts, "; ")) + "."
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
		return []string{"We could not tell which cookies script sets: the server " + fact.Reason.Text() + "."}
	default:
		return nil
	}
}

// setCookie is a cookie and where it is set.
type setCookie struct {
	checks.Cookie
	URL     string
	OwnSite bool // that of the first hop
}

func (c setCookie) name() string {
	if c.Name == "" {
		return "Without a name"
	}
	return c.Name
}

func (c setCookie) has() string   { has, _ := c.Attributes(); return strings.Join(has, ", ") }
func (c setCookie) lacks() string { _, lacks := c.Attributes(); return strings.Join(lacks, ", ") }

// remarks are what else is to be said of it, as one sentence.
func (c setCookie) remarks() string {
	notes := c.Notes()
	if len(notes) == 0 {
		return ""
	}
	return titled(strings.Join(notes, "; ")) + "."
}

// lacksClass marks what SuperOffice requires of every cookie of the site.
func (c setCookie) lacksClass() string {
	if c.OwnSite && !c.Invalid && !c.HttpOnly {
		return "fail-text"
	}
	return ""
}

// setCookies are the cookies of a walk, in the order of its hops.
type setCookies struct {
	Answered bool
	Cookies  []setCookie
}

func cookiesOf(answer checks.HTTP) (all setCookies) {
	for _, hop := range answer.Hops {
		all.Answered = all.Answered || hop.Answer.State == checks.Known
		for _, cookie := range hop.Answer.Value.Cookies {
			all.Cookies = append(all.Cookies, setCookie{cookie, hop.URL, hop.SameSite})
		}
	}
	return all
}

// lastFields are the header fields of the last answer that say something of
// security, and those of securityFields that it lacks.
type lastFields struct {
	URL     string
	OwnSite bool
	Sent    []headerField
	Lacks   []string
}

// headerField is one header field of the last answer.
type headerField struct {
	Name   string
	Values []string
}

// securityFields are the fields whose absence is shown.
func securityFields() []string {
	return []string{"content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy", "permissions-policy"}
}

func headerFields(answer checks.HTTP) (fields lastFields) {
	last := lastAnswer(answer)
	if last == nil {
		return fields
	}
	hop := answer.Hops[len(answer.Hops)-1]
	fields.URL, fields.OwnSite = hop.URL, hop.SameSite
	add := func(name string, values []string, secures bool) {
		switch {
		case len(values) > 0:
			fields.Sent = append(fields.Sent, headerField{name, values})
		case secures:
			fields.Lacks = append(fields.Lacks, name)
		}
	}
	add("strict-transport-security", last.HSTS.Value, true)
	for _, name := range checks.FieldNames() {
		add(name, last.Fields[name], slices.Contains(securityFields(), name))
	}
	return fields
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

func ruleMark(rule checks.HTTPRule) (mark, string) {
	switch {
	case rule.Result == observatory.Inconclusive:
		return mark{"diamond", "unsure"}, "Could not tell"
	case rule.Pass == nil:
		return mark{"dash", "calm"}, "Does not apply"
	case *rule.Pass:
		return mark{"check", "pass"}, "Passes"
	default:
		return mark{"dash", "unsure"}, "Costs points"
	}
}

// modifierWord is what a test adds to the score, with the sign that is read out.
func modifierWord(modifier int) string {
	if modifier == 0 {
		return "0"
	}
	return strings.Replace(fmt.Sprintf("%+d", modifier), "-", "\u2212", 1)
}

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

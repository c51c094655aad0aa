package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// http prints what answered: the walk of the address with the lowest score, its
// cookies and header fields, and the Observatory's score.
func (p *printer) http(b *bytes.Buffer, answer checks.ReportHTTP) {
	if len(answer.Hops) == 0 {
		return
	}
	fmt.Fprintf(b, "  %s\n", p.styled(bold, "What answers at "+answer.Hops[0].Address.String()))
	for i, hop := range answer.Hops {
		p.field(b, fmt.Sprintf("Hop %d", i+1), hopWords(hop))
	}
	at := slices.IndexFunc(answer.Addresses, func(a checks.ReportHTTPAddress) bool { return a.Address == answer.Hops[0].Address })
	if at >= 0 {
		p.httpBesides(b, answer.Addresses[at])
	}
	p.cookies(b, answer.Cookies)
	p.headers(b, answer)
	p.httpScore(b, answer.Score)
	b.WriteByte('\n')
}

func hopWords(hop checks.ReportHop) string {
	text := hop.URL
	switch hop.Via {
	case checks.ViaRefresh:
		text += " (by Refresh)"
	case checks.ViaMetaRefresh:
		text += " (by meta refresh)"
	case checks.ViaStart, checks.ViaLocation:
	}
	if hop.Answer.State != checks.Known {
		return text + " - " + unansweredWords(hop.Answer.Reason)
	}
	answer := hop.Answer.Value
	text += fmt.Sprintf(" - %d", answer.Status)
	for _, part := range []string{answer.Version, answer.TLS.Title()} {
		if part != "" {
			text += ", " + part
		}
	}
	if timing := hop.Timing; timing != nil {
		text += fmt.Sprintf(", %.0f ms", timing.DNS+timing.Connect+timing.TLS+timing.FirstByte)
	}
	if answer.Content.Value.Look != "" {
		text += ", " + words(string(answer.Content.Value.Look))
	}
	if signatures := answer.Content.Value.Signatures; len(signatures) > 0 {
		text += ", signs of " + strings.Join(signatures, ", ")
	}
	return text
}

// unansweredWords tells what something before the application answered from no
// answer at all.
func unansweredWords(reason checks.Reason) string {
	switch reason {
	case checks.ReasonBotWall, checks.ReasonCaptcha, checks.ReasonMaintenance:
		return "not the application: " + words(string(reason))
	}
	return "no answer: " + words(string(reason))
}

// endWords says how a walk ended that did not with an answer.
func endWords(answer checks.ReportHTTPAddress) string {
	last := answer.Hops[len(answer.Hops)-1].Answer
	switch {
	case answer.End.State == checks.Known, last.State != checks.Known:
		return "" // the last hop says it
	case answer.End.Reason == checks.ReasonSignInService:
		return "before SuperOffice's sign-in service, which is not asked"
	}
	return words(string(answer.End.Reason))
}

func preflightWords(fact checks.Fact[checks.Preflight]) string {
	if fact.State != checks.Known || fact.Value.AllowOrigin == "" {
		return ""
	}
	who := fact.Value.AllowOrigin
	switch who {
	case "*":
		who = "every site"
	case checks.PreflightOrigin:
		who = "whichever site asks"
	}
	text := "lets " + who + " read answers"
	if fact.Value.AllowCredentials {
		text += " with the user's cookies"
	}
	return text
}

// httpBesides prints what was asked beside the walk.
func (p *printer) httpBesides(b *bytes.Buffer, answer checks.ReportHTTPAddress) {
	for _, line := range []struct{ label, text string }{
		{"Ends", endWords(answer)},
		{"Port 80", plainWords(answer.PlainHTTP)},
		{"With error", askedWords(answer.Provoked)},
		{"Posted", askedWords(answer.Posted)},
		{"CORS", preflightWords(answer.Preflight)},
		{"Versions", versionWords(answer.Versions)},
		{"Sign-in", signInWords(answer.SignIn)},
		{"By script", scriptCookieWords(answer.ScriptCookies)},
	} {
		if line.text != "" {
			p.field(b, line.label, line.text)
		}
	}
}

func plainWords(fact checks.Fact[checks.PlainHTTP]) string {
	switch {
	case fact.State == checks.Absent:
		return "closed"
	case fact.State == checks.Inconclusive:
		return "cannot tell: " + words(string(fact.Reason))
	case fact.State != checks.Known:
		return ""
	case fact.Value.RedirectsToHTTPS:
		return fmt.Sprintf("redirects to https (%d)", fact.Value.Status)
	}
	return fmt.Sprintf("answers with %d, without a redirect to https", fact.Value.Status)
}

func askedWords(fact checks.Fact[checks.Response]) string {
	switch fact.State {
	case checks.Known:
		text := fmt.Sprint(fact.Value.Status)
		if signatures := fact.Value.Content.Value.Signatures; len(signatures) > 0 {
			text += ", signs of " + strings.Join(signatures, ", ")
		}
		return text
	case checks.Absent, checks.Inconclusive:
		return unansweredWords(fact.Reason)
	}
	return ""
}

func versionWords(versions checks.HTTPVersions) string {
	var parts []string
	for _, version := range []checks.HTTPVersion{checks.HTTP11, checks.HTTP2, checks.HTTP3} {
		switch fact := versions[version]; fact.State {
		case checks.Known:
			parts = append(parts, fmt.Sprintf("%s answers", version))
		case checks.Absent:
			parts = append(parts, fmt.Sprintf("no %s", version))
		case checks.Inconclusive:
			parts = append(parts, fmt.Sprintf("%s: cannot tell (%s)", version, words(string(fact.Reason))))
		}
	}
	return strings.Join(parts, "; ")
}

func signInWords(fact checks.Fact[checks.SignIn]) string {
	switch fact.State {
	case checks.Known:
		signIn := fact.Value
		text := fmt.Sprintf("leads to %s%s", signIn.Host, signIn.Path)
		for _, part := range []struct{ label, value string }{
			{"response_type", signIn.ResponseType},
			{"scope", signIn.Scope},
			{"code_challenge_method", signIn.CodeChallengeMethod},
			{"redirect_uri", signIn.RedirectURI},
		} {
			if part.value != "" {
				text += fmt.Sprintf(", %s %s", part.label, part.value)
			}
		}
		return text
	case checks.Absent:
		return "leads to no sign-in service"
	case checks.Inconclusive:
		return "cannot tell: " + words(string(fact.Reason))
	}
	return ""
}

func scriptCookieWords(fact checks.Fact[[]checks.Cookie]) string {
	switch fact.State {
	case checks.Known:
		names := make([]string, 0, len(fact.Value))
		for _, cookie := range fact.Value {
			names = append(names, cookie.Name)
		}
		if len(names) == 0 {
			return "no cookie set by script"
		}
		return "cookies " + strings.Join(names, ", ")
	case checks.Inconclusive:
		return "cannot tell: " + words(string(fact.Reason))
	}
	return ""
}

// cookiesPrinted is how many cookies are printed: --json has all.
const cookiesPrinted = 20

func (p *printer) cookies(b *bytes.Buffer, cookies []checks.ReportCookie) {
	for i, cookie := range cookies {
		if i == cookiesPrinted {
			p.field(b, "", fmt.Sprintf("and %d more, which --json has", len(cookies)-i))
			return
		}
		label := ""
		if i == 0 {
			label = "Cookies"
		}
		p.field(b, label, cookieWords(cookie))
	}
}

func cookieWords(cookie checks.ReportCookie) string {
	has, lacks := cookie.Attributes()
	parts := []string{}
	if len(has) > 0 {
		parts = append(parts, "has "+strings.Join(has, ", "))
	}
	if len(lacks) > 0 {
		parts = append(parts, "lacks "+strings.Join(lacks, ", "))
	}
	name := cookie.Name
	if name == "" {
		name = "without a name"
	}
	return fmt.Sprintf("%s (hop %d): %s", name, cookie.Hop+1, strings.Join(append(parts, cookie.Notes()...), "; "))
}

// headers prints which fields the last answer sends.
func (p *printer) headers(b *bytes.Buffer, answer checks.ReportHTTP) {
	last := answer.Hops[len(answer.Hops)-1].Answer
	if last.State != checks.Known {
		return
	}
	if hsts := last.Value.HSTS.Value; len(hsts) > 0 {
		p.field(b, "HSTS", strings.Join(hsts, "; "))
	}
	names := []string{}
	for _, name := range checks.FieldNames() {
		if len(answer.Headers[name]) > 0 {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		p.field(b, "Headers", strings.Join(names, ", "))
	}
}

// httpScore prints the score and what it costs.
func (p *printer) httpScore(b *bytes.Buffer, score *checks.HTTPScore) {
	if score == nil {
		return
	}
	p.field(b, "Observatory", fmt.Sprintf("%s, %d points (MDN HTTP Observatory's scale)", score.Grade, score.Score))
	for _, rule := range score.Rules {
		if rule.Modifier < 0 {
			p.field(b, "", fmt.Sprintf("%+d %s", rule.Modifier, rule.Text))
		}
	}
}

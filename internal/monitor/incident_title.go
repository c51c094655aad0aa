package monitor

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// MostTitle bounds the bytes of an incident's title.
const MostTitle = 120

// IncidentTitle names a problem and where it is, on one line of at most
// MostTitle bytes: "app.example.com: SSL 3.0 is accepted", or of many
// "40 endpoints of app.example.com: SSL 3.0 is accepted". place may be empty.
func IncidentTitle(place string, endpoints int, problem string) string {
	where := oneLine(place)
	if _, err := netip.ParseAddr(where); err == nil {
		where = ""
	}
	where = strings.ReplaceAll(where, ": ", " ")
	switch {
	case endpoints > 1 && where != "":
		where = fmt.Sprintf("%d endpoints of %s: ", endpoints, cut(where, MostTitle/2))
	case endpoints > 1:
		where = fmt.Sprintf("%d endpoints: ", endpoints)
	case where != "":
		where = cut(where, MostTitle/2) + ": "
	}
	return cut(where+oneLine(problem), MostTitle)
}

// problemOf returns the problem that a title made by IncidentTitle names.
func problemOf(title string) string {
	if _, problem, found := strings.Cut(title, ": "); found {
		return problem
	}
	return title
}

// Problem says what is wrong by a failing verdict, in a few words without
// addresses.
func Problem(verdict checks.Verdict) string {
	if problem := knownProblem(verdict); problem != "" {
		return problem
	}
	id, _, _ := strings.Cut(verdict.Profile, "@")
	if profile, err := policy.ProfileByID(id); err == nil {
		if statement := profile.Statement(verdict.Requirement); statement != "" {
			return "“" + statement + "” is not met"
		}
	}
	for _, proof := range verdict.Proof {
		if text := withoutAddresses(proof.Text); text != "" {
			return strings.TrimSuffix(text, ".")
		}
	}
	return "A requirement is not met"
}

// knownProblem has words for what alarms by SuperOffice's requirements, and for
// certificates. Those ids are of superoffice.md alone.
func knownProblem(verdict checks.Verdict) string {
	if verdict.Requirement == Unreachable {
		if down([]checks.Verdict{verdict}) {
			return "Nothing answers"
		}
		return "The application answers with an error"
	}
	for _, proof := range verdict.Proof {
		if problem := certificateProblem(checks.Question(proof.Value)); problem != "" && strings.Contains(proof.Fact, "certificates") {
			return problem
		}
	}
	if !strings.HasPrefix(verdict.Profile, "superoffice@") {
		return ""
	}
	return map[string]string{
		"T-01": "SSL 2.0 is accepted", "T-02": "SSL 3.0 is accepted", "T-03": "TLS 1.2 is not accepted",
		"T-07": "The page or a redirect uses plain http", "C-01": "A cookie lacks HttpOnly", "C-02": "A cookie lacks Secure",
		"E-02": "An error shows code", "E-03": "Users do not sign in with SuperOffice alone",
		"E-04": "The sign-in does not name a root host of SuperOffice", "E-05": "The sign-in sends a redirect URL that is not registered",
		"E-07": "The sign-in does not ask for the scope openid", "E-07-NONCE": "The sign-in sends the same nonce again",
		"E-08": "The URL is not registered with SuperOffice", "E-09": "The web panel shows data without a sign-in",
		"E-11": "The state change URL does not answer POST on https", "E-12": "The webhook does not answer a test event with status 200",
		"L-08": "The host does not exist",
	}[verdict.Requirement]
}

// certificateProblem has words for the faults of chains that people hear of.
func certificateProblem(question checks.Question) string {
	return map[checks.Question]string{
		checks.Expired: "The certificate has expired", checks.NotYetValid: "The certificate is not valid yet",
		checks.SelfSigned: "The certificate is self-signed", checks.UnknownIssuer: "The certificate's issuer is not trusted",
		checks.Distrusted: "Browsers distrust the certificate's issuer", checks.NameMismatch: "The certificate is for another name",
		checks.Revoked: "The certificate is revoked", checks.Blacklisted: "The certificate is known to be compromised",
		checks.KeyUsage: "The certificate is used for what it is not for", checks.SHA1Signature: "The certificate is signed with SHA-1",
		checks.MDSignature: "The certificate is signed with MD5 or older", checks.RenewalOverdue: "The certificate's renewal is overdue",
		checks.RenewalAsked: "The issuer asks to renew the certificate now", checks.IncompleteChain: "The certificate's chain is incomplete",
	}[question]
}

// withoutAddresses says 'the server' for every word of a text that is an address.
func withoutAddresses(text string) string {
	words, server := strings.Fields(text), "The server"
	for i, word := range words {
		bare := strings.Trim(word, ".,;:()'\"")
		_, notAddress := netip.ParseAddr(strings.Trim(bare, "[]"))
		_, notSocket := netip.ParseAddrPort(bare)
		if notAddress == nil || notSocket == nil {
			words[i] = strings.Replace(word, bare, server, 1)
		}
		server = "the server"
	}
	return strings.ReplaceAll(oneLine(strings.Join(words, " ")), ": ", ", ")
}

// oneLine makes every run of white space and control characters a space.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// cut bounds the bytes of a text, between characters.
func cut(text string, most int) string {
	const more = "…"
	if len(text) <= most {
		return text
	}
	end := most - len(more)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.TrimRight(text[:end], " ,;") + more
}

// byBlame says whose doing a problem is, where it is not the server's.
func byBlame(cause checks.Cause, problem string) string {
	prefix := ""
	switch blameOf(cause) {
	case blameCriteria:
		prefix = "The requirements changed, "
	case blameEngine:
		prefix = "Gradewatch checks otherwise, "
	}
	return prefix + strings.TrimPrefix(problem, prefix)
}

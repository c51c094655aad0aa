package policy

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/gradewatch/gradewatch/checks"
)

// contentPolicy is one serialized Content-Security-Policy: sources by directive.
type contentPolicy map[string][]string

// contentPolicies parses the values of Content-Security-Policy (CSP Level 3
// section 2.2): a comma ends a policy, and of a directive the first counts.
func contentPolicies(values []string) []contentPolicy {
	var policies []contentPolicy
	for _, value := range values {
		for text := range strings.SplitSeq(value, ",") {
			policy := contentPolicy{}
			for directive := range strings.SplitSeq(text, ";") {
				words := strings.Fields(directive)
				if len(words) == 0 {
					continue
				}
				name := strings.ToLower(words[0])
				if _, twice := policy[name]; !twice {
					policy[name] = words[1:]
				}
			}
			if len(policy) > 0 {
				policies = append(policies, policy)
			}
		}
	}
	return policies
}

// What policies leave to script.
const (
	scriptsNone       = "none"
	scriptsOpen       = "open"
	scriptsRestricted = "restricted"
)

func scriptPolicies() []string { return []string{scriptsNone, scriptsOpen, scriptsRestricted} }

// scripts says what one policy leaves to script.
func (p contentPolicy) scripts() string {
	sources, found := p["script-src"]
	if !found {
		if sources, found = p["default-src"]; !found {
			return scriptsNone
		}
	}
	var vouched, dynamic, inline, wide bool
	for _, source := range sources {
		switch source = strings.ToLower(source); {
		case source == "'strict-dynamic'":
			dynamic = true
		case source == "'unsafe-inline'":
			inline = true
		case strings.HasPrefix(source, "'nonce-"), strings.HasPrefix(source, "'sha256-"), strings.HasPrefix(source, "'sha384-"), strings.HasPrefix(source, "'sha512-"):
			vouched = true
		case slices.Contains([]string{"*", "https:", "http:", "data:", "http://*", "https://*"}, source):
			wide = true
		}
	}
	// A nonce or hash takes the place of 'unsafe-inline', and 'strict-dynamic'
	// that of every host (CSP Level 3 sections 6.7.3.2 and 6.7.1.1).
	if inline && !vouched && !dynamic || wide && !dynamic {
		return scriptsOpen
	}
	return scriptsRestricted
}

// strictest returns what all policies together leave to script: each of them
// has to allow it.
func strictest(policies []contentPolicy) string {
	found := scriptsNone
	for _, policy := range policies {
		if one := policy.scripts(); slices.Index(scriptPolicies(), one) > slices.Index(scriptPolicies(), found) {
			found = one
		}
	}
	return found
}

func answerScriptPolicy(w *world, a *answerSource) slot {
	const name = "content-security-policy"
	what := "what " + a.address.Address.String() + " leaves to script"
	if !a.keepsFields() {
		return a.untold(w, ".fields."+name, checks.NotAsked, "", what, texts(scriptPolicies()...)...)
	}
	sent := contentPolicies(a.Fields[name])
	if strictest(sent) != scriptsRestricted && !a.Content.Conclusive() { // the page may hold another
		return a.untold(w, ".content", a.Content.State, a.Content.Reason, what, texts(scriptPolicies()...)...)
	}
	result := strictest(append(sent, contentPolicies(a.Content.Value.MetaPolicies)...))
	written := strings.Join(slices.Concat(a.Fields[name], a.Content.Value.MetaPolicies), ", ")
	said := a.said(".fields."+name, written, "sends Content-Security-Policy: %s", written)
	switch {
	case written == "":
		said = a.said(".fields."+name, "none", "sends no Content-Security-Policy")
	case result == scriptsNone:
		said.Text = fmt.Sprintf("%s It says nothing of script.", said.Text)
	case result == scriptsOpen:
		said.Text = fmt.Sprintf("%s It lets script within the page, or of any site, run.", said.Text)
	}
	return w.told(said, types.String(result))
}

// referrerPolicies lists the policies (W3C Referrer Policy section 3).
func referrerPolicies() []string {
	return []string{
		"no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin", "origin-when-cross-origin",
		"strict-origin-when-cross-origin", "unsafe-url", "",
	}
}

func answerReferrerPolicy(w *world, a *answerSource) slot {
	const name = "referrer-policy"
	what := "which Referrer-Policy " + a.address.Address.String() + " sends"
	if !a.keepsFields() {
		return a.untold(w, ".fields."+name, checks.NotAsked, "", what)
	}
	if !a.Content.Conclusive() && a.Location == "" {
		return a.untold(w, ".content", a.Content.State, a.Content.Reason, what)
	}
	followed := ""
	for _, value := range slices.Concat(a.Fields[name], a.Content.Value.MetaReferrer) {
		for token := range strings.SplitSeq(value, ",") { // of several the last that is known counts (section 8.1)
			if token = strings.ToLower(strings.TrimSpace(token)); token != "" && slices.Contains(referrerPolicies(), token) {
				followed = token
			}
		}
	}
	if followed == "" {
		return w.told(a.said(".fields."+name, "none", "sends no Referrer-Policy that browsers know"), types.String(""))
	}
	return w.told(a.said(".fields."+name, followed, "sends Referrer-Policy: %s", followed), types.String(followed))
}

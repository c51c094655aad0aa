package policy

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/observatory/csp"
)

// What policies leave to script.
const (
	scriptsNone       = "none"
	scriptsOpen       = "open"
	scriptsRestricted = "restricted"
)

func scriptPolicies() []string { return []string{scriptsNone, scriptsOpen, scriptsRestricted} }

// scripts says what all policies together leave to script.
func scripts(policy csp.Policy) string {
	found, wide := false, true
	for _, list := range policy.Lists {
		sources, has := list.Values("script-src-elem", csp.ScriptSource, csp.DefaultSource)
		found, wide = found || has, wide && (!has || takesAnySite(sources))
	}
	switch {
	case !found:
		return scriptsNone
	case wide || policy.AllowsInlineScript():
		return scriptsOpen
	}
	return scriptsRestricted
}

// takesAnySite says whether script of every site runs; 'strict-dynamic' takes
// the place of every host (CSP Level 3 section 6.7.1.1).
func takesAnySite(sources []string) bool {
	var wide bool
	for _, source := range sources {
		switch source = strings.ToLower(source); {
		case source == "'strict-dynamic'":
			return false
		case slices.Contains([]string{"*", "https:", "http:", "data:", "http://*", "https://*"}, source):
			wide = true
		}
	}
	return wide
}

func answerScriptPolicy(w *world, a *answerSource) slot {
	const name = "content-security-policy"
	what := "what " + a.address.Address.String() + " leaves to script"
	if !a.keepsFields() {
		return a.untold(w, ".fields."+name, checks.NotAsked, "", what, texts(scriptPolicies()...)...)
	}
	sent := csp.Parse(a.Fields[name])
	if scripts(sent) != scriptsRestricted && !a.Content.Conclusive() { // the page may hold another
		return a.untold(w, ".content", a.Content.State, a.Content.Reason, what, texts(scriptPolicies()...)...)
	}
	result := scripts(sent.And(csp.ParseMeta(a.Content.Value.MetaPolicies)))
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

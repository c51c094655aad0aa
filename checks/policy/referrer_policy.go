package policy

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/gradewatch/gradewatch/checks"
)

// referrerPolicies lists the policies (W3C Referrer Policy section 3).
func referrerPolicies() []string {
	return []string{
		"no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin", "origin-when-cross-origin",
		"strict-origin-when-cross-origin", "unsafe-url", "",
	}
}

// answerReferrerPolicy is what browsers follow: of several the last that they
// know (section 8.1), and what the page says after what was sent.
func answerReferrerPolicy(w *world, a *answerSource) slot {
	const name = "referrer-policy"
	what := "which Referrer-Policy " + a.address.Address.String() + " sends"
	if !a.keepsFields() {
		return a.untold(w, ".fields."+name, checks.NotAsked, "", what, texts(referrerPolicies()...)...)
	}
	if !a.Content.Conclusive() && a.Location == "" {
		return a.untold(w, ".content", a.Content.State, a.Content.Reason, what, texts(referrerPolicies()...)...)
	}
	followed := ""
	for _, value := range slices.Concat(a.Fields[name], a.Content.Value.MetaReferrer) {
		for token := range strings.SplitSeq(value, ",") {
			if token = strings.ToLower(strings.TrimSpace(token)); slices.Contains(referrerPolicies(), token) && token != "" {
				followed = token
			}
		}
	}
	if followed == "" {
		return w.told(a.said(".fields."+name, "none", "sends no Referrer-Policy that browsers know"), types.String(""))
	}
	return w.told(a.said(".fields."+name, followed, "sends Referrer-Policy: %s", followed), types.String(followed))
}

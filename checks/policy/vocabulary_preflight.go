package policy

import (
	"fmt"
	"strconv"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/gradewatch/gradewatch/checks"
)

// preflightSource is what a preflight allows at one address.
type preflightSource struct {
	*checks.Preflight
	path, address string
}

// Whom a preflight allows: our origin cannot exist, so who names it names every
// site that asks.
const (
	allowsNobody    = "nobody"
	allowsEverybody = "everybody"
	allowsAsker     = "whoever_asks"
	allowsNull      = "null"
	allowsOther     = "a_site"
)

func allowances() []string {
	return []string{allowsNobody, allowsEverybody, allowsAsker, allowsNull, allowsOther}
}

func httpPreflight(w *world, source *addressSource) slot {
	a := source.observed
	path, preflight := fmt.Sprintf("http[%s].preflight", a.Address), &a.HTTP.Preflight
	if preflight.State == checks.Absent {
		preflight = &checks.Fact[checks.Preflight]{State: checks.Known}
	}
	if preflight.State != checks.Known {
		return w.untold(path, preflight.Reason, preflight.State, "which sites may read what "+a.Address.String()+" answers", "it")
	}
	return settled(w.of("preflight", &preflightSource{Preflight: &preflight.Value, path: path, address: a.Address.String()}, nil))
}

// allows names whom the answer lets read.
func (p *preflightSource) allows() string {
	switch p.AllowOrigin {
	case "":
		return allowsNobody
	case "*":
		return allowsEverybody
	case checks.PreflightOrigin:
		return allowsAsker
	case "null":
		return allowsNull
	}
	return allowsOther
}

func (p *preflightSource) proof() checks.Proof {
	who := map[string]string{
		allowsNobody: "no other site", allowsEverybody: "every site", allowsAsker: "whichever site asks",
		allowsNull: "pages without an origin, which anybody can make", allowsOther: p.AllowOrigin,
	}[p.allows()]
	text := fmt.Sprintf("%s lets %s read its answers", p.address, who)
	if p.AllowCredentials && p.AllowOrigin != "" {
		text += " with the user's cookies"
	}
	return proof(p.path, orElse(p.AllowOrigin, "none"), text+".")
}

func preflightKind() *kind {
	return &kind{name: "preflight", doc: "What the answer to a CORS preflight allows (Fetch standard).", fields: []field{
		{name: "allows", of: cel.StringType, values: allowances(), doc: "which sites may read answers", get: func(w *world, source any) slot {
			p := source.(*preflightSource)
			return w.told(p.proof(), types.String(p.allows()))
		}},
		{name: "credentials", of: cel.BoolType, doc: "with the user's cookies (Access-Control-Allow-Credentials: true)", get: func(w *world, source any) slot {
			p := source.(*preflightSource)
			said := p.proof()
			said.Fact, said.Value = p.path+".allow_credentials", strconv.FormatBool(p.AllowCredentials)
			return w.told(said, types.Bool(p.AllowCredentials))
		}},
	}}
}

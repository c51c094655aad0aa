package policy

import (
	"fmt"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

// hstsSlot reads Strict-Transport-Security (RFC 6797 section 6.1): the first
// field counts (section 8.1). The fact's value is its max-age, -1 without.
func hstsSlot(view func(value string) ref.Val, without ref.Val) func(*world, any) slot {
	return onHTTP(func(w *world, source *addressSource) slot {
		if source.hsts == nil {
			source.hsts = w.newHSTSFact(source.observed)
		}
		return slot{fact: source.hsts, view: func(age ref.Val) ref.Val {
			if age.(types.Int) < 0 {
				return without
			}
			hop, _ := lastOwnHop(source.observed)
			return view(hop.Answer.Value.HSTS.Value[0])
		}}
	})
}

func (w *world) newHSTSFact(a *checks.AddressObservation) *fact {
	hop, index := lastOwnHop(a)
	if hop == nil || hop.Answer.State != checks.Known {
		open, _ := openWalk(a)
		return w.fact(open, nil)
	}
	path, hsts := fmt.Sprintf("http[%s].hops[%d].answer.hsts", a.Address, index), hop.Answer.Value.HSTS
	switch {
	case !hsts.Conclusive():
		return w.fact(untoldProof(path, hsts.Reason, hsts.State, "whether "+a.Address.String()+" sends Strict-Transport-Security", "it"), nil)
	case len(hsts.Value) == 0:
		return w.fact(proof(path, "none", fmt.Sprintf("%s sends no Strict-Transport-Security at %s.", a.Address, hop.URL)), types.Int(-1))
	}
	return w.fact(proof(path, hsts.Value[0], fmt.Sprintf("%s sends Strict-Transport-Security: %s.", a.Address, hsts.Value[0])), types.Int(maxAge(hsts.Value[0])))
}

// maxAge reads the required directive; -1 where it is missing or unreadable,
// which makes browsers ignore the field.
func maxAge(value string) int64 {
	text, found := hstsDirective(value, "max-age")
	seconds, err := strconv.ParseUint(text, 10, 62)
	if !found || err != nil {
		return -1
	}
	return int64(seconds)
}

// hstsDirective returns the value of a directive, without quotes.
func hstsDirective(value, wanted string) (string, bool) {
	for directive := range strings.SplitSeq(value, ";") {
		name, text, _ := strings.Cut(directive, "=")
		if strings.EqualFold(strings.TrimSpace(name), wanted) {
			return strings.Trim(strings.TrimSpace(text), `"`), true
		}
	}
	return "", false
}

func hasHSTS(wanted string) func(string) ref.Val {
	return func(value string) ref.Val {
		_, found := hstsDirective(value, wanted)
		return types.Bool(found)
	}
}

package policy

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/hsts"
)

// hstsSlot reads Strict-Transport-Security of the last hop on the registered
// host. The fact's value is its max-age, -1 without one that browsers take.
func hstsSlot(view func(hsts.Policy) ref.Val) func(*world, any) slot {
	return onHTTP(func(w *world, source *addressSource) slot {
		if source.hsts == nil {
			source.hsts = w.newHSTSFact(source.observed)
		}
		return slot{fact: source.hsts, view: func(ref.Val) ref.Val {
			hop, _ := lastOwnHop(source.observed)
			return view(hsts.Parse(hop.Answer.Value.HSTS.Value))
		}}
	})
}

func hstsAge(policy hsts.Policy) ref.Val {
	if !policy.Valid {
		return types.Int(-1)
	}
	return types.Int(policy.MaxAge)
}

func (w *world) newHSTSFact(a *checks.AddressObservation) *fact {
	hop, index := lastOwnHop(a)
	if hop == nil || hop.Answer.State != checks.Known {
		open, _ := openWalk(a)
		return w.fact(open, nil)
	}
	path, sent := fmt.Sprintf("http[%s].hops[%d].answer.hsts", a.Address, index), hop.Answer.Value.HSTS
	policy := hsts.Parse(sent.Value)
	switch {
	case !sent.Conclusive():
		return w.fact(untoldProof(path, sent.Reason, sent.State, "whether "+a.Address.String()+" sends Strict-Transport-Security", "it"), nil)
	case len(sent.Value) == 0:
		return w.fact(proof(path, "none", fmt.Sprintf("%s sends no Strict-Transport-Security at %s.", a.Address, hop.URL)), hstsAge(policy))
	}
	said := proof(path, sent.Value[0], fmt.Sprintf("%s sends Strict-Transport-Security: %s.", a.Address, sent.Value[0]))
	switch {
	case slices.Contains(policy.Faults, hsts.TooLong):
		return w.fact(said, nil)
	case !policy.Valid:
		said.Text += " Browsers do not take it."
	}
	return w.fact(said, hstsAge(policy))
}

// hstsPreloaded says whether the list that browsers ship makes them use https.
func hstsPreloaded(w *world, source *addressSource) slot {
	host := w.evidence.Observation.DNS.Host
	path := fmt.Sprintf("http[%s].hsts_preloaded", source.observed.Address)
	if _, found := hsts.Preloaded(host); found {
		return w.told(proof(path, "true", fmt.Sprintf("%s is on the list of hosts that browsers preload with HSTS.", host)), types.True)
	}
	return w.told(proof(path, "false", fmt.Sprintf("%s is not on the list of hosts that browsers preload with HSTS.", host)), types.False)
}

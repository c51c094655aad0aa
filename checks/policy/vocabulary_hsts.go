package policy

import (
	"fmt"
	"slices"
	"strings"

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

// hstsPreloadable says whether the host's answers meet what hstspreload.org asks
// for. That only registrable domains are taken is left aside: hosts below one are
// held to the same.
func hstsPreloadable(w *world, source *addressSource) slot {
	hop, _ := lastOwnHop(source.observed)
	path := fmt.Sprintf("http[%s].hsts_preloadable", source.observed.Address)
	if hop == nil || hop.Answer.State != checks.Known || !hop.Answer.Value.HSTS.Conclusive() {
		return hstsSlot(func(hsts.Policy) ref.Val { return types.False })(w, source)
	}
	host, plain := w.evidence.Observation.DNS.Host, source.observed.HTTP.PlainHTTP
	obstacles, known := hsts.Obstacles(host, hsts.Parse(hop.Answer.Value.HSTS.Value), plain)
	obstacles = slices.DeleteFunc(obstacles, func(o hsts.Obstacle) bool { return o == hsts.NotBaseDomain })
	switch {
	case len(obstacles) > 0:
		said := make([]string, 0, len(obstacles))
		for _, obstacle := range obstacles {
			said = append(said, obstacle.Text())
		}
		return w.told(proof(path, "false", fmt.Sprintf("%s is not ready for the list of hosts that browsers preload with HSTS: %s.", host, strings.Join(said, "; "))), types.False)
	case !known:
		return w.untold(path, plain.Reason, plain.State, "what port 80 of "+source.observed.Address.String()+" does", source.observed.Address.String())
	}
	return w.told(proof(path, "true", fmt.Sprintf("%s is ready for the list of hosts that browsers preload with HSTS.", host)), types.True)
}

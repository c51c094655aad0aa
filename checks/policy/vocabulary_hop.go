package policy

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

// hopSource is one hop and where it stands.
type hopSource struct {
	*checks.Hop
	address *checks.AddressObservation
	index   int // of the walk; -1: a request besides it
}

func (h *hopSource) path() string {
	if h.index < 0 {
		return fmt.Sprintf("http[%s].provoked", h.address.Address)
	}
	return fmt.Sprintf("http[%s].hops[%d]", h.address.Address, h.index)
}

func (h *hopSource) answer() *answerSource {
	return &answerSource{
		Response: &h.Answer.Value, address: h.address, path: h.path() + ".answer", where: "at " + h.URL, scheme: h.Scheme,
	}
}

// viaTitles say how an answer led to a hop.
func viaTitles() map[checks.Via]string {
	return map[checks.Via]string{
		checks.ViaStart: "start", checks.ViaLocation: "location", checks.ViaRefresh: "refresh", checks.ViaMetaRefresh: "meta_refresh",
	}
}

func vias() []string { return []string{"start", "location", "refresh", "meta_refresh"} }

func onHop(get func(w *world, h *hopSource) slot) func(*world, any) slot {
	return func(w *world, source any) slot { return get(w, source.(*hopSource)) }
}

func hopKind() *kind {
	text := func(get func(*hopSource) string) func(*world, any) slot {
		return onHop(func(_ *world, h *hopSource) slot { return settled(types.String(get(h))) })
	}
	fields := []field{
		{name: "url", of: cel.StringType, doc: "canonical: without values of parameters", get: text(func(h *hopSource) string { return h.URL })},
		{name: "scheme", of: cel.StringType, doc: "https or http", get: onHop(func(w *world, h *hopSource) slot {
			return w.told(proof(h.path()+".scheme", h.Scheme, fmt.Sprintf("%s leads to %s, which uses %s.", h.address.Address, h.URL, h.Scheme)), types.String(h.Scheme))
		})},
		{name: "host", of: cel.StringType, doc: "that was asked", get: text(func(h *hopSource) string { return h.Host })},
		{name: "same_site", of: cel.BoolType, doc: "same registrable domain as the registered URL", get: onHop(func(_ *world, h *hopSource) slot { return settled(types.Bool(h.SameSite)) })},
		{name: "via", of: cel.StringType, values: vias(), doc: "how the answer before leads to it: the first one, a redirect, the field Refresh, or meta refresh", get: text(func(h *hopSource) string { return viaTitles()[h.Via] })},
		{name: "cookies", of: listOf("cookie"), doc: "that a browser keeps; empty for hops of other sites", get: onHop(hopCookies)},
	}
	// What the answer says is asked of the hop itself. Unknown without an answer.
	for _, one := range answerKind().fields {
		one.get = ofHopAnswer(one.get)
		fields = append(fields, one)
	}
	return &kind{name: "hop", doc: "One request of the walk and its answer. What the answer says is unknown without one.", fields: fields}
}

func ofHopAnswer(get func(*world, any) slot) func(*world, any) slot {
	return onHop(func(w *world, h *hopSource) slot {
		if h.Answer.State != checks.Known {
			return w.untold(h.path()+".answer", h.Answer.Reason, h.Answer.State, "what "+h.URL+" answers", "it")
		}
		return get(w, h.answer())
	})
}

func hopCookies(w *world, h *hopSource) slot {
	if h.Answer.State != checks.Known {
		return w.untold(h.path()+".answer", h.Answer.Reason, h.Answer.State, "which cookies "+h.URL+" sets", "it")
	}
	var elements []ref.Val
	for _, one := range w.cookiesSet(h, false) {
		elements = append(elements, one)
	}
	return settled(w.listOf(elements))
}

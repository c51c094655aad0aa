package policy

import (
	"fmt"
	"slices"
	"strconv"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

// contentSource is what the content of one answer showed.
type contentSource struct {
	checks.Content
	answer *answerSource
}

// signatureSource is one recognized trace of code.
type signatureSource struct{ id string }

func onContent(get func(w *world, c *contentSource) slot) func(*world, any) slot {
	return func(w *world, source any) slot { return get(w, source.(*contentSource)) }
}

func looks() []checks.Look {
	return []checks.Look{checks.LookNothing, checks.LookScriptShell, checks.LookSignIn, checks.LookMessage, checks.LookData}
}

func contentKind() *kind {
	return &kind{name: "content", doc: "What the content of one answer showed. Where there is more than was read, what was not seen is unknown.", fields: []field{
		{name: "media_type", of: cel.StringType, doc: "of Content-Type, in lower case, without parameters; empty without", get: onContent(func(w *world, c *contentSource) slot {
			return w.told(c.answer.said(".content.media_type", c.MediaType, "sends content of type %s", orElse(c.MediaType, "unknown")), types.String(c.MediaType))
		})},
		{name: "empty", of: cel.BoolType, doc: "there is none", get: onContent(func(w *world, c *contentSource) slot {
			return w.told(c.answer.said(".content.empty", strconv.FormatBool(c.Empty), "%s content", map[bool]string{true: "sends no", false: "sends"}[c.Empty]), types.Bool(c.Empty))
		})},
		{name: "truncated", of: cel.BoolType, doc: "there is more than was read", get: onContent(func(w *world, c *contentSource) slot {
			return w.told(c.proof(".truncated", strconv.FormatBool(c.Truncated)), types.Bool(c.Truncated))
		})},
		{name: "look", of: cel.StringType, values: names(looks()), doc: "what it looks like to somebody who is not signed in: nothing to read, script alone, a way to sign in, a few sentences, or data", get: onContent(contentLook)},
		{name: "password", of: cel.BoolType, doc: "it asks for a password", get: onContent(contentPassword)},
		{name: "signatures", of: listOf("signature"), open: true, doc: "debug pages, stack traces and file paths", get: onContent(func(w *world, c *contentSource) slot {
			made := w.listOf(nil)
			w.addSignatures(made, c)
			return settled(made)
		})},
		{name: "scripts", of: listOf("script"), open: true, doc: "where it loads script from", get: onContent(contentScripts)},
		{name: "mixed", of: listOf("mixed"), open: true, doc: "what a page over https loads over http (W3C Mixed Content)", get: onContent(contentMixed)},
	}}
}

func (c *contentSource) proof(part, value string) checks.Proof {
	if c.Truncated {
		return c.answer.said(".content"+part, "more", "sends more content than was read")
	}
	return c.answer.said(".content"+part, value, "sends content that was read whole")
}

func contentLook(w *world, c *contentSource) slot {
	titles := map[checks.Look]string{
		checks.LookNothing: "shows nothing to read", checks.LookScriptShell: "shows nothing but what script makes",
		checks.LookSignIn: "asks to sign in", checks.LookMessage: "shows a few sentences", checks.LookData: "shows what looks like data",
	}
	title, known := titles[c.Look]
	if !known || c.Truncated && c.Look != checks.LookData {
		return slot{fact: w.fact(c.proof(".look", ""), nil, texts(looks()...)...)}
	}
	return w.told(c.answer.said(".content.look", string(c.Look), "%s", title), types.String(c.Look))
}

func contentPassword(w *world, c *contentSource) slot {
	switch {
	case c.Password:
		return w.told(c.answer.said(".content.password", "true", "asks for a password"), types.True)
	case c.Truncated:
		return slot{fact: w.fact(c.proof(".password", ""), nil, truth()...)}
	}
	return w.told(c.answer.said(".content.password", "false", "asks for no password"), types.False)
}

// end adds what stands for the part that was not read.
func (c *contentSource) end(w *world, made *list, part string) {
	if c.Truncated {
		made.add(w.tail(c.proof(part, "")))
	}
}

func (w *world) addSignatures(made *list, c *contentSource) {
	var elements []ref.Val
	for _, id := range c.Signatures {
		said := c.answer.said(".content.signatures["+id+"]", id, "shows a debug page, a stack trace or a path of its code (%s)", id)
		elements = append(elements, w.of("signature", &signatureSource{id: id}, w.fact(said, types.True)))
	}
	all := c.answer.said(".content.signatures", fmt.Sprint(len(elements)), "shows no debug page and no stack trace")
	if len(elements) > 0 {
		all = elements[0].(*object).said.proof
	}
	made.add(w.fact(all, types.True), elements...)
	c.end(w, made, ".signatures")
}

func signatureKind() *kind {
	return &kind{name: "signature", doc: "A debug page, stack trace or file path that was recognized.", fields: []field{
		{name: "id", of: cel.StringType, doc: "which one", get: func(_ *world, source any) slot { return settled(types.String(source.(*signatureSource).id)) }},
	}}
}

func contentScripts(w *world, c *contentSource) slot {
	made := w.listOf(nil)
	for i := range c.Scripts {
		one := &c.Scripts[i]
		how := "without"
		if one.Integrity {
			how = "with"
		}
		from := orElse(one.Origin, "its own origin")
		said := c.answer.said(".content.scripts["+from+"]", from, "loads script from %s %s Subresource Integrity", from, how)
		made.segments[0].elements = append(made.segments[0].elements, w.of("script", one, w.fact(said, types.True)))
	}
	c.end(w, made, ".scripts")
	said := c.answer.said(".content.scripts", strconv.Itoa(len(c.Scripts)), "loads script from %d origins", origins(c.Scripts))
	return w.told(said, made)
}

func origins(scripts []checks.Script) int {
	var seen []string
	for _, one := range scripts {
		if !slices.Contains(seen, one.Origin) {
			seen = append(seen, one.Origin)
		}
	}
	return len(seen)
}

func scriptKind() *kind {
	return &kind{name: "script", doc: "An origin that a page loads script from.", fields: []field{
		{name: "origin", of: cel.StringType, doc: "scheme and host; empty: the page's own", get: func(_ *world, source any) slot { return settled(types.String(source.(*checks.Script).Origin)) }},
		{name: "same_site", of: cel.BoolType, doc: "same registrable domain as the page", get: func(_ *world, source any) slot {
			return settled(types.Bool(source.(*checks.Script).SameSite || source.(*checks.Script).Origin == ""))
		}},
		{name: "integrity", of: cel.BoolType, doc: "with Subresource Integrity", get: func(_ *world, source any) slot { return settled(types.Bool(source.(*checks.Script).Integrity)) }},
		{name: "relative", of: cel.StringType, values: []string{"origin", "protocol", ""}, doc: "how it is named: by a path, without a scheme, or in full", get: func(_ *world, source any) slot { return settled(types.String(source.(*checks.Script).Relative)) }},
	}}
}

func contentMixed(w *world, c *contentSource) slot {
	made := w.listOf(nil)
	for i := range c.Mixed {
		one := &c.Mixed[i]
		what := "images or media"
		if one.Active {
			what = "script, frames or style sheets"
		}
		said := c.answer.said(".content.mixed["+one.Origin+"]", one.Origin, "loads %s over plain http from %s", what, one.Origin)
		made.segments[0].elements = append(made.segments[0].elements, w.of("mixed", one, w.fact(said, types.True)))
	}
	c.end(w, made, ".mixed")
	said := c.answer.said(".content.mixed", strconv.Itoa(len(c.Mixed)), "loads from %d origins over plain http", len(c.Mixed))
	return w.told(said, made)
}

func mixedKind() *kind {
	return &kind{name: "mixed", doc: "What a page over https loads over http from one origin.", fields: []field{
		{name: "origin", of: cel.StringType, doc: "scheme and host", get: func(_ *world, source any) slot { return settled(types.String(source.(*checks.MixedContent).Origin)) }},
		{name: "active", of: cel.BoolType, doc: "script, frame or style sheet, which browsers block", get: func(_ *world, source any) slot { return settled(types.Bool(source.(*checks.MixedContent).Active)) }},
	}}
}

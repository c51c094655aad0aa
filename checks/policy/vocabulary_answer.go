package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

// answerSource is one answer and what it answers.
type answerSource struct {
	*checks.Response
	address *checks.AddressObservation
	path    string // of the fact
	where   string // "at https://app.example.com/callback"
	scheme  string // that it came over
}

// said is a proof about the answer.
func (a *answerSource) said(part, value, format string, arguments ...any) checks.Proof {
	return proof(a.path+part, value, fmt.Sprintf("%s %s %s.", a.address.Address, fmt.Sprintf(format, arguments...), a.where))
}

func onAnswer(get func(w *world, a *answerSource) slot) func(*world, any) slot {
	return func(w *world, source any) slot { return get(w, source.(*answerSource)) }
}

func answerKind() *kind {
	return &kind{name: "answer", doc: "One HTTP answer.", fields: []field{
		{name: "status", of: cel.IntType, doc: "of the answer", get: onAnswer(func(w *world, a *answerSource) slot {
			return w.told(a.said(".status", strconv.Itoa(a.Status), "answers with status %d", a.Status), types.Int(a.Status))
		})},
		{name: "version", of: cel.StringType, values: []string{"HTTP/1.0", "HTTP/1.1", ""}, doc: "of HTTP, as it was asked", get: onAnswer(func(w *world, a *answerSource) slot {
			return w.told(a.said(".version", a.Version, "answers in %s", a.Version), types.String(a.Version))
		})},
		{name: "location", of: cel.StringType, doc: "where Location, Refresh or meta refresh leads, canonical; empty: it leads nowhere", get: onAnswer(answerLocation)},
		{name: "page", of: cel.BoolType, doc: "a browser shows it as a page: HTML or of no type, not empty, and it leads nowhere", get: onAnswer(answerPage)},
		{name: "fields", of: mapOf(cel.ListType(cel.StringType)), names: checks.FieldNames(), doc: "values of header fields, in the order sent; empty: it was not sent", get: onAnswer(answerFields)},
		{name: "content", of: cel.ObjectType("content"), doc: "what the content showed. Unknown where it was not read", get: onAnswer(answerContent)},
		{name: "superoffice_may_frame", of: cel.BoolType, doc: "neither frame-ancestors nor X-Frame-Options keeps a page of any host below superoffice.com from framing it", get: onAnswer(superOfficeMayFrame)},
		{name: "anybody_may_frame", of: cel.BoolType, doc: "neither frame-ancestors nor X-Frame-Options keeps any site from framing it", get: onAnswer(anybodyMayFrame)},
		{name: "script_policy", of: cel.StringType, values: scriptPolicies(), doc: "what Content-Security-Policy, sent or in the page, leaves to script: none: there is none for script; open: script within the page or of any site runs; restricted", get: onAnswer(answerScriptPolicy)},
		{name: "referrer_policy", of: cel.StringType, values: referrerPolicies(), doc: "the Referrer-Policy that browsers follow, sent or in the page; empty: their own, which is strict-origin-when-cross-origin", get: onAnswer(answerReferrerPolicy)},
	}}
}

func answerLocation(w *world, a *answerSource) slot {
	if a.Location == "" {
		return w.told(a.said(".location", "", "does not lead on"), types.String(""))
	}
	return w.told(a.said(".location", a.Location, "leads on to %s", a.Location), types.String(a.Location))
}

func answerPage(w *world, a *answerSource) slot {
	if a.Location != "" {
		return w.told(a.said(".location", a.Location, "leads on to %s", a.Location), types.False)
	}
	if a.Content.State == checks.Absent || a.Content.State == checks.Known && a.Content.Value.Empty {
		return w.told(a.said(".content", "empty", "sends no content"), types.False)
	}
	if !a.keepsFields() {
		return a.untold(w, ".fields", checks.NotAsked, "", "what kind of content "+a.address.Address.String()+" sends", truth()...)
	}
	kind, _, _ := strings.Cut(strings.Join(a.Fields["content-type"], ","), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	html := slices.Contains([]string{"text/html", "application/xhtml+xml", ""}, kind)
	return w.told(a.said(".fields.content-type", kind, "sends content of type %s", orElse(kind, "unknown")), types.Bool(html))
}

// keepsFields says whether the look kept header fields: those that did keep the
// version too.
func (a *answerSource) keepsFields() bool { return a.Version != "" || len(a.Fields) > 0 }

func (a *answerSource) untold(w *world, part string, state checks.State, reason checks.Reason, what string, domain ...ref.Val) slot {
	return w.untold(a.path+part, reason, state, what+" "+a.where, "it", domain...)
}

func answerFields(w *world, a *answerSource) slot {
	return settled(w.table(checks.FieldNames(), func(name string) slot {
		title := fieldTitle(name)
		if !a.keepsFields() {
			return a.untold(w, ".fields."+name, checks.NotAsked, "", "whether "+a.address.Address.String()+" sends "+title)
		}
		values := a.Fields[name]
		if len(values) == 0 {
			return w.told(a.said(".fields."+name, "none", "sends no %s", title), textList(nil))
		}
		return w.told(a.fieldProof(name), textList(values))
	}))
}

// fieldProof shows what was sent in a field.
func (a *answerSource) fieldProof(name string) checks.Proof {
	text := strings.Join(a.Fields[name], ", ")
	return a.said(".fields."+name, text, "sends %s: %s", fieldTitle(name), text)
}

// fieldTitle writes a field's name as its specification does.
func fieldTitle(name string) string {
	words := strings.Split(name, "-")
	for i, word := range words {
		switch word {
		case "xss", "www":
			words[i] = strings.ToUpper(word)
		case "aspnet":
			words[i] = "AspNet"
		case "aspnetmvc":
			words[i] = "AspNetMvc"
		default:
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "-")
}

func answerContent(w *world, a *answerSource) slot {
	if !a.Content.Conclusive() {
		return a.untold(w, ".content", a.Content.State, a.Content.Reason, "what "+a.address.Address.String()+" shows")
	}
	source := &contentSource{Content: a.Content.Value, answer: a}
	if a.Content.State == checks.Absent {
		source.Content = checks.Content{Empty: true, Look: checks.LookNothing}
	}
	return settled(w.of("content", source, nil))
}

func superOfficeMayFrame(w *world, a *answerSource) slot {
	return a.framing(w, func(f framing) bool { return f.superOffice == all })
}

func anybodyMayFrame(w *world, a *answerSource) slot {
	return a.framing(w, func(f framing) bool { return f.anybody })
}

func (a *answerSource) framing(w *world, may func(framing) bool) slot {
	if !a.keepsFields() {
		return a.untold(w, ".fields", checks.NotAsked, "", "who may frame what "+a.address.Address.String()+" shows", truth()...)
	}
	f := framingOf(a.Fields, a.scheme)
	if f.by == "" {
		return w.told(a.said(".fields", "none", "sends nothing that keeps a site from framing it"), types.Bool(may(f)))
	}
	made := a.said(".fields."+f.by, strings.Join(a.Fields[f.by], ", "), "sends %s: %s", fieldTitle(f.by), f.said)
	made.Text = strings.TrimSuffix(made.Text, ".") + ", so " + f.means() + "."
	return w.told(made, types.Bool(may(f)))
}

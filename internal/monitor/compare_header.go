package monitor

import (
	"maps"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// headerNames are the fields that are compared, as they are written. Those that
// differ between looks, or that other facts hold, are left out: retry-after,
// refresh, server (its product is compared), content-type (its media type is).
func headerNames() map[string]merit {
	return map[string]merit{
		"Access-Control-Allow-Credentials": neutral, "Access-Control-Allow-Origin": neutral, "Clear-Site-Data": neutral,
		"Content-Security-Policy": good, "Content-Security-Policy-Report-Only": neutral,
		"Cross-Origin-Embedder-Policy": good, "Cross-Origin-Opener-Policy": good, "Cross-Origin-Resource-Policy": good,
		"Permissions-Policy": good, "Feature-Policy": neutral, "Referrer-Policy": good, "WWW-Authenticate": neutral,
		"X-AspNet-Version": bad, "X-AspNetMvc-Version": bad, "X-Content-Type-Options": good, "X-Frame-Options": good,
		"X-Generator": bad, "X-Powered-By": bad, "X-XSS-Protection": neutral,
	}
}

// headerTraits says which header fields an answer has, and what they say.
func headerTraits(s *side, path, where string, answer checks.Response) {
	names := headerNames()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		values := answer.Fields[strings.ToLower(name)]
		if len(values) > 0 {
			s.add(headerTrait(path, where, name, values, names[name], Low)...)
		}
	}
	for _, one := range []struct {
		name string
		fact checks.Fact[[]string]
		m    merit
	}{{"Strict-Transport-Security", answer.HSTS, good}, {"Public-Key-Pins", answer.PublicKeyPins, bad}} {
		if !one.fact.Conclusive() {
			continue
		}
		for _, t := range headerTrait(path, where, one.name, one.fact.Value, one.m, Medium) {
			t.plain, t.within = false, ""
			t.has = one.fact.State == checks.Known
			if t.form == possession || t.has {
				s.add(t)
			}
		}
	}
	if answer.Server != "" {
		s.add(trait{
			path: path + ".server", field: "http.server", section: sectionHTTP, what: rowOf("The server product", where), form: quality,
			text: checks.Clean(answer.Server, 80), within: path, plain: true,
		})
	}
	if content := answer.Content; content.State == checks.Known && content.Value.MediaType != "" {
		s.add(trait{
			path: path + ".media_type", field: "http.media_type", section: sectionHTTP, what: rowOf("The media type", where), form: quality,
			text: checks.Clean(content.Value.MediaType, 80), within: path, plain: true,
		})
	}
}

// headerTrait is one field: whether it is there, and what it says. Policies are
// compared directive by directive.
func headerTrait(path, where, name string, values []string, m merit, weight Weight) []trait {
	text := headerText(name, values)
	at := path + ".headers." + strings.ToLower(name)
	field := "http.headers." + strings.ToLower(name)
	there := trait{
		path: at, field: field, section: sectionHTTP, what: rowOf(name, where), text: text, within: path, plain: true, where: where,
		verb: sending(), object: name, has: true, merit: m, weight: weight,
	}
	if text == "" {
		there.text = notThere
	}
	there.say = func(before, after trait) (one, many string) {
		after.say = nil
		addition := ""
		if after.has && after.text != "" {
			addition = ": " + after.text
		}
		return predicate(before, after, false) + addition, predicate(before, after, true) + addition
	}
	value := trait{
		path: at + ".value", field: field, section: sectionHTTP, what: name, form: quality, text: text, plain: true,
	}
	if where != "" {
		value.what += " " + strings.ToLower(where[:1]) + where[1:]
	}
	if directives := directivesOf(name, values); directives != nil {
		value.form, value.members, value.verb, value.topic = collection, directives, owning(), value.what
	}
	return []trait{there, value}
}

// mostHeader is how many bytes of a field a sentence holds.
const mostHeader = 160

// headerText is a field's values as far as their meaning goes: neither their
// order, nor the order of what a list holds.
func headerText(name string, values []string) string {
	list := directivesOf(name, values)
	if list == nil {
		list = slices.Clone(values)
		for i, value := range list {
			list[i] = strings.Join(strings.Fields(value), " ")
		}
		slices.Sort(list)
	}
	return checks.Clean(strings.Join(list, "; "), mostHeader)
}

// directivesOf reads a policy's directives, sorted, each with its sources
// sorted (Content Security Policy Level 3 section 2.2.1); nil: it is no policy.
func directivesOf(name string, values []string) []string {
	lower := strings.ToLower(name)
	separator := ";"
	switch {
	case strings.HasPrefix(lower, "content-security-policy"), lower == "strict-transport-security", lower == "feature-policy":
	case lower == "permissions-policy":
		separator = ","
	default:
		return nil
	}
	directives := []string{}
	for _, value := range values {
		for directive := range strings.SplitSeq(value, separator) {
			words := strings.Fields(directive)
			if len(words) == 0 {
				continue
			}
			words[0] = strings.ToLower(words[0])
			if separator == ";" {
				slices.Sort(words[1:])
			}
			directives = append(directives, checks.Clean(strings.Join(words, " "), mostHeader))
		}
	}
	slices.Sort(directives)
	return slices.Compact(directives)
}

package csp

import "strings"

// The names of directives that are asked for by name here.
const (
	DefaultSource  = "default-src"
	ScriptSource   = "script-src"
	StyleSource    = "style-src"
	ObjectSource   = "object-src"
	FrameAncestors = "frame-ancestors"
)

// Policy is everything that is in force for one page.
type Policy struct {
	// Lists are the policies that were sent; a browser does only what every one
	// of them allows.
	Lists []List
}

// List is one policy: its directives in the order sent.
type List struct {
	Directives []Directive
	// Repeated are the names of directives that stand there again, which
	// browsers ignore.
	Repeated []string
}

// Directive is one directive: its name in lower case and its values as sent.
type Directive struct {
	Name   string
	Values []string
}

// whitespace is ASCII whitespace (WHATWG Infra standard).
const whitespace = " \t\n\f\r"

// Parse reads the values of Content-Security-Policy fields, in order, as a
// browser does (CSP Level 3 sections 2.2.1 and 2.2.2): a comma divides policies,
// a semicolon directives, the first of equal directives counts, and one that is
// not ASCII is ignored. A policy without directives is left out.
func Parse(values []string) Policy {
	var policy Policy
	for _, value := range values {
		for serialized := range strings.SplitSeq(value, ",") {
			if list := parseList(serialized); len(list.Directives) > 0 {
				policy.Lists = append(policy.Lists, list)
			}
		}
	}
	return policy
}

// ParseMeta reads the values of <meta http-equiv="content-security-policy">,
// where frame-ancestors, report-uri and sandbox are ignored (HTML standard,
// pragma directive Content-Security-Policy), and a comma divides nothing.
func ParseMeta(values []string) Policy {
	var policy Policy
	for _, value := range values {
		list := parseList(value)
		var kept []Directive
		for _, directive := range list.Directives {
			if !onlyInHeader(directive.Name) {
				kept = append(kept, directive)
			}
		}
		if list.Directives = kept; len(kept) > 0 {
			policy.Lists = append(policy.Lists, list)
		}
	}
	return policy
}

func onlyInHeader(name string) bool {
	return name == FrameAncestors || name == "report-uri" || name == "sandbox"
}

func parseList(serialized string) List {
	var list List
	seen := map[string]bool{}
	for token := range strings.SplitSeq(serialized, ";") {
		fields := strings.FieldsFunc(token, func(r rune) bool { return strings.ContainsRune(whitespace, r) })
		if len(fields) == 0 || !isASCII(token) {
			continue
		}
		name := strings.ToLower(fields[0])
		if seen[name] {
			list.Repeated = append(list.Repeated, name)
			continue
		}
		seen[name] = true
		list.Directives = append(list.Directives, Directive{Name: name, Values: fields[1:]})
	}
	return list
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

// And returns what is in force where both p and other are.
func (p Policy) And(other Policy) Policy {
	lists := make([]List, 0, len(p.Lists)+len(other.Lists))
	return Policy{Lists: append(append(lists, p.Lists...), other.Lists...)}
}

// Has says whether a policy of p has the directive.
func (p Policy) Has(name string) bool {
	return len(p.All(name)) > 0
}

// All returns the values of the directive in each policy that has it.
func (p Policy) All(name string) [][]string {
	var all [][]string
	for _, list := range p.Lists {
		if values, found := list.Values(name); found {
			all = append(all, values)
		}
	}
	return all
}

// Values returns the values of the first of the named directives that l has:
// the directive itself, and then what it falls back to.
func (l List) Values(names ...string) ([]string, bool) {
	for _, name := range names {
		for _, directive := range l.Directives {
			if directive.Name == name {
				return directive.Values, true
			}
		}
	}
	return nil, false
}

// AllowsInlineScript says whether script that stands in the page itself runs,
// as an injected one would: no policy restricts script elements, or each that
// does says 'unsafe-inline' and nothing that switches it off (CSP Level 3
// section 6.7.3.2). A script that carries a nonce or has a listed hash is not
// meant.
func (p Policy) AllowsInlineScript() bool {
	return p.each(allowsInline, "script-src-elem", ScriptSource, DefaultSource)
}

// AllowsInlineStyle says likewise whether style elements in the page apply.
func (p Policy) AllowsInlineStyle() bool {
	return p.each(func(values []string) bool {
		return has(values, "'unsafe-inline'") && !hasNonceOrHash(values)
	}, "style-src-elem", StyleSource, DefaultSource)
}

// AllowsEval says whether script may compile text with eval (section 4.4).
func (p Policy) AllowsEval() bool {
	return p.each(func(values []string) bool { return has(values, "'unsafe-eval'") }, ScriptSource, DefaultSource)
}

// each says whether every policy that has one of the named directives allows.
func (p Policy) each(allows func(values []string) bool, names ...string) bool {
	for _, list := range p.Lists {
		if values, found := list.Values(names...); found && !allows(values) {
			return false
		}
	}
	return true
}

func allowsInline(values []string) bool {
	return has(values, "'unsafe-inline'") && !has(values, "'strict-dynamic'") && !hasNonceOrHash(values)
}

func has(values []string, keyword string) bool {
	for _, value := range values {
		if strings.EqualFold(value, keyword) {
			return true
		}
	}
	return false
}

func hasNonceOrHash(values []string) bool {
	for _, value := range values {
		if isNonceOrHash(strings.ToLower(value)) {
			return true
		}
	}
	return false
}

// isNonceOrHash: value is in lower case.
func isNonceOrHash(value string) bool {
	for _, prefix := range []string{"'nonce-", "'sha256-", "'sha384-", "'sha512-"} {
		if strings.HasPrefix(value, prefix) {
			return true
		}
	}
	return false
}

package csp

import (
	"slices"
	"strings"
)

// Result is what the Observatory's test content-security-policy comes to.
type Result string

// Its results.
const (
	NoUnsafeDefaultNone Result = "csp-implemented-with-no-unsafe-default-src-none"
	NoUnsafe            Result = "csp-implemented-with-no-unsafe"
	UnsafeInlineStyle   Result = "csp-implemented-with-unsafe-inline-in-style-src-only"
	InsecurePassive     Result = "csp-implemented-with-insecure-scheme-in-passive-content-only"
	UnsafeEval          Result = "csp-implemented-with-unsafe-eval"
	UnsafeInline        Result = "csp-implemented-with-unsafe-inline"
	InsecureScheme      Result = "csp-implemented-with-insecure-scheme"
	Duplicate           Result = "csp-implemented-but-duplicate-directives"
	Invalid             Result = "csp-header-invalid"
	Missing             Result = "csp-not-implemented"
	ReportOnly          Result = "csp-not-implemented-but-reporting-enabled"
)

// Sent is what one answer says of its policy.
type Sent struct {
	Fields     []string // values of Content-Security-Policy, in order
	ReportOnly []string // values of Content-Security-Policy-Report-Only
	Metas      []string // contents of <meta http-equiv="content-security-policy">
	HTTPS      bool     // the page was asked for over https
}

// Judgement is what the Observatory makes of it.
type Judgement struct {
	Result Result
	// FrameAncestors: the policy that it read has that directive, also where it
	// stands in a meta element and browsers ignore it.
	FrameAncestors bool
}

// Judge follows the Observatory's algorithm version 4. Several fields count as
// one, joined by commas, as its client reads them.
func Judge(sent Sent) Judgement {
	var fields []string
	if len(sent.Fields) > 0 {
		fields = []string{strings.Join(sent.Fields, ", ")}
	}
	all, err := combine(append(slices.Clone(fields), sent.Metas...))
	if err != nil {
		return Judgement{Result: Invalid}
	}
	if enforced(fields, sent.Metas) == 0 {
		if strings.Join(sent.ReportOnly, "") != "" {
			return Judgement{Result: ReportOnly}
		}
		return Judgement{Result: Missing}
	}
	_, framed := all.get(FrameAncestors)
	result := all.judge(sent.HTTPS)
	if all.duplicates && passes(result) {
		result = Duplicate
	}
	return Judgement{Result: result, FrameAncestors: framed}
}

// enforced counts the directives that count where they stand.
func enforced(fields, metas []string) int {
	count := 0
	if header, err := combine(fields); err == nil {
		count += header.size(func(string) bool { return false })
	}
	if meta, err := combine(metas); err == nil {
		count += meta.size(onlyInHeader)
	}
	return count
}

// passes says whether a result is none to act on.
func passes(result Result) bool {
	switch result {
	case NoUnsafe, NoUnsafeDefaultNone, UnsafeInlineStyle, InsecurePassive:
		return true
	}
	return false
}

// judge names the worst that holds; what stands first counts.
func (c *combined) judge(https bool) Result {
	script := c.orEverything(ScriptSource, DefaultSource)
	style := c.orEverything(StyleSource, DefaultSource)
	object := c.orEverything(ObjectSource, DefaultSource)
	for _, set := range []*sourceSet{script, style} { // may be one and the same
		if set.any(isNonceOrHash) {
			set.remove(func(value string) bool { return value == "'unsafe-inline'" })
		}
	}
	if script.has("'strict-dynamic'") {
		if !script.any(isNonceOrHash) {
			return Invalid
		}
		script.remove(ignoredByStrictDynamic)
	}
	switch {
	case script.any(broadOrInline), object.any(broad):
		return UnsafeInline
	case https && c.active(script, insecure):
		return InsecureScheme
	case script.has("'unsafe-eval'"), style.has("'unsafe-eval'"):
		return UnsafeEval
	case https && c.passive(insecure):
		return InsecurePassive
	case style.any(broadOrInline):
		return UnsafeInlineStyle
	}
	if fallback, found := c.get(DefaultSource); found && len(fallback.values) == 1 && fallback.has("'none'") {
		return NoUnsafeDefaultNone
	}
	return NoUnsafe
}

// orEverything: without a directive every source is allowed.
func (c *combined) orEverything(names ...string) *sourceSet {
	if set, found := c.get(names...); found {
		return set
	}
	return newSourceSet("*")
}

// active says whether a source of anything but images and media is bad.
func (c *combined) active(script *sourceSet, bad func(string) bool) bool {
	for _, name := range c.names {
		if name != "img-src" && name != "media-src" && name != ScriptSource && c.sources[name].any(bad) {
			return true
		}
	}
	return script.any(bad)
}

// passive says whether a source of images or media is bad.
func (c *combined) passive(bad func(string) bool) bool {
	for _, name := range []string{"img-src", "media-src"} {
		if set, found := c.get(name, DefaultSource); found && set.any(bad) {
			return true
		}
	}
	return false
}

// broad is a source that is hardly a restriction.
func broad(value string) bool {
	switch value {
	case "ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*":
		return true
	}
	return false
}

func broadOrInline(value string) bool {
	return value == "'unsafe-inline'" || value == "data:" || broad(value)
}

func insecure(value string) bool {
	return strings.HasPrefix(value, "http:") || strings.HasPrefix(value, "ftp:")
}

func ignoredByStrictDynamic(value string) bool {
	for _, prefix := range []string{"ftp:", "http:", "https:", "*"} {
		if strings.HasPrefix(value, prefix) {
			return true
		}
	}
	return value == "'self'" || value == "'unsafe-inline'"
}

package content

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/gradewatch/gradewatch/checks/httpsec/volatile"
)

// Bounds of what is kept of one page.
const (
	maxTokens   = 4
	maxToken    = 256 // bytes of a verification token
	maxPolicies = 8
	maxHeadings = 8
	maxPolicy   = 8 << 10
)

// page is what one pass over a body found.
type page struct {
	how    form
	source string // decoded, as sent
	title  string
	// headings are the texts of the first h1 and h2 elements.
	headings []string
	texts    []string // of all elements, in order, also of hidden ones
	shown    []string // what a person sees
	whole    string   // texts, once they are put together
	loads    loads
	tally    tally

	password  bool
	refresh   string
	policies  []string
	referrer  []string
	tokens    []string
	inHead    bool
	skip      string // raw text element whose text comes next
	hidden    shade
	inert     shade // inside <template>
	preformed int   // depth of <pre> and <code>
	heading   shade
}

// shade is a region of the document that starts with one element and ends with
// the end tag that closes it.
type shade struct {
	name  string
	depth int
}

func (s *shade) over() bool { return s.depth > 0 }

func (s *shade) enter(name string) {
	if s.depth == 0 {
		s.name = name
	}
	if s.name == name {
		s.depth++
	}
}

func (s *shade) leave(name string) {
	if s.depth > 0 && s.name == name {
		s.depth--
	}
}

// readPage reads source in one pass. For HTML it reads tokens and builds no
// tree: the time is linear in the length whatever the nesting.
func readPage(how form, source string, u *url.URL) *page {
	p := &page{how: how, source: source, inHead: true, loads: newLoads(u)}
	switch how {
	case markup:
		p.readMarkup()
	case jsonText:
		p.readJSON()
	case xmlText:
		p.readXML()
	default:
		p.text(source)
	}
	return p
}

func (p *page) readMarkup() {
	z := html.NewTokenizer(strings.NewReader(p.source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			p.markupText(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag := element{name: string(name)}
			if more {
				tag.read(z)
			}
			p.start(tag)
		case html.EndTagToken:
			name, _ := z.TagName()
			p.end(string(name))
		}
	}
}

// start reads a start tag. What is inside <template> is never loaded or run.
func (p *page) start(tag element) {
	p.skip = ""
	if rawText(tag.name) {
		p.skip = tag.name
	}
	if tag.name == "template" || p.inert.over() {
		p.inert.enter(tag.name)
		return
	}
	if !headElement(tag.name) {
		p.inHead = false
	}
	if p.hidden.over() || tag.hides() {
		p.hidden.enter(tag.name)
	}
	p.breakLine(tag.name)
	p.tally.start(tag)
	switch tag.name {
	case "meta":
		p.meta(tag)
	case "input":
		p.password = p.password || strings.EqualFold(tag.get("type"), "password")
	case "pre", "code":
		p.preformed++
	case "h1", "h2":
		p.heading.enter(tag.name)
	}
	p.loads.start(tag)
}

func (p *page) end(name string) {
	p.skip = ""
	p.inert.leave(name)
	if p.inert.over() {
		return
	}
	switch name {
	case "body", "html", "br":
		p.inHead = false
	case "pre", "code":
		p.preformed = max(0, p.preformed-1)
	}
	p.hidden.leave(name)
	p.heading.leave(name)
	p.breakLine(name)
	p.tally.end(name)
}

func (p *page) markupText(text string) {
	switch {
	case p.inert.over():
		return
	case p.skip == "style":
		p.loads.styleSheet(text)
		return
	case p.skip == "title":
		if p.title == "" {
			p.title = strings.TrimSpace(text)
		}
		p.texts = append(p.texts, text, "\n")
		return
	case p.skip != "":
		return
	}
	if strings.TrimSpace(text) != "" {
		p.inHead = false
	}
	p.text(text)
}

// text keeps text, and counts it if a person sees it.
func (p *page) text(text string) {
	p.texts = append(p.texts, text)
	if p.hidden.over() {
		return
	}
	if p.heading.over() && len(p.headings) < maxHeadings {
		p.headings = append(p.headings, strings.TrimSpace(text))
	}
	p.shown = append(p.shown, text)
	p.tally.text(text, p.preformed > 0)
}

func (p *page) breakLine(name string) {
	end := "\n"
	switch {
	case name == "td" || name == "th":
		end = "\t"
	case !block(name):
		return
	}
	p.texts = append(p.texts, end)
	if !p.hidden.over() {
		p.shown = append(p.shown, end)
	}
}

// everyText is all text, also what is hidden, with plain spaces.
func (p *page) everyText() string {
	if p.whole == "" {
		p.whole = strings.ReplaceAll(strings.Join(p.texts, ""), "\u00a0", " ")
	}
	return p.whole
}

// visible is the text that a person sees, with line ends between blocks.
func (p *page) visible() string { return strings.Join(p.shown, "") }

// meta reads <meta>. A policy and a verification token count in the head only
// (HTML standard, content security policy state): what a visitor writes into a
// page stands in its body.
func (p *page) meta(tag element) {
	value := tag.get("content")
	switch strings.ToLower(strings.TrimSpace(tag.get("http-equiv"))) {
	case "refresh":
		if p.refresh == "" && len(value) <= maxPolicy {
			p.refresh = value
		}
	case "content-security-policy":
		if p.inHead && value != "" {
			p.policies = keep(p.policies, value)
		}
	}
	switch strings.ToLower(strings.TrimSpace(tag.get("name"))) {
	case "referrer":
		if value != "" {
			p.referrer = keep(p.referrer, value)
		}
	case "gradewatch-verification":
		token := strings.TrimSpace(value)
		if p.inHead && token != "" && len(token) <= maxToken && len(p.tokens) < maxTokens && !slices.Contains(p.tokens, token) {
			p.tokens = append(p.tokens, token)
		}
	}
}

func keep(values []string, value string) []string {
	if len(values) >= maxPolicies {
		return values
	}
	return append(values, volatile.Field(strings.ToValidUTF8(value[:min(len(value), maxPolicy)], "")))
}

package content

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// maxAttributes bounds the attributes that are kept of one element.
const maxAttributes = 64

// element is a start tag.
type element struct {
	name       string
	attributes []attribute
}

type attribute struct{ name, value string }

// read keeps the attributes of a start tag that anybody here asks for. Of two
// with one name the first counts (HTML standard, attribute name state).
func (e *element) read(z *html.Tokenizer) {
	for more := true; more; {
		var name, value []byte
		name, value, more = z.TagAttr()
		if len(e.attributes) < maxAttributes && asked(string(name)) && !e.has(string(name)) {
			e.attributes = append(e.attributes, attribute{string(name), string(value)})
		}
	}
}

// asked lists the attributes that are read; a flood of others costs nothing.
func asked(name string) bool {
	switch name {
	case "action", "alt", "aria-hidden", "as", "autocomplete", "background", "class", "content", "data", "formaction",
		"hidden", "href", "http-equiv", "id", "integrity", "method", "name", "placeholder", "poster", "rel", "role", "src",
		"srcset", "style", "title", "type", "value":
		return true
	}
	return false
}

func (e *element) has(name string) bool {
	return slices.ContainsFunc(e.attributes, func(a attribute) bool { return a.name == name })
}

// get returns the value of an attribute, empty where there is none.
func (e *element) get(name string) string {
	for _, a := range e.attributes {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// hides says whether the element and what is in it is not shown, as far as its
// own tag tells. Void elements have nothing in them.
func (e *element) hides() bool {
	if void(e.name) || e.name == "body" || e.name == "html" {
		return false
	}
	if e.has("hidden") {
		return true
	}
	style := strings.ToLower(strings.Join(strings.Fields(e.get("style")), ""))
	return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}

func void(name string) bool {
	switch name {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr":
		return true
	}
	return false
}

// headElement says whether a start tag leaves the parser in or right after the
// head (HTML standard, "in head" and "after head" insertion modes).
func headElement(name string) bool {
	switch name {
	case "html", "head", "base", "basefont", "bgsound", "link", "meta", "title", "noscript", "noframes", "style", "script", "template":
		return true
	}
	return false
}

// rawText says whether the text of an element is not for reading, or not here.
func rawText(name string) bool {
	switch name {
	case "iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title", "xmp":
		return true
	}
	return false
}

func block(name string) bool {
	switch name {
	case "address", "article", "aside", "blockquote", "body", "br", "dd", "details", "dialog", "div", "dl", "dt", "fieldset", "figure",
		"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p", "pre",
		"section", "summary", "table", "title", "tr", "ul":
		return true
	}
	return false
}

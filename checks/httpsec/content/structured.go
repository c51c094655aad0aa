package content

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

// readJSON puts a document's names and values into lines of text, "name:
// value", with escapes resolved: a stack trace in a string has its lines back.
// What follows a mistake is taken as it stands.
func (p *page) readJSON() {
	decoder := json.NewDecoder(strings.NewReader(p.source))
	decoder.UseNumber()
	var levels []level
	for {
		token, err := decoder.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.text(p.source[min(int(decoder.InputOffset()), len(p.source)):])
			}
			return
		}
		if delim, ok := token.(json.Delim); ok {
			switch delim {
			case '{', '[':
				p.tally.open(levels, delim == '{')
				levels = append(levels, level{object: delim == '{', name: nameOf(levels)})
			default:
				levels = levels[:len(levels)-1]
				closed(levels)
			}
			continue
		}
		if at := len(levels) - 1; at >= 0 && levels[at].object && !levels[at].named {
			levels[at].name, _ = token.(string)
			levels[at].named = true
			continue
		}
		p.value(nameOf(levels), token)
		closed(levels)
	}
}

// level is an object or array that is open.
type level struct {
	object, named bool
	name          string // of the member being read; in an array, of the array
}

func nameOf(levels []level) string {
	if len(levels) == 0 {
		return ""
	}
	return levels[len(levels)-1].name
}

// closed notes that the member being read has its value.
func closed(levels []level) {
	if at := len(levels) - 1; at >= 0 && levels[at].object {
		levels[at].named = false
	}
}

func (p *page) value(name string, token json.Token) {
	text := ""
	switch token := token.(type) {
	case string:
		text = token
	case json.Number:
		text = token.String()
	case bool:
		text = strconv.FormatBool(token)
	}
	p.tally.member(name, text)
	if name != "" {
		p.text(name + ": ")
	}
	p.text(text)
	p.text("\n")
}

// readXML does the same for the elements of an XML document. It resolves no
// entities but the five of XML itself.
func (p *page) readXML() {
	decoder := xml.NewDecoder(strings.NewReader(p.source))
	decoder.Strict = false
	decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil } // it is UTF-8 by now
	name := ""
	for {
		token, err := decoder.RawToken()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.text(p.source[min(int(decoder.InputOffset()), len(p.source)):])
			}
			return
		}
		switch token := token.(type) {
		case xml.StartElement:
			name = token.Name.Local
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" {
				p.tally.member(name, text)
				p.text(name + ": " + text + "\n")
			}
		}
	}
}

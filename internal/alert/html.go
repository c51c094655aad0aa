package alert

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

// The letter in HTML. Its styles are inline, since mail clients drop style
// sheets; the one style element only adapts colors where a client honors
// prefers-color-scheme. It loads nothing from anywhere.
//
//go:embed letter.html.tmpl
var letterTemplate string

func parseTemplate() (*template.Template, error) {
	parsed, err := template.New("letter").Parse(letterTemplate)
	if err != nil {
		return nil, fmt.Errorf("parse the letter's template: %w", err)
	}
	return parsed, nil
}

// Color is the color of the letter's mark, readable on light and dark ground.
func (l letter) Color() template.CSS {
	switch l.Tone {
	case toneFailing:
		return "#c62828"
	case toneRecovered:
		return "#2e7d32"
	case toneUnsure:
		return "#9a6700"
	default:
		return "#57606a"
	}
}

// MoreText counts the requirements that the letter leaves out.
func (l letter) MoreText() string { return plural(l.More, "requirement") }

func (l letter) html(parsed *template.Template) (string, error) {
	var b strings.Builder
	if err := parsed.Execute(&b, l); err != nil {
		return "", fmt.Errorf("write the letter in HTML: %w", err)
	}
	return b.String(), nil
}

package policy

import (
	"fmt"
	"strings"
)

// Reference writes the vocabulary's tables in Markdown, for VOCABULARY.md.
func Reference() string {
	var b strings.Builder
	b.WriteString("### Variables\n\n| variable | type | holds | in |\n|---|---|---|---|\n")
	for _, one := range variables(EachEndpoint) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | every scope |\n", one.name, one.of, one.doc)
	}
	in := map[string][]string{}
	var order []string
	for _, scope := range Scopes() {
		for _, name := range scopeVariables(scope) {
			if in[name] == nil {
				order = append(order, name)
			}
			in[name] = append(in[name], "`"+string(scope)+"`")
		}
	}
	for _, name := range order {
		fmt.Fprintf(&b, "| `%s` | %s | the one that the rule is evaluated on | each %s |\n", name, name, strings.Join(in[name], ", "))
	}
	for _, k := range vocabulary() {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| field | type | holds |\n|---|---|---|\n", k.name, k.doc)
		for _, one := range k.fields {
			fmt.Fprintf(&b, "| `%s` | %s | %s%s |\n", one.name, one.of, one.doc, one.particulars())
		}
	}
	return b.String()
}

func (f field) particulars() string {
	var said string
	if len(f.names) > 0 && f.names[0] != "" {
		said += ". Keys: `" + strings.Join(f.names, "` `") + "`"
	}
	if len(f.values) > 0 {
		quoted := make([]string, 0, len(f.values))
		for _, value := range f.values {
			quoted = append(quoted, fmt.Sprintf("`'%s'`", value))
		}
		said += ". One of " + strings.Join(quoted, " ")
	}
	if f.open {
		said += ". Open: no `size()`"
	}
	return said
}

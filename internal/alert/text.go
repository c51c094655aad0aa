package alert

import (
	"fmt"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// sinceOf is when the problem began: Since, or when it was noticed.
func sinceOf(message monitor.Message) time.Time {
	if message.Since.IsZero() {
		return message.OccurredAt
	}
	return message.Since
}

// text writes the letter as plain text.
func (l letter) text() string {
	var b strings.Builder
	line := func(format string, arguments ...any) { fmt.Fprintf(&b, format+"\n", arguments...) }
	line("%s", l.Heading)
	if l.Place != "" {
		line("%s", l.Place)
	}
	if l.Endpoint != "" {
		line("%s", l.Endpoint)
	}
	for _, sentence := range l.Lead {
		line("\n%s", sentence)
	}
	l.textFindings(line)
	if l.Why != "" || len(l.Changes) > 0 {
		line("\nWhy\n")
	}
	if l.Why != "" {
		line("%s", l.Why)
	}
	for _, change := range l.Changes {
		line("- %s", change)
	}
	line("\n%s: %s", l.LinkText, l.Link)
	line("\n-- \n%s", l.Footer)
	return b.String()
}

func (l letter) textFindings(line func(string, ...any)) {
	if len(l.Findings) == 0 {
		return
	}
	line("\n%s", l.List)
	for _, f := range l.Findings {
		if f.Statement == "" {
			line("\n%s (%s)", f.ID, f.Binding)
		} else {
			line("\n%s, %s: %s", f.ID, f.Binding, f.Statement)
		}
		for _, proof := range f.Proofs {
			line("- %s", proof)
		}
		if f.More > 0 {
			line("- and %d more", f.More)
		}
		if f.Remedy != "" {
			line("What to do: %s", f.Remedy)
		}
	}
	if l.More > 0 {
		line("\nAnd %s more.", plural(l.More, "requirement"))
	}
}

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

// printer writes one line.
type printer func(format string, arguments ...any)

// text writes the letter as plain text, with all that the HTML says.
func (l letter) text() string {
	var b strings.Builder
	line := func(format string, arguments ...any) { fmt.Fprintf(&b, format+"\n", arguments...) }
	line("%s: %s", l.Status, l.Heading)
	if l.Place != "" {
		line("%s", l.Place)
	}
	if l.Endpoint != "" {
		line("%s", l.Endpoint)
	}
	for _, sentence := range l.Lead {
		line("\n%s", sentence)
	}
	line("\n%s: %s", l.LinkText, l.Link)
	for _, sentence := range l.Steps {
		line("\n%s", sentence)
	}
	l.textEndpoints(line)
	l.textSections(line)
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
	line("\n-- \n%s", l.Footer)
	if l.Unsubscribe != "" {
		line("Stop these digests: %s", l.Unsubscribe)
	}
	return b.String()
}

func (l letter) textEndpoints(line printer) {
	if len(l.Affected) == 0 {
		return
	}
	line("\n%s", l.AffectedTop)
	for _, group := range l.Affected {
		line("\n%s", group.Place)
		for _, one := range group.Lines {
			if one.Detail == "" {
				line("- %s", one.Endpoint)
			} else {
				line("- %s (%s)", one.Endpoint, one.Detail)
			}
		}
	}
	if l.Unlisted > 0 {
		line("\nAnd %d more, on the page of the incident: %s", l.Unlisted, l.Link)
	}
}

func (l letter) textSections(line printer) {
	for _, section := range l.Sections {
		line("\n%s\n", section.Heading)
		for _, one := range section.Lines {
			line("- %s", one.Title)
			if one.Place != "" {
				line("  %s", one.Place)
			}
			if one.When != "" {
				line("  %s", one.When)
			}
			line("  %s", one.Link)
		}
		if section.More > 0 {
			line("- and %d more", section.More)
		}
	}
}

func (l letter) textFindings(line printer) {
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
		if f.Source != "" {
			line("Source: %s", f.Source)
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
		for _, lines := range f.Lines {
			line("\n%s\n", lines.Caption())
			line("    %s", strings.ReplaceAll(lines.Lines, "\n", "\n    "))
		}
	}
	if l.More > 0 {
		line("\nAnd %s more.", l.MoreText())
	}
}

// Caption says what the lines are for.
func (r remedyLines) Caption() string {
	if r.File == "" {
		return "Lines for " + r.Server + ":"
	}
	return "Lines for " + r.Server + ", in " + r.File + ":"
}

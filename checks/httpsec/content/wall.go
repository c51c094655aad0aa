package content

import (
	"fmt"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// wallWords is how many words a wall has at most.
const wallWords = 150

// wall recognizes one kind of answer that stands before the application.
type wall struct {
	ID      string                `yaml:"id"`
	Vendor  string                `yaml:"vendor"`
	Reason  checks.Reason         `yaml:"reason"`
	Status  []int                 `yaml:"status"` // empty: any
	Fields  map[string]expression `yaml:"fields"`
	Pattern pattern               `yaml:",inline"`
	Title   expression            `yaml:"title"` // of the title or a heading
	Words   expression            `yaml:"words"` // of what is shown
	Why     string                `yaml:"why"`
}

// wallOf returns why what answered is not the application; empty where it may
// well be. A page with much text or with a field to fill in is the
// application, whatever else is on it.
func wallOf(in Input, p *page) checks.Reason {
	return wallNamed(in, p).Reason
}

func wallNamed(in Input, p *page) wall {
	for _, w := range known().walls {
		if w.found(in, p) {
			return w
		}
	}
	return wall{}
}

func (w *wall) found(in Input, p *page) bool {
	if len(w.Status) > 0 && !slices.Contains(w.Status, in.Status) {
		return false
	}
	for name, value := range w.Fields {
		if !slices.ContainsFunc(in.Fields[name], value.MatchString) {
			return false
		}
	}
	if w.Pattern.In == "" {
		return true
	}
	if p.password || p.tally.fields > 0 || p.tally.words >= wallWords || !w.Pattern.found(p) {
		return false
	}
	if w.Title.Regexp != nil && !slices.ContainsFunc(append([]string{p.title}, p.headings...), w.Title.MatchString) {
		return false
	}
	return w.Words.Regexp == nil || w.Words.MatchString(p.visible())
}

func (w *wall) faults() error {
	switch w.Reason {
	case checks.ReasonBotWall, checks.ReasonCaptcha, checks.ReasonMaintenance:
	default:
		return fmt.Errorf("wall %q: reason %q is none of a wall", w.ID, w.Reason)
	}
	switch {
	case !idShape.MatchString(w.ID) || w.Why == "":
		return fmt.Errorf("wall %q: the id is not kebab-case, or why is missing", w.ID)
	case w.Pattern.In == "" && len(w.Fields) == 0:
		return fmt.Errorf("wall %q: nothing to recognize it by", w.ID)
	case w.Pattern.In != "":
		return w.Pattern.faults(w.ID)
	}
	return nil
}

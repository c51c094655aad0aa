package views

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"
)

// FieldID is the id and name of a field of the URL in row i.
func FieldID(i int, field string) string { return fmt.Sprintf("url-%d-%s", i, field) }

// invalid returns the attributes that tie a field to its hint and fault.
func invalid(faults Faults, id, hint string) templ.Attributes {
	attributes := templ.Attributes{}
	if hint != "" {
		attributes["aria-describedby"] = hint
	}
	if faults.Of(id) != "" {
		attributes["aria-invalid"] = "true"
		attributes["aria-describedby"] = id + "-fault"
		if hint != "" {
			attributes["aria-describedby"] = hint + " " + id + "-fault"
		}
	}
	return attributes
}

type intervalChoice struct{ minutes, words string }

// intervalChoices offers the usual intervals, and the one that is set.
func intervalChoices(current string) []intervalChoice {
	minutes := []int{1, 5, 15, 30, 60, 360, 720, 1440}
	if n, err := strconv.Atoi(current); err == nil && n > 0 && n < 100_000 && !slices.Contains(minutes, n) {
		minutes = append(minutes, n)
		slices.Sort(minutes)
	}
	choices := make([]intervalChoice, 0, len(minutes))
	for _, n := range minutes {
		choices = append(choices, intervalChoice{strconv.Itoa(n), IntervalWords(time.Duration(n) * time.Minute)})
	}
	return choices
}

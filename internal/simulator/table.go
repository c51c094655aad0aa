package simulator

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Table writes what came of scripts as a table for docs/alerts.md, with a last
// line for all of them.
func Table(results []Result) string {
	var text strings.Builder
	text.WriteString("| script | problems | messages | duplicate | missed | false | median time to tell |\n|---|---|---|---|---|---|---|\n")
	var all Score
	for _, result := range results {
		row(&text, result.Script.Name, result.Score)
		all.Problems += result.Problems
		all.Messages += result.Messages
		all.Right += result.Right
		all.Duplicate = append(all.Duplicate, result.Duplicate...)
		all.Missed = append(all.Missed, result.Missed...)
		all.False = append(all.False, result.False...)
		all.Delays = append(all.Delays, result.Delays...)
	}
	row(&text, fmt.Sprintf("**all %d**", len(results)), all)
	fmt.Fprintf(&text, "\nPrecision %.1f %%, recall %.1f %%.\n", all.Precision(), all.Recall())
	return text.String()
}

func row(text *strings.Builder, name string, score Score) {
	fmt.Fprintf(text, "| %s | %d | %d | %d | %d | %d | %s |\n", name, score.Problems, score.Messages,
		len(score.Duplicate), len(score.Missed), len(score.False), median(score.Delays))
}

// Precision is the share of messages that were to come, in percent.
func (s Score) Precision() float64 {
	return share(s.Messages-len(s.False)-len(s.Duplicate), s.Messages)
}

// Recall is the share of what was to be heard that was, in percent.
func (s Score) Recall() float64 { return share(s.Right, s.Right+len(s.Missed)) }

func share(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return 100 * float64(part) / float64(whole)
}

// median is the middle of delays as people write it: 34 min, 6.2 h, 10 d.
func median(delays []time.Duration) string {
	if len(delays) == 0 {
		return ""
	}
	sorted := slices.Sorted(slices.Values(delays))
	middle := sorted[len(sorted)/2]
	switch {
	case middle < 2*time.Hour:
		return fmt.Sprintf("%.0f min", middle.Minutes())
	case middle < 2*day:
		return fmt.Sprintf("%.1f h", middle.Hours())
	default:
		return fmt.Sprintf("%.0f d", middle.Hours()/24)
	}
}

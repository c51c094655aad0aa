package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// printer writes reports for a person.
type printer struct {
	out      io.Writer
	color    bool
	width    int // columns; 0: as many as it takes
	profiles []*policy.Profile
}

// newPrinter uses color on a terminal only, and not where NO_COLOR is set
// (https://no-color.org).
func newPrinter(t *terminal, profiles []*policy.Profile) *printer {
	color := isTerminal(t.out) && t.env("NO_COLOR") == "" && t.env("TERM") != "dumb"
	return &printer{out: t.out, color: color, width: lineWidth(t.out), profiles: profiles}
}

// narrowest is the width below which lines are no longer made to fit.
const narrowest = 40

func lineWidth(out io.Writer) int {
	width := terminalWidth(out)
	if width == 0 {
		return 0
	}
	return max(width, narrowest)
}

// Escape sequences of ECMA-48, Select Graphic Rendition.
const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

func (p *printer) styled(style, text string) string {
	if !p.color || style == "" {
		return text
	}
	return style + text + plain
}

// Every result, worst first: its word and its style.
var resultWords = []struct {
	result checks.Result
	word   string
	style  string
}{
	{checks.Fail, "fails", red},
	{checks.ResultInconclusive, "cannot tell", yellow},
	{checks.Pass, "passes", green},
	{checks.NotApplicable, "not applicable", dim},
}

var severities = []checks.Severity{checks.Must, checks.Recommended, checks.Advice, checks.Record}

const (
	resultWidth   = len("not applicable")
	severityWidth = len("recommended")
)

// print writes one report: verdicts worst first, then what each address showed.
func (p *printer) print(got checkResult) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", p.styled(bold, printable(got.report.URL)))
	fmt.Fprintf(&b, "Judged as a %s application's %s URL in %s, by %s.\n\n",
		got.subject.ApplicationType, strings.ReplaceAll(string(got.subject.Kind), "_", " "), got.subject.Environment, p.profileNames())
	p.grade(&b, got.report.Grade)
	p.verdicts(&b, got.report.Verdicts)
	b.WriteByte('\n')
	p.addresses(&b, got.report)
	p.http(&b, got.report.HTTP)
	fmt.Fprintf(&b, "%s\n\n", summary(got.report))
	_, err := p.out.Write(b.Bytes())
	return err
}

func (p *printer) profileNames() string {
	names := make([]string, 0, len(p.profiles))
	for _, profile := range p.profiles {
		names = append(names, profile.Name())
	}
	return strings.Join(names, ", ")
}

// profileOf returns the profile of a verdict; nil: it is not among those that
// were judged by.
func (p *printer) profileOf(verdict checks.Verdict) *policy.Profile {
	i := slices.IndexFunc(p.profiles, func(profile *policy.Profile) bool { return profile.Name() == verdict.Profile })
	if i < 0 {
		return nil
	}
	return p.profiles[i]
}

func (p *printer) inSections(verdicts []checks.Verdict) []checks.Verdict {
	sorted := worstFirst(verdicts)
	slices.SortStableFunc(sorted, func(a, b checks.Verdict) int {
		first, second := policy.SectionOf(a, p.profileOf(a)), policy.SectionOf(b, p.profileOf(b))
		return cmp.Or(cmp.Compare(first.Rank, second.Rank), cmp.Compare(first.ID, second.ID))
	})
	return sorted
}

func worstFirst(verdicts []checks.Verdict) []checks.Verdict {
	sorted := slices.Clone(verdicts)
	slices.SortStableFunc(sorted, func(a, b checks.Verdict) int {
		return cmp.Or(
			cmp.Compare(resultRank(a.Result), resultRank(b.Result)),
			cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity)),
			cmp.Compare(a.Requirement, b.Requirement),
		)
	})
	return sorted
}

func resultRank(result checks.Result) int {
	for rank, known := range resultWords {
		if known.result == result {
			return rank
		}
	}
	return len(resultWords)
}

// proofIndent is where proofs begin: below the severity.
const proofIndent = 2 + resultWidth + 2

// proofsPrinted is how many proofs of a verdict are printed: a server may take
// sixty suites.
const proofsPrinted = 8

func (p *printer) verdict(b *bytes.Buffer, verdict checks.Verdict) {
	word, style := p.resultWord(verdict.Result)
	text := ""
	if profile := p.profileOf(verdict); profile != nil {
		text = profile.Statement(verdict.Requirement)
	}
	start := fmt.Sprintf("%-*s  %s  ", severityWidth, verdict.Severity, verdict.Requirement)
	indent := proofIndent + utf8.RuneCountInString(start)
	p.wrappedAfter(b, fmt.Sprintf("  %s  %s", p.styled(style, fmt.Sprintf("%-*s", resultWidth, word)), start), indent, text)
	printed := 0
	for i, proof := range verdict.Proof {
		if !worthPrinting(verdict, proof) {
			continue
		}
		if printed == proofsPrinted {
			p.listing(b, proofIndent, fmt.Sprintf("and %d more, which --json has", len(verdict.Proof)-i))
			break
		}
		p.listing(b, proofIndent, proof.Text)
		printed++
	}
	if verdict.Remedy != "" {
		p.listing(b, proofIndent, "To do: "+verdict.Remedy)
	}
}

// worthPrinting leaves out the proof of what is good, but for what qualifies it.
func worthPrinting(verdict checks.Verdict, proof checks.Proof) bool {
	switch verdict.Result {
	case checks.NotApplicable:
		return false
	case checks.Pass:
		return proof.Value == checks.NotAsked.String() || proof.Value == "private root"
	}
	return true
}

func summary(report checks.Report) string {
	count := map[checks.Result]int{}
	musts := 0
	for _, verdict := range report.Verdicts {
		count[verdict.Result]++
		if verdict.Result == checks.Fail && verdict.Severity == checks.Must {
			musts++
		}
	}
	return fmt.Sprintf("%d failed (%d of them a must), %d could not be told, %d passed, in %.1f s over %d connections.",
		count[checks.Fail], musts, count[checks.ResultInconclusive], count[checks.Pass], float64(report.DurationMS)/1000, report.Connections)
}

// printable takes the power out of text that a server wrote: no control
// character of it reaches the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

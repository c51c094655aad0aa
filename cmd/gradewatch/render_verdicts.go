package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// verdicts prints what somebody requires apart from what we advise, each worst
// first. What fails has lines of its own; of our advice and of second opinions
// the rest stands together, so that what matters is not lost in it.
func (p *printer) verdicts(b *bytes.Buffer, verdicts []checks.Verdict) {
	sorted := p.inSections(verdicts)
	for len(sorted) > 0 {
		section := policy.SectionOf(sorted[0], p.profileOf(sorted[0]))
		end := slices.IndexFunc(sorted, func(v checks.Verdict) bool { return policy.SectionOf(v, p.profileOf(v)).ID != section.ID })
		if end < 0 {
			end = len(sorted)
		}
		fmt.Fprintf(b, "  %s\n", p.styled(bold, cmp.Or(section.Title, "Unknown requirements")))
		p.verdictSection(b, section, sorted[:end])
		if sorted = sorted[end:]; len(sorted) > 0 {
			b.WriteByte('\n')
		}
	}
}

func (p *printer) verdictSection(b *bytes.Buffer, section policy.Section, verdicts []checks.Verdict) {
	remedy := ""
	var together []verdictGroup
	for _, verdict := range verdicts {
		apart := verdict.Result == checks.Fail || section.Rank == 0 && verdict.Result != checks.NotApplicable
		if !apart {
			together = group(together, verdict)
			continue
		}
		if verdict.Remedy == remedy {
			verdict.Remedy = "" // said just before
		} else {
			remedy = verdict.Remedy
		}
		p.verdict(b, verdict)
	}
	for _, one := range together {
		p.verdictGroup(b, one)
	}
}

// verdictGroup is verdicts of one result for one reason.
type verdictGroup struct {
	result checks.Result
	reason string // empty where it needs none
	ids    []string
}

func group(groups []verdictGroup, verdict checks.Verdict) []verdictGroup {
	reason := openReason(verdict)
	at := slices.IndexFunc(groups, func(g verdictGroup) bool { return g.result == verdict.Result && g.reason == reason })
	if at < 0 {
		at = len(groups)
		groups = append(groups, verdictGroup{result: verdict.Result, reason: reason})
	}
	groups[at].ids = append(groups[at].ids, verdict.Requirement)
	return groups
}

// openReason says in a sentence why a verdict is open.
func openReason(verdict checks.Verdict) string {
	if verdict.Result != checks.ResultInconclusive || len(verdict.Proof) == 0 {
		return ""
	}
	unasked := !slices.ContainsFunc(verdict.Proof, func(p checks.Proof) bool { return p.Value != checks.NotAsked.String() })
	if unasked {
		return verdict.Remedy
	}
	return verdict.Proof[0].Text
}

func (p *printer) verdictGroup(b *bytes.Buffer, one verdictGroup) {
	word, style := p.resultWord(one.result)
	text := strings.Join(one.ids, ", ")
	if one.reason != "" {
		text = one.reason + " (" + text + ")"
	}
	const indent = 2 + resultWidth + 2
	p.wrappedAfter(b, "  "+p.styled(style, fmt.Sprintf("%-*s", resultWidth, word))+"  ", indent, text)
}

func (p *printer) resultWord(result checks.Result) (word, style string) {
	if rank := resultRank(result); rank < len(resultWords) {
		return resultWords[rank].word, resultWords[rank].style
	}
	return string(result), ""
}

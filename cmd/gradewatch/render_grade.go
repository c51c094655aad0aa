package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// grade prints the letter with its proof: the rules that fired, the way to each
// better letter, and what is missing.
func (p *printer) grade(b *bytes.Buffer, grade *checks.Grade) {
	if grade == nil {
		return
	}
	fmt.Fprintf(b, "  %s\n", p.styled(bold+gradeStyle(grade.Letter), "Grade "+gradeWord(*grade)))
	if scores := grade.Scores; scores != nil {
		p.detail(b, "Scores", fmt.Sprintf("protocol %s, key exchange %s, cipher strength %s: %s of 100",
			scores.Protocol, scores.KeyExchange, scores.Cipher, scores.Total))
	}
	for _, rule := range grade.Rules {
		label := "Because"
		if rule.Effect == checks.EffectNote {
			label = "Note"
		}
		p.detail(b, label, fmt.Sprintf("%s (%s)", sentence(rule.Text), rule.ID))
		for _, proof := range rule.Proof {
			p.listing(b, detailWidth, proof.Text)
		}
	}
	for _, step := range grade.Next {
		p.detail(b, "For "+string(step.Letter), sentence(step.Text))
	}
	for _, missing := range grade.Missing {
		p.detail(b, "Not known", missing.Text)
	}
	b.WriteByte('\n')
}

// gradeWord is the letter and what qualifies it.
func gradeWord(grade checks.Grade) string {
	word := string(grade.Letter)
	if word == "" {
		word = "not told"
	}
	var notes []string
	if grade.Provisional {
		notes = append(notes, "provisional")
	}
	if grade.TrustIgnored != "" && grade.TrustIgnored != grade.Letter {
		notes = append(notes, "trust ignored: "+string(grade.TrustIgnored))
	}
	if grade.Future != "" {
		notes = append(notes, "under announced criteria: "+string(grade.Future))
	}
	notes = append(notes, "our computation, by the SSL Labs rating guide "+grade.Criteria)
	return word + " (" + strings.Join(notes, "; ") + ")"
}

func gradeStyle(letter checks.Letter) string {
	switch letter {
	case checks.GradeAPlus, checks.GradeA, checks.GradeAMinus:
		return green
	case checks.GradeB, checks.GradeC:
		return yellow
	case "":
		return dim
	default:
		return red
	}
}

// sentence is text as a line of its own has it.
func sentence(text string) string {
	text = printable(text)
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// appraisal prints what is wrong with the chains of an address, and what could
// not be told of them. Those that only clients without SNI get are marked.
func (p *printer) appraisal(b *bytes.Buffer, address checks.ReportAddress) {
	for _, chain := range address.Appraisals {
		for _, question := range checks.Questions() {
			finding := chain.Findings[question]
			label := ""
			switch finding.Answer {
			case checks.FaultFound:
				label = "Found"
			case checks.FaultInconclusive:
				label = "Not known"
			default:
				continue
			}
			if !chain.SNI {
				label += ", no SNI"
			}
			for _, line := range findingLines(question, finding) {
				p.detail(b, label, line)
			}
		}
	}
}

// findingLines says a finding in sentences; the code stands for what has none.
func findingLines(question checks.Question, finding checks.ChainFinding) []string {
	var lines []string
	for _, detail := range finding.Details {
		lines = append(lines, detail.Text+" ("+string(question)+")")
	}
	switch {
	case len(lines) > 0:
		return lines
	case finding.Reason != "":
		return []string{words(string(question)) + ": " + words(string(finding.Reason))}
	default:
		return []string{words(string(question))}
	}
}

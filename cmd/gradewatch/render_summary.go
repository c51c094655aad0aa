package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// summaryRow is what is kept of a report that was printed.
type summaryRow struct {
	url          string
	grade        string
	code         int
	failed, must int
	worst        string
	milliseconds int64
}

func newSummaryRow(report checks.Report, failOn checks.Severity) summaryRow {
	row := summaryRow{url: report.URL, grade: shortGrade(report.Grade), code: reportCode(report, failOn), worst: worstFacts(report), milliseconds: report.DurationMS}
	for _, verdict := range report.Verdicts {
		if verdict.Result != checks.Fail {
			continue
		}
		row.failed++
		if verdict.Severity == checks.Must {
			row.must++
		}
	}
	return row
}

// shortGrade is the letter; a question mark says that facts are missing.
func shortGrade(grade *checks.Grade) string {
	switch {
	case grade == nil, grade.Letter == "":
		return ""
	case grade.Provisional:
		return string(grade.Letter) + "?"
	default:
		return string(grade.Letter)
	}
}

// worstShown is how many bad facts of a URL the summary names.
const worstShown = 3

// worstFacts names the worst of what a report holds: vulnerabilities, old
// protocol versions, then failed requirements, or why nothing is known.
func worstFacts(report checks.Report) string {
	var facts []string
	add := func(fact string) {
		for _, known := range facts {
			if known == fact {
				return
			}
		}
		facts = append(facts, fact)
	}
	for _, result := range []checks.VulnerabilityResult{checks.Vulnerable, checks.Exposed} {
		for _, address := range report.Addresses {
			for _, name := range found(address, result) {
				add(vulnerabilityTitle(name))
			}
		}
		if result == checks.Vulnerable {
			addOldProtocols(report, add)
			addFailed(report, checks.Must, add)
		}
	}
	if reason := report.DNS.Addresses.Reason; reason != "" && len(report.Addresses) == 0 {
		add(words(string(reason)))
	}
	for _, address := range report.Addresses {
		if len(address.Certificates) == 0 && address.ChainReason != "" {
			add(words(string(address.ChainReason)))
		}
	}
	addFailed(report, checks.Recommended, add)
	addFailed(report, checks.Advice, add)
	if more := len(facts) - worstShown; more > 0 {
		facts = append(facts[:worstShown], fmt.Sprintf("%d more", more))
	}
	return strings.Join(facts, ", ")
}

func addOldProtocols(report checks.Report, add func(string)) {
	for _, protocol := range checks.Protocols()[:4] {
		for _, address := range report.Addresses {
			if address.Protocols[protocol] == checks.ProtocolAccepted {
				add(protocol.Title())
			}
		}
	}
}

func addFailed(report checks.Report, severity checks.Severity, add func(string)) {
	for _, verdict := range report.Verdicts {
		if verdict.Result == checks.Fail && verdict.Severity == severity {
			add(verdict.Requirement)
		}
	}
}

// printSummary prints one line for each URL.
func (p *printer) printSummary(rows []summaryRow) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", p.styled(bold, "Summary"))
	lines := &table{indent: 2, drop: []int{4, 6}}
	lines.add(cell{"URL", dim}, cell{"grade", dim}, cell{"result", dim}, cell{"musts failed", dim}, cell{"others failed", dim}, cell{"worst", dim}, cell{"seconds", dim})
	failing, untested := 0, 0
	for _, row := range rows {
		word, style := "passes", green
		switch row.code {
		case exitFails:
			word, style = "fails", red
			failing++
		case exitUntested:
			word, style = "cannot tell", yellow
			untested++
		}
		lines.add(cell{checks.Clean(row.url, longestURLShown), ""}, cell{row.grade, ""}, cell{word, style}, cell{fmt.Sprint(row.must), ""}, cell{fmt.Sprint(row.failed - row.must), ""},
			cell{row.worst, ""}, cell{fmt.Sprintf("%.1f", float64(row.milliseconds)/1000), ""})
	}
	lines.write(p, &b)
	fmt.Fprintf(&b, "\n%d URLs: %d fail, %d could not be told, %d pass.\n", len(rows), failing, untested, len(rows)-failing-untested)
	_, err := p.out.Write(b.Bytes())
	return err
}

// longestURLShown keeps the summary a table.
const longestURLShown = 60

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestVerdictCode(t *testing.T) {
	t.Parallel()
	verdict := func(result checks.Result, severity checks.Severity) checks.Verdict {
		return checks.Verdict{Result: result, Severity: severity}
	}
	waived := verdict(checks.Fail, checks.Must)
	waived.Waived = &checks.Waiver{Owner: "Ada", Reason: "being replaced"}
	for name, test := range map[string]struct {
		verdicts []checks.Verdict
		failOn   checks.Severity
		want     int
	}{
		"nothing":                     {nil, checks.Must, exitGood},
		"a must fails":                {[]checks.Verdict{verdict(checks.Fail, checks.Must)}, checks.Must, exitFails},
		"a must fails, all count":     {[]checks.Verdict{verdict(checks.Fail, checks.Must)}, checks.Advice, exitFails},
		"recommended does not count":  {[]checks.Verdict{verdict(checks.Fail, checks.Recommended)}, checks.Must, exitGood},
		"recommended counts":          {[]checks.Verdict{verdict(checks.Fail, checks.Recommended)}, checks.Recommended, exitFails},
		"advice does not count":       {[]checks.Verdict{verdict(checks.Fail, checks.Advice)}, checks.Recommended, exitGood},
		"advice counts":               {[]checks.Verdict{verdict(checks.Fail, checks.Advice)}, checks.Advice, exitFails},
		"a record never counts":       {[]checks.Verdict{verdict(checks.Fail, checks.Record)}, checks.Advice, exitGood},
		"a must is open":              {[]checks.Verdict{verdict(checks.ResultInconclusive, checks.Must)}, checks.Must, exitUntested},
		"advice is open":              {[]checks.Verdict{verdict(checks.ResultInconclusive, checks.Advice)}, checks.Must, exitGood},
		"advice is open, and counts":  {[]checks.Verdict{verdict(checks.ResultInconclusive, checks.Advice)}, checks.Advice, exitUntested},
		"open, then fails":            {[]checks.Verdict{verdict(checks.ResultInconclusive, checks.Must), verdict(checks.Fail, checks.Must)}, checks.Must, exitFails},
		"waived":                      {[]checks.Verdict{waived}, checks.Must, exitGood},
		"passes and does not concern": {[]checks.Verdict{verdict(checks.Pass, checks.Must), verdict(checks.NotApplicable, checks.Must)}, checks.Advice, exitGood},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, verdictCode(test.verdicts, test.failOn))
		})
	}
}

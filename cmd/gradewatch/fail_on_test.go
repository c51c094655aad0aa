package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
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

// Our advice stands apart, and what says nothing to do together.
func TestPrinterKeepsAdviceApart(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &printer{out: &out, profiles: policy.Base()}
	superoffice, advice := policy.Base()[0].Name(), policy.Base()[1].Name()
	unasked := []checks.Proof{{Value: checks.NotAsked.String(), Text: "nobody asked"}}
	silent := []checks.Proof{{Value: "timeout", Text: "It did not answer."}}
	verdict := func(id, profile string, severity checks.Severity, result checks.Result, proof []checks.Proof) checks.Verdict {
		return checks.Verdict{Requirement: id, Profile: profile, Severity: severity, Result: result, Proof: proof, Remedy: "Do it."}
	}
	p.verdicts(&out, []checks.Verdict{
		verdict("V-01", advice, checks.Advice, checks.ResultInconclusive, unasked),
		verdict("V-02", advice, checks.Advice, checks.ResultInconclusive, unasked),
		verdict("G-01", advice, checks.Advice, checks.ResultInconclusive, silent),
		verdict("G-02", advice, checks.Advice, checks.Pass, nil),
		verdict("G-03", advice, checks.Advice, checks.Fail, silent),
		verdict("T-05", superoffice, checks.Advice, checks.Fail, silent),
		verdict("T-01", superoffice, checks.Must, checks.Pass, nil),
		verdict("L-03", superoffice, checks.Must, checks.NotApplicable, nil),
	})
	require.Equal(t, `  SuperOffice's requirements
  passes          must         T-01  SSL 2.0 is not supported
                  To do: Do it.
  not applicable  L-03

  Our advice
  fails           advice       G-03  `+policy.Statement("G-03")+`
                  It did not answer.
                  To do: Do it.
  fails           advice       T-05  `+policy.Statement("T-05")+`
                  It did not answer.
  cannot tell     It did not answer. (G-01)
  cannot tell     Do it. (V-01, V-02)
  passes          G-02
`, out.String())
}

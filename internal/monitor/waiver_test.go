package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestWaive(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	waiver := func(requirement, fact string, days int) monitor.Waiver {
		return monitor.Waiver{Requirement: requirement, Fact: fact, Owner: "Kim", Reason: "new host", CreatedAt: start, Until: start.Add(time.Duration(days) * day)}
	}
	ended := waiver("C-01", "", 30)
	ended.EndedAt = start.Add(day)
	for name, test := range map[string]struct {
		result  checks.Result
		facts   []string
		waivers []monitor.Waiver
		after   time.Duration
		want    time.Duration // until when it is waived; 0: it is not
	}{
		"no waiver":                       {checks.Fail, []string{"a"}, nil, day, 0},
		"all of it":                       {checks.Fail, []string{"a", "b"}, []monitor.Waiver{waiver("C-01", "", 30)}, day, 30 * day},
		"without a proof":                 {checks.Fail, nil, []monitor.Waiver{waiver("C-01", "", 30)}, day, 30 * day},
		"another requirement":             {checks.Fail, []string{"a"}, []monitor.Waiver{waiver("C-02", "", 30)}, day, 0},
		"before it":                       {checks.Fail, []string{"a"}, []monitor.Waiver{waiver("C-01", "", 30)}, -time.Second, 0},
		"its last moment":                 {checks.Fail, []string{"a"}, []monitor.Waiver{waiver("C-01", "", 30)}, 30*day - 1, 30 * day},
		"over":                            {checks.Fail, []string{"a"}, []monitor.Waiver{waiver("C-01", "", 30)}, 30 * day, 0},
		"ended before its time":           {checks.Fail, []string{"a"}, []monitor.Waiver{ended}, day, 0},
		"one cookie, which fails":         {checks.Fail, []string{"a"}, []monitor.Waiver{waiver("C-01", "a", 30)}, day, 30 * day},
		"one cookie, and another fails":   {checks.Fail, []string{"a", "b"}, []monitor.Waiver{waiver("C-01", "a", 30)}, day, 0},
		"one cookie, without any proof":   {checks.Fail, nil, []monitor.Waiver{waiver("C-01", "a", 30)}, day, 0},
		"each its own":                    {checks.Fail, []string{"a", "b"}, []monitor.Waiver{waiver("C-01", "a", 30), waiver("C-01", "b", 20)}, day, 20 * day},
		"all of it, whatever cookies say": {checks.Fail, []string{"a"}, []monitor.Waiver{waiver("C-01", "a", 20), waiver("C-01", "", 30)}, day, 30 * day},
		"a pass needs none":               {checks.Pass, []string{"a"}, []monitor.Waiver{waiver("C-01", "", 30)}, day, 0},
		"what nobody can tell":            {checks.ResultInconclusive, []string{"a"}, []monitor.Waiver{waiver("C-01", "", 30)}, day, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verdict := checks.Verdict{Requirement: "C-01", Result: test.result}
			for _, fact := range test.facts {
				verdict.Proof = append(verdict.Proof, checks.Proof{Fact: fact})
			}
			given := []checks.Verdict{verdict}
			got := monitor.Waive(given, test.waivers, start.Add(test.after))
			require.Nil(t, given[0].Waived, "the verdicts that it is given stay as they are")
			if test.want == 0 {
				require.Nil(t, got[0].Waived)
				return
			}
			require.NotNil(t, got[0].Waived)
			require.Equal(t, start.Add(test.want), got[0].Waived.Until)
			require.Equal(t, "Kim", got[0].Waived.Owner)
		})
	}
}

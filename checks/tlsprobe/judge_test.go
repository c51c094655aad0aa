package tlsprobe

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func at(second int, protocol checks.Protocol, kind kind) outcome {
	return outcome{
		protocol: protocol, reaction: reaction{kind: kind, reason: checks.ReasonTooLarge},
		began: time.Duration(second) * time.Second, ended: time.Duration(second)*time.Second + time.Millisecond,
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	control := func(second int) outcome { return at(second, checks.TLSv12, accepted) }
	doubtful := at(2, checks.SSLv3, dropped)
	doubtful.doubtful = true
	known := checks.KnownFact(checks.Accepted{})
	absent := checks.AbsentFact[checks.Accepted]("")
	unsure := checks.InconclusiveFact[checks.Accepted]
	for name, test := range map[string]struct {
		outcomes outcomes
		want     checks.Fact[checks.Accepted]
		control  bool
	}{
		"not asked":                            {outcomes{control(1)}, unsure(checks.ReasonBudget), false},
		"accepted":                             {outcomes{at(1, checks.SSLv3, accepted)}, known, false},
		"accepted, then the server went":       {outcomes{at(1, checks.SSLv3, accepted), at(2, checks.SSLv3, silent)}, known, false},
		"alert after a control":                {outcomes{control(1), at(2, checks.SSLv3, refused)}, absent, false},
		"alert before a control":               {outcomes{at(1, checks.SSLv3, refused), control(2)}, absent, false},
		"alert without a control":              {outcomes{at(1, checks.SSLv3, refused), at(2, checks.TLSv12, refused)}, unsure(checks.ReasonHandshakeFailed), false},
		"dropped between controls":             {outcomes{control(1), at(2, checks.SSLv3, dropped), control(3)}, absent, false},
		"dropped before a control":             {outcomes{at(1, checks.SSLv3, dropped), control(2)}, absent, false},
		"dropped after the only control":       {outcomes{control(1), at(2, checks.SSLv3, dropped)}, unsure(checks.ReasonControlFailed), true},
		"dropped without a control":            {outcomes{at(1, checks.SSLv3, dropped)}, unsure(checks.ReasonControlFailed), false},
		"dropped among others":                 {outcomes{control(1), doubtful, control(3)}, unsure(checks.ReasonControlFailed), false},
		"silent between controls":              {outcomes{control(1), at(2, checks.SSLv3, silent), control(3)}, absent, false},
		"silent after the only control":        {outcomes{control(1), at(2, checks.SSLv3, silent)}, unsure(checks.ReasonControlFailed), true},
		"silent before the only control":       {outcomes{at(1, checks.SSLv3, silent), control(2)}, unsure(checks.ReasonControlFailed), false},
		"silent at the same time as a control": {outcomes{control(1), at(2, checks.SSLv3, silent), control(2)}, unsure(checks.ReasonControlFailed), true},
		"silent without a control":             {outcomes{at(1, checks.SSLv3, silent)}, unsure(checks.ReasonTimeout), false},
		"silent, then accepted":                {outcomes{at(1, checks.SSLv3, silent), at(2, checks.SSLv3, accepted)}, known, false},
		"another protocol":                     {outcomes{control(1), at(2, checks.SSLv3, foreign), control(3)}, unsure(checks.ReasonNotTLS), false},
		"malformed":                            {outcomes{control(1), at(2, checks.SSLv3, malformed), control(3)}, unsure(checks.ReasonMalformed), false},
		"failed":                               {outcomes{control(1), at(2, checks.SSLv3, failed), control(3)}, unsure(checks.ReasonTooLarge), false},
	} {
		require.Equal(t, test.want, test.outcomes.judge(checks.SSLv3), name)
		require.Equal(t, test.control, test.outcomes.wantsControl(), name)
	}
	require.Equal(t, absent, outcomes{control(1), at(2, checks.SSLv2, foreign)}.judge(checks.SSLv2), "HTTP in answer to SSL 2.0 is no SSL 2.0")
}

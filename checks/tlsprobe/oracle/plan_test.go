package oracle

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func names(p plan) []string {
	var names []string
	for _, combination := range p.combinations {
		names = append(names, combination.name)
	}
	return names
}

func TestPlanAsksEachPairOnce(t *testing.T) {
	t.Parallel()
	old := append(ecdhe(), aes128(), aes256(), tripleDES())
	known := versions(old, ecdhe12())
	require.Equal(t, []string{
		"TLS 1.2 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS 1.2 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
		"TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA256", "TLS 1.2 TLS_RSA_WITH_AES_256_CBC_SHA256", "TLS 1.2 TLS_RSA_WITH_3DES_EDE_CBC_SHA",
		"TLS 1.1 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS 1.0 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
		"TLS 1.1 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS 1.0 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
	}, names(known.cbcPlan()))
	require.Equal(t, []string{
		"TLS 1.2 TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS 1.1 TLS_RSA_WITH_AES_256_CBC_SHA", "TLS 1.0 TLS_RSA_WITH_AES_256_CBC_SHA",
	}, names(known.robotPlan()))
	require.Equal(t, []string{
		"TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS 1.2 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
	}, names(known.luckyPlan()))
}

// The most that a server without fault can cost stays within the budget.
func TestPlanFitsTheBudget(t *testing.T) {
	t.Parallel()
	known := versions(append(ecdhe(), aes128(), aes256(), tripleDES()), ecdhe12())
	cbc := known.cbcPlan()
	newest := 0
	for at := range cbc.combinations {
		if cbc.newest(at) {
			newest++
		}
	}
	robot := 4*robotQuestions + 2*robotQuestions*2 + 3 // both flows twice, two further versions, controls
	total := equalRounds*(modeQuestions*len(cbc.combinations)+len(known.luckyPlan().combinations)) + 2*newest + robot
	require.Len(t, cbc.combinations, maxCombinations)
	require.LessOrEqual(t, total, Connections)
}

func TestPlanOfSSL30(t *testing.T) {
	t.Parallel()
	known := accepting(map[checks.Protocol][]checks.Suite{checks.SSLv3: {aes128()}})
	require.Equal(t, []string{"SSL 3.0 TLS_RSA_WITH_AES_128_CBC_SHA"}, names(known.robotPlan()))
	require.Empty(t, known.cbcPlan().combinations, "SSL 3.0 checks no padding: that is POODLE")
}

func TestPlanSaysWhatItCannotPlan(t *testing.T) {
	t.Parallel()
	const camellia = "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"
	tests := map[string]struct {
		known Known
		want  checks.Reason
	}{
		"a version is inconclusive": {Known{Accepted: map[checks.Protocol]checks.Fact[[]checks.Suite]{
			checks.TLSv12: checks.InconclusiveFact[[]checks.Suite](checks.ReasonDegraded),
			checks.TLSv11: checks.AbsentFact[[]checks.Suite](""), checks.TLSv10: checks.AbsentFact[[]checks.Suite](""),
		}}, checks.ReasonDegraded},
		"only its protocol is known": {Known{TLS: checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{
			checks.TLSv12: checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout),
			checks.TLSv11: checks.AbsentFact[checks.Accepted](""), checks.TLSv10: checks.AbsentFact[checks.Accepted](""),
		}}}, checks.ReasonTimeout},
		"nothing is known":         {Known{}, checks.ReasonInternal},
		"no session is made of it": {tls12(suite(0x0041, camellia, "RSA")), checks.ReasonInternal},
		"a number that is none":    {tls12(checks.Suite{ID: "none", Name: camellia, KeyExchange: "RSA"}), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, plan := range []plan{test.known.cbcPlan(), test.known.robotPlan()} {
				require.Empty(t, plan.combinations)
				if test.want == "" {
					require.Empty(t, plan.reasons)
				} else {
					require.Contains(t, plan.reasons, test.want)
					require.Equal(t, checks.VulnerabilityInconclusive, merge(plan.unsure()).Result)
				}
			}
		})
	}
}

func TestRobotBlocks(t *testing.T) {
	t.Parallel()
	for _, size := range []int{64, 128, 256} {
		for question := range robotQuestions {
			block, err := robotBlock(question, size, 0x0302)
			require.NoError(t, err)
			require.Len(t, block, size)
			var zeros []int
			for at, value := range block[2:] {
				if value == 0 {
					zeros = append(zeros, at+2)
				}
			}
			header, version := block[:2], block[size-48:size-46]
			switch question {
			case robotCorrect:
				require.Equal(t, []byte{0, 2}, header)
				require.Equal(t, []int{size - 49}, zeros)
				require.Equal(t, []byte{3, 2}, version)
			case robotBlockType:
				require.Equal(t, []byte{0x41, 0x17}, header)
				require.Equal(t, []int{size - 49}, zeros)
			case robotZeroPosition:
				require.Equal(t, []byte{0, 2}, header)
				require.Equal(t, []int{size - 2}, zeros)
			case robotNoZero:
				require.Equal(t, []byte{0, 2}, header)
				require.Empty(t, zeros)
			case robotVersion:
				require.Equal(t, []int{size - 49}, zeros)
				require.Equal(t, []byte{2, 2}, version)
			}
		}
	}
	_, err := robotBlock(robotCorrect, 58, 0x0303)
	require.Error(t, err)
}

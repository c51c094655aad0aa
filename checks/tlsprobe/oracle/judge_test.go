package oracle

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
)

// reactionOf reads a reaction as tests write it: events apart by '+'. A number
// is an encrypted alert of 32 bytes, "20/48" one of 48; D data, F FIN, R RST, T
// silence, t silence that was short, M malformed, and "!reason" no reaction.
func reactionOf(text string) reaction {
	var got reaction
	for _, word := range strings.Split(text, "+") {
		code, size, _ := strings.Cut(word, "/")
		bytes, err := strconv.Atoi(size)
		if err != nil {
			bytes = 32
		}
		number, err := strconv.ParseUint(code, 10, 8)
		switch {
		case strings.HasPrefix(word, "!"):
			return reaction{failed: checks.Reason(word[1:])}
		case err == nil:
			got.events = append(got.events, event{kind: conversation.Alert, level: 2, code: uint8(number), size: bytes})
		default:
			kind := map[string]conversation.Kind{
				"D": conversation.Data, "F": conversation.FIN, "R": conversation.RST,
				"T": conversation.Timeout, "t": conversation.Timeout, "M": conversation.Malformed,
			}[word]
			got.events = append(got.events, event{kind: kind, short: word == "t"})
		}
	}
	return got
}

func roundOf(text string) round {
	var got round
	for _, word := range strings.Fields(text) {
		got = append(got, reactionOf(word))
	}
	return got
}

func roundsOf(texts ...string) []round {
	var got []round
	for _, text := range texts {
		got = append(got, roundOf(text))
	}
	return got
}

func times(count int, text string) []round {
	return roundsOf(strings.Split(strings.Repeat("|"+text, count)[1:], "|")...)
}

func TestCompare(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rounds []round
		want   agreement
		view   view
	}{
		"nothing":                          {nil, undecided, coarsely},
		"alike once":                       {times(1, "20+F 20+F 20+F"), undecided, coarsely},
		"alike twice":                      {times(2, "20+F 20+F 20+F"), alike, coarsely},
		"alike, each round in its own way": {roundsOf("T T T", "51 51 51"), alike, coarsely},
		"silence alike":                    {times(2, "t t t"), alike, coarsely},
		"different once":                   {times(1, "20 20 51"), undecided, coarsely},
		"different twice":                  {times(2, "20 20 51"), undecided, coarsely},
		"different often enough":           {times(differentRounds, "20 20 51"), different, coarsely},
		"different, then alike":            {roundsOf("20 20 51", "20 20 20"), disagreeing, coarsely},
		"alike, then different":            {roundsOf("20 20 20", "20 20 51"), disagreeing, coarsely},
		"different each time":              {roundsOf("20 20 51", "20 51 20", "51 20 20"), disagreeing, coarsely},
		"two of three":                     {roundsOf("20 20 51", "20 20 51", "20 51 20"), disagreeing, coarsely},
		"short silence":                    {times(differentRounds, "20 20 t"), impatient, coarsely},
		"short silence after an alert":     {times(differentRounds, "20+F 20+F 20+t"), impatient, coarsely},
		"long silence":                     {times(differentRounds, "20 20 T"), different, coarsely},
		"an alert more":                    {times(differentRounds, "20+F 20+20+F 20+F"), different, coarsely},
		"closed and silent":                {times(differentRounds, "F F T"), different, coarsely},
		"FIN or RST in one round":          {roundsOf("F F R", "F F F"), alike, coarsely},
		"FIN or RST as it happens":         {roundsOf("F F R", "F R F"), alike, coarsely},
		"FIN or RST in the same way":       {times(4, "F F R"), undecided, coarsely},
		"FIN or RST in the same way for ever": {
			times(5, "F F R"), different, exactly,
		},
		"FIN or RST in the same way but once": {roundsOf("F F R", "F F R", "F F R", "F F R", "F R R"), alike, coarsely},
		"FIN and RST beside a difference":     {roundsOf("F 20 R", "R 20 F", "F 20 F", "R 20 R", "F 20 R"), different, coarsely},
		"a reaction is missing":               {roundsOf("20 20 20", "20 !timeout 20"), unseen, coarsely},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said, v := compare(test.rounds)
			require.Equal(t, test.want, said)
			require.Equal(t, test.view, v)
		})
	}
}

func TestRobotTable(t *testing.T) {
	t.Parallel()
	healthy, silent := times(2, "20+F 20+F 20+F 20+F 20+F"), times(2, "T T T T T")
	none := answer{result: checks.NotVulnerable, value: 1}
	tests := map[string]struct {
		trial robotTrial
		want  answer
	}{
		"equal in both flows":        {robotTrial{full: healthy, bare: silent}, none},
		"equal, further version":     {robotTrial{full: healthy, fullOnly: true}, none},
		"bare flow not asked":        {robotTrial{full: healthy}, unknown(checks.ReasonBudget, -1)},
		"weak":                       {robotTrial{full: times(differentRounds, "20 51 51 51 51")}, vulnerable(2)},
		"weak, by version":           {robotTrial{full: times(differentRounds, "20 20 20 20 51")}, vulnerable(2)},
		"strong, block type":         {robotTrial{full: times(differentRounds, "20 51 20 20 20")}, vulnerable(3)},
		"strong, zero position":      {robotTrial{full: times(differentRounds, "20 20 51 20 20")}, vulnerable(3)},
		"strong, all their own":      {robotTrial{full: times(differentRounds, "20 51 47 40 F")}, vulnerable(3)},
		"weak in the bare flow":      {robotTrial{full: healthy, bare: times(differentRounds, "T 20 20 20 20")}, vulnerable(2)},
		"strong in the bare flow":    {robotTrial{full: healthy, bare: times(differentRounds, "T 20 T T T")}, vulnerable(3)},
		"silence, waited for":        {robotTrial{full: times(differentRounds, "20 T T T T")}, vulnerable(2)},
		"silence, not waited for":    {robotTrial{full: times(differentRounds, "20 t t t t")}, unknown(checks.ReasonTimeout, -1)},
		"not reproducible":           {robotTrial{full: roundsOf("20 51 51 51 51", "20 20 20 20 20")}, unknown(checks.ReasonDisagreement, 4)},
		"not reproducible, bare":     {robotTrial{full: healthy, bare: roundsOf("T T T T T", "T 20 T T T")}, unknown(checks.ReasonDisagreement, 4)},
		"only twice":                 {robotTrial{full: times(2, "20 51 51 51 51")}, unknown(checks.ReasonBudget, -1)},
		"not asked":                  {robotTrial{}, unknown(checks.ReasonBudget, -1)},
		"control fails":              {robotTrial{control: checks.ReasonHandshakeFailed}, unknown(checks.ReasonHandshakeFailed, -1)},
		"a question without answer":  {robotTrial{full: roundsOf("20 20 !timeout 20 20")}, unknown(checks.ReasonTimeout, -1)},
		"RST once":                   {robotTrial{full: roundsOf("20+F 20+R 20+F 20+F 20+F", "20+F 20+F 20+F 20+F 20+F"), bare: silent}, none},
		"RST always":                 {robotTrial{full: times(5, "F R R R R")}, vulnerable(2)},
		"changes when asked again":   {robotTrial{full: healthy, bare: silent, unsteady: 3}, unknown(checks.ReasonDisagreement, 4)},
		"different, and unsteady":    {robotTrial{full: times(differentRounds, "20 51 51 51 51"), unsteady: 1}, unknown(checks.ReasonDisagreement, 4)},
		"a packet lost now and then": {robotTrial{full: healthy, bare: silent, unsteady: 2}, none},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.trial.name = "TLS 1.2"
			requireAnswer(t, test.want, test.trial.judge())
		})
	}
}

func requireAnswer(t *testing.T, want answer, got checks.Finding) {
	t.Helper()
	require.NotNil(t, got.SSLLabsValue)
	require.Equal(t, want, answer{got.Result, *got.SSLLabsValue, got.Reason}, "%q", got.Proof)
	require.NotEmpty(t, got.Proof)
}

func TestCBCTable(t *testing.T) {
	t.Parallel()
	all := func(reason checks.Reason) expected {
		want := expected{}
		for _, vulnerability := range cbcVulnerabilities() {
			want[vulnerability] = unknown(reason, -1)
		}
		return want
	}
	timeout := all(checks.ReasonTimeout)
	timeout[checks.POODLETLS] = unknown(checks.ReasonTimeout, -3)
	const healthy = "D 20 20 20 20 20"
	tests := map[string]struct {
		trial cbcTrial
		want  expected
	}{
		// The rows of the rating guide's section 10.10, the modes from 0 to 5.
		"all equal":                       {cbcTrial{rounds: times(2, healthy)}, expected{}},
		"data to mode 3":                  {cbcTrial{rounds: times(differentRounds, "D 20 20 D 20 20")}, expected{checks.POODLETLS: vulnerable(2)}},
		"mode 3 differs, on the network":  {cbcTrial{rounds: times(differentRounds, "D 20+F 20+F 20+T 20+F 20+F")}, expected{checks.ZombiePOODLE: vulnerable(3)}},
		"mode 3 differs, by code alone":   {cbcTrial{rounds: times(differentRounds, "D 20 20 21 20 20")}, expected{checks.ZombiePOODLE: vulnerable(2)}},
		"mode 3 differs, by size":         {cbcTrial{rounds: times(differentRounds, "D 20 20 21/48 20 20")}, expected{checks.ZombiePOODLE: vulnerable(3)}},
		"mode 3 differs, FIN or RST once": {cbcTrial{rounds: roundsOf("D 20+F 20+F 20+R 20+F 20+F", "D 20+F 20+F 20+F 20+F 20+F")}, expected{}},
		"mode 3 differs by FIN or RST":    {cbcTrial{rounds: times(5, "D 20+F 20+F 20+R 20+F 20+F")}, expected{checks.ZombiePOODLE: vulnerable(3)}},
		"mode 1 differs from all": {cbcTrial{rounds: times(differentRounds, "D 20 21 21 21 21")}, expected{
			checks.GOLDENDOODLE: vulnerable(4), checks.ZombiePOODLE: vulnerable(2), checks.ZeroLengthPaddingOracle: vulnerable(6),
		}},
		"mode 1 differs from all, on the network": {cbcTrial{rounds: times(differentRounds, "D 20 F F F F")}, expected{
			checks.GOLDENDOODLE: vulnerable(5), checks.ZombiePOODLE: vulnerable(3), checks.ZeroLengthPaddingOracle: vulnerable(7),
		}},
		"valid padding differs from invalid": {cbcTrial{rounds: times(differentRounds, "D 20 21 21 20 20")}, expected{
			checks.GOLDENDOODLE: vulnerable(4), checks.ZombiePOODLE: vulnerable(2),
		}},
		"data to mode 1": {cbcTrial{rounds: times(differentRounds, "D D 20 20 20 20")}, expected{
			checks.GOLDENDOODLE: vulnerable(5), checks.ZombiePOODLE: vulnerable(3), checks.ZeroLengthPaddingOracle: vulnerable(7),
		}},
		"mode 4 differs":               {cbcTrial{rounds: times(differentRounds, "D 20 20 20 40 20")}, expected{checks.ZeroLengthPaddingOracle: vulnerable(6)}},
		"mode 5 differs":               {cbcTrial{rounds: times(differentRounds, "D 20 20 20 20 40")}, expected{checks.ZeroLengthPaddingOracle: vulnerable(6)}},
		"mode 5 differs, by an alert":  {cbcTrial{rounds: times(differentRounds, "D 20+F 20+F 20+F 20+F 20+20+F")}, expected{checks.ZeroLengthPaddingOracle: vulnerable(7)}},
		"mode 2 differs":               {cbcTrial{rounds: times(differentRounds, "D 20 21 20 20 20")}, expected{}},
		"CVE-2016-2107 in between":     {cbcTrial{rounds: times(differentRounds, "D 20 22 20 22 20")}, expected{}},
		"everything is data":           {cbcTrial{rounds: times(differentRounds, "D D D D D D")}, expected{checks.GOLDENDOODLE: vulnerable(5), checks.POODLETLS: vulnerable(2)}},
		"everything is data, twice":    {cbcTrial{rounds: times(2, "D D D D D D")}, all(checks.ReasonBudget)},
		"first filler wrong: data":     {cbcTrial{rounds: times(2, healthy), positions: times(differentRounds, "D 20")}, expected{checks.SleepingPOODLE: vulnerable(11)}},
		"last filler wrong: data":      {cbcTrial{rounds: times(2, healthy), positions: times(differentRounds, "20 D")}, expected{checks.SleepingPOODLE: vulnerable(11)}},
		"positions rejected":           {cbcTrial{rounds: times(2, healthy), positions: times(1, "20 20")}, expected{}},
		"positions differ by rounds":   {cbcTrial{rounds: times(2, healthy), positions: roundsOf("D 20", "20 20")}, expected{checks.SleepingPOODLE: unknown(checks.ReasonDisagreement, -1)}},
		"positions asked twice":        {cbcTrial{rounds: times(2, healthy), positions: times(2, "D 20")}, expected{checks.SleepingPOODLE: unknown(checks.ReasonBudget, -1)}},
		"positions without answer":     {cbcTrial{rounds: times(2, healthy), positions: roundsOf("!budget_exhausted 20")}, expected{checks.SleepingPOODLE: unknown(checks.ReasonBudget, -1)}},
		"profile unstable":             {cbcTrial{rounds: roundsOf("D 20 20 21 20 20", "D 20 20 20 20 21")}, all(checks.ReasonDisagreement)},
		"profile twice":                {cbcTrial{rounds: times(2, "D 20 20 21 20 20")}, all(checks.ReasonBudget)},
		"control is rejected":          {cbcTrial{rounds: roundsOf("20 20 20 21 20 20")}, all(checks.ReasonControlFailed)},
		"control is silent":            {cbcTrial{rounds: roundsOf("!timeout 20 20 20 20 20")}, timeout},
		"control fails later":          {cbcTrial{rounds: roundsOf("D 20 20 21 20 20", "F 20 20 21 20 20", "F 20 20 21 20 20")}, all(checks.ReasonControlFailed)},
		"a certificate is wanted":      {cbcTrial{rounds: roundsOf("!client_certificate 20 20 20 20 20")}, all(checks.ReasonClientCertificate)},
		"silence, not waited for":      {cbcTrial{rounds: times(differentRounds, "D 20 20 t 20 20")}, timeout},
		"a question without answer":    {cbcTrial{rounds: roundsOf("D 20 20 !server_stopped 20 20")}, all(checks.ReasonDegraded)},
		"not asked":                    {cbcTrial{}, all(checks.ReasonBudget)},
		"changes when it is asked":     {cbcTrial{rounds: times(2, healthy), unsteady: 3}, all(checks.ReasonDisagreement)},
		"different, and unsteady":      {cbcTrial{rounds: times(differentRounds, "D 20 20 21 20 20"), unsteady: 1}, all(checks.ReasonDisagreement)},
		"two reactions differ at once": {cbcTrial{rounds: times(differentRounds, "D 20 20 21 20 F")}, expected{checks.ZombiePOODLE: vulnerable(2), checks.ZeroLengthPaddingOracle: vulnerable(7)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.trial.name = "TLS 1.2"
			requireAnswers(t, test.want, test.trial.judge())
		})
	}
}

func TestCombinationsTogether(t *testing.T) {
	t.Parallel()
	healthy := cbcTrial{name: "healthy", rounds: times(2, "D 20 20 20 20 20")}
	poodle := cbcTrial{name: "poodle", rounds: times(differentRounds, "D 20 20 D 20 20")}
	zombie := cbcTrial{name: "zombie", rounds: times(differentRounds, "D 20+F 20+F 20+T 20+F 20+F")}
	quiet := cbcTrial{name: "quiet", rounds: times(differentRounds, "D 20 20 21 20 20")}
	failed := cbcTrial{name: "failed", rounds: roundsOf("F 20 20 20 20 20")}

	requireAnswers(t, expected{}, judgeCBC([]cbcTrial{healthy, healthy}))
	requireAnswers(t, expected{checks.POODLETLS: vulnerable(2)}, judgeCBC([]cbcTrial{poodle, poodle}))
	requireAnswers(t, expected{checks.POODLETLS: vulnerable(2), checks.SleepingPOODLE: vulnerable(11)}, judgeCBC([]cbcTrial{healthy, poodle}))
	requireAnswers(t, expected{checks.ZombiePOODLE: vulnerable(3)}, judgeCBC([]cbcTrial{quiet, zombie, healthy}))
	mixed := judgeCBC([]cbcTrial{zombie, failed})
	require.Equal(t, checks.Vulnerable, mixed[checks.ZombiePOODLE].Result, "what was seen stays seen")
	require.Equal(t, checks.VulnerabilityInconclusive, mixed[checks.GOLDENDOODLE].Result)
	for _, finding := range judgeCBC(nil) {
		require.Equal(t, checks.VulnerabilityInapplicable, finding.Result)
	}
}

func TestLuckyTable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rounds []round
		want   answer
	}{
		"alert 22":                  {times(differentRounds, "22+F 20+F"), vulnerable(2)},
		"alert 20":                  {times(2, "20+F"), answer{result: checks.NotVulnerable, value: 1}},
		"alert 22 to a wrong MAC":   {times(differentRounds, "22+F 22+F"), unknown(checks.ReasonDisagreement, -1)},
		"closed at a wrong MAC":     {times(differentRounds, "22+F F"), unknown(checks.ReasonDisagreement, -1)},
		"another alert":             {times(2, "21"), unknown(checks.ReasonHandshakeFailed, -1)},
		"closed":                    {times(2, "F"), unknown(checks.ReasonClosed, -1)},
		"reset":                     {times(2, "R"), unknown(checks.ReasonClosed, -1)},
		"silence":                   {times(2, "T"), unknown(checks.ReasonTimeout, -1)},
		"data":                      {times(2, "D"), unknown(checks.ReasonMalformed, -1)},
		"22, then 20":               {roundsOf("22 20", "20"), unknown(checks.ReasonDisagreement, -1)},
		"20, then 22":               {roundsOf("20", "22 20"), unknown(checks.ReasonDisagreement, -1)},
		"22 only twice":             {times(2, "22 20"), unknown(checks.ReasonBudget, -1)},
		"22 without a reference":    {times(differentRounds, "22"), unknown(checks.ReasonBudget, -1)},
		"not asked":                 {nil, unknown(checks.ReasonBudget, -1)},
		"20 only once":              {times(1, "20"), unknown(checks.ReasonBudget, -1)},
		"a question without answer": {roundsOf("!timeout", "20"), unknown(checks.ReasonTimeout, -1)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireAnswer(t, test.want, luckyTrial{"TLS 1.2", test.rounds}.judge())
		})
	}
}

// decodeRounds makes rounds of reactions out of a fuzzer's bytes.
func decodeRounds(data []byte, width int) []round {
	words := []string{"20", "21", "22", "20+F", "20+R", "20+T", "20+20+F", "F", "R", "T", "t", "D", "M", "!timeout", "20/48", "51"}
	var rounds []round
	for len(data) >= width && len(rounds) < 8 {
		var one round
		for _, value := range data[:width] {
			one = append(one, reactionOf(words[int(value)%len(words)]))
		}
		rounds, data = append(rounds, one), data[width:]
	}
	return rounds
}

// FuzzJudges: no reactions make a judge fall over or contradict itself, and
// 'vulnerable' always rests on rounds that repeat.
func FuzzJudges(f *testing.F) {
	f.Add([]byte{11, 0, 0, 0, 0, 0, 11, 0, 0, 0, 0, 0})
	f.Add([]byte{11, 3, 3, 4, 3, 3, 11, 3, 3, 3, 3, 3, 11, 3, 3, 3, 3, 3})
	f.Add([]byte{11, 0, 0, 11, 0, 0, 11, 0, 0, 11, 0, 0, 11, 0, 0, 11, 0, 0})
	f.Add([]byte{0, 15, 15, 15, 15, 0, 15, 15, 15, 15, 0, 15, 15, 15, 15})
	f.Fuzz(func(t *testing.T, data []byte) {
		rounds := decodeRounds(data, modeQuestions)
		answers := judgeCBC([]cbcTrial{{name: "fuzzed", rounds: rounds}})
		for vulnerability, finding := range answers {
			requireSound(t, finding, rounds)
			require.Contains(t, cbcVulnerabilities(), vulnerability)
			if finding.Result == checks.Vulnerable {
				for _, round := range rounds {
					require.True(t, round[modeControl].has(conversation.Data), "the control must work")
				}
			}
		}
		rounds = decodeRounds(data, robotQuestions)
		requireSound(t, robotTrial{name: "fuzzed", full: rounds, fullOnly: true}.judge(), rounds)
		rounds = decodeRounds(data, 2)
		requireSound(t, luckyTrial{"fuzzed", rounds}.judge(), rounds)
	})
}

func requireSound(t *testing.T, finding checks.Finding, rounds []round) {
	t.Helper()
	require.NotNil(t, finding.SSLLabsValue)
	require.Equal(t, finding.Result == checks.VulnerabilityInconclusive, finding.Reason != "")
	if finding.Result != checks.Vulnerable {
		require.LessOrEqual(t, *finding.SSLLabsValue, robotInconsistent)
		return
	}
	require.Greater(t, *finding.SSLLabsValue, valueNotVulnerable)
	require.GreaterOrEqual(t, len(rounds), differentRounds)
	require.Empty(t, failure(rounds), "no reaction is missing")
	for _, round := range rounds {
		require.False(t, round.impatient(), "no difference rests on a short silence")
	}
}

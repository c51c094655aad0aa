package oracle

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/oraclepeer"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
)

func suite(id uint16, name, exchange string) checks.Suite {
	return checks.Suite{ID: fmt.Sprintf("0x%04X", id), Name: name, KeyExchange: exchange}
}

func aes128() checks.Suite { return suite(0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA", "RSA") }
func aes256() checks.Suite { return suite(0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", "RSA") }
func gcm() checks.Suite    { return suite(0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256", "RSA") }

// accepting is what an enumeration finds; versions that are not named are refused.
func accepting(accepted map[checks.Protocol][]checks.Suite) Known {
	known := Known{
		TLS:      checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{}},
		Accepted: map[checks.Protocol]checks.Fact[[]checks.Suite]{},
	}
	for _, protocol := range checks.Protocols() {
		known.TLS.Protocols[protocol] = checks.AbsentFact[checks.Accepted](checks.ReasonHandshakeFailed)
		known.Accepted[protocol] = checks.AbsentFact[[]checks.Suite](checks.ReasonHandshakeFailed)
	}
	for protocol, suites := range accepted {
		known.TLS.Protocols[protocol] = checks.KnownFact(checks.Accepted{Suite: suites[0].ID})
		known.Accepted[protocol] = checks.KnownFact(suites)
	}
	return known
}

func tls12(suites ...checks.Suite) Known {
	return accepting(map[checks.Protocol][]checks.Suite{checks.TLSv12: suites})
}

func look(t *testing.T, address netip.AddrPort, known Known) (checks.Vulnerabilities, int) {
	t.Helper()
	network := checktest.Loopback(t)
	peer := conversation.New(conversation.Config{
		Network: network, Address: address, ServerName: "localhost", Connections: 300, ReadTimeout: 400 * time.Millisecond,
	})
	p := prober{peer: peer.WithBudget(Connections), shared: peer, silence: time.Second}
	answers := p.probe(t.Context(), known)
	require.Len(t, answers, 7)
	used := len(network.Measurements().Connections)
	require.LessOrEqual(t, used, Connections)
	return answers, used
}

// expected are the results of the vulnerabilities that a test is about; every
// other must be not_vulnerable, with the value 1.
type expected map[checks.Vulnerability]answer

type answer struct {
	result checks.VulnerabilityResult
	value  int
	reason checks.Reason
}

func vulnerable(value int) answer { return answer{result: checks.Vulnerable, value: value} }

func unknown(reason checks.Reason, value int) answer {
	return answer{checks.VulnerabilityInconclusive, value, reason}
}

func requireAnswers(t *testing.T, want expected, got checks.Vulnerabilities) {
	t.Helper()
	for vulnerability, finding := range got {
		expect, named := want[vulnerability]
		if !named {
			expect = answer{result: checks.NotVulnerable, value: 1}
		}
		require.NotNil(t, finding.SSLLabsValue, vulnerability)
		require.Equal(t, expect, answer{finding.Result, *finding.SSLLabsValue, finding.Reason}, "%s: %q", vulnerability, finding.Proof)
		if finding.Result != checks.VulnerabilityInapplicable {
			require.NotEmpty(t, finding.Proof, vulnerability)
		}
	}
}

func TestROBOT(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		premaster func(oraclepeer.Premaster) oraclepeer.Reaction
		finished  func(int64) oraclepeer.Reaction
		want      answer
	}{
		"healthy": {nil, nil, answer{result: checks.NotVulnerable, value: 1}},
		"racing":  {nil, oraclepeer.Racing, answer{result: checks.NotVulnerable, value: 1}},
		"strong":  {oraclepeer.StrongROBOT, nil, vulnerable(3)},
		"weak":    {oraclepeer.WeakROBOT, nil, vulnerable(2)},
		"reset":   {oraclepeer.ResettingROBOT, nil, vulnerable(2)},
		"silent":  {oraclepeer.SilentROBOT, nil, vulnerable(2)},
		"bare":    {oraclepeer.EagerROBOT, nil, vulnerable(2)},
		"erratic": {oraclepeer.ErraticROBOT, nil, unknown(checks.ReasonDisagreement, 4)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := oraclepeer.Start(t, oraclepeer.Config{Premaster: test.premaster, Finished: test.finished})
			got, _ := look(t, server.Addr, tls12(gcm()))
			none := answer{result: checks.VulnerabilityInapplicable, value: 1}
			want := expected{checks.ROBOT: test.want, checks.OpenSSLPaddingOracle: none}
			for _, vulnerability := range cbcVulnerabilities() {
				want[vulnerability] = none
			}
			requireAnswers(t, want, got)
		})
	}
}

func TestCBC(t *testing.T) {
	t.Parallel()
	disagreeing := expected{}
	failed := expected{checks.OpenSSLPaddingOracle: {result: checks.NotVulnerable, value: 1}}
	for _, vulnerability := range cbcVulnerabilities() {
		disagreeing[vulnerability] = unknown(checks.ReasonDisagreement, -1)
		failed[vulnerability] = unknown(checks.ReasonControlFailed, -1)
	}
	silent := expected{}
	for _, vulnerability := range cbcVulnerabilities() {
		silent[vulnerability] = unknown(checks.ReasonTimeout, -1)
	}
	silent[checks.POODLETLS] = unknown(checks.ReasonTimeout, -3)
	erratic := expected{checks.OpenSSLPaddingOracle: unknown(checks.ReasonHandshakeFailed, -1)}
	for vulnerability, answer := range disagreeing {
		erratic[vulnerability] = answer
	}
	tests := map[string]struct {
		config oraclepeer.Config
		want   expected
	}{
		"healthy":  {oraclepeer.Config{}, expected{}},
		"POODLE":   {oraclepeer.Config{Record: oraclepeer.POODLE}, expected{checks.POODLETLS: vulnerable(2)}},
		"sleeping": {oraclepeer.Config{Record: oraclepeer.SleepingPOODLE}, expected{checks.SleepingPOODLE: vulnerable(11)}},
		"sleeping by suite": {
			oraclepeer.Config{Record: oraclepeer.SleepingSuitePOODLE},
			expected{checks.SleepingPOODLE: vulnerable(11), checks.POODLETLS: vulnerable(2)},
		},
		"zombie":       {oraclepeer.Config{Record: oraclepeer.ZombiePOODLE}, expected{checks.ZombiePOODLE: vulnerable(3)}},
		"quiet zombie": {oraclepeer.Config{Record: oraclepeer.QuietZombiePOODLE}, expected{checks.ZombiePOODLE: vulnerable(2)}},
		"golden": {
			oraclepeer.Config{Record: oraclepeer.GOLDENDOODLE},
			expected{checks.GOLDENDOODLE: vulnerable(5), checks.ZombiePOODLE: vulnerable(3), checks.ZeroLengthPaddingOracle: vulnerable(7)},
		},
		"padding oracle": {
			oraclepeer.Config{Record: oraclepeer.PaddingOracle},
			expected{checks.GOLDENDOODLE: vulnerable(4), checks.ZombiePOODLE: vulnerable(2), checks.OpenSSLPaddingOracle: unknown(checks.ReasonHandshakeFailed, -1)},
		},
		"no MAC": {
			oraclepeer.Config{Record: oraclepeer.NoMAC},
			expected{checks.GOLDENDOODLE: vulnerable(5), checks.ZombiePOODLE: vulnerable(3), checks.ZeroLengthPaddingOracle: vulnerable(7)},
		},
		"no checks": {
			oraclepeer.Config{Record: oraclepeer.NoChecks},
			expected{checks.GOLDENDOODLE: vulnerable(5), checks.POODLETLS: vulnerable(2), checks.OpenSSLPaddingOracle: unknown(checks.ReasonMalformed, -1)},
		},
		"zero length":        {oraclepeer.Config{Record: oraclepeer.ZeroLength}, expected{checks.ZeroLengthPaddingOracle: vulnerable(7)}},
		"silent zero length": {oraclepeer.Config{Record: oraclepeer.SilentZeroLength}, expected{checks.ZeroLengthPaddingOracle: vulnerable(7)}},
		"CVE-2016-2107":      {oraclepeer.Config{Record: oraclepeer.LuckyMinus20}, expected{checks.OpenSSLPaddingOracle: vulnerable(2)}},
		"overflowing": {
			oraclepeer.Config{Record: oraclepeer.Overflowing},
			expected{checks.OpenSSLPaddingOracle: unknown(checks.ReasonDisagreement, -1)},
		},
		"erratic":  {oraclepeer.Config{Record: oraclepeer.Erratic}, erratic},
		"racing":   {oraclepeer.Config{Record: oraclepeer.RacingRecord}, expected{}},
		"dropping": {oraclepeer.Config{Record: oraclepeer.Dropping}, disagreeing},
		"no HTTP": {oraclepeer.Config{Banner: "220 mail.example ESMTP\r\n", Record: oraclepeer.Healthy}, expected{
			checks.OpenSSLPaddingOracle: unknown(checks.ReasonMalformed, -1),
		}},
		"mute": {oraclepeer.Config{Mute: true}, silent},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "no HTTP" {
				for vulnerability, answer := range failed {
					if vulnerability != checks.OpenSSLPaddingOracle {
						test.want[vulnerability] = answer
					}
				}
			}
			server := oraclepeer.Start(t, test.config)
			got, _ := look(t, server.Addr, tls12(aes128(), aes256()))
			if name == "erratic" { // by chance it looks steady where few questions are asked; never vulnerable
				require.NotEqual(t, checks.Vulnerable, got[checks.OpenSSLPaddingOracle].Result)
				delete(got, checks.OpenSSLPaddingOracle)
			}
			requireAnswers(t, test.want, got)
		})
	}
}

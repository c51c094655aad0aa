package tlsprobe_test

import (
	"context"
	"encoding/binary"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/transcript"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// piece is what a fuzzed server answers to one hello, and how it ends then.
type piece struct {
	answer []byte
	end    checktest.End
}

// pieces reads a fuzz input: an end, a length of two bytes, an answer, and so on.
func pieces(data []byte) []piece {
	var list []piece
	for len(data) > 3 && len(list) < 64 {
		length := min(int(binary.BigEndian.Uint16(data[1:])), len(data)-3)
		list = append(list, piece{data[3 : 3+length], checktest.End(data[0] % 3)})
		data = data[3+length:]
	}
	return list
}

func joined(list ...piece) []byte {
	var data []byte
	for _, one := range list {
		data = binary.BigEndian.AppendUint16(append(data, byte(one.end)), uint16(len(one.answer)))
		data = append(data, one.answer...)
	}
	return data
}

// kinds are the hellos that a fuzzed server tells apart: SSL 2.0, SSL 3.0 to TLS
// 1.2, TLS 1.3.
const kinds = 6

// kindOf says which of these a hello is.
func kindOf(hello []byte) int {
	switch {
	case len(hello) < 11 || hello[0]&0x80 != 0:
		return 0
	case strings.Contains(string(hello), "\x00\x2b\x00") && hello[10] == 3: // supported_versions
		return kinds - 1
	default:
		return 1 + int(hello[10])%4
	}
}

// answering is a server that has answers of its own for each kind of hello, and
// takes them in turns.
func answering(list []piece) *checktest.Replay {
	var mu sync.Mutex
	var asked [kinds]int
	return &checktest.Replay{Answer: func(_ int64, hello []byte) ([]byte, checktest.End) {
		if len(list) == 0 {
			return nil, checktest.EndFIN
		}
		kind := kindOf(hello)
		mu.Lock()
		defer mu.Unlock()
		turn := kind + kinds*asked[kind]
		asked[kind]++
		one := list[turn%len(list)]
		return one.answer, one.end
	}}
}

// fullSeeds are servers made of recordings, one for each kind of hello.
func fullSeeds(f *testing.F) [][]byte {
	f.Helper()
	get := func(name string, end checktest.End) piece { return piece{transcript.Named(f, name).Answer, end} }
	refused := get("openssl-tls12-refused", checktest.EndFIN)
	none := piece{end: checktest.EndRST}
	silent := piece{end: checktest.EndSilence}
	ssl2, ssl3 := get("node010-ssl20-rc4", 0), get("node010-ssl30-rc4", checktest.EndSilence)
	tls10, tls12 := get("openssl-tls10-cbc", checktest.EndSilence), get("nginx-tls12-ecdhe-ecdsa", checktest.EndSilence)
	rsa, dhe := get("openssl-tls12-rsa-etm", checktest.EndSilence), get("node011-tls12-dhe", checktest.EndFIN)
	tls13 := get("nginx-tls13", checktest.EndSilence)
	return [][]byte{
		{},
		joined(none, refused, refused, refused, tls12, tls13),
		joined(ssl2, ssl3, tls10, refused, rsa, refused),
		joined(silent, silent, silent, silent, dhe, get("nginx-tls13-retry", checktest.EndRST)),
		joined(none, get("node010-tls10-export", 0), tls10, none, get("openssl-tls12-anon", 0), get("node24-tls13-hybrid", 0),
			none, refused, refused, none, get("go-tls12-staple-request", 0), refused),
		joined(refused, refused, refused, refused, get("java-tls12-certificate-needed", 0), get("java-tls13", checktest.EndSilence)),
		joined(piece{[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), checktest.EndFIN}),
	}
}

// FuzzFull holds that a whole look, with everything that is intrusive, ends in
// time and within its budget whatever a server answers and wherever it ends, and
// that nothing comes out vulnerable that needs a secret which such a server cannot
// know. Time is the test's own: silence costs none.
func FuzzFull(f *testing.F) {
	for _, seed := range fullSeeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		synctest.Test(t, func(t *testing.T) { lookAtPieces(t, pieces(data)) })
	})
}

func lookAtPieces(t *testing.T, list []piece) {
	t.Helper()
	limits := checks.Limits{ReadTimeout: time.Second, ConnectionsPerAddress: 200, Deadline: 30 * time.Second}.WithDefaults()
	ctx, cancel := context.WithTimeout(t.Context(), limits.Deadline)
	defer cancel()
	network := answering(list)
	target := checks.Target{Host: "app.test", Port: 443, Depth: checks.Full, Limits: limits, Intrusive: true}
	t.Cleanup(func() { t.Logf("%d connections", network.Connections()) })
	var stages []string
	began := time.Now()
	look := tlsprobe.Full(ctx, network, target, netip.MustParseAddrPort("127.0.0.1:443"), func(stage string) { stages = append(stages, stage) })
	require.LessOrEqual(t, time.Since(began), limits.Deadline+time.Second)
	require.ElementsMatch(t, checks.FullStages(), stages)
	require.LessOrEqual(t, network.Connections(), limits.ConnectionsPerAddress+intrusiveMost)
	for _, protocol := range checks.Protocols() {
		require.NotEqual(t, checks.NotAsked, look.TLS.Protocols[protocol].State, protocol)
	}
	for vulnerability, finding := range look.Full.Intrusive {
		require.NotEmpty(t, finding.Result, vulnerability)
		if provenBySecrets(vulnerability) {
			require.NotEqual(t, checks.Vulnerable, finding.Result, "%s: %q", vulnerability, finding.Proof)
		}
	}
	for vulnerability, finding := range look.Full.Vulnerabilities {
		require.Equal(t, finding.Result == checks.VulnerabilityInconclusive, finding.Reason != "", "%s: %+v", vulnerability, finding)
		require.True(t, finding.Result != checks.Vulnerable || len(finding.Proof) > 0, vulnerability)
	}
}

// intrusiveMost is what intrusive probes may use beyond the budget of the others.
const intrusiveMost = 300

// provenBySecrets are the vulnerabilities that only a server with keys of the
// connection can show.
func provenBySecrets(vulnerability checks.Vulnerability) bool {
	return vulnerability != checks.Heartbleed && vulnerability != checks.DROWN
}

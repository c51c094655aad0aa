package checks_test

import (
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

var update = flag.Bool("update", false, "write the golden files anew")

// exampleReport is one of a server with SSL 3.0 on and an address that is down.
func exampleReport(t *testing.T) checks.Report {
	t.Helper()
	text, err := os.ReadFile("testdata/certificate.base64")
	require.NoError(t, err)
	leaf := checks.NewCertificate(fromBase64(t, string(text)))
	odd := checks.NewCertificate([]byte("no certificate"))
	up, down := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	observation := &checks.Observation{
		Depth: checks.Quick,
		DNS:   checks.DNS{Host: "app.example.com", Addresses: checks.KnownFact([]netip.Addr{up, down})},
		Addresses: []checks.AddressObservation{
			{Address: up, Port: 443, TLS: checks.TLS{
				Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{
					checks.SSLv2: checks.AbsentFact[checks.Accepted](checks.ReasonReset), checks.SSLv3: checks.KnownFact(checks.Accepted{Suite: "0x0005"}),
					checks.TLSv10: checks.InconclusiveFact[checks.Accepted](checks.ReasonControlFailed), checks.TLSv12: checks.KnownFact(checks.Accepted{Suite: "0xC02F"}),
				},
				Chain: checks.KnownFact([]checks.Fingerprint{leaf.SHA256, odd.SHA256}),
			}, HTTP: checks.HTTP{
				Hops: []checks.Hop{{
					URL: "https://app.example.com/callback?state=*", Scheme: "https", Host: "app.example.com", SameSite: true,
					Answer: checks.KnownFact(checks.Response{
						Status: 200, TLS: checks.TLSv12,
						Cookies: []checks.Cookie{{Name: "sid", Secure: true, SameSite: "None", Path: "/"}},
					}),
				}},
				End:       checks.KnownFact(200),
				PlainHTTP: checks.KnownFact(checks.PlainHTTP{Status: 301, RedirectsToHTTPS: true}),
			}},
			{Address: down, Port: 443, TLS: checks.TLS{Chain: checks.InconclusiveFact[[]checks.Fingerprint](checks.ReasonRefused)}},
		},
		Certificates: []checks.Certificate{leaf, odd},
	}
	return checks.NewReport(checks.ReportConfig{
		URL: "https://app.example.com/callback?state=1", Engine: "gradewatch/test", Observation: observation,
		Measurements: checks.Measurements{
			StartedAt: time.Date(2026, 11, 21, 12, 0, 0, 0, time.FixedZone("CET", 3600)), Duration: 1234 * time.Millisecond,
			Connections: make([]checks.ConnectionRecord, 9),
		},
		Judgement: checks.Judgement{Verdicts: []checks.Verdict{{
			Requirement: "T-02", Profile: "superoffice@2026-07", Result: checks.Fail, Severity: checks.Must,
			Proof: []checks.Proof{{
				Fact: "addresses[192.0.2.1].protocols.SSLv3", Value: "accepted",
				Text: "192.0.2.1 accepts SSL 3.0 with suite 0x0005.", Cause: checks.CauseConfiguration,
			}},
			Remedy: "Turn SSL 3.0 off.",
		}}},
	})
}

func fromBase64(t *testing.T, text string) []byte {
	t.Helper()
	var der []byte
	require.NoError(t, json.Unmarshal([]byte(`"`+strings.TrimSpace(text)+`"`), &der))
	return der
}

func TestReportGolden(t *testing.T) {
	t.Parallel()
	got, err := json.MarshalIndent(exampleReport(t), "", "  ")
	require.NoError(t, err)
	golden(t, "testdata/report.golden.json", append(got, '\n'))
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, got, 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go test ./checks -update and read the difference")
}

func TestReportReadsBack(t *testing.T) {
	t.Parallel()
	report := exampleReport(t)
	text, err := json.Marshal(report)
	require.NoError(t, err)
	var again checks.Report
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, report, again)
}

func TestReportOfNothing(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(checks.NewReport(checks.ReportConfig{URL: "https://app.example.com/", Observation: &checks.Observation{}}))
	require.NoError(t, err)
	for _, list := range []string{`"verdicts":[]`, `"addresses":[]`, `"http":{"hops":[],"cookies":[],"headers":{},"addresses":[]}`} {
		require.Contains(t, string(text), list)
	}
}

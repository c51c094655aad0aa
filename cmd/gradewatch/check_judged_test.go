package main

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// issuerServer counts who asks the services of a certificate's issuer.
func issuerServer(t *testing.T) (leaf pki.Leaf, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	at := checktest.StartPeer(t, func(conn net.Conn) {
		asked.Add(1)
		checktest.CloseOnAccept(conn)
	})
	base := "http://" + at.String()
	return pki.Leaf{Names: []string{"app.test", "127.0.0.1"}, CRL: []string{base + "/crl"}, OCSP: []string{base + "/ocsp"}, AIA: []string{base + "/ca"}}, asked
}

// With --server-only nobody else than the server gets a connection; else the
// issuer is asked.
func TestCheckServerOnly(t *testing.T) {
	t.Parallel()
	leaf, asked := issuerServer(t)
	server := checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: checktest.Issue(t, checktest.NewCA(t, "Issuer"), leaf)})
	url := "https://" + server.String() + "/"
	_, out, faults := typed(t, "check", "--json", "--server-only", url)
	require.Empty(t, faults)
	require.Zero(t, asked.Load())
	require.Empty(t, reports(t, out)[0].PKI)
	revoked := reports(t, out)[0].Addresses[0].Appraisals[0].Findings[checks.Revoked]
	require.Equal(t, checks.FaultNotAsked, revoked.Answer)

	_, out, faults = typed(t, "check", "--json", url)
	require.Empty(t, faults)
	require.Positive(t, asked.Load())
	require.NotEmpty(t, reports(t, out)[0].PKI)
}

// Everything that is said of a URL is in its report, which the schema allows.
func TestCheckReportsWhatWasJudged(t *testing.T) {
	t.Parallel()
	leaf, _ := issuerServer(t)
	leaf.AIA = nil // nothing could complete the chain
	server := checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: checktest.Issue(t, checktest.NewCA(t, "Issuer"), leaf)})
	for _, depth := range [][]string{nil, {"--full"}} {
		_, out, faults := typed(t, append(append([]string{"check", "--json"}, depth...), "https://"+server.String()+"/")...)
		require.Empty(t, faults)
		report := reports(t, out)[0]
		require.Equal(t, checks.GradeT, report.Grade.Letter)
		require.Equal(t, report.Criteria, report.Grade.Criteria)
		require.NotEmpty(t, report.Verdicts)
		require.NotEmpty(t, report.PKI.Revocation)
		require.Equal(t, depth != nil, report.Records.CAA.State != checks.NotAsked, "records are asked in a full look")
		require.Len(t, report.Addresses, 1)
		address := report.Addresses[0]
		require.Equal(t, checks.GradeT, address.Grade.Letter)
		require.NotEmpty(t, address.Certificates)
		require.Len(t, address.Appraisals, 1)
		chain := address.Appraisals[0]
		require.Len(t, chain.Findings, len(checks.Questions()))
		require.Equal(t, address.Certificates[0].SHA256, chain.Leaf.SHA256)
		unknown := chain.Findings[checks.UnknownIssuer]
		require.Equal(t, checks.FaultFound, unknown.Answer)
		require.NotEmpty(t, unknown.Details[0].Text)
		for _, verdict := range report.Verdicts {
			require.True(t, strings.Contains(verdict.Profile, "@"), "%s names its version", verdict.Profile)
		}
	}
}

// Where the URL uses http there is nothing to grade.
func TestCheckGradesNoHTTP(t *testing.T) {
	t.Parallel()
	peer := checktest.StartPeer(t, checktest.PlainHTTP)
	_, out, _ := typed(t, "check", "--json", "http://"+peer.String()+"/")
	report := reports(t, out)[0]
	require.Nil(t, report.Grade)
	require.Nil(t, report.Addresses[0].Grade)
	require.NotEmpty(t, report.Verdicts)
}

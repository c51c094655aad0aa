package monitor_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// fully is snapshot after a full look with leave.
func fully() monitor.Snapshot {
	s := snapshot()
	s.Observation.Depth = checks.Full
	s.Observation.Addresses[0].Full = checktest.FullFacts([]checks.Fingerprint{s.Observation.Certificates[0].SHA256}, true)
	return s
}

func TestQuickLooksCompareOnlyWhatTheyCarry(t *testing.T) {
	t.Parallel()
	require.Empty(t, monitor.Compare(fully(), snapshot()))
	require.Empty(t, monitor.Compare(snapshot(), fully()))
	quick := snapshot()
	quick.Observation.Addresses[0].TLS.Protocols[checks.TLSv12] = checks.AbsentFact[checks.Accepted]("")
	require.Equal(t, []string{"regression medium configuration: The server no longer accepts TLS 1.2."}, told(monitor.Compare(fully(), quick)))
}

// What only a full look makes a server send is no other certificate to a quick
// one, nor is an address that only a full look knew another address: a verdict
// that turns between them turned by the passing of time.
func TestFullFactsAreNoCauseOfAQuickLooksVerdict(t *testing.T) {
	t.Parallel()
	before, after := fully(), snapshot()
	other := checks.NewCertificate([]byte("the RSA one"))
	before.Observation.Certificates = append(before.Observation.Certificates, other)
	served := &before.Observation.Addresses[0].Full.Chains.Served
	served.Value = append(served.Value, checks.ServedChain{Key: "RSA", SNI: true, Certificates: []checks.Fingerprint{other.SHA256}})
	gone := checks.AddressObservation{Address: netip.MustParseAddr("192.0.2.9"), Port: 443, Full: before.Observation.Addresses[0].Full}
	before.Observation.Addresses = append(before.Observation.Addresses, gone)
	before.Verdicts, after.Verdicts = verdicts(t, "C-01:pass T-02:pass"), verdicts(t, "C-01:fail T-02:fail")
	after.Verdicts[0].Proof[0].Fact = "certificates"
	after.Verdicts[1].Proof[0].Fact = "protocols"
	after.Profile = "superoffice@2027-01"
	var causes []string
	for _, change := range monitor.Compare(before, after) {
		if !strings.HasPrefix(change.Subject, monitor.VerdictSubject("")) {
			continue
		}
		causes = append(causes, string(change.Cause))
	}
	require.Equal(t, "criteria criteria", strings.Join(causes, " "))
}

package judgement_test

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/grade"
	"github.com/gradewatch/gradewatch/checks/judgement"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// now is when judgements are made; certificates have a life around it.
var now = time.Date(2026, time.November, 1, 12, 0, 0, 0, time.UTC)

// world is a certificate that a private root vouches for, and who judges by it.
type world struct {
	judge    judgement.Judge
	leaf     checks.Certificate
	notAfter time.Time
}

func newWorld(t testing.TB) world {
	t.Helper()
	root, err := pki.NewRoot(pki.Authority{Name: "Root", NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(9, 0, 0)})
	require.NoError(t, err)
	notAfter := now.AddDate(0, 2, 0)
	issued := checktest.Issue(t, root, pki.Leaf{Names: []string{"app.test"}, NotBefore: now.AddDate(0, -1, 0), NotAfter: notAfter})
	trust, err := appraisal.NewTrust(appraisal.Config{PrivateRoots: root.PEM(), WithoutLint: true})
	require.NoError(t, err)
	criteria, err := grade.CriteriaByVersion("2009r")
	require.NoError(t, err)
	return world{
		judge:    judgement.Judge{Trust: trust, Profiles: policy.Base(), Criteria: criteria},
		leaf:     checks.NewCertificate(issued.Certificate.Certificate[0]),
		notAfter: notAfter,
	}
}

// address is one that serves the certificate over TLS 1.2 and 1.3, and what is
// in more.
func (w world) address(ip string, more ...checks.Protocol) checks.AddressObservation {
	chain := []checks.Fingerprint{w.leaf.SHA256}
	full := checktest.FullFacts(chain, true)
	full.Intrusive[checks.ROBOT] = checks.Finding{Result: checks.NotVulnerable}
	full.Vulnerabilities[checks.CRIME] = checks.Finding{Result: checks.NotVulnerable}
	// Nothing but what a test adds keeps it from an A.
	full.Simulations.Clients = slices.DeleteFunc(full.Simulations.Clients, func(s checks.Simulation) bool {
		return strings.Contains(s.Handshake.Value.SuiteName, "3DES")
	})
	suites := full.Suites.Accepted
	suites[checks.TLSv11] = checks.AbsentFact[[]checks.Suite]("")
	suites[checks.TLSv12] = checks.KnownFact(suites[checks.TLSv12].Value[:1])
	protocols := map[checks.Protocol]checks.Fact[checks.Accepted]{}
	for _, protocol := range checks.Protocols() {
		protocols[protocol] = checks.AbsentFact[checks.Accepted]("")
	}
	for _, protocol := range append([]checks.Protocol{checks.TLSv12, checks.TLSv13}, more...) {
		protocols[protocol] = checks.KnownFact(checks.Accepted{})
		if suites[protocol].State == checks.Absent {
			suites[protocol] = suites[checks.TLSv12]
		}
	}
	return checks.AddressObservation{
		Address: netip.MustParseAddr(ip), Port: 443, TLS: checks.TLS{Protocols: protocols, Chain: checks.KnownFact(chain)}, Full: full,
	}
}

// silent is an address of which nothing could be told.
func silent(ip string) checks.AddressObservation {
	protocols := map[checks.Protocol]checks.Fact[checks.Accepted]{}
	for _, protocol := range checks.Protocols() {
		protocols[protocol] = checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)
	}
	return checks.AddressObservation{
		Address: netip.MustParseAddr(ip), Port: 443, Full: checktest.FullUnknown(),
		TLS: checks.TLS{Protocols: protocols, Chain: checks.InconclusiveFact[[]checks.Fingerprint](checks.ReasonTimeout)},
	}
}

func (w world) observation(addresses ...checks.AddressObservation) *checks.Observation {
	observation := &checks.Observation{
		Depth: checks.Full, DNS: checks.DNS{Host: "app.test"}, Addresses: addresses, Certificates: []checks.Certificate{w.leaf},
	}
	var known []netip.Addr
	for _, address := range addresses {
		known = append(known, address.Address)
	}
	observation.DNS.Addresses = checks.KnownFact(known)
	return observation
}

func subject(kind policy.ValueKind, value string) policy.Subject {
	return policy.Subject{
		ApplicationType: policy.Custom, Kind: policy.Redirect, ValueKind: kind, Environment: policy.Production, Value: value,
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const https = "https://app.test/"
	for name, test := range map[string]struct {
		observation *checks.Observation
		subject     policy.Subject
		letters     []checks.Letter // of addresses
		letter      checks.Letter
		graded      bool
		provisional bool
	}{
		"nothing was looked at":    {nil, subject(policy.Literal, https), nil, "", false, false},
		"http has no grade":        {w.observation(checks.AddressObservation{Address: netip.MustParseAddr("192.0.2.1"), Port: 80}), subject(policy.Literal, "http://app.test/"), nil, "", false, false},
		"a native app has none":    {nil, subject(policy.CustomScheme, "com.example.app:/callback"), nil, "", false, false},
		"a loopback URL has none":  {nil, subject(policy.NativeLoopback, "http://127.0.0.1:{port}/"), nil, "", false, false},
		"a name without addresses": {w.observation(), subject(policy.Literal, https), nil, "", false, false},
		"one good address":         {w.observation(w.address("192.0.2.1")), subject(policy.Literal, https), []checks.Letter{"A"}, "A", true, true},
		"a scheme in capitals":     {w.observation(w.address("192.0.2.1")), subject(policy.Literal, "HTTPS://APP.TEST/"), []checks.Letter{"A"}, "A", true, true},
		"one that nobody can tell": {w.observation(silent("192.0.2.1")), subject(policy.Literal, https), []checks.Letter{""}, "", true, true},
		"one silent besides":       {w.observation(silent("192.0.2.1"), w.address("192.0.2.2")), subject(policy.Literal, https), []checks.Letter{"", "A"}, "A", true, true},
		"the worst of two":         {w.observation(w.address("192.0.2.1"), w.address("192.0.2.2", checks.TLSv10)), subject(policy.Literal, https), []checks.Letter{"A", "B"}, "B", true, true},
		"without facts of TLS":     {w.observation(checks.AddressObservation{Address: netip.MustParseAddr("192.0.2.1"), Port: 443}), subject(policy.Literal, https), []checks.Letter{""}, "", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			judged := w.judge.Judge(test.observation, test.subject, now)
			require.Len(t, judged.Grades, len(test.letters))
			for i, letter := range test.letters {
				require.Equal(t, letter, judged.Grades[i].Letter, "%+v", judged.Grades[i].Rules)
			}
			require.Equal(t, test.graded, judged.Grade != nil)
			if test.graded {
				require.Equal(t, test.letter, judged.Grade.Letter)
				require.Equal(t, test.provisional, judged.Grade.Provisional)
			}
			wanted := 0
			for _, profile := range policy.Base() {
				wanted += len(profile.Requirements)
			}
			require.Len(t, judged.Verdicts, wanted, "every requirement has its verdict, whatever was seen")
		})
	}
}

// What an endpoint is held to besides comes behind what everything is held to,
// and is not kept for the next endpoint.
func TestJudgeHoldsToFurtherProfiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mozilla, err := policy.ProfileByID("mozilla-intermediate")
	require.NoError(t, err)
	observation := w.observation(w.address("192.0.2.1"))
	plain := w.judge.Judge(observation, subject(policy.Literal, "https://app.test/"), now)
	held := w.judge.Judge(observation, subject(policy.Literal, "https://app.test/"), now, mozilla)
	require.Equal(t, plain.Verdicts, held.Verdicts[:len(plain.Verdicts)])
	require.Len(t, held.Verdicts, len(plain.Verdicts)+len(mozilla.Requirements))
	for _, verdict := range held.Verdicts[len(plain.Verdicts):] {
		require.Equal(t, mozilla.Name(), verdict.Profile)
	}
	require.Equal(t, plain, w.judge.Judge(observation, subject(policy.Literal, "https://app.test/"), now))
}

// A boundary is the first moment of what comes after it: whoever grades at one
// has the grade of all the time until the next.
func TestGradeChangesAtBoundariesOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	observation := w.observation(w.address("192.0.2.1"))
	given, boundaries := w.judge.Grade(observation, now)
	require.Equal(t, checks.GradeA, given.Letter)
	require.True(t, slices.IsSortedFunc(boundaries, time.Time.Compare))
	for i, from := range boundaries {
		at, _ := w.judge.Grade(observation, from)
		until := from.AddDate(1, 0, 0)
		if i+1 < len(boundaries) {
			until = boundaries[i+1]
		}
		for _, then := range []time.Time{from.Add(time.Microsecond), from.Add(until.Sub(from) / 2), until.Add(-time.Nanosecond)} {
			later, _ := w.judge.Grade(observation, then)
			require.Equal(t, at, later, "from %s, at %s", from, then)
		}
	}
	last, _ := w.judge.Grade(observation, w.notAfter)
	require.Equal(t, checks.GradeA, last.Letter, "a certificate is valid until its last second (RFC 5280 section 4.1.2.5)")
	after := slices.IndexFunc(boundaries, w.notAfter.Before)
	require.GreaterOrEqual(t, after, 0, "%s", boundaries)
	expired, _ := w.judge.Grade(observation, boundaries[after])
	require.Equal(t, checks.GradeT, expired.Letter)
	require.Less(t, boundaries[after].Sub(w.notAfter), time.Microsecond, "that is as exact as the database is")
}

func TestGradeOfNoAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	given, boundaries := w.judge.Grade(&checks.Observation{}, now)
	require.Empty(t, given.Letter)
	require.True(t, given.Provisional)
	require.Empty(t, boundaries)
}

// Many judge at once: by the same trust data, whose caches they share.
func TestJudgeConcurrently(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	observation := w.observation(w.address("192.0.2.1"), w.address("192.0.2.2", checks.TLSv10))
	before, _, err := checks.Canonical(observation)
	require.NoError(t, err)
	want := w.judge.Judge(observation, subject(policy.Literal, "https://app.test/"), now)
	var group sync.WaitGroup
	judged := make([]checks.Judgement, 8)
	for i := range judged {
		group.Go(func() { judged[i] = w.judge.Judge(observation, subject(policy.Literal, "https://app.test/"), now) })
	}
	group.Wait()
	for _, one := range judged {
		require.Equal(t, want, one)
	}
	after, _, err := checks.Canonical(observation)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "what was seen stays as it is")
}

// What was judged is stored by its content: the same facts minutes later must
// be the same bytes.
func TestJudgementHoldsNoDistanceInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	observation := w.observation(w.address("192.0.2.1"), silent("192.0.2.2"))
	first, _, err := checks.Canonical(w.judge.Judge(observation, subject(policy.Literal, "https://app.test/"), now))
	require.NoError(t, err)
	for _, later := range []time.Time{now.Add(5 * time.Minute), now.Add(26 * time.Hour).In(time.FixedZone("", 7200))} {
		second, _, err := checks.Canonical(w.judge.Judge(observation, subject(policy.Literal, "https://app.test/"), later))
		require.NoError(t, err)
		require.JSONEq(t, string(first), string(second))
	}
}

// Who trusts a self-signed certificate gets an answer to every question.
func TestJudgeSelfSigned(t *testing.T) {
	t.Parallel()
	for name, trusted := range map[string]bool{"trusted": true, "not trusted": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issued, err := pki.SelfSigned(pki.Leaf{Names: []string{"app.test"}, NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 2, 0)})
			require.NoError(t, err)
			w := newWorld(t)
			w.leaf = checks.NewCertificate(issued.Certificate.Certificate[0])
			if trusted {
				w.judge.Trust, err = appraisal.NewTrust(appraisal.Config{PrivateRoots: issued.CertPEM, WithoutLint: true})
				require.NoError(t, err)
			}
			judged := w.judge.Judge(w.observation(w.address("192.0.2.1")), subject(policy.Literal, "https://app.test/"), now)
			for question, finding := range judged.Appraisal.Addresses[0].Chains[0].Findings {
				require.NotEqual(t, checks.ReasonInternal, finding.Reason, "%s: %+v", question, finding.Details)
			}
			require.Equal(t, trusted, judged.Grade.Letter != checks.GradeT, "%+v", judged.Grade.Rules)
		})
	}
}

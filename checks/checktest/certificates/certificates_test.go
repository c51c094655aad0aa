package certificates_test

import (
	"cmp"
	"crypto/x509"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/certificates"
	"github.com/gradewatch/gradewatch/checks/dnsrec"
	"github.com/gradewatch/gradewatch/checks/grade"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// TestCertificates looks at each case as it is served and appraises what was
// seen: nothing on the way is made up.
func TestCertificates(t *testing.T) {
	t.Parallel()
	hierarchy := certificates.NewHierarchy(t)
	trust := newTrust(t, hierarchy)
	collector := newCollector(hierarchy)
	criteria, err := grade.CriteriaByVersion("2009r")
	require.NoError(t, err)
	for _, one := range certificates.Cases() {
		t.Run(one.Name, func(t *testing.T) {
			t.Parallel()
			observation, sent := look(t, hierarchy, collector, one)
			at := one.At
			if at.IsZero() {
				at = time.Now()
			}
			appraised := appraisal.Appraise(&observation, at, trust)
			require.Len(t, appraised.Addresses, 1)
			chains := appraised.Addresses[0].Chains
			require.Len(t, chains, 1+len(one.Others), "%v", appraised.Addresses[0].Reason)
			require.Equal(t, sent, chains[0].Served, "what was served is what was seen")
			for index, want := range append([]certificates.Want{one.Want}, one.Others...) {
				requireAnswers(t, want, chains[index])
			}
			graded := grade.Address(observation.Addresses[0], appraised.Addresses[0], at, criteria)
			requireSteady(t, &observation, at, trust, appraised)
			require.Equal(t, letter(one, chains), certificateLetter(graded.Letter), "%+v", graded.Rules)
		})
	}
}

// letter is what the chains make of a grade together: the worst of those that
// clients get that name the host.
func letter(one certificates.Case, chains []checks.ChainAppraisal) checks.Letter {
	worst := one.Want.Letter
	for index, want := range one.Others {
		if chains[index+1].SNI && want.Letter != "" && (worst == "" || want.Letter.Rank() > worst.Rank()) {
			worst = want.Letter
		}
	}
	return worst
}

// certificateLetter leaves out what protocols and suites make of a grade.
func certificateLetter(graded checks.Letter) checks.Letter {
	if slices.Contains([]checks.Letter{checks.GradeM, checks.GradeT, checks.GradeF}, graded) {
		return graded
	}
	return ""
}

func newTrust(t testing.TB, hierarchy *certificates.Hierarchy) *appraisal.Trust {
	t.Helper()
	distrust := func(path []*x509.Certificate) error {
		if path[0].NotBefore.After(certificates.DistrustedAfter()) {
			return errors.New("trusted for certificates from before November 2024 only")
		}
		return nil
	}
	config := appraisal.Config{
		PrivateRoots: hierarchy.PrivateRoot.PEM(), Logs: hierarchy.Logs.List(t), DebianKeys: certificates.DebianBlacklist(),
	}
	for _, root := range hierarchy.PublicRoots() {
		config.Public = append(config.Public, chain.Anchor{Certificate: root})
	}
	config.Public = append(config.Public, chain.Anchor{Certificate: hierarchy.DistrustedRoot.Certificate, Constraint: distrust})
	trust, err := appraisal.NewTrust(config)
	require.NoError(t, err)
	return trust
}

// newCollector returns one that knows the roots, as the program does, so that
// it need not fetch them.
func newCollector(hierarchy *certificates.Hierarchy) *certs.Collector {
	roots := append(hierarchy.PublicRoots(), hierarchy.DistrustedRoot.Certificate, hierarchy.PrivateRoot.Certificate)
	config := certs.Config{Anchors: certs.AnchorsOf(roots), RootCAs: hierarchy.Root.Services.Roots()}
	for _, issuer := range hierarchy.Windows.All() {
		config.Directories = append(config.Directories, certs.Directory{
			CommonName: issuer.Certificate.Subject.CommonName, URL: issuer.Services.DirectoryURL(),
		})
	}
	return &certs.Collector{Config: config}
}

// look serves a case and looks at it, as deep as it takes. It returns what it
// saw, and what was served.
func look(t testing.TB, hierarchy *certificates.Hierarchy, collector *certs.Collector, one certificates.Case) (checks.Observation, []checks.Fingerprint) {
	t.Helper()
	host := cmp.Or(one.Host, certificates.Host)
	served := one.Make(hierarchy.Maker(t, host))
	address := served.Start(t)
	target := checks.Target{
		URL: "https://" + netip.AddrPortFrom(address.Addr(), address.Port()).String() + "/", Host: host, Port: address.Port(),
		Depth: checks.Full, Limits: checks.LimitsFor(checks.Full, false),
	}
	runner := checks.Runner{TLS: tlsprobe.Quick, PKI: collector.Look, Records: dnsrec.Records}
	if one.Full {
		runner.Full = tlsprobe.Full
	}
	observation, _ := runner.Look(t.Context(), network(t, host, address, served), target, nil)
	var sent []checks.Fingerprint
	for _, der := range served.Certificate.Certificate {
		sent = append(sent, checks.NewCertificate(der).SHA256)
	}
	return observation, sent
}

// network resolves host to where it is served. DNSSEC vouches for all of it
// where the case says nothing else.
func network(t testing.TB, host string, address netip.AddrPort, served certificates.Served) *checktest.LoopbackNetwork {
	t.Helper()
	loopback := checktest.Loopback(t)
	loopback.Names[host] = []netip.Addr{address.Addr()}
	host = strings.TrimSuffix(host, ".")
	own := map[uint16]checks.RecordSet{certificates.TypeA: {Authenticated: true}}
	maps.Copy(own, served.Records)
	loopback.Records = map[string]map[uint16]checks.RecordSet{
		host: own, ".": {certificates.TypeNS: {Authenticated: true}},
	}
	if set, said := own[certificates.TypeNS]; said {
		loopback.Records["."] = map[uint16]checks.RecordSet{certificates.TypeNS: set}
	}
	if set, said := own[certificates.TypeTLSA]; said {
		name := "_" + strconv.Itoa(int(address.Port())) + "._tcp." + host
		loopback.Records[name] = map[uint16]checks.RecordSet{certificates.TypeTLSA: set}
	}
	return loopback
}

// requireAnswers compares every answer, and says all that was found where one
// is not the one that is due.
func requireAnswers(t testing.TB, want certificates.Want, got checks.ChainAppraisal) {
	t.Helper()
	answers, details := map[checks.Question]checks.FaultAnswer{}, map[checks.Question][]string{}
	for question, finding := range got.Findings {
		if finding.Answer == checks.FaultNotFound || finding.Answer == checks.FaultNotApplicable {
			continue
		}
		answers[question] = finding.Answer
		require.NotEqual(t, finding.Answer == checks.FaultInconclusive, finding.Reason == "", question)
		require.NotEmpty(t, finding.Details, question)
		for _, detail := range finding.Details {
			details[question] = append(details[question], detail.Value+": "+detail.Text)
		}
	}
	require.Len(t, got.Findings, len(checks.Questions()))
	require.Equal(t, want.Answers(), answers, "%v", details)
	require.Equal(t, want.Path, path(got))
}

// requireSteady appraises again just after the last boundary and just before
// the next one: between them only time passes, and nothing may change. On a
// boundary itself, as between two seconds, anything may be.
func requireSteady(t testing.TB, observation *checks.Observation, at time.Time, trust *appraisal.Trust, want checks.Appraisal) {
	t.Helper()
	next, on := slices.BinarySearchFunc(want.Boundaries, at, time.Time.Compare)
	if on {
		return
	}
	if next > 0 && want.Boundaries[next-1].Add(time.Second).Before(at) {
		early := want.Boundaries[next-1].Add(time.Second)
		require.Equal(t, want, appraisal.Appraise(observation, early, trust), "at %s", early)
	}
	if next < len(want.Boundaries) && want.Boundaries[next].Add(-time.Second).After(at) {
		late := want.Boundaries[next].Add(-time.Second)
		require.Equal(t, want, appraisal.Appraise(observation, late, trust), "at %s", late)
	}
}

func path(got checks.ChainAppraisal) certificates.Store {
	switch {
	case got.PrivateRoot:
		return certificates.Private
	case got.Stores[appraisal.StoreMozilla]:
		return certificates.Public
	}
	return certificates.Nobody
}

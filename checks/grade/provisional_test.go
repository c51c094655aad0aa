package grade_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/grade"
)

const worlds = 400

// A grade that is not provisional stays whatever the missing facts are; one that
// is says so because they can make it another, and never leaves its range.
func TestProvisionalIsExact(t *testing.T) {
	t.Parallel()
	w := world{rand.New(rand.NewPCG(1, 2026))}
	provisional, final := 0, 0
	for range worlds {
		truth := w.server()
		full := truth.grade()
		require.False(t, full.Provisional, full.Missing)
		hidden := w.hide(truth)
		got := hidden.grade()
		if got.Letter == "" {
			require.True(t, got.Provisional)
			continue
		}
		criteria, err := grade.CriteriaByVersion("2009r")
		require.NoError(t, err)
		best, worst := grade.Range(hidden.observed, hidden.appraised, criteria)
		require.GreaterOrEqual(t, full.Letter.Rank(), best.Rank(), explain(full, got))
		require.LessOrEqual(t, full.Letter.Rank(), worst.Rank(), explain(full, got))
		require.GreaterOrEqual(t, got.Letter.Rank(), best.Rank())
		require.LessOrEqual(t, got.Letter.Rank(), worst.Rank())
		require.Equal(t, best != worst, got.Provisional, explain(full, got))
		require.Equal(t, got.Provisional, len(got.Missing) > 0, explain(full, got))
		if !got.Provisional {
			final++
			require.Equal(t, full.Letter, got.Letter)
			continue
		}
		provisional++
		require.Greater(t, len(letters(hidden)), 1, "nothing that is missing changes %s: %v", explain(full, got), got.Missing)
	}
	require.Greater(t, provisional, worlds/10)
	require.Greater(t, final, worlds/10)
}

func explain(grades ...checks.Grade) string {
	var lines []string
	for _, one := range grades {
		lines = append(lines, string(one.Letter)+" "+strings.Join(ids(one.Rules), " "))
		for _, missing := range one.Missing {
			lines = append(lines, "   "+missing.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// letters are those of a server whose missing facts are filled in as well as can
// be, or each kind in turn as badly.
func letters(hidden *server) []checks.Letter {
	var seen []checks.Letter
	for bad := range fillKinds {
		filled := fill(hidden, bad)
		if letter := filled.grade().Letter; !slices.Contains(seen, letter) {
			seen = append(seen, letter)
		}
	}
	return seen
}

// What is filled in badly.
const (
	nothing = iota
	protocolsOn
	protocolsOff
	allSuites
	allFeatures
	passive
	intrusive
	clients
	certificate
	header
	keys
	onAndBad // versions that are unknown are accepted, with bad suites that clients get
	fillKinds
)

func is(bad, kind int) bool {
	return bad == kind || bad == onAndBad && (kind == protocolsOn || kind == allSuites || kind == clients)
}

func fill(hidden *server, bad int) *server {
	s := hidden.copy()
	full := &s.observed.Full
	for _, protocol := range checks.Protocols() {
		fillProtocol(s, protocol, bad)
	}
	full.Features = fillFeatures(full.Features, bad == allFeatures)
	full.Vulnerabilities = fillFindings(full.Vulnerabilities, checks.PassiveVulnerabilities(), bad == passive)
	full.Intrusive = fillFindings(full.Intrusive, checks.IntrusiveVulnerabilities(), bad == intrusive)
	fillClients(s, is(bad, clients))
	if full.Chains.Served.State != checks.Known || len(s.appraised.Chains) == 0 {
		full.Chains.Served = checks.KnownFact([]checks.ServedChain{})
		chain := trusted("RSA", 4096)
		if bad == certificate {
			chain.Leaf.RSABits, chain.Findings[checks.Expired] = 512, checks.ChainFinding{Answer: checks.FaultFound}
		}
		s.appraised.Chains = append(s.appraised.Chains, chain)
	}
	for i := range s.appraised.Chains {
		fillChain(&s.appraised.Chains[i], bad)
	}
	fillHeader(s, bad == header)
	return s
}

func fillProtocol(s *server, protocol checks.Protocol, bad int) {
	fact := s.observed.TLS.Protocols[protocol]
	accepted := &s.observed.Full.Suites
	if accepted.Accepted == nil {
		*accepted = checks.Suites{Accepted: map[checks.Protocol]checks.Fact[[]checks.Suite]{}, Preference: map[checks.Protocol]checks.Fact[checks.Preference]{}}
	}
	if !fact.Conclusive() {
		good := protocol == v12 || protocol == v13
		s.refuse(protocol)
		if on := is(bad, protocolsOn) || good && bad != protocolsOff; on {
			s.accept(protocol, fine(protocol))
			if is(bad, allSuites) && protocol != v2 && protocol != v13 {
				adds(protocol, terrible()...)(s)
			}
		}
	} else if list := accepted.Accepted[protocol]; fact.State == checks.Known && list.State != checks.Known {
		suites := slices.Clone(list.Value)
		if len(suites) == 0 && protocol != v2 {
			suites = append(suites, suite(valueOf(fact.Value.Suite)))
		}
		suites = append(suites, fine(protocol))
		if is(bad, allSuites) && protocol != v2 && protocol != v13 {
			suites = append(suites, terrible()...)
		}
		accepted.Accepted[protocol] = checks.KnownFact(suites)
	}
	if !accepted.Preference[protocol].Conclusive() {
		accepted.Preference[protocol] = checks.KnownFact(checks.ClientPreference)
		if is(bad, allSuites) {
			accepted.Preference[protocol] = checks.KnownFact(checks.ServerPreference)
		}
	}
}

func fine(protocol checks.Protocol) checks.Suite {
	switch protocol {
	case v2:
		return cipherSpec(0x0700C0)
	case v13:
		return grouped(0x1302, "secp521r1", 521)
	case v12:
		return grouped(0xC030, "secp521r1", 521)
	}
	return grouped(0xC014, "secp521r1", 521)
}

func terrible() []checks.Suite {
	return []checks.Suite{suite(null), suite(rc440), suite(0x0034), grouped(0x0033, "dh", 512), suite(rc4)}
}

func fillFeatures(features checks.Features, bad bool) checks.Features {
	if !features.SecureRenegotiation.Conclusive() {
		features.SecureRenegotiation = checks.KnownFact(!bad)
	}
	if !features.Compression.Conclusive() {
		features.Compression = checks.KnownFact(map[bool]string{false: "NULL", true: "DEFLATE"}[bad])
	}
	return features
}

func fillFindings(findings checks.Vulnerabilities, names []checks.Vulnerability, bad bool) checks.Vulnerabilities {
	filled := clone(findings)
	for _, name := range names {
		if result := filled[name].Result; result == "" || result == checks.VulnerabilityInconclusive {
			filled[name] = checks.Finding{Result: checks.NotVulnerable}
			if bad {
				filled[name] = checks.Finding{Result: checks.Vulnerable}
			}
		}
	}
	return filled
}

// fillClients lets clients get what is best, or RC4 without forward secrecy.
func fillClients(s *server, bad bool) {
	list := &s.observed.Full.Simulations.Clients
	if len(*list) == 0 {
		*list = []checks.Simulation{{Client: "Chrome", Reference: true}}
	}
	for i := range *list {
		one := &(*list)[i]
		if one.Handshake.Conclusive() {
			continue
		}
		protocols := s.accepted()
		protocol := protocols[len(protocols)-1]
		if bad && slices.Contains(protocols, v12) {
			protocol = v12
		}
		got := handshake(protocol, fine(protocol))
		if got.ForwardSecrecy = !bad; bad && protocol == v12 {
			got.Suite, got.SuiteName = "0x0005", suite(rc4).Name
		}
		one.Handshake = checks.KnownFact(got)
	}
}

func fillChain(chain *checks.ChainAppraisal, bad int) {
	if chain.Leaf.RSABits == 0 {
		chain.Leaf.RSABits = 4096
		if bad == keys {
			chain.Leaf.RSABits = 512
		}
	}
	for _, question := range graded() {
		if answer := chain.Findings[question].Answer; answer != checks.FaultFound && answer != checks.FaultNotFound {
			chain.Findings[question] = checks.ChainFinding{Answer: checks.FaultNotFound}
			if bad == certificate {
				chain.Findings[question] = checks.ChainFinding{Answer: checks.FaultFound}
			}
		}
	}
}

func fillHeader(s *server, bad bool) {
	if hops := s.observed.HTTP.Hops; len(hops) > 0 && hops[0].Answer.State == checks.Known {
		return
	}
	s.observed.HTTP.Hops = []checks.Hop{hop("https", "app.example.com", 200)}
	longHSTS(s)
	if bad {
		hsts("max-age=0")(s)
	}
}

// A quick look gives a letter, and names what is missing by its kind.
func TestQuickLook(t *testing.T) {
	t.Parallel()
	s := serving(accepts(v10, suite(0xC013)))
	s.observed.Full = checks.FullTLS{}
	got := s.grade()
	require.Equal(t, checks.GradeB, got.Letter)
	require.True(t, got.Provisional)
	require.Nil(t, got.Scores)
	require.LessOrEqual(t, len(got.Missing), 7)
	facts := ""
	for _, missing := range got.Missing {
		facts += " " + missing.Fact
		require.Equal(t, "not_asked", missing.Value)
	}
	for _, want := range []string{"suites", "vulnerabilities", "simulations", "features", "chains"} {
		require.Contains(t, facts, "addresses[192.0.2.1]."+want)
	}

	s = serving(accepts(v2, cipherSpec(0x0700C0)))
	s.observed.Full = checks.FullTLS{}
	got = s.grade()
	require.Equal(t, checks.GradeF, got.Letter)
	require.False(t, got.Provisional, "nothing makes F better or worse")
}

// TLS 1.3 alone leaves little to be asked for.
func TestQuickLookAtTLS13Alone(t *testing.T) {
	t.Parallel()
	s := serving(refuses(v12), longHSTS)
	s.observed.Full = checks.FullTLS{Chains: s.observed.Full.Chains}
	got := s.grade()
	require.Equal(t, checks.GradeAPlus, got.Letter)
	require.False(t, got.Provisional, got.Missing)
}

// Some intrusive probes tell nothing new of a server with TLS 1.3: no stack that
// has it has the fault (section 10.5).
func TestTLS13RulesOldStacksOut(t *testing.T) {
	t.Parallel()
	open := func(names ...checks.Vulnerability) change {
		return func(s *server) {
			for _, name := range names {
				delete(s.observed.Full.Intrusive, name)
			}
		}
	}
	mixed := func(s *server) {
		fact := s.observed.TLS.Protocols[v13]
		fact.Value.Mixed = true
		s.observed.TLS.Protocols[v13] = fact
	}
	unknown := func(s *server) {
		s.observed.TLS.Protocols[v13] = checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)
	}
	cbc := accepts(v12, suite(0xC02F), suite(0xC013))
	old := []checks.Vulnerability{checks.Heartbleed, checks.CCSInjection, checks.Ticketbleed, checks.OpenSSLPaddingOracle}
	tests := map[string]struct {
		changes     []change
		provisional bool
	}{
		"all four with TLS 1.3":               {changes(cbc, open(old...)), false},
		"Heartbleed without TLS 1.3":          {changes(cbc, refuses(v13), open(checks.Heartbleed)), true},
		"CCS injection without TLS 1.3":       {changes(cbc, refuses(v13), open(checks.CCSInjection)), true},
		"Ticketbleed without TLS 1.3":         {changes(cbc, refuses(v13), open(checks.Ticketbleed)), true},
		"CVE-2016-2107 without TLS 1.3":       {changes(cbc, refuses(v13), open(checks.OpenSSLPaddingOracle)), true},
		"some servers only have TLS 1.3":      {changes(cbc, mixed, open(checks.CCSInjection)), true},
		"TLS 1.3 is not known":                {changes(cbc, unknown, open(checks.CCSInjection)), true},
		"ROBOT is possible with TLS 1.3":      {changes(adds(v12, suite(0x009C)), open(checks.ROBOT)), true},
		"Zombie POODLE is possible with it":   {changes(cbc, open(checks.ZombiePOODLE)), true},
		"GOLDENDOODLE is possible with it":    {changes(cbc, open(checks.GOLDENDOODLE)), true},
		"0-length is possible with it":        {changes(cbc, open(checks.ZeroLengthPaddingOracle)), true},
		"Sleeping POODLE is possible with it": {changes(cbc, open(checks.SleepingPOODLE)), true},
		"POODLE TLS is possible with it":      {changes(cbc, open(checks.POODLETLS)), true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := serving(test.changes...).grade()
			require.Equal(t, test.provisional, got.Provisional, explain(got))
		})
	}
	t.Run("a proof counts all the same", func(t *testing.T) {
		t.Parallel()
		got := serving(found(checks.CCSInjection, checks.Vulnerable, 3)).grade()
		require.Equal(t, checks.GradeF, got.Letter)
	})
}

func TestNothingKnown(t *testing.T) {
	t.Parallel()
	got := (&server{}).grade()
	require.Empty(t, got.Letter)
	require.True(t, got.Provisional)
	require.Len(t, got.Missing, 1)
	require.Contains(t, got.Missing[0].Fact, "protocols")

	s := serving(refuses(checks.Protocols()...))
	got = s.grade()
	require.Empty(t, got.Letter)
	require.False(t, got.Provisional, "nothing speaks TLS there, and that is known")
}

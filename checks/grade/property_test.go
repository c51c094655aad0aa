package grade_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// removal takes one weakness away; false where the server has none of it, or
// where the guide itself makes it worse (each says why).
type removal func(w world, s *server) bool

// Removing a weakness never worsens the letter that ignores trust, and adding
// one never improves it: each pair is both. Left out is what the guide itself
// turns around: RC4 mitigates POODLE, any other suite keeps F-RC4-ONLY away, and
// B-CHAIN counts only where there is trust.
func TestMonotone(t *testing.T) {
	t.Parallel()
	removals := map[string]removal{
		"an old protocol": func(w world, s *server) bool {
			accepted := s.accepted()
			old := pick(w, v2, v3, v10, v11)
			at := slices.Index(accepted, old)
			if at < 0 || at == len(accepted)-1 { // the best protocol stays
				return false
			}
			s.refuse(old)
			s.settle()
			return !rc4Alone(s) // any other suite keeps F-RC4-ONLY away
		},
		"RC4": func(w world, s *server) bool {
			return s.observed.TLS.Protocols[v3].State != checks.Known && // POODLE is mitigated by RC4 there (section 10.9)
				s.drop(func(one checks.Suite) bool { return strings.Contains(one.Name, "RC4") })
		},
		"weak ciphers": func(_ world, s *server) bool {
			return s.drop(func(one checks.Suite) bool { return one.Strength < 112 })
		},
		"anonymous suites": func(_ world, s *server) bool {
			return s.drop(func(one checks.Suite) bool { return strings.Contains(one.Name, "_anon_") })
		},
		"export suites": func(_ world, s *server) bool {
			return s.drop(func(one checks.Suite) bool { return strings.Contains(one.Name, "EXPORT") })
		},
		"short DH": longerPrimes,
		"blocks of 64 bits": func(_ world, s *server) bool {
			return s.drop(func(one checks.Suite) bool { return strings.Contains(one.Name, "DES") })
		},
		"a short key":          longerKey,
		"a fault of the chain": fixedChain,
		"a vulnerability":      fixedVulnerability,
		"a bad header":         func(_ world, s *server) bool { longHSTS(s); return true },
		"no TLS 1.3":           addedTLS13,
		"insecure renegotiation": func(_ world, s *server) bool {
			if !s.legacy() {
				return false
			}
			s.observed.Full.Features.SecureRenegotiation = checks.KnownFact(true)
			return true
		},
	}
	for name, remove := range removals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world{rand.New(rand.NewPCG(7, uint64(len(name))))}
			tried := 0
			for range worlds {
				with := w.server()
				without := with.copy()
				if !remove(w, without) {
					continue
				}
				tried++
				before, after := with.grade(), without.grade()
				require.LessOrEqual(t, after.TrustIgnored.Rank(), before.TrustIgnored.Rank(), explain(before, after))
			}
			require.Greater(t, tried, worlds/100)
		})
	}
}

// drop removes suites wherever others are left, and settles what follows.
func (s *server) drop(bad func(checks.Suite) bool) bool {
	dropped := false
	for _, protocol := range s.accepted() {
		list := s.observed.Full.Suites.Accepted[protocol].Value
		rest := slices.DeleteFunc(slices.Clone(list), bad)
		if len(rest) == len(list) || protocol == v2 {
			continue
		}
		if len(rest) == 0 {
			return false
		}
		preference := s.observed.Full.Suites.Preference[protocol]
		s.accept(protocol, rest...)
		s.observed.Full.Suites.Preference[protocol] = preference
		dropped = true
	}
	vulnerable := s.observed.Full.Intrusive
	s.settle()
	s.observed.Full.Intrusive = vulnerable
	return dropped && !rc4Alone(s) // any other suite keeps F-RC4-ONLY away
}

func rc4Alone(s *server) bool {
	for _, protocol := range s.accepted() {
		for _, one := range s.observed.Full.Suites.Accepted[protocol].Value {
			if !strings.Contains(one.Name, "RC4") {
				return false
			}
		}
	}
	return true
}

func longerPrimes(_ world, s *server) bool {
	changed := false
	for _, protocol := range s.accepted() {
		fact := s.observed.Full.Suites.Accepted[protocol]
		fact.Value = slices.Clone(fact.Value)
		for i := range fact.Value {
			if one := &fact.Value[i]; strings.HasPrefix(one.KeyExchange, "DHE") && one.GroupBits < 2048 {
				one.GroupBits, changed = 2048, true
			}
		}
		s.observed.Full.Suites.Accepted[protocol] = fact
	}
	s.settle()
	return changed
}

func longerKey(_ world, s *server) bool {
	for i := range s.appraised.Chains {
		s.appraised.Chains[i].Leaf.RSABits = 4096
	}
	return true
}

// fixedChain: B-CHAIN counts only where the chain is trusted (section 13, row 8),
// so that mending trust may bring it back.
func fixedChain(w world, s *server) bool {
	questions := graded()
	w.Shuffle(len(questions), func(i, j int) { questions[i], questions[j] = questions[j], questions[i] })
	for i := range s.appraised.Chains {
		chain := &s.appraised.Chains[i]
		for _, question := range questions {
			incomplete := slices.ContainsFunc(s.appraised.Chains, func(c checks.ChainAppraisal) bool {
				return c.Findings[checks.IncompleteChain].Answer == checks.FaultFound
			})
			if chain.Findings[question].Answer == checks.FaultFound && (question == checks.IncompleteChain || !incomplete) {
				chain.Findings[question] = checks.ChainFinding{Answer: checks.FaultNotFound}
				return true
			}
		}
	}
	return false
}

func fixedVulnerability(_ world, s *server) bool {
	for _, name := range checks.IntrusiveVulnerabilities() {
		if s.observed.Full.Intrusive[name].Result == checks.Vulnerable {
			s.observed.Full.Intrusive[name] = checks.Finding{Result: checks.NotVulnerable}
			return true
		}
	}
	return false
}

func addedTLS13(_ world, s *server) bool {
	if s.observed.TLS.Protocols[v13].State == checks.Known || !s.legacy() {
		return false
	}
	s.accept(v13, suite(0x1302), suite(0x1301))
	s.settle()
	return true
}

// What a grade says fits together: rules explain the letter, and each step is
// what happens when its rules no longer fire.
func TestRulesExplainTheLetter(t *testing.T) {
	t.Parallel()
	w := world{rand.New(rand.NewPCG(3, 3))}
	for range worlds {
		got := w.server().grade()
		worst := checks.GradeAPlus
		for _, rule := range got.Rules {
			require.NotEmpty(t, rule.Text)
			if rule.Effect != checks.EffectNote && rule.Letter.Rank() > worst.Rank() {
				worst = rule.Letter
			}
		}
		switch got.Letter {
		case checks.GradeA:
			require.LessOrEqual(t, worst.Rank(), checks.GradeA.Rank())
		default:
			require.Equal(t, got.Letter, worst, explain(got))
		}
		require.True(t, slices.IsSortedFunc(got.Rules, func(a, b checks.GradeRule) int { return b.Letter.Rank() - a.Letter.Rank() }))
		require.True(t, slices.IsSortedFunc(got.Next, func(a, b checks.GradeStep) int { return b.Letter.Rank() - a.Letter.Rank() }))
		for i, step := range got.Next {
			require.Less(t, step.Letter.Rank(), got.Letter.Rank())
			require.NotEmpty(t, step.Without)
			if i > 0 {
				require.Subset(t, step.Without, without(got.Next[i-1].Without, "SCORE"), "further steps need all that nearer ones do")
			}
		}
		if got.Letter != checks.GradeAPlus {
			require.Equal(t, checks.GradeAPlus, got.Next[len(got.Next)-1].Letter, explain(got))
		}
	}
}

func without(list []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(one string) bool { return one == id })
}

// Steps by hand: what the issue asks for, and that each set is the smallest.
func TestNext(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		changes []change
		want    []checks.GradeStep
	}{
		"TLS 1.0": {changes(accepts(v10, suite(0xC013))), []checks.GradeStep{
			{Letter: "A", Without: []string{"B-TLS10"}, Text: "A, if you turn TLS 1.0 off."},
			{Letter: "A+", Without: []string{"B-TLS10", "BONUS-HSTS"}, Text: "A+, if you turn TLS 1.0 off and send Strict-Transport-Security with a max-age of at least 15552000 (180 days)."},
		}},
		"one after the other": {changes(longHSTS, refuses(v13), accepts(v10, suite(0xC013)), adds(v12, suite(des)), fault(checks.Expired)), []checks.GradeStep{
			{Letter: "T", Without: []string{"F-WEAK-CIPHER"}, Text: "T, if you turn suites of fewer than 112 bits off."},
			{Letter: "B", Without: []string{"F-WEAK-CIPHER", "T-EXPIRED"}, Text: "B, if you turn suites of fewer than 112 bits off and renew the expired certificate."},
			{Letter: "A-", Without: []string{"F-WEAK-CIPHER", "B-TLS10", "T-EXPIRED"}, Text: "A-, if you turn suites of fewer than 112 bits off, turn TLS 1.0 off and renew the expired certificate."},
			{Letter: "A+", Without: []string{"F-WEAK-CIPHER", "B-TLS10", "W-NO-TLS13", "T-EXPIRED"}, Text: "A+, if you turn suites of fewer than 112 bits off, turn TLS 1.0 off, turn TLS 1.3 on and renew the expired certificate."},
		}},
		"scores that go with their cause": {changes(longHSTS, adds(v12, suite(0x0034))), []checks.GradeStep{
			{Letter: "A+", Without: []string{"F-ANON"}, Text: "A+, if you turn anonymous suites off."},
		}},
		"scores that stay": {changes(longHSTS, adds(v12, grouped(0xC02F, "secp112r1", 112))), []checks.GradeStep{
			{Letter: "A+", Without: []string{"SCORE"}, Text: "A+, if you raise the scores."},
		}},
		"an incomplete chain comes back with trust": {changes(longHSTS, fault(checks.UnknownIssuer), fault(checks.IncompleteChain)), []checks.GradeStep{
			{Letter: "B", Without: []string{"T-UNKNOWN"}, Text: "B, if you serve a certificate of a trusted issuer."},
			{Letter: "A+", Without: []string{"B-CHAIN", "T-UNKNOWN"}, Text: "A+, if you send the missing intermediate certificates and serve a certificate of a trusted issuer."},
		}},
		"nothing better": {changes(longHSTS), []checks.GradeStep{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, serving(test.changes...).grade().Next)
		})
	}
}

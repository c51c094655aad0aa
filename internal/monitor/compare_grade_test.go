package monitor_test

import (
	"cmp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func rule(id string, effect checks.GradeEffect, letter checks.Letter, text, fact string) checks.GradeRule {
	return checks.GradeRule{ID: id, Effect: effect, Letter: letter, Text: text, Proof: []checks.Proof{{Fact: fact}}}
}

func TestCompareGrades(t *testing.T) {
	t.Parallel()
	const address = "addresses[192.0.2.1]"
	score := rule("SCORE", checks.EffectScore, checks.GradeA, "the scores give A", address+".suites.TLSv1.2")
	tls10 := rule("B-TLS10", checks.EffectCap, checks.GradeB, "TLS 1.0 is accepted", address+".protocols.TLSv1.0")
	expired := rule("T-EXPIRED", checks.EffectTrust, checks.GradeT, "the certificate is expired.", address+".certificates[0]")
	sweet := rule("C-3DES", checks.EffectCap, checks.GradeC, "3DES is accepted", address+".suites.TLSv1.2")
	hsts := rule("A-PLUS", checks.EffectBonus, checks.GradeAPlus, "HSTS holds for a year", "http[192.0.2.1].hops[0]")
	graded := func(letter checks.Letter, rules ...checks.GradeRule) *checks.Grade {
		return &checks.Grade{Letter: letter, Rules: append(rules, score)}
	}
	provisional := graded(checks.GradeC, sweet)
	provisional.Provisional = true
	accepts := func(next *monitor.Snapshot) {
		next.Observation.Addresses[0].TLS.Protocols[checks.TLSv10] = checks.KnownFact(checks.Accepted{})
	}
	for name, test := range map[string]struct {
		before, after *checks.Grade
		change        func(*monitor.Snapshot)
		class         monitor.ChangeClass // empty: no change
		cause         checks.Cause
		sentence      string
		weight        monitor.Weight // empty: medium
	}{
		"the same":          {graded(checks.GradeB, tls10), graded(checks.GradeB, tls10), nil, "", "", "", ""},
		"for other reasons": {graded(checks.GradeB, tls10), graded(checks.GradeB), nil, "", "", "", ""},
		"never before":      {nil, graded(checks.GradeB), nil, "", "", "", ""},
		"none now":          {graded(checks.GradeB), nil, nil, "", "", "", ""},
		"no protocol seen":  {graded(checks.GradeB), graded(""), nil, "", "", "", ""},
		"provisional now":   {graded(checks.GradeA), provisional, nil, "", "", "", ""},
		"provisional then":  {provisional, graded(checks.GradeA), nil, "", "", "", ""},
		"fell": {
			graded(checks.GradeA), graded(checks.GradeB, tls10), accepts,
			monitor.Regression, checks.CauseConfiguration, "The grade fell from A to B: TLS 1.0 is accepted.", "",
		},
		"rose": {
			graded(checks.GradeB, tls10), graded(checks.GradeA), func(s *monitor.Snapshot) { accepts(s); s.Engine = "3" },
			monitor.Recovery, checks.CauseEngine, "The grade rose from B to A: no longer so: TLS 1.0 is accepted.", monitor.Low,
		},
		"expired, and nothing else": {
			graded(checks.GradeA), graded(checks.GradeT, expired), accepts,
			monitor.Regression, checks.CauseTime, "The grade fell from A to T: the certificate is expired.", monitor.Critical,
		},
		"other criteria": {
			graded(checks.GradeA), graded(checks.GradeC, sweet), func(s *monitor.Snapshot) { s.Criteria = "2027a" },
			monitor.Regression, checks.CauseCriteria, "The grade fell from A to C: 3DES is accepted.", monitor.Low,
		},
		"another profile is no other criteria": {
			graded(checks.GradeA), graded(checks.GradeC, sweet), func(s *monitor.Snapshot) { s.Profile = "superoffice@2027-01"; s.Engine = "3" },
			monitor.Regression, checks.CauseEngine, "The grade fell from A to C: 3DES is accepted.", monitor.Low,
		},
		"other trust data": {
			graded(checks.GradeA), graded(checks.GradeT, expired), func(s *monitor.Snapshot) { s.TrustData = "later" },
			monitor.Regression, checks.CauseTrustData, "The grade fell from A to T: the certificate is expired.", monitor.Critical,
		},
		"a bonus went": {
			graded(checks.GradeAPlus, hsts), graded(checks.GradeA), func(s *monitor.Snapshot) { s.Observation.Addresses[0].HTTP.Hops = nil },
			monitor.Regression, checks.CauseConfiguration, "The grade fell from A+ to A: no longer so: HSTS holds for a year.", monitor.Low,
		},
		"a bonus came": {
			graded(checks.GradeA), graded(checks.GradeAPlus, hsts), func(s *monitor.Snapshot) { s.Observation.Addresses[0].HTTP.Hops = nil },
			monitor.Recovery, checks.CauseConfiguration, "The grade rose from A to A+: HSTS holds for a year.", monitor.Low,
		},
		"one fault for another": {
			graded(checks.GradeB, tls10), graded(checks.GradeC, sweet), accepts,
			monitor.Regression, checks.CauseConfiguration, "The grade fell from B to C: 3DES is accepted.", "",
		},
		"one fault of two": {
			graded(checks.GradeC, sweet, tls10), graded(checks.GradeB, tls10), nil,
			monitor.Recovery, checks.CauseConfiguration, "The grade rose from C to B: no longer so: 3DES is accepted.", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			previous, next := snapshot(), snapshot()
			previous.Criteria, next.Criteria = "2009r", "2009r"
			previous.Grade, next.Grade = test.before, test.after
			if test.change != nil {
				test.change(&next)
			}
			var changes []monitor.Change
			for _, change := range monitor.Compare(previous, next) {
				if change.Subject == monitor.GradeSubject {
					changes = append(changes, change)
				}
			}
			if test.class == "" {
				require.Empty(t, changes)
				return
			}
			require.Equal(t, []monitor.Change{{
				OccurredAt: next.At, Class: test.class, Weight: cmp.Or(test.weight, monitor.Medium), Cause: test.cause, Subject: monitor.GradeSubject,
				Before: string(test.before.Letter), After: string(test.after.Letter), Sentence: test.sentence,
			}}, changes)
		})
	}
}

func TestRevokedCertificateIsTheCause(t *testing.T) {
	t.Parallel()
	previous, next := snapshot(), snapshot()
	leaf := next.Observation.Certificates[0].SHA256
	status := func(state checks.RevocationState) checks.PKI {
		return checks.PKI{Revocation: map[checks.Fingerprint]checks.Revocation{leaf: {CRL: checks.KnownFact(checks.RevocationStatus{State: state})}}}
	}
	previous.Observation.PKI, next.Observation.PKI = status(checks.RevocationGood), status(checks.RevocationRevoked)
	previous.Grade = &checks.Grade{Letter: checks.GradeA}
	next.Grade = &checks.Grade{Letter: checks.GradeF, Rules: []checks.GradeRule{rule("F-REVOKED", checks.EffectCap, checks.GradeF, "it is revoked", "pki.revocation")}}
	require.Equal(t, []string{
		"regression critical certificate: The certificate with SHA-256 9f91161f43433e49 is now revoked by its issuer.",
		"regression high certificate: The grade fell from A to F: it is revoked.",
	}, told(monitor.Compare(previous, next)))

	// What a look did not reach is no difference, and what others led to no certificate of the server.
	next.Observation.PKI.Revocation[leaf] = checks.Revocation{CRL: checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonTimeout)}
	issuer := checks.NewCertificate([]byte("issuer"))
	next.Observation.PKI.Issuers = map[checks.Fingerprint]checks.Fact[[]checks.Fingerprint]{leaf: checks.KnownFact([]checks.Fingerprint{issuer.SHA256})}
	next.Observation.Certificates = append(next.Observation.Certificates, issuer)
	changes := monitor.Compare(previous, next)
	require.Len(t, changes, 1)
	require.Equal(t, checks.CauseTime, changes[0].Cause)
}

package certificates

import (
	"crypto/x509/pkix"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func mustStaple(l *leaf) { l.MustStaple = true }

// stapled serves a certificate with the response that its responder would give
// with a fault.
func stapled(fault authority.Fault, changes ...func(*leaf)) func(*Maker) Served {
	return func(m *Maker) Served {
		var own *leaf
		issued := m.leafOf(append(changes, func(l *leaf) { own = l })...)
		return Served{Issued: issued, Staple: m.staple(own, fault)}
	}
}

func (m *Maker) staple(l *leaf, fault authority.Fault, extensions ...pkix.Extension) []byte {
	m.t.Helper()
	response, err := l.issuer.Services.Staple(l.Serial, fault, extensions...)
	require.NoError(m.t, err)
	return response
}

func stapleCases() []Case {
	invalid := Want{Yes: yes(checks.StapleInvalid)}
	return []Case{
		{Name: "must-staple without a staple", Why: "RFC 7633 section 4.3.3; no effect on the grade (rating guide section 9)", Make: issue(mustStaple), Want: Want{Yes: yes(checks.StapleMissing)}},
		{Name: "must-staple with a good staple", Why: "as RFC 7633 wants it", Make: stapled(authority.Healthy, mustStaple)},
		{Name: "must-staple with a staple out of date", Why: "a staple came, and is worth nothing", Make: stapled(authority.Expired, mustStaple), Want: invalid},
		{Name: "good staple", Why: "nobody asked for it, and it is good", Make: stapled(authority.Healthy)},
		{Name: "good staple of a delegate", Why: "RFC 6960 section 4.2.2.2", Make: stapled(authority.Delegated)},
		{Name: "staple out of date", Why: "RFC 6960 section 3.2", Make: stapled(authority.Expired), Want: invalid},
		{Name: "staple not valid yet", Why: "RFC 6960 section 3.2", Make: stapled(authority.NotYetValid), Want: invalid},
		{Name: "staple about another certificate", Why: "RFC 6960 section 3.2", Make: stapled(authority.OtherSerial), Want: invalid},
		{Name: "staple with a broken signature", Why: "RFC 6960 section 3.2", Make: stapled(authority.BadSignature), Want: invalid},
		{Name: "staple of a stranger", Why: "RFC 6960 section 4.2.2.2", Make: stapled(authority.OtherIssuer), Want: invalid},
		{Name: "staple that asks to try later", Why: "it says that it failed (RFC 6960 section 2.3)", Make: stapled(authority.TryLater), Want: invalid},
		{
			Name: "garbage as a staple", Why: "it is no OCSP response", Want: invalid,
			Make: func(m *Maker) Served { return Served{Issued: m.leafOf(), Staple: []byte("this is no response")} },
		},
		{
			Name: "staple that says revoked", Why: "F-REVOKED: an answer of the issuer, whoever brings it",
			Make: stapled(authority.Healthy, sixDays, revokedFor(keyCompromise)), Want: Want{Yes: yes(checks.Revoked), Letter: checks.GradeF},
		},
	}
}

func logged(logs func(Logs) []*Log, changes ...func(*leaf)) func(*Maker) Served {
	return func(m *Maker) Served {
		own := func(l *leaf) { l.logs = logs(m.Logs) }
		return Served{Issued: m.leafOf(append(changes, own)...)}
	}
}

func broken(index int) func(*leaf) { return func(l *leaf) { l.breakTimestamp = index } }

// longLived is a certificate of 200 days.
func longLived(logs func(Logs) []*Log) func(*Maker) Served {
	return func(m *Maker) Served {
		own := func(l *leaf) { l.logs = logs(m.Logs) }
		return ofOld(on(2026, 3, 20), days(on(2026, 3, 20), 200).Add(-time.Second), own)(m)
	}
}

// timestampCases follow the policies of Chrome and Apple: of a certificate of
// up to 180 days, two timestamps of logs of two operators, of a longer one
// three, either all in it or all beside it.
func timestampCases() []Case {
	few := Want{Yes: yes(checks.TooFewSCTs)}
	return []Case{
		{Name: "no timestamp", Why: "two are wanted", Make: logged(func(Logs) []*Log { return nil }), Want: few},
		{Name: "one timestamp", Why: "two are wanted", Make: logged(func(l Logs) []*Log { return []*Log{l.A1} }), Want: few},
		{Name: "two timestamps of one operator", Why: "they must be of two operators", Make: logged(func(l Logs) []*Log { return []*Log{l.A1, l.A2} }), Want: few},
		{Name: "two timestamps, one of an unknown log", Why: "a log that is not on the list does not count", Make: logged(func(l Logs) []*Log { return []*Log{l.A1, l.Unknown} }), Want: few},
		{Name: "three timestamps, one of an unknown log", Why: "two of them count, and nobody can tell of the third", Make: logged(func(l Logs) []*Log { return []*Log{l.A1, l.Unknown, l.B} })},
		{Name: "two timestamps, one of a log retired since", Why: "it signed in time, and the other log is in use", Make: logged(func(l Logs) []*Log { return []*Log{l.A1, l.Retired} })},
		{
			Name: "two timestamps, one of a log retired before", Why: "what it signs after that does not count",
			Make: logged(func(l Logs) []*Log { return []*Log{l.A1, l.Retired} }, from(-day)), Want: few,
		},
		{
			Name: "two timestamps, one with a broken signature", Why: "one counts, and the log never signed the other",
			Make: logged(func(l Logs) []*Log { return []*Log{l.A1, l.B} }, broken(1)), Want: Want{Yes: yes(checks.TooFewSCTs, checks.InvalidSCT)},
		},
		{
			Name: "three timestamps, one with a broken signature", Why: "two count, and the log never signed the third",
			Make: logged(func(l Logs) []*Log { return []*Log{l.A1, l.B, l.C} }, broken(2)), Want: Want{Yes: yes(checks.InvalidSCT)},
		},
		{Name: "200 days with two timestamps", Why: "over 180 days three are wanted", At: on(2026, 3, 21), Make: longLived(func(l Logs) []*Log { return []*Log{l.A1, l.B} }), Want: few},
		{Name: "200 days with three timestamps", Why: "over 180 days three are wanted, of two operators", At: on(2026, 3, 21), Make: longLived(func(l Logs) []*Log { return []*Log{l.A1, l.A2, l.B} })},
		{Name: "timestamps in the TLS extension", Why: "RFC 6962 section 3.3.1: two beside the certificate are as good", Make: besides(func(l Logs) []*Log { return []*Log{l.A1, l.B} })},
		{Name: "one timestamp in the TLS extension", Why: "two are wanted", Make: besides(func(l Logs) []*Log { return []*Log{l.A1} }), Want: few},
		{
			Name: "one timestamp in the certificate and one beside it", Why: "either all in it or all beside it: what is beside it may be gone with the next one", Want: few,
			Make: func(m *Maker) Served {
				issued := m.leafOf(func(l *leaf) { l.logs = []*Log{m.Logs.A1} })
				return Served{Issued: issued, SCTs: m.certified(issued, m.Logs.B)}
			},
		},
		{
			Name: "timestamps in the staple", Why: "RFC 6962 section 3.3: a staple carries them too",
			Make: func(m *Maker) Served {
				var own *leaf
				issued := m.leafOf(withoutTimestamps, func(l *leaf) { own = l })
				list := stapledList(m.t, m.certified(issued, m.Logs.A1, m.Logs.B))
				return Served{Issued: issued, Staple: m.staple(own, authority.Healthy, list)}
			},
		},
		{
			Name: "broken timestamp in the TLS extension", Why: "the log never signed it, and one of two is left",
			Want: Want{Yes: yes(checks.TooFewSCTs, checks.InvalidSCT)},
			Make: func(m *Maker) Served {
				issued := m.leafOf(withoutTimestamps)
				scts := m.certified(issued, m.Logs.A1, m.Logs.B)
				scts[0][len(scts[0])-1] ^= 1
				return Served{Issued: issued, SCTs: scts}
			},
		},
	}
}

// besides serves a certificate without timestamps, and those in the TLS
// extension.
func besides(logs func(Logs) []*Log) func(*Maker) Served {
	return func(m *Maker) Served {
		issued := m.leafOf(withoutTimestamps)
		return Served{Issued: issued, SCTs: m.certified(issued, logs(m.Logs)...)}
	}
}

// certified has logs sign for a whole certificate.
func (m *Maker) certified(issued *pki.Issued, logs ...*Log) [][]byte {
	m.t.Helper()
	scts := make([][]byte, 0, len(logs))
	for _, log := range logs {
		scts = append(scts, log.Certificate(m.t, issued.Certificate.Certificate[0], time.Now().Add(-time.Hour)))
	}
	return scts
}

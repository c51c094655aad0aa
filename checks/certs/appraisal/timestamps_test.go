package appraisal_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

// log is a log of certificate transparency that signs whatever it is given.
type log struct {
	operator string
	key      *ecdsa.PrivateKey
	spki     []byte
	id       [32]byte
}

func newLog(t testing.TB, operator string) *log {
	t.Helper()
	key := newKey(t).(*ecdsa.PrivateKey)
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	return &log{operator: operator, key: key, spki: spki, id: sha256.Sum256(spki)}
}

func (l *log) entry(state string, since time.Time) map[string]any {
	return map[string]any{"name": l.operator, "logs": []any{map[string]any{
		"description": "Log of " + l.operator, "log_id": base64.StdEncoding.EncodeToString(l.id[:]), "key": base64.StdEncoding.EncodeToString(l.spki),
		"state": map[string]any{state: map[string]any{"timestamp": since}},
	}}}
}

func (l *log) list(state string) []byte { return list(l.entry(state, now.AddDate(-1, 0, 0))) }

func list(operators ...map[string]any) []byte {
	text, err := json.Marshal(map[string]any{"version": "1", "log_list_timestamp": now.AddDate(0, 0, -10), "operators": operators})
	if err != nil {
		panic(err)
	}
	return text
}

// sign makes a timestamp of an entry (RFC 6962 section 3.2).
func (l *log) sign(t testing.TB, at time.Time, entry func(b *cryptobyte.Builder)) []byte {
	t.Helper()
	milliseconds := uint64(at.UnixMilli())
	signed := cryptobyte.NewBuilder([]byte{0, 0})
	signed.AddUint64(milliseconds)
	entry(signed)
	signed.AddUint16(0)
	digest := sha256.Sum256(signed.BytesOrPanic())
	signature, err := ecdsa.SignASN1(rand.Reader, l.key, digest[:])
	require.NoError(t, err)
	timestamp := cryptobyte.NewBuilder([]byte{0})
	timestamp.AddBytes(l.id[:])
	timestamp.AddUint64(milliseconds)
	timestamp.AddUint16(0)
	timestamp.AddBytes([]byte{4, 3})
	timestamp.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(signature) })
	return timestamp.BytesOrPanic()
}

// logged makes a certificate that carries timestamps of logs: its body is
// signed once without them, as precertificate, and once with them.
func logged(t testing.TB, issuer *identity, change func(*x509.Certificate), at time.Time, logs ...*log) *identity {
	t.Helper()
	number, key := serial(), newKey(t)
	same := func(c *x509.Certificate) {
		c.SerialNumber = number
		if change != nil {
			change(c)
		}
	}
	body := leaf(t, issuer, key, same).RawTBSCertificate
	issuerKey := sha256.Sum256(issuer.RawSubjectPublicKeyInfo)
	entries := cryptobyte.NewBuilder(nil)
	entries.AddUint16LengthPrefixed(func(list *cryptobyte.Builder) {
		for _, of := range logs {
			one := of.sign(t, at, func(b *cryptobyte.Builder) {
				b.AddUint16(1)
				b.AddBytes(issuerKey[:])
				b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(body) })
			})
			list.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(one) })
		}
	})
	value, err := asn1.Marshal(entries.BytesOrPanic())
	require.NoError(t, err)
	return leaf(t, issuer, key, func(c *x509.Certificate) {
		same(c)
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: value})
	})
}

func TestTimestamps(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	a, b, c, retired, stranger := newLog(t, "A"), newLog(t, "B"), newLog(t, "C"), newLog(t, "D"), newLog(t, "E")
	sameOperator := newLog(t, "A")
	line := now.AddDate(0, 0, -5)
	usable := func(of *log) map[string]any { return of.entry("usable", now.AddDate(-1, 0, 0)) }
	trust := newTrust(t, appraisal.Config{
		WithoutLint: true, Public: []chain.Anchor{{Certificate: root.Certificate}},
		Logs: list(usable(a), usable(b), usable(c), usable(sameOperator), retired.entry("retired", line)),
	})
	long := func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.AddDate(0, 0, -10), now.AddDate(0, 0, 185) }
	before, after := line.Add(-time.Hour), line.Add(time.Hour)
	for name, test := range map[string]struct {
		certificate *identity
		few, bad    checks.FaultAnswer
	}{
		"two logs":                 {logged(t, root, nil, before, a, b), checks.FaultNotFound, checks.FaultNotFound},
		"two logs of one operator": {logged(t, root, nil, before, a, sameOperator), checks.FaultFound, checks.FaultNotFound},
		"one log, twice":           {logged(t, root, nil, before, a, a), checks.FaultFound, checks.FaultNotFound},
		"one log":                  {logged(t, root, nil, before, a), checks.FaultFound, checks.FaultNotFound},
		"none":                     {leaf(t, root, newKey(t), nil), checks.FaultFound, checks.FaultNotApplicable},
		"a log nobody knows":       {logged(t, root, nil, before, a, stranger), checks.FaultFound, checks.FaultNotFound},
		"long-lived, two logs":     {logged(t, root, long, before, a, b), checks.FaultFound, checks.FaultNotFound},
		"long-lived, three logs":   {logged(t, root, long, before, a, b, c), checks.FaultNotFound, checks.FaultNotFound},
		"retired later":            {logged(t, root, nil, before, a, retired), checks.FaultNotFound, checks.FaultNotFound},
		"retired before":           {logged(t, root, nil, after, a, retired), checks.FaultFound, checks.FaultNotFound},
		"in the future":            {logged(t, root, nil, now.Add(time.Hour), a, b), checks.FaultFound, checks.FaultNotFound},
	} {
		observation := observe("app.test", test.certificate.Raw)
		observation.Addresses[0].Full.Stapled.SCTs = checks.AbsentFact[[]checks.StapledSCT]("")
		got := only(t, observation, now, trust)
		require.Equal(t, test.few, got.Findings[checks.TooFewSCTs].Answer, "%s: %+v", name, got.Findings[checks.TooFewSCTs])
		require.Equal(t, test.bad, got.Findings[checks.InvalidSCT].Answer, "%s: %+v", name, got.Findings[checks.InvalidSCT])
	}

	// A timestamp that is for another certificate.
	good := logged(t, root, nil, before, a, b)
	forged := leaf(t, root, newKey(t), func(c *x509.Certificate) {
		index := slices.IndexFunc(good.Extensions, func(e pkix.Extension) bool { return e.Id.String() == "1.3.6.1.4.1.11129.2.4.2" })
		c.ExtraExtensions = good.Extensions[index : index+1]
	})
	got := only(t, observe("app.test", forged.Raw), now, trust)
	require.Equal(t, checks.FaultFound, got.Findings[checks.InvalidSCT].Answer)
	require.Equal(t, checks.FaultNotAsked, got.Findings[checks.TooFewSCTs].Answer, "those beside were not asked for")
}

// What a log signs holds the issuer's key: without it nobody can check.
func TestTimestampsWithoutTheIssuer(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	a, b := newLog(t, "A"), newLog(t, "B")
	trust := newTrust(t, appraisal.Config{
		WithoutLint: true, Public: []chain.Anchor{},
		Logs: list(a.entry("usable", now.AddDate(-1, 0, 0)), b.entry("usable", now.AddDate(-1, 0, 0))),
	})
	certificate := logged(t, root, nil, now.AddDate(0, 0, -1), a, b)
	got := only(t, observe("app.test", certificate.Raw), now, trust)
	require.Equal(t, checks.FaultNotAsked, got.Findings[checks.InvalidSCT].Answer)
	sent := only(t, observe("app.test", raws(certificate, root)...), now, trust)
	require.Equal(t, checks.FaultNotFound, sent.Findings[checks.InvalidSCT].Answer)
}

func TestTimestampsBesideTheChain(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	a, b := newLog(t, "A"), newLog(t, "B")
	trust := newTrust(t, appraisal.Config{
		WithoutLint: true, Public: []chain.Anchor{{Certificate: root.Certificate}},
		Logs: list(a.entry("usable", now.AddDate(-1, 0, 0)), b.entry("qualified", now.AddDate(-1, 0, 0))),
	})
	certificate := leaf(t, root, newKey(t), nil)
	stapled := func(of *log, der []byte) checks.StapledSCT {
		return checks.StapledSCT{Leaf: fingerprint(certificate.Raw), Source: "tls_extension", SCT: of.sign(t, now.AddDate(0, 0, -1), func(b *cryptobyte.Builder) {
			b.AddUint16(0)
			b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(der) })
		})}
	}
	ask := func(fact checks.Fact[[]checks.StapledSCT]) checks.ChainAppraisal {
		observation := observe("app.test", certificate.Raw)
		observation.Addresses[0].Full.Stapled.SCTs = fact
		return only(t, observation, now, trust)
	}
	both := ask(checks.KnownFact([]checks.StapledSCT{stapled(a, certificate.Raw), stapled(b, certificate.Raw)}))
	require.Equal(t, checks.FaultNotFound, both.Findings[checks.TooFewSCTs].Answer)
	require.Equal(t, checks.FaultNotFound, both.Findings[checks.InvalidSCT].Answer)
	one := ask(checks.KnownFact([]checks.StapledSCT{stapled(a, certificate.Raw), stapled(b, root.Raw)}))
	require.Equal(t, checks.FaultFound, one.Findings[checks.TooFewSCTs].Answer)
	require.Equal(t, checks.FaultFound, one.Findings[checks.InvalidSCT].Answer)
	lost := ask(checks.InconclusiveFact[[]checks.StapledSCT](checks.ReasonTimeout))
	require.Equal(t, checks.FaultInconclusive, lost.Findings[checks.TooFewSCTs].Answer)
}

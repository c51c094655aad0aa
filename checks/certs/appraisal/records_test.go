package appraisal_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestCAA(t *testing.T) {
	t.Parallel()
	root := authority(t, "ISRG Root", nil, newKey(t), func(c *x509.Certificate) { c.Subject.Organization = []string{"Internet Security Research Group"} })
	issuer := authority(t, "R99", root, newKey(t), func(c *x509.Certificate) { c.Subject.Organization = []string{"Let's Encrypt"} })
	unknown := authority(t, "Somebody", nil, newKey(t), nil)
	trust := trusting(t, root, unknown)
	key := newKey(t)
	plain := raws(leaf(t, issuer, key, nil), issuer)
	wild := raws(leaf(t, issuer, key, func(c *x509.Certificate) { c.DNSNames = []string{"*.test"} }), issuer)
	record := func(tag, value string) checks.CAARecord { return checks.CAARecord{Tag: tag, Value: value} }
	for name, test := range map[string]struct {
		chain   [][]byte
		records []checks.CAARecord
		want    checks.FaultAnswer
	}{
		"allowed":                   {plain, []checks.CAARecord{record("issue", "letsencrypt.org")}, checks.FaultNotFound},
		"allowed, with parameters":  {plain, []checks.CAARecord{record("issue", " LetsEncrypt.org ; validationmethods=dns-01")}, checks.FaultNotFound},
		"allowed among others":      {plain, []checks.CAARecord{record("issue", "pki.goog"), record("issue", "letsencrypt.org")}, checks.FaultNotFound},
		"forbidden":                 {plain, []checks.CAARecord{record("issue", "pki.goog")}, checks.FaultFound},
		"nobody":                    {plain, []checks.CAARecord{record("issue", ";")}, checks.FaultFound},
		"no restriction":            {plain, []checks.CAARecord{record("iodef", "mailto:a@app.test")}, checks.FaultNotFound},
		"wildcards only":            {plain, []checks.CAARecord{record("issuewild", "pki.goog")}, checks.FaultNotFound},
		"wildcard forbidden":        {wild, []checks.CAARecord{record("issue", "letsencrypt.org"), record("issuewild", ";")}, checks.FaultFound},
		"wildcard by issue":         {wild, []checks.CAARecord{record("issue", "letsencrypt.org")}, checks.FaultNotFound},
		"unknown critical property": {plain, []checks.CAARecord{{Critical: true, Tag: "tbs", Value: "x"}, record("issue", "letsencrypt.org")}, checks.FaultFound},
		"unknown authority":         {raws(leaf(t, unknown, key, nil)), []checks.CAARecord{record("issue", "letsencrypt.org")}, checks.FaultInconclusive},
		"self-signed":               {raws(leaf(t, nil, key, nil)), []checks.CAARecord{record("issue", "letsencrypt.org")}, checks.FaultNotApplicable},
	} {
		observation := observe("app.test", test.chain...)
		observation.Records.CAA = checks.KnownFact(checks.CAA{Domain: "test", Records: test.records})
		require.Equal(t, test.want, only(t, observation, now, trust).Findings[checks.CAAForbids].Answer, name)
	}
	observation := observe("app.test", plain...)
	require.Equal(t, checks.FaultNotAsked, only(t, observation, now, trust).Findings[checks.CAAForbids].Answer)
	observation.Records.CAA = checks.AbsentFact[checks.CAA]("")
	require.Equal(t, checks.FaultNotApplicable, only(t, observation, now, trust).Findings[checks.CAAForbids].Answer)
	observation.Records.CAA = checks.InconclusiveFact[checks.CAA](checks.ReasonResolverFailed)
	require.Equal(t, checks.FaultInconclusive, only(t, observation, now, trust).Findings[checks.CAAForbids].Answer)
}

func TestTLSA(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	issuer := authority(t, "Issuer", root, newKey(t), nil)
	private := authority(t, "Private", nil, newKey(t), nil)
	trust, key := trusting(t, root), newKey(t)
	certificate, own := leaf(t, issuer, key, nil), leaf(t, private, key, nil)
	sha2 := func(data []byte) string { sum := sha256.Sum256(data); return hex.EncodeToString(sum[:]) }
	sha5 := func(data []byte) string { sum := sha512.Sum512(data); return hex.EncodeToString(sum[:]) }
	public, untrusted := raws(certificate, issuer), raws(own, private)
	for name, test := range map[string]struct {
		chain  [][]byte
		record checks.TLSA
		want   checks.FaultAnswer
	}{
		"3 1 1":                     {public, checks.TLSA{Usage: 3, Selector: 1, MatchingType: 1, Data: sha2(certificate.RawSubjectPublicKeyInfo)}, checks.FaultNotFound},
		"3 0 2":                     {public, checks.TLSA{Usage: 3, Selector: 0, MatchingType: 2, Data: sha5(certificate.Raw)}, checks.FaultNotFound},
		"3 0 0":                     {public, checks.TLSA{Usage: 3, Data: hex.EncodeToString(certificate.Raw)}, checks.FaultNotFound},
		"3 1 1 of another":          {public, checks.TLSA{Usage: 3, Selector: 1, MatchingType: 1, Data: sha2(root.RawSubjectPublicKeyInfo)}, checks.FaultFound},
		"3 1 1 of a private root":   {untrusted, checks.TLSA{Usage: 3, Selector: 1, MatchingType: 1, Data: sha2(own.RawSubjectPublicKeyInfo)}, checks.FaultNotFound},
		"2 0 1":                     {public, checks.TLSA{Usage: 2, MatchingType: 1, Data: sha2(issuer.Raw)}, checks.FaultNotFound},
		"2 0 1 of one not sent":     {public, checks.TLSA{Usage: 2, MatchingType: 1, Data: sha2(root.Raw)}, checks.FaultFound},
		"2 0 1 of a private root":   {untrusted, checks.TLSA{Usage: 2, MatchingType: 1, Data: sha2(private.Raw)}, checks.FaultNotFound},
		"2 0 1 of the leaf":         {public, checks.TLSA{Usage: 2, MatchingType: 1, Data: sha2(certificate.Raw)}, checks.FaultFound},
		"1 1 1":                     {public, checks.TLSA{Usage: 1, Selector: 1, MatchingType: 1, Data: sha2(certificate.RawSubjectPublicKeyInfo)}, checks.FaultNotFound},
		"1 1 1 without public root": {untrusted, checks.TLSA{Usage: 1, Selector: 1, MatchingType: 1, Data: sha2(own.RawSubjectPublicKeyInfo)}, checks.FaultFound},
		"0 0 1 of the root":         {public, checks.TLSA{Usage: 0, MatchingType: 1, Data: sha2(root.Raw)}, checks.FaultNotFound},
		"unknown usage":             {public, checks.TLSA{Usage: 9, MatchingType: 1, Data: sha2(root.Raw)}, checks.FaultNotApplicable},
	} {
		observation := observe("app.test", test.chain...)
		observation.Records.TLSA = checks.KnownFact([]checks.TLSA{test.record})
		observation.Records.DNSSEC = checks.KnownFact(true)
		require.Equal(t, test.want, only(t, observation, now, trust).Findings[checks.TLSAMismatch].Answer, name)
		observation.Records.DNSSEC = checks.KnownFact(false)
		require.Equal(t, checks.FaultNotApplicable, only(t, observation, now, trust).Findings[checks.TLSAMismatch].Answer, name)
		observation.Records.DNSSEC = checks.Fact[bool]{}
		require.Equal(t, checks.FaultNotAsked, only(t, observation, now, trust).Findings[checks.TLSAMismatch].Answer, name)
	}
}

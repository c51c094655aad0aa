package appraisal_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestRevoked(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	issuer := authority(t, "Issuer", root, newKey(t), nil)
	certificate := leaf(t, issuer, newKey(t), nil)
	trust := trusting(t, root)
	good := checks.KnownFact(checks.RevocationStatus{State: checks.RevocationGood})
	revoked := checks.KnownFact(checks.RevocationStatus{State: checks.RevocationRevoked, RevokedAt: now.AddDate(0, 0, -1), Cause: "keyCompromise"})
	unknown := checks.KnownFact(checks.RevocationStatus{State: checks.RevocationUnknown})
	absent, lost := checks.AbsentFact[checks.RevocationStatus](""), checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonTimeout)
	for name, test := range map[string]struct {
		leaf, issuer checks.Revocation
		want         checks.FaultAnswer
	}{
		"good":                    {checks.Revocation{CRL: good}, checks.Revocation{CRL: good}, checks.FaultNotFound},
		"revoked by CRL":          {checks.Revocation{CRL: revoked}, checks.Revocation{CRL: good}, checks.FaultFound},
		"revoked by OCSP":         {checks.Revocation{CRL: lost, OCSP: revoked}, checks.Revocation{CRL: good}, checks.FaultFound},
		"one says revoked":        {checks.Revocation{CRL: good, OCSP: revoked}, checks.Revocation{CRL: good}, checks.FaultFound},
		"issuer revoked":          {checks.Revocation{CRL: good}, checks.Revocation{CRL: revoked}, checks.FaultFound},
		"list lost, OCSP good":    {checks.Revocation{CRL: lost, OCSP: good}, checks.Revocation{CRL: good}, checks.FaultNotFound},
		"list lost":               {checks.Revocation{CRL: lost, OCSP: absent}, checks.Revocation{CRL: good}, checks.FaultInconclusive},
		"issuer's list lost":      {checks.Revocation{CRL: good}, checks.Revocation{CRL: lost, OCSP: absent}, checks.FaultInconclusive},
		"responder does not know": {checks.Revocation{CRL: absent, OCSP: unknown}, checks.Revocation{CRL: good}, checks.FaultInconclusive},
		"nothing published":       {checks.Revocation{CRL: absent, OCSP: absent}, checks.Revocation{CRL: good}, checks.FaultNotApplicable},
		"nothing of the issuer":   {checks.Revocation{CRL: good}, checks.Revocation{CRL: absent, OCSP: absent}, checks.FaultNotFound},
		"not asked":               {checks.Revocation{}, checks.Revocation{}, checks.FaultNotAsked},
	} {
		observation := observe("app.test", raws(certificate, issuer)...)
		observation.PKI.Revocation = map[checks.Fingerprint]checks.Revocation{
			fingerprint(certificate.Raw): test.leaf, fingerprint(issuer.Raw): test.issuer,
		}
		got := only(t, observation, now, trust).Findings[checks.Revoked]
		require.Equal(t, test.want, got.Answer, "%s: %+v", name, got)
	}
	require.Equal(t, checks.FaultNotAsked, only(t, observe("app.test", raws(certificate, issuer)...), now, trust).Findings[checks.Revoked].Answer)
}

// A revoked issuer counts only where every path needs it.
func TestRevokedIssuerWithAnAlternative(t *testing.T) {
	t.Parallel()
	root, other := authority(t, "Root", nil, newKey(t), nil), authority(t, "Other", nil, newKey(t), nil)
	key := newKey(t)
	one, two := authority(t, "Issuer", root, key, nil), authority(t, "Issuer", other, key, nil)
	certificate := leaf(t, one, newKey(t), nil)
	good := checks.Revocation{CRL: checks.KnownFact(checks.RevocationStatus{State: checks.RevocationGood})}
	revoked := checks.Revocation{CRL: checks.KnownFact(checks.RevocationStatus{State: checks.RevocationRevoked})}
	observation := observe("app.test", raws(certificate, one, two)...)
	observation.PKI.Revocation = map[checks.Fingerprint]checks.Revocation{
		fingerprint(certificate.Raw): good, fingerprint(one.Raw): revoked, fingerprint(two.Raw): good,
	}
	require.NotContains(t, found(only(t, observation, now, trusting(t, root, other))), checks.Revoked)
	require.Contains(t, found(only(t, observation, now, trusting(t, root))), checks.Revoked)
	observation.PKI.Revocation[fingerprint(two.Raw)] = revoked
	require.Contains(t, found(only(t, observation, now, trusting(t, root, other))), checks.Revoked)
}

func TestStaples(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	trust := trusting(t, root)
	must := leaf(t, root, newKey(t), func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: []byte{0x30, 3, 2, 1, 5}}}
	})
	plain := leaf(t, root, newKey(t), nil)
	staple := func(of *identity, fault checks.StapleFault, state checks.RevocationState) checks.Fact[checks.Staple] {
		return checks.KnownFact(checks.Staple{Leaf: fingerprint(of.Raw), Fault: fault, Status: checks.RevocationStatus{State: state}})
	}
	for name, test := range map[string]struct {
		leaf                      *identity
		fact                      checks.Fact[checks.Staple]
		missing, invalid, revoked checks.FaultAnswer
	}{
		"must, none":           {must, checks.AbsentFact[checks.Staple](""), checks.FaultFound, checks.FaultNotApplicable, checks.FaultNotAsked},
		"must, good":           {must, staple(must, "", checks.RevocationGood), checks.FaultNotFound, checks.FaultNotFound, checks.FaultNotFound},
		"must, expired":        {must, staple(must, checks.StapleExpired, checks.RevocationGood), checks.FaultNotFound, checks.FaultFound, checks.FaultNotAsked},
		"must, of another":     {must, staple(plain, "", checks.RevocationGood), checks.FaultNotAsked, checks.FaultNotAsked, checks.FaultNotAsked},
		"must, not asked":      {must, checks.Fact[checks.Staple]{}, checks.FaultNotAsked, checks.FaultNotAsked, checks.FaultNotAsked},
		"must, lost":           {must, checks.InconclusiveFact[checks.Staple](checks.ReasonTimeout), checks.FaultInconclusive, checks.FaultInconclusive, checks.FaultNotAsked},
		"plain, none":          {plain, checks.AbsentFact[checks.Staple](""), checks.FaultNotApplicable, checks.FaultNotApplicable, checks.FaultNotAsked},
		"plain, revoked":       {plain, staple(plain, "", checks.RevocationRevoked), checks.FaultNotApplicable, checks.FaultNotFound, checks.FaultFound},
		"plain, bad signature": {plain, staple(plain, checks.StapleBadSignature, checks.RevocationRevoked), checks.FaultNotApplicable, checks.FaultFound, checks.FaultNotAsked},
	} {
		observation := observe("app.test", test.leaf.Raw)
		observation.Addresses[0].Full.Stapled.OCSP = test.fact
		got := only(t, observation, now, trust).Findings
		require.Equal(t, test.missing, got[checks.StapleMissing].Answer, name)
		require.Equal(t, test.invalid, got[checks.StapleInvalid].Answer, name)
		require.Equal(t, test.revoked, got[checks.Revoked].Answer, name)
	}
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	certificate := leaf(t, root, newKey(t), nil) // day -10 to day 80: due on day 50
	trust := trusting(t, root)
	ask := func(at time.Time, fact checks.Fact[checks.RenewalInfo]) map[checks.Question]checks.ChainFinding {
		observation := observe("app.test", certificate.Raw)
		observation.PKI.RenewalInfo = map[checks.Fingerprint]checks.Fact[checks.RenewalInfo]{fingerprint(certificate.Raw): fact}
		return only(t, observation, at, trust).Findings
	}
	none := checks.AbsentFact[checks.RenewalInfo]("")
	require.Equal(t, checks.FaultNotFound, ask(now.AddDate(0, 0, 49), none)[checks.RenewalOverdue].Answer)
	require.Equal(t, checks.FaultFound, ask(now.AddDate(0, 0, 70), none)[checks.RenewalOverdue].Answer)
	require.Equal(t, checks.FaultNotApplicable, ask(now, none)[checks.RenewalAsked].Answer)
	require.Equal(t, checks.FaultNotAsked, ask(now, checks.Fact[checks.RenewalInfo]{})[checks.RenewalAsked].Answer)
	require.Equal(t, checks.FaultInconclusive, ask(now, checks.InconclusiveFact[checks.RenewalInfo](checks.ReasonTimeout))[checks.RenewalAsked].Answer)
	moved := checks.KnownFact(checks.RenewalInfo{Start: now.AddDate(0, 0, -2), End: now.AddDate(0, 0, -1)})
	require.Equal(t, checks.FaultFound, ask(now, moved)[checks.RenewalAsked].Answer)
	usual := checks.KnownFact(checks.RenewalInfo{Start: now.AddDate(0, 0, 48), End: now.AddDate(0, 0, 52)})
	require.Equal(t, checks.FaultNotFound, ask(now, usual)[checks.RenewalAsked].Answer)
}

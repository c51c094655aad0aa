package appraisal_test

import (
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

// Each way in which a chain fails has its own answer, and no other one.
func TestTrustFaults(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, rsaKey(), nil)
	issuer := authority(t, "Issuer", root, rsaKey(), nil)
	stranger := authority(t, "Stranger", nil, newKey(t), nil)
	key := newKey(t)
	trust := trusting(t, root)
	issued := func(change func(*x509.Certificate)) []byte { return leaf(t, issuer, key, change).Raw }
	under := func(change func(*x509.Certificate)) [][]byte {
		constrained := authority(t, "Constrained", root, newKey(t), change)
		return raws(leaf(t, constrained, key, nil), constrained)
	}
	sha1Issuer := authority(t, "Old issuer", root, rsaKey(), func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA })
	upper := authority(t, "Upper", root, newKey(t), nil)
	lower := authority(t, "Lower", upper, newKey(t), nil)
	for name, test := range map[string]struct {
		chain [][]byte
		want  []checks.Question
	}{
		"self-signed":            {raws(leaf(t, nil, key, nil)), []checks.Question{checks.SelfSigned}},
		"unknown root, not sent": {raws(leaf(t, stranger, key, nil)), []checks.Question{checks.UnknownIssuer}},
		"unknown root, sent":     {raws(leaf(t, stranger, key, nil), stranger), []checks.Question{checks.UnknownIssuer, checks.RootSent}},
		"issuer not sent":        {[][]byte{issued(nil)}, []checks.Question{checks.UnknownIssuer}},
		"issuer of that name":    {raws(leaf(t, authority(t, "Root", nil, rsaKey2(), nil), key, nil)), []checks.Question{checks.UnknownIssuer}},
		"expired":                {[][]byte{issued(until(-1)), issuer.Raw}, []checks.Question{checks.Expired, checks.RenewalOverdue}},
		"not yet valid":          {[][]byte{issued(from(1)), issuer.Raw}, []checks.Question{checks.NotYetValid}},
		"expired issuer":         {under(until(-1)), []checks.Question{checks.Expired}},
		"SHA-1 leaf":             {[][]byte{issued(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA }), issuer.Raw}, []checks.Question{checks.SHA1Signature}},
		"SHA-1 issuer":           {raws(leaf(t, sha1Issuer, key, nil), sha1Issuer), []checks.Question{checks.SHA1Signature}},
		"MD5 leaf":               {[][]byte{md5Signed(t, issued(nil), rsaKey()), issuer.Raw}, []checks.Question{checks.MDSignature}},
		"for clients":            {[][]byte{issued(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), issuer.Raw}, []checks.Question{checks.KeyUsage}},
		"issuer is no authority": {under(func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, 0 }), []checks.Question{checks.KeyUsage}},
		"issuer may not sign":    {under(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }), []checks.Question{checks.KeyUsage}},
		"issuer for other names": {under(func(c *x509.Certificate) {
			c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"other.test"}, true
		}), []checks.Question{checks.KeyUsage}},
		"issuer for clients":       {under(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), []checks.Question{checks.KeyUsage}},
		"unknown critical":         {[][]byte{issued(critical), issuer.Raw}, []checks.Question{checks.KeyUsage}},
		"another name":             {[][]byte{issued(func(c *x509.Certificate) { c.DNSNames = []string{"other.test"} }), issuer.Raw}, []checks.Question{checks.NameMismatch}},
		"all in order":             {[][]byte{issued(nil), issuer.Raw}, []checks.Question{}},
		"root sent":                {[][]byte{issued(nil), issuer.Raw, root.Raw}, []checks.Question{checks.RootSent}},
		"a stranger's certificate": {[][]byte{issued(nil), issuer.Raw, stranger.Raw}, []checks.Question{checks.Superfluous}},
		"sent twice":               {[][]byte{issued(nil), issuer.Raw, issuer.Raw}, []checks.Question{checks.Duplicates}},
		"a stranger in between":    {[][]byte{issued(nil), stranger.Raw, issuer.Raw}, []checks.Question{checks.WrongOrder, checks.Superfluous}},
		"garbage behind":           {[][]byte{issued(nil), issuer.Raw, []byte("garbage")}, []checks.Question{checks.Unparsable, checks.Superfluous}},
		"wrong order":              {raws(leaf(t, lower, key, nil), upper, lower), []checks.Question{checks.WrongOrder}},
		"path too long": {func() [][]byte {
			short := authority(t, "Short", root, newKey(t), func(c *x509.Certificate) { c.MaxPathLenZero = true })
			below := authority(t, "Below", short, newKey(t), nil)
			return raws(leaf(t, below, key, nil), below, short)
		}(), []checks.Question{checks.KeyUsage}},
		"distrusted authority by name": {func() [][]byte {
			symantec := authority(t, "Symantec Class 3", nil, newKey(t), func(c *x509.Certificate) { c.Subject.Organization = []string{"Symantec Corporation"} })
			return raws(leaf(t, symantec, key, nil))
		}(), []checks.Question{checks.Distrusted}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := only(t, observe("app.test", test.chain...), now, trust)
			require.Equal(t, test.want, found(got), "%+v", got.Findings)
		})
	}
}

func from(days int) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = now.AddDate(0, 0, days), now.AddDate(0, 0, days+90)
	}
}

func until(days int) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = now.AddDate(0, 0, days-90), now.AddDate(0, 0, days)
	}
}

// The store's own constraint distrusts by date of issue.
func TestStoreDistrusts(t *testing.T) {
	t.Parallel()
	root := authority(t, "Falling", nil, newKey(t), nil)
	line := now.AddDate(0, 0, -5)
	trust := newTrust(t, appraisal.Config{WithoutLint: true, Public: []chain.Anchor{{
		Certificate: root.Certificate,
		Constraint: func(path []*x509.Certificate) error {
			if path[0].NotBefore.After(line) {
				return errors.New("issued too late")
			}
			return nil
		},
	}}})
	key := newKey(t)
	require.Empty(t, found(only(t, observe("app.test", leaf(t, root, key, nil).Raw), now, trust)))
	late := leaf(t, root, key, func(c *x509.Certificate) { c.NotBefore = now.AddDate(0, 0, -1) })
	got := only(t, observe("app.test", late.Raw), now, trust)
	require.Equal(t, []checks.Question{checks.Distrusted}, found(got))
	require.Empty(t, got.Path)
	require.False(t, got.Stores[appraisal.StoreMozilla])
}

// What AIA leads to completes a chain; where it was not asked, or did not
// answer, nobody can tell.
func TestIncompleteChains(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	issuer := authority(t, "Issuer", root, newKey(t), nil)
	certificate := leaf(t, issuer, newKey(t), func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://aia.test/issuer"} })
	trust := trusting(t, root)
	for name, test := range map[string]struct {
		fact                checks.Fact[[]checks.Fingerprint]
		incomplete, unknown checks.FaultAnswer
	}{
		"fetched":       {checks.KnownFact([]checks.Fingerprint{fingerprint(issuer.Raw)}), checks.FaultFound, checks.FaultNotFound},
		"not asked":     {checks.Fact[[]checks.Fingerprint]{}, checks.FaultNotAsked, checks.FaultNotAsked},
		"timed out":     {checks.InconclusiveFact[[]checks.Fingerprint](checks.ReasonTimeout), checks.FaultInconclusive, checks.FaultInconclusive},
		"nothing there": {checks.AbsentFact[[]checks.Fingerprint](""), checks.FaultNotFound, checks.FaultFound},
	} {
		observation := observe("app.test", certificate.Raw)
		add(observation, issuer.Raw)
		observation.PKI.Issuers = map[checks.Fingerprint]checks.Fact[[]checks.Fingerprint]{fingerprint(certificate.Raw): test.fact}
		got := only(t, observation, now, trust)
		require.Equal(t, test.incomplete, got.Findings[checks.IncompleteChain].Answer, name)
		require.Equal(t, test.unknown, got.Findings[checks.UnknownIssuer].Answer, name)
		require.Equal(t, test.incomplete == checks.FaultFound, len(got.Path) == 3, name)
	}
}

// One trusted path is enough: an expired certificate counts only where every
// path needs it.
func TestExpiredIssuerWithAnAlternative(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	key := newKey(t)
	expired := authority(t, "Issuer", root, key, func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -1) })
	fresh := authority(t, "Issuer", root, key, nil)
	certificate := leaf(t, fresh, newKey(t), nil)
	trust := trusting(t, root)
	got := only(t, observe("app.test", raws(certificate, expired, fresh)...), now, trust)
	require.Equal(t, []checks.Question{checks.WrongOrder, checks.Superfluous}, found(got))
	require.Contains(t, got.Path, fingerprint(fresh.Raw))
	require.Equal(t, []checks.Question{checks.Expired}, found(only(t, observe("app.test", raws(certificate, expired)...), now, trust)))

	// A client that fetches gets along with the fresh one.
	observation := observe("app.test", raws(certificate, expired)...)
	add(observation, fresh.Raw)
	observation.PKI.Issuers = map[checks.Fingerprint]checks.Fact[[]checks.Fingerprint]{
		fingerprint(certificate.Raw): checks.KnownFact([]checks.Fingerprint{fingerprint(fresh.Raw)}),
	}
	require.Contains(t, found(only(t, observation, now, trust)), checks.IncompleteChain)
	require.NotContains(t, found(only(t, observation, now, trust)), checks.Expired)
}

// A cross-signed root that is sent leads to an older root too, and is not needed.
func TestCrossSignedRoot(t *testing.T) {
	t.Parallel()
	old := authority(t, "Old root", nil, newKey(t), nil)
	key := newKey(t)
	root := authority(t, "New root", nil, key, nil)
	cross := authority(t, "New root", old, key, nil)
	issuer := authority(t, "Issuer", root, newKey(t), nil)
	certificate := leaf(t, issuer, newKey(t), nil)
	got := only(t, observe("app.test", raws(certificate, issuer, cross)...), now, trusting(t, root))
	require.Equal(t, []checks.Question{checks.Superfluous}, found(got))
	require.Contains(t, got.Findings[checks.Superfluous].Details[0].Text, "older root")
	require.Empty(t, found(only(t, observe("app.test", raws(certificate, issuer, cross)...), now, trusting(t, old))))
}

// From one boundary until just before the next nothing changes.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	key := newKey(t)
	short := authority(t, "Issuer", root, key, func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, 20) })
	certificate := leaf(t, short, newKey(t), nil)
	observation := observe("app.test", raws(certificate, short)...)
	observation.PKI.RenewalInfo = map[checks.Fingerprint]checks.Fact[checks.RenewalInfo]{
		fingerprint(certificate.Raw): checks.KnownFact(checks.RenewalInfo{Start: now.AddDate(0, 0, 40), End: now.AddDate(0, 0, 42)}),
	}
	trust := trusting(t, root)
	boundaries := appraisal.Appraise(observation, now, trust).Boundaries
	require.Contains(t, boundaries, short.NotAfter.Add(time.Nanosecond), "it is valid until then")
	require.Contains(t, boundaries, certificate.NotBefore)
	changed := 0
	for index, from := range boundaries[:len(boundaries)-1] {
		to := boundaries[index+1]
		early := appraisal.Appraise(observation, from, trust)
		late := appraisal.Appraise(observation, to.Add(-time.Nanosecond), trust)
		require.Equal(t, early.Addresses, late.Addresses, "%s to %s", from, to)
		after := appraisal.Appraise(observation, to, trust)
		if !equalAnswers(late, after) {
			changed++
		}
	}
	require.Equal(t, 3, changed, "begin, end of the issuer, wish of the issuer")
}

func equalAnswers(a, b checks.Appraisal) bool {
	for question, finding := range a.Addresses[0].Chains[0].Findings {
		if b.Addresses[0].Chains[0].Findings[question].Answer != finding.Answer {
			return false
		}
	}
	return true
}

package grade_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// Every row of section 7.
func TestBonus(t *testing.T) {
	t.Parallel()
	pins := func(value string) change {
		return func(s *server) {
			s.observed.HTTP.Hops[0].Answer.Value.PublicKeyPins = checks.KnownFact([]string{value})
		}
	}
	hops := func(list ...checks.Hop) change { return func(s *server) { s.observed.HTTP.Hops = list } }
	with := func(hop checks.Hop, value string) checks.Hop {
		hop.Answer.Value.HSTS = checks.KnownFact([]string{value})
		return hop
	}
	const pin = `pin-sha256="cUPcTAZWKaASuYWhhneDttWpY3oBAkE3h2+soZS7sWs="; `
	const own, other, long = "app.example.com", "login.example.net", "max-age=31536000"
	tests := map[string]row{
		"180 days":                          {changes(hsts("max-age=15552000")), "A+", []string{"BONUS-HSTS", "BONUS-HPKP"}, nil},
		"one second less":                   {changes(hsts("max-age=15551999")), "A", nil, []string{"BONUS-HSTS"}},
		"quoted, among others":              {changes(hsts(`includeSubDomains; Max-Age="31536000"; preload; x=y`)), "A+", nil, nil},
		"beyond 64 bits":                    {changes(hsts("max-age=99999999999999999999")), "A+", nil, nil},
		"twice the same field":              {changes(hsts(long, long)), "A+", nil, nil},
		"a warning":                         {changes(longHSTS, refuses(v13)), "A-", []string{"W-NO-TLS13"}, []string{"BONUS-HSTS"}},
		"a cap":                             {changes(longHSTS, accepts(v10, suite(0xC013))), "B", nil, []string{"BONUS-HSTS"}},
		"not trusted":                       {changes(longHSTS, fault(checks.SelfSigned)), "T", nil, []string{"BONUS-HSTS"}},
		"mismatch":                          {changes(longHSTS, fault(checks.NameMismatch)), "M", nil, []string{"BONUS-HSTS"}},
		"SHA-1":                             {changes(longHSTS, fault(checks.SHA1Signature)), "T", nil, nil},
		"pins valid":                        {changes(longHSTS, pins(pin+"max-age=1")), "A+", nil, nil},
		"pins turned off":                   {changes(longHSTS, pins("max-age=0")), "A+", nil, nil},
		"pins invalid":                      {changes(longHSTS, pins(`pin-sha256="short"; max-age=1`)), "A", nil, nil},
		"pins without max-age":              {changes(longHSTS, pins(pin)), "A", nil, nil},
		"pins missing":                      {changes(longHSTS, pins("max-age=5184000")), "A", nil, nil},
		"TLS 1.3 alone":                     {changes(longHSTS, refuses(v12)), "A+", nil, nil},
		"on the last hop of the host":       {changes(hops(hop("https", own, 302), with(hop("https", own, 200), long))), "A+", nil, nil},
		"on the first hop only":             {changes(hops(with(hop("https", own, 302), long), hop("https", own, 200))), "A", nil, nil},
		"redirect to another host":          {changes(hops(with(hop("https", own, 302), long), hop("https", other, 200))), "A+", nil, nil},
		"on another host only":              {changes(hops(hop("https", own, 302), with(hop("https", other, 200), long))), "A", nil, nil},
		"back from another host":            {changes(hops(hop("https", own, 302), hop("https", other, 302), with(hop("https", own, 200), long))), "A", nil, nil},
		"down to http":                      {changes(hops(with(hop("https", own, 302), long), hop("http", own, 200))), "A+", nil, nil},
		"another host that does not answer": {changes(hops(with(hop("https", own, 302), long), checks.Hop{Host: other, Scheme: "https"})), "A+", nil, nil},
	}
	for name, test := range tests {
		t.Run(name, test.check)
	}
}

// TLS_FALLBACK_SCSV was needed until 2009r, and TLS 1.3 and HSTS were not asked.
func TestCriteria2009q(t *testing.T) {
	t.Parallel()
	scsv := func(fact checks.Fact[bool]) change {
		return features(func(f *checks.Features) { f.FallbackSCSV = fact })
	}
	for name, test := range map[string]struct {
		changes []change
		q, r    checks.Letter
	}{
		"all is well":                  {changes(longHSTS), "A+", "A+"},
		"no TLS 1.3":                   {changes(longHSTS, refuses(v13)), "A+", "A-"},
		"no SCSV":                      {changes(longHSTS, scsv(checks.KnownFact(false))), "A", "A+"},
		"SCSV cannot be tested":        {changes(longHSTS, refuses(v13), scsv(checks.AbsentFact[bool](""))), "A+", "A-"},
		"TLS 1.3 alone":                {changes(longHSTS, refuses(v12), scsv(checks.AbsentFact[bool](""))), "A", "A+"},
		"HSTS turned off":              {changes(hsts("max-age=0")), "A", "A-"},
		"HSTS invalid":                 {changes(hsts("x")), "A", "A-"},
		"no secure renegotiation":      {changes(features(func(f *checks.Features) { f.SecureRenegotiation = checks.KnownFact(false) })), "A-", "A-"},
		"TLS 1.1":                      {changes(accepts(v11, suite(0xC013))), "B", "B"},
		"short HSTS, no SCSV":          {changes(hsts("max-age=1"), scsv(checks.KnownFact(false))), "A", "A"},
		"forward secrecy is asked for": {changes(accepts(v12, suite(0x009C))), "B", "B"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serving(test.changes...)
			require.Equal(t, test.q, s.gradeBy(day(2024, 1, 1), "2009q").Letter)
			require.Equal(t, test.r, s.gradeBy(day(2026, 1, 1), "2009r").Letter)
		})
	}
}

// Section 3.2 and section 8.
func TestTrust(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		changes         []change
		letter, ignored checks.Letter
		fires           []string
	}{
		"T-NOTYET":    {changes(fault(checks.NotYetValid)), "T", "A", []string{"T-NOTYET"}},
		"T-EXPIRED":   {changes(fault(checks.Expired)), "T", "A", []string{"T-EXPIRED"}},
		"T-SELF":      {changes(fault(checks.SelfSigned), fault(checks.UnknownIssuer)), "T", "A", []string{"T-SELF", "T-UNKNOWN"}},
		"T-UNKNOWN":   {changes(fault(checks.UnknownIssuer)), "T", "A", []string{"T-UNKNOWN"}},
		"T-SHA1":      {changes(fault(checks.SHA1Signature)), "T", "A", []string{"T-SHA1"}},
		"T-DISTRUST":  {changes(fault(checks.Distrusted)), "T", "A", []string{"T-DISTRUST"}},
		"T-BLACKLIST": {changes(fault(checks.Blacklisted)), "T", "A", []string{"T-BLACKLIST"}},
		"T-KEYUSE":    {changes(fault(checks.KeyUsage)), "T", "A", []string{"T-KEYUSE"}},

		"F beats T":                      {changes(fault(checks.Expired), accepts(v2, cipherSpec(0x0700C0))), "F", "F", []string{"F-SSL2", "T-EXPIRED"}},
		"F beats M":                      {changes(fault(checks.NameMismatch), accepts(v2, cipherSpec(0x0700C0))), "F", "F", []string{"F-SSL2", "M-NAME"}},
		"revoked is F":                   {changes(fault(checks.Revoked), fault(checks.UnknownIssuer)), "F", "F", []string{"F-REVOKED", "T-UNKNOWN"}},
		"T over B":                       {changes(fault(checks.Expired), accepts(v10, suite(0xC013))), "T", "B", []string{"T-EXPIRED", "B-TLS10"}},
		"T over C":                       {changes(fault(checks.Expired), found(checks.CRIME, checks.Vulnerable, 1)), "T", "C", nil},
		"T over A-":                      {changes(fault(checks.Expired), refuses(v13)), "T", "A-", nil},
		"T: no A+":                       {changes(fault(checks.Expired), longHSTS), "T", "A", nil},
		"mismatch only":                  {changes(fault(checks.NameMismatch)), "M", "A", []string{"M-NAME"}},
		"mismatch over B":                {changes(fault(checks.NameMismatch), accepts(v10, suite(0xC013))), "M", "B", nil},
		"mismatch and no trust":          {changes(fault(checks.NameMismatch), fault(checks.UnknownIssuer)), "T", "A", []string{"M-NAME", "T-UNKNOWN"}},
		"trusted":                        {nil, "A", "A", nil},
		"the chain counts where trusted": {changes(fault(checks.IncompleteChain)), "B", "B", []string{"B-CHAIN"}},
		"and not where trust is ignored": {changes(fault(checks.IncompleteChain), fault(checks.UnknownIssuer)), "T", "A", []string{"B-CHAIN"}},
		"a second leaf is expired": {changes(also(trusted("ECDSA", 3072)), func(s *server) {
			s.appraised.Chains[1].Findings[checks.Expired] = checks.ChainFinding{Answer: checks.FaultFound}
		}), "T", "A", []string{"T-EXPIRED"}},
		"what comes without SNI does not count": {changes(also(trusted("ECDSA", 3072)), func(s *server) {
			s.appraised.Chains[1].SNI = false
			s.appraised.Chains[1].Findings[checks.Expired] = checks.ChainFinding{Answer: checks.FaultFound}
		}), "A", "A", nil},
		"a private root is trusted, and said": {changes(func(s *server) { s.appraised.Chains[0].PrivateRoot = true }), "A", "A", []string{"N-PRIVATE-ROOT"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := serving(test.changes...).grade()
			require.Equal(t, test.letter, got.Letter, ids(got.Rules))
			require.Equal(t, test.ignored, got.TrustIgnored)
			require.Subset(t, ids(got.Rules), test.fires)
			require.False(t, got.Provisional, got.Missing)
		})
	}
}

// The rows of section 15 that tell a letter; those of scores are in TestVectors
// and TestKeyExchange.
func TestRegression(t *testing.T) {
	t.Parallel()
	noRenegotiation := features(func(f *checks.Features) { f.SecureRenegotiation = checks.KnownFact(false) })
	tests := map[string]struct {
		changes         []change
		criteria        string
		letter, ignored checks.Letter
		fires, silent   []string
	}{
		"TLS 1.2 and 1.3, HSTS of a day": {changes(hsts("max-age=86400")), "2009r", "A", "A", nil, nil},
		"all at once": {
			changes(only(rsa(rc4, aes128), v3, v10), accepts(v2, cipherSpec(0x0700C0)), fault(checks.UnknownIssuer), fault(checks.NameMismatch),
				found(checks.InsecureRenegotiation, checks.Vulnerable, 1), found(checks.POODLESSL, checks.NotVulnerable, 0), noRenegotiation),
			"2009r", "F", "F",
			[]string{"F-SSL2", "B-SSL3", "B-RC4", "F-RENEG", "C-NO-TLS12", "B-NO-FS", "B-NO-AEAD", "B-TLS10", "T-UNKNOWN", "M-NAME"},
			[]string{"C-POODLE"},
		},
		"mismatch, incomplete chain, long HSTS": {
			changes(fault(checks.NameMismatch), fault(checks.IncompleteChain), fault(checks.UnknownIssuer), longHSTS),
			"2009r", "T", "A", nil, nil,
		},
		"mismatch only, with some B": {changes(fault(checks.NameMismatch), accepts(v11, suite(0xC013))), "2009r", "M", "B", nil, nil}, // T where the scan is told to go on (open point 13)
		"self-signed, 2019":          {changes(fault(checks.SelfSigned), fault(checks.UnknownIssuer)), "2009q", "T", "A", nil, nil},
		"private CA, chain incomplete": {
			changes(fault(checks.UnknownIssuer), fault(checks.IncompleteChain)), "2009q", "T", "A", nil, nil, // B in 2022; open point 8
		},
		"R23": {
			changes(only(append(rsa(0xC030, 0xC02F, 0x0041, 0x0084, 0xC050, 0xC051), rsa(aes128, aes256)...), v10, v11, v12), accepts(v13, suite(0x1302), suite(0x1301)),
				prefers(v12, checks.KnownFact(checks.ClientPreference)), gets("IE 11 on Windows Phone 8.1", true, v12, aes128),
				also(checks.ChainAppraisal{Findings: map[checks.Question]checks.ChainFinding{checks.Expired: {Answer: checks.FaultFound}, checks.NameMismatch: {Answer: checks.FaultFound}}})),
			"2009q", "B", "B",
			[]string{"B-NO-FS", "B-TLS10", "B-TLS11"},
			[]string{"T-EXPIRED", "M-NAME", "B-CHAIN"},
		},
		"dh512 test site": {
			changes(only([]checks.Suite{grouped(0x0039, "dh", 512), grouped(0x0033, "dh", 512)}, v10, v11, v12)),
			"2009r", "F", "F",
			[]string{"F-DH-1024", "W-NO-TLS13", "B-TLS10", "B-TLS11"},
			nil,
		},
		"large public site": {changes(), "2009r", "A", "A", nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := serving(test.changes...).gradeBy(now, test.criteria)
			require.Equal(t, test.letter, got.Letter, ids(got.Rules))
			require.Equal(t, test.ignored, got.TrustIgnored)
			require.Subset(t, ids(got.Rules), test.fires)
			for _, id := range test.silent {
				require.NotContains(t, ids(got.Rules), id)
			}
		})
	}
	r23 := serving(tests["R23"].changes...).gradeBy(now, "2009q")
	require.True(t, r23.HasWarnings)
	require.Nil(t, r23.Missing)
}

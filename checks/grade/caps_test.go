package grade_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// row is a row of the rating guide's tables.
type row struct {
	changes []change
	letter  checks.Letter
	// rules that fire, and some that do not.
	fires, silent []string
}

func (r row) check(t *testing.T) {
	t.Parallel()
	got := serving(r.changes...).grade()
	require.Equal(t, r.letter, got.Letter, ids(got.Rules))
	require.Subset(t, ids(got.Rules), r.fires)
	for _, id := range r.silent {
		require.NotContains(t, ids(got.Rules), id)
	}
	require.False(t, got.Provisional, got.Missing)
	for _, rule := range got.Rules {
		require.NotEmpty(t, rule.Proof, rule.ID)
		require.NotContains(t, rule.Text, "{what}")
		require.NotContains(t, rule.Text, "%!")
		for _, proof := range rule.Proof {
			require.NotEmpty(t, proof.Fact, rule.ID)
			require.NotEmpty(t, proof.Value, rule.ID)
			require.NotEmpty(t, proof.Text, rule.ID)
			require.NotEmpty(t, proof.Cause, rule.ID)
		}
	}
	if r.letter != checks.GradeAPlus {
		require.NotEmpty(t, got.Next)
		last := got.Next[len(got.Next)-1]
		require.Equal(t, checks.GradeAPlus, last.Letter, "without everything that is in the way there is nothing left")
	}
}

func changes(list ...change) []change { return list }

// Every row of section 5.
func TestCaps(t *testing.T) {
	t.Parallel()
	withoutSuites := func(s *server) {
		s.observed.TLS.Protocols[v2] = checks.KnownFact(checks.Accepted{WithoutSuites: true})
		s.observed.Full.Suites.Accepted[v2] = checks.KnownFact([]checks.Suite{})
	}
	const (
		vulnerable = checks.Vulnerable
		ecdheCBC   = 0xC013
	)
	tests := map[string]row{
		"nothing": {nil, "A", nil, []string{"SCORE", "BONUS-HPKP"}},

		"F-SSL2":                      {changes(accepts(v2, cipherSpec(0x0700C0))), "F", []string{"F-SSL2", "F-DROWN"}, []string{"F-WEAK-CIPHER"}},
		"F-SSL2 without suites":       {changes(withoutSuites), "F", []string{"F-SSL2", "F-DROWN"}, nil},
		"F-SSL2 with export":          {changes(accepts(v2, cipherSpec(0x020080))), "F", []string{"F-SSL2", "F-WEAK-CIPHER", "F-EXPORT", "B-RC4"}, []string{"F-FREAK", "F-RC4-ONLY"}},
		"F-SSL3-BEST":                 {changes(only(rsa(rc4, aes128), v3), found(checks.POODLESSL, checks.NotVulnerable, 0)), "F", []string{"F-SSL3-BEST", "B-SSL3", "C-NO-TLS12", "W-NO-TLS13"}, []string{"C-POODLE"}},
		"B-SSL3":                      {changes(accepts(v3, suite(rc4)), found(checks.POODLESSL, checks.NotVulnerable, 0)), "B", []string{"B-SSL3"}, []string{"C-POODLE", "F-SSL3-BEST"}},
		"B-TLS10":                     {changes(accepts(v10, suite(ecdheCBC))), "B", []string{"B-TLS10"}, []string{"B-TLS11"}},
		"B-TLS11":                     {changes(accepts(v11, suite(ecdheCBC))), "B", []string{"B-TLS11"}, []string{"B-TLS10"}},
		"C-NO-TLS12":                  {changes(only([]checks.Suite{suite(ecdheCBC)}, v10, v11)), "C", []string{"C-NO-TLS12", "B-TLS10", "B-TLS11", "W-NO-TLS13", "B-NO-AEAD"}, nil},
		"C-NO-TLS12: TLS 1.3 is fine": {changes(refuses(v12)), "A", nil, []string{"C-NO-TLS12"}},

		"F-RC4-ONLY":                           {changes(only(rsa(rc4, 0x0004), v10, v12)), "F", []string{"F-RC4-ONLY", "B-RC4", "C-RC4-MODERN"}, nil},
		"F-RC4-ONLY: one other":                {changes(only(rsa(rc4, aes128), v10), accepts(v12, suite(0xC02F))), "B", []string{"B-RC4"}, []string{"F-RC4-ONLY", "C-RC4-MODERN"}},
		"C-RC4-MODERN by a client":             {changes(adds(v12, suite(rc4)), gets("Old client", false, v12, rc4)), "C", []string{"C-RC4-MODERN", "B-RC4"}, nil},
		"C-RC4-MODERN with TLS 1.1":            {changes(accepts(v11, suite(ecdheCBC), suite(rc4)), gets("Old client", false, v11, rc4)), "C", []string{"C-RC4-MODERN"}, nil},
		"C-RC4-MODERN by order":                {changes(accepts(v12, suite(0xC011), suite(0xC02F))), "C", []string{"C-RC4-MODERN"}, nil},
		"C-RC4-MODERN: not with TLS 1.0":       {changes(accepts(v10, suite(0xC011)), gets("Old client", false, v10, 0xC011)), "B", []string{"B-RC4"}, []string{"C-RC4-MODERN"}},
		"C-RC4-MODERN: last, and never chosen": {changes(adds(v12, suite(rc4))), "B", []string{"B-RC4"}, []string{"C-RC4-MODERN"}},
		"B-RC4":                                {changes(adds(v12, suite(0xC011))), "B", []string{"B-RC4"}, nil},

		"C-64BIT":                         {changes(adds(v12, suite(0xC012)), gets("IE 8 on Windows 7", false, v12, 0xC012)), "C", []string{"C-64BIT"}, []string{"F-WEAK-CIPHER"}},
		"C-64BIT: accepted last":          {changes(adds(v12, suite(0xC012))), "A", nil, []string{"C-64BIT"}},
		"C-64BIT: only with TLS 1.0":      {changes(accepts(v10, suite(0xC012)), gets("IE 8 on XP", false, v10, 0xC012)), "B", []string{"B-TLS10"}, []string{"C-64BIT"}},
		"C-64BIT: IDEA":                   {changes(adds(v12, suite(0x0007)), gets("Old client", false, v12, 0x0007)), "C", []string{"C-64BIT"}, nil},
		"F-WEAK-CIPHER: NULL":             {changes(adds(v12, suite(0xC010))), "F", []string{"F-WEAK-CIPHER"}, []string{"F-EXPORT"}},
		"F-WEAK-CIPHER: DES":              {changes(adds(v12, suite(des))), "F", []string{"F-WEAK-CIPHER"}, nil},
		"F-WEAK-CIPHER: 3DES is not":      {changes(adds(v12, suite(des3))), "A", nil, []string{"F-WEAK-CIPHER"}},
		"F-WEAK-CIPHER: NULL of TLS 1.3":  {changes(adds(v13, suite(0xC0B4))), "F", []string{"F-WEAK-CIPHER"}, nil},
		"F-ANON: ECDH":                    {changes(adds(v12, suite(0xC018))), "F", []string{"F-ANON", "SCORE"}, []string{"F-WEAK-CIPHER"}},
		"F-ANON: DH":                      {changes(adds(v12, suite(0x0034))), "F", []string{"F-ANON"}, nil},
		"F-EXPORT":                        {changes(adds(v12, suite(rc440))), "F", []string{"F-EXPORT", "F-WEAK-CIPHER", "F-FREAK"}, nil},
		"F-FREAK":                         {changes(adds(v12, suite(0x0008))), "F", []string{"F-FREAK"}, []string{"F-DH-1024"}},
		"F-FREAK by the probe":            {changes(found(checks.FREAK, vulnerable, 1)), "F", []string{"F-FREAK"}, nil},
		"F-DH-1024":                       {changes(adds(v12, grouped(0x009E, "dh", 1023))), "F", []string{"F-DH-1024"}, []string{"B-DH-2048"}},
		"F-DH-1024: DHE_EXPORT":           {changes(adds(v12, grouped(0x0014, "dh", 512))), "F", []string{"F-DH-1024", "F-EXPORT"}, []string{"F-FREAK"}},
		"F-DH-1024 by the probe":          {changes(found(checks.LOGJAM, vulnerable, 1)), "F", []string{"F-DH-1024"}, nil},
		"B-DH-2048: 1024":                 {changes(adds(v12, grouped(0x009E, "dh", 1024))), "B", []string{"B-DH-2048"}, []string{"F-DH-1024"}},
		"B-DH-2048: 2047":                 {changes(adds(v12, grouped(0x009E, "dh", 2047))), "B", []string{"B-DH-2048"}, nil},
		"B-DH-2048: for some clients":     {changes(adds(v12, suite(0x009E)), parameters(1024)), "B", []string{"B-DH-2048"}, []string{"F-DH-1024"}},
		"F-DH-1024: for some clients":     {changes(adds(v12, suite(0x009E)), parameters(1023)), "F", []string{"F-DH-1024"}, []string{"B-DH-2048"}},
		"B-DH-2048: 2048 for all clients": {changes(adds(v12, suite(0x009E)), parameters(2048)), "A", nil, []string{"B-DH-2048"}},
		"B-DH-2048: of a suite of PSK":    {changes(adds(v12, primed(0x00AA, 1024)), parameters(1024)), "A", nil, []string{"B-DH-2048"}},
		"B-DH-2048: 2048 is enough":       {changes(adds(v12, suite(0x009E))), "A", nil, []string{"B-DH-2048"}},
		"F-KEY-1024":                      {changes(leaf("RSA", 1023)), "F", []string{"F-KEY-1024"}, []string{"B-KEY-2048"}},
		"F-KEY-1024 of a second leaf":     {changes(also(trusted("ECDSA", 704))), "F", []string{"F-KEY-1024"}, nil},
		"B-KEY-2048: 1024":                {changes(leaf("RSA", 1024)), "B", []string{"B-KEY-2048"}, []string{"F-KEY-1024"}},
		"B-KEY-2048: 2047":                {changes(leaf("DSA", 2047)), "B", []string{"B-KEY-2048"}, nil},
		"F-RENEG":                         {changes(found(checks.InsecureRenegotiation, vulnerable, 1)), "F", []string{"F-RENEG"}, nil},
		"C-CRIME":                         {changes(features(func(f *checks.Features) { f.Compression = checks.KnownFact("DEFLATE") })), "C", []string{"C-CRIME"}, nil},
		"C-CRIME by the probe":            {changes(found(checks.CRIME, vulnerable, 1)), "C", []string{"C-CRIME"}, nil},
		"C-POODLE":                        {changes(accepts(v3, suite(aes128)), found(checks.POODLESSL, vulnerable, 1)), "C", []string{"C-POODLE", "B-SSL3"}, nil},
		"F-POODLE-TLS":                    {changes(found(checks.POODLETLS, vulnerable, 2)), "F", []string{"F-POODLE-TLS"}, nil},
		"F-HEARTBLEED":                    {changes(found(checks.Heartbleed, vulnerable, 2)), "F", []string{"F-HEARTBLEED"}, nil},
		"F-CCS":                           {changes(found(checks.CCSInjection, vulnerable, 3)), "F", []string{"F-CCS"}, nil},
		"F-CCS: 2 is not exploitable":     {changes(found(checks.CCSInjection, vulnerable, 2)), "A", nil, []string{"F-CCS"}},
		"F-TICKETBLEED":                   {changes(found(checks.Ticketbleed, vulnerable, 2)), "F", []string{"F-TICKETBLEED"}, nil},
		"F-TICKETBLEED: 3 is similar":     {changes(found(checks.Ticketbleed, vulnerable, 3)), "A", nil, []string{"F-TICKETBLEED"}},
		"F-LUCKY20":                       {changes(found(checks.OpenSSLPaddingOracle, vulnerable, 2)), "F", []string{"F-LUCKY20"}, nil},
		"F-ROBOT: weak":                   {changes(found(checks.ROBOT, vulnerable, 2)), "F", []string{"F-ROBOT"}, nil},
		"F-ROBOT: strong":                 {changes(found(checks.ROBOT, vulnerable, 3)), "F", []string{"F-ROBOT"}, nil},
		"F-ROBOT: 4 is inconsistent":      {changes(found(checks.ROBOT, vulnerable, 4)), "A", nil, []string{"F-ROBOT"}},
		"F-ZOMBIE":                        {changes(found(checks.ZombiePOODLE, vulnerable, 3)), "F", []string{"F-ZOMBIE"}, nil},
		"F-ZOMBIE: not observable":        {changes(found(checks.ZombiePOODLE, vulnerable, 2)), "A", []string{"N-ORACLE"}, []string{"F-ZOMBIE"}},
		"F-GOLDEN":                        {changes(found(checks.GOLDENDOODLE, vulnerable, 5)), "F", []string{"F-GOLDEN"}, nil},
		"F-GOLDEN: not observable":        {changes(found(checks.GOLDENDOODLE, vulnerable, 4)), "A", []string{"N-ORACLE"}, []string{"F-GOLDEN"}},
		"F-ZEROLEN":                       {changes(found(checks.ZeroLengthPaddingOracle, vulnerable, 7)), "F", []string{"F-ZEROLEN"}, nil},
		"F-ZEROLEN: not observable":       {changes(found(checks.ZeroLengthPaddingOracle, vulnerable, 6)), "A", []string{"N-ORACLE"}, []string{"F-ZEROLEN"}},
		"F-SLEEPING":                      {changes(found(checks.SleepingPOODLE, vulnerable, 11)), "F", []string{"F-SLEEPING"}, nil},
		"F-SLEEPING: not observable":      {changes(found(checks.SleepingPOODLE, vulnerable, 10)), "A", []string{"N-ORACLE"}, []string{"F-SLEEPING"}},
		"F-DROWN by another server":       {changes(found(checks.DROWN, vulnerable, 1)), "F", []string{"F-DROWN"}, []string{"F-SSL2"}},
		"B-NO-FS":                         {changes(adds(v12, suite(aes128)), gets("IE 11 on Windows Phone 8.1", true, v12, aes128)), "B", []string{"B-NO-FS"}, nil},
		"B-NO-FS: another client":         {changes(adds(v12, suite(aes128)), gets("Android 2.3.7", false, v12, aes128)), "A", nil, []string{"B-NO-FS"}},
		"B-NO-FS: a failed handshake":     {changes(adds(v12, suite(aes128)), gets("IE 8 on Windows 7", true, v12, 0)), "A", nil, []string{"B-NO-FS"}},
		"B-NO-FS: TLS 1.3 and RSA in 1.2": {changes(accepts(v12, suite(0x009C))), "B", []string{"B-NO-FS"}, []string{"B-NO-AEAD"}},
		"B-NO-AEAD":                       {changes(refuses(v13), accepts(v12, suite(0xC027))), "B", []string{"B-NO-AEAD", "W-NO-TLS13"}, []string{"B-NO-FS"}},
		"B-NO-AEAD: never chosen":         {changes(refuses(v13), accepts(v12, suite(0xC027), suite(0xC02F))), "A-", []string{"W-NO-TLS13"}, []string{"B-NO-AEAD"}},
		"B-CHAIN":                         {changes(fault(checks.IncompleteChain)), "B", []string{"B-CHAIN"}, nil},
		"F-SIG-MD":                        {changes(fault(checks.MDSignature)), "F", []string{"F-SIG-MD"}, nil},
		"F-RSA-E1":                        {changes(fault(checks.ExponentOne)), "F", []string{"F-RSA-E1"}, nil},
		"F-REVOKED":                       {changes(fault(checks.Revoked)), "F", []string{"F-REVOKED"}, nil},
		"F-DEBIAN":                        {changes(fault(checks.DebianWeakKey)), "F", []string{"F-DEBIAN", "SCORE"}, nil},

		"dropped: BEAST":        {changes(accepts(v10, suite(ecdheCBC)), found(checks.BEAST, checks.Exposed, 1)), "B", []string{"B-TLS10"}, nil},
		"dropped: no SCSV":      {changes(longHSTS, features(func(f *checks.Features) { f.FallbackSCSV = checks.KnownFact(false) })), "A+", nil, nil},
		"no effect: root sent":  {changes(fault(checks.RootSent), fault(checks.WrongOrder), fault(checks.Superfluous), fault(checks.ROCA)), "A", nil, nil},
		"no effect: LUCKY13":    {changes(adds(v12, suite(ecdheCBC)), found(checks.LUCKY13, checks.Exposed, 1)), "A", nil, nil},
		"no effect: expired":    {changes(answered(checks.Expired, checks.FaultNotApplicable)), "A", nil, nil},
		"no effect: GOST block": {changes(adds(v12, suite(0xC102))), "A", nil, []string{"C-64BIT"}},
	}
	for name, test := range tests {
		t.Run(name, test.check)
	}
}

// Every row of section 6, and what is no warning.
func TestWarnings(t *testing.T) {
	t.Parallel()
	noRenegotiation := features(func(f *checks.Features) { f.SecureRenegotiation = checks.KnownFact(false) })
	notApplicable := features(func(f *checks.Features) { f.SecureRenegotiation = checks.AbsentFact[bool]("") })
	tests := map[string]row{
		"W-NO-TLS13":                           {changes(refuses(v13)), "A-", []string{"W-NO-TLS13"}, nil},
		"W-NO-SECURE-RENEG":                    {changes(noRenegotiation), "A-", []string{"W-NO-SECURE-RENEG"}, nil},
		"W-NO-SECURE-RENEG: TLS 1.3 alone":     {changes(refuses(v12), notApplicable), "A", nil, []string{"W-NO-SECURE-RENEG"}},
		"W-HSTS-DISABLED":                      {changes(hsts("max-age=0")), "A-", []string{"W-HSTS-DISABLED"}, []string{"W-HSTS-INVALID"}},
		"W-HSTS-INVALID: no max-age":           {changes(hsts("includeSubDomains")), "A-", []string{"W-HSTS-INVALID"}, []string{"W-HSTS-DISABLED"}},
		"W-HSTS-INVALID: twice":                {changes(hsts("max-age=1; max-age=1")), "A-", []string{"W-HSTS-INVALID"}, nil},
		"W-HSTS-INVALID: no number":            {changes(hsts("max-age=year")), "A-", []string{"W-HSTS-INVALID"}, nil},
		"W-HSTS-INVALID: two different fields": {changes(hsts("max-age=31536000", "max-age=1")), "A-", []string{"W-HSTS-INVALID"}, nil},
		"HSTS absent is no warning":            {nil, "A", nil, []string{"W-HSTS-DISABLED", "W-HSTS-INVALID"}},
		"HSTS short is no warning":             {changes(hsts("max-age=86400")), "A", nil, []string{"W-HSTS-DISABLED", "W-HSTS-INVALID"}},
		"a cap hides the A-":                   {changes(refuses(v13), accepts(v10, suite(0xC013))), "B", []string{"W-NO-TLS13", "B-TLS10"}, nil},
	}
	for name, test := range tests {
		t.Run(name, test.check)
	}
	t.Run("hidden warnings are told", func(t *testing.T) {
		t.Parallel()
		require.True(t, serving(refuses(v13), accepts(v10, suite(0xC013))).grade().HasWarnings)
		require.False(t, serving(accepts(v10, suite(0xC013))).grade().HasWarnings)
	})
}

package grade_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/grade"
)

// The suites of the vectors, by bits.
const (
	null   = 0x0002
	rc440  = 0x0003
	des    = 0x0009
	des3   = 0x000A
	aes128 = 0x002F
	aes256 = 0x0035
	rc4    = 0x0005
)

func rsa(values ...uint16) []checks.Suite {
	var list []checks.Suite
	for _, value := range values {
		list = append(list, suite(value))
	}
	return list
}

// only makes it that these versions are accepted with these suites, those of TLS
// 1.3 by their strength.
func only(suites []checks.Suite, protocols ...checks.Protocol) change {
	return func(s *server) {
		refuses(checks.Protocols()...)(s)
		for _, protocol := range protocols {
			list := suites
			if protocol == checks.TLSv13 {
				list = modern(suites)
			}
			s.accept(protocol, list...)
		}
	}
}

func modern(suites []checks.Suite) []checks.Suite {
	var list []checks.Suite
	for _, one := range suites {
		switch one.Strength {
		case 128:
			list = append(list, grouped(0x1301, "secp521r1", 521))
		case 256:
			list = append(list, grouped(0x1302, "secp521r1", 521))
		}
	}
	return list
}

const (
	v2, v3             = checks.SSLv2, checks.SSLv3
	v10, v11, v12, v13 = checks.TLSv10, checks.TLSv11, checks.TLSv12, checks.TLSv13
)

// Every row of the rating guide, section 4.4, and the scores that section 15
// tells.
func TestVectors(t *testing.T) {
	t.Parallel()
	export := rsa(aes256)
	export = append(export, grouped(rc440, "", 0))
	anonymous := []checks.Suite{suite(0x0034), suite(0x003A)}
	tests := map[string]struct {
		protocols      []checks.Protocol
		suites         []checks.Suite
		bits           int
		p, k, c, total checks.Points
		letter         checks.Letter // by scores alone
		final          checks.Letter // under all rules
		withSSL2       change
	}{
		"1.3":                          {protocols: []checks.Protocol{v13}, suites: rsa(aes128, aes256), bits: 3072, p: 100, k: 90, c: 90, total: 9300, letter: "A", final: "A"},
		"1.2+1.3":                      {protocols: []checks.Protocol{v12, v13}, suites: rsa(aes128, aes256), bits: 2048, p: 100, k: 90, c: 90, total: 9300, letter: "A", final: "B"},
		"1.2+1.3, 4096 bits, 256 only": {protocols: []checks.Protocol{v12, v13}, suites: rsa(aes256), bits: 4096, p: 100, k: 100, c: 100, total: 10000, letter: "A", final: "B"},
		"1.2+1.3, 4096 bits":           {protocols: []checks.Protocol{v12, v13}, suites: rsa(aes128, aes256), bits: 4096, p: 100, k: 100, c: 90, total: 9600, letter: "A", final: "B"},
		"1.2+1.3, 128 only":            {protocols: []checks.Protocol{v12, v13}, suites: rsa(aes128), bits: 3072, p: 100, k: 90, c: 80, total: 8900, letter: "A", final: "B"},
		"1.0-1.3":                      {protocols: []checks.Protocol{v10, v11, v12, v13}, suites: rsa(aes128, aes256), bits: 2048, p: 95, k: 90, c: 90, total: 9150, letter: "A", final: "B"},
		"1.2, 1024 bits":               {protocols: []checks.Protocol{v12}, suites: rsa(aes128, aes256), bits: 1024, p: 100, k: 80, c: 90, total: 9000, letter: "A", final: "B"},
		"1.2, 511 bits":                {protocols: []checks.Protocol{v12}, suites: rsa(aes128, aes256), bits: 511, p: 100, k: 20, c: 90, total: 7200, letter: "B", final: "F"},
		"1.0-1.2, 512 bits":            {protocols: []checks.Protocol{v10, v11, v12}, suites: rsa(aes128, aes256), bits: 512, p: 95, k: 40, c: 90, total: 7650, letter: "B", final: "F"},
		"1.0-1.2 export":               {protocols: []checks.Protocol{v10, v11, v12}, suites: export, bits: 2048, p: 95, k: 40, c: 60, total: 6450, letter: "C", final: "F"},
		"1.0-1.3, DES":                 {protocols: []checks.Protocol{v10, v11, v12, v13}, suites: rsa(aes256, des), bits: 2048, p: 95, k: 90, c: 60, total: 7950, letter: "B", final: "F"},
		"1.2, NULL":                    {protocols: []checks.Protocol{v12}, suites: rsa(aes256, null), bits: 2048, p: 100, k: 90, c: 50, total: 7700, letter: "B", final: "F"},
		"1.2 anon":                     {protocols: []checks.Protocol{v12}, suites: anonymous, bits: 2048, p: 100, k: 0, c: 90, total: 0, letter: "F", final: "F"},
		"SSL3-1.2":                     {protocols: []checks.Protocol{v3, v10, v11, v12}, suites: rsa(aes128, aes256), bits: 2048, p: 90, k: 90, c: 90, total: 9000, letter: "A", final: "B"},
		"SSL3 only":                    {protocols: []checks.Protocol{v3}, suites: rsa(aes128, des3), bits: 2048, p: 80, k: 90, c: 80, total: 8300, letter: "A", final: "F"},
		"SSL2-1.2":                     {protocols: []checks.Protocol{v10, v11, v12}, withSSL2: accepts(v2, cipherSpec(0x020080)), suites: rsa(aes256), bits: 2048, p: 50, k: 90, c: 60, total: 6600, letter: "B", final: "F"},
		"SSL2 only":                    {withSSL2: accepts(v2, cipherSpec(0x0700C0)), bits: 2048, p: 0, k: 90, c: 80, total: 0, letter: "F", final: "F"},
		"1.0 only":                     {protocols: []checks.Protocol{v10}, suites: rsa(aes128, aes256), bits: 2048, p: 90, k: 90, c: 90, total: 9000, letter: "A", final: "C"},
		"AES-256 + 3DES":               {protocols: []checks.Protocol{v12, v13}, suites: rsa(aes256, des3), bits: 2048, p: 100, k: 90, c: 90, total: 9300, letter: "A", final: "B"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serving(only(test.suites, test.protocols...), leaf("RSA", test.bits), func(s *server) {
				if test.withSSL2 != nil {
					test.withSSL2(s)
				}
			})
			got := s.grade()
			require.NotNil(t, got.Scores)
			require.Equal(t, checks.Scores{Protocol: test.p * 100, KeyExchange: test.k * 100, Cipher: test.c * 100, Total: test.total}, *got.Scores)
			require.Equal(t, test.letter, grade.ScoreLetter(got.Scores.Total))
			require.Equal(t, test.final, got.Letter, got.Rules)
			require.False(t, got.Provisional, got.Missing)
			if test.letter != checks.GradeA {
				require.Contains(t, ids(got.Rules), "SCORE")
			}
		})
	}
}

// The strength of each kind of key exchange (section 4.2, and what section 15
// tells of groups).
func TestKeyExchange(t *testing.T) {
	t.Parallel()
	const ecdhe, ecdheECDSA, dhe, dheExport, anon = 0xC02F, 0xC02B, 0x009E, 0x0014, 0x0034
	tests := map[string]struct {
		suite checks.Suite
		key   string
		bits  int
		want  checks.Points
	}{
		"RSA transport":                   {suite(aes128), "RSA", 2048, 90},
		"RSA transport of 4096":           {suite(aes128), "RSA", 4096, 100},
		"RSA transport of 4095":           {suite(aes128), "RSA", 4095, 90},
		"RSA transport of 1023":           {suite(aes128), "RSA", 1023, 40},
		"x25519 preferred, P-384":         {suite(ecdheECDSA), "ECDSA", 7680, 90},
		"secp384r1 only, RSA-4096":        {grouped(ecdhe, "secp384r1", 384), "RSA", 4096, 100},
		"secp384r1, RSA-2048":             {grouped(ecdhe, "secp384r1", 384), "RSA", 2048, 90},
		"secp256r1":                       {grouped(ecdhe, "secp256r1", 256), "RSA", 4096, 90},
		"secp521r1":                       {grouped(ecdhe, "secp521r1", 521), "RSA", 4096, 100},
		"x448":                            {grouped(ecdhe, "x448", 448), "RSA", 4096, 100},
		"secp224r1":                       {grouped(ecdhe, "secp224r1", 224), "RSA", 4096, 90},
		"secp192r1":                       {grouped(ecdhe, "secp192r1", 192), "RSA", 4096, 80},
		"secp160r1":                       {grouped(ecdhe, "secp160r1", 160), "RSA", 4096, 80},
		"secp128":                         {grouped(ecdhe, "secp128r1", 128), "RSA", 4096, 40},
		"secp112":                         {grouped(ecdhe, "secp112r1", 112), "RSA", 4096, 40},
		"a curve of 100 bits":             {grouped(ecdhe, "explicit", 100), "RSA", 4096, 20},
		"x25519 as Go counts its bits":    {grouped(ecdhe, "x25519", 253), "RSA", 4096, 90},
		"brainpoolP512r1":                 {grouped(ecdhe, "brainpoolP512r1", 512), "RSA", 4096, 100},
		"X25519MLKEM768":                  {grouped(0x1302, "X25519MLKEM768", 255), "RSA", 4096, 90},
		"SecP256r1MLKEM768":               {grouped(0x1302, "SecP256r1MLKEM768", 256), "RSA", 4096, 90},
		"SecP384r1MLKEM1024":              {grouped(0x1302, "SecP384r1MLKEM1024", 384), "RSA", 4096, 100},
		"ffdhe2048 in TLS 1.3":            {grouped(0x1302, "ffdhe2048", 2048), "RSA", 4096, 90},
		"ffdhe4096 in TLS 1.3":            {grouped(0x1302, "ffdhe4096", 4096), "RSA", 4096, 100},
		"DHE of 2048":                     {grouped(dhe, "dh", 2048), "RSA", 4096, 90},
		"DHE of 4096":                     {grouped(dhe, "dh", 4096), "RSA", 4096, 100},
		"DHE of 1024":                     {grouped(dhe, "dh", 1024), "RSA", 4096, 80},
		"DHE of 768":                      {grouped(dhe, "dh", 768), "RSA", 4096, 40},
		"DHE of 511":                      {grouped(dhe, "dh", 511), "RSA", 4096, 20},
		"DHE of 4096 with a leaf of 1024": {grouped(dhe, "dh", 4096), "RSA", 1024, 80},
		"RSA_EXPORT":                      {suite(rc440), "RSA", 4096, 40},
		"DHE_EXPORT":                      {grouped(dheExport, "dh", 512), "RSA", 4096, 40},
		"RSA_EXPORT1024":                  {suite(0x0062), "RSA", 4096, 80},
		"DH_anon":                         {suite(anon), "RSA", 4096, 0},
		"ECDH_anon":                       {suite(0xC018), "RSA", 4096, 0},
		"static ECDH":                     {suite(0xC004), "ECDSA", 3072, 90},
		"PSK is not rated":                {suite(0x00A8), "RSA", 2048, 100},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			protocol := v12
			if test.suite.KeyExchange == "TLS13" {
				protocol = v13
			}
			got := serving(refuses(v12, v13), accepts(protocol, test.suite), leaf(test.key, test.bits)).grade()
			require.Equal(t, test.want*100, got.Scores.KeyExchange)
			require.False(t, got.Provisional, got.Missing)
		})
	}
	t.Run("the weakest leaf of the algorithm", func(t *testing.T) {
		t.Parallel()
		s := serving(only(rsa(aes128), v12), leaf("RSA", 4096), also(trusted("RSA", 1024)))
		require.Equal(t, checks.Points(8000), s.grade().Scores.KeyExchange)
		s = serving(only(rsa(aes128), v12), leaf("RSA", 4096), also(trusted("ECDSA", 1024)))
		require.Equal(t, checks.Points(10000), s.grade().Scores.KeyExchange)
	})
	t.Run("a leaf without SNI does not count", func(t *testing.T) {
		t.Parallel()
		other := trusted("RSA", 512)
		other.SNI = false
		require.Equal(t, checks.Points(9000), serving(also(other)).grade().Scores.KeyExchange)
	})
	t.Run("a weak key of Debian", func(t *testing.T) {
		t.Parallel()
		require.Zero(t, serving(fault(checks.DebianWeakKey)).grade().Scores.KeyExchange)
	})
}

// Every reachable combination of best and worst protocol, key exchange, and best
// and worst cipher gives the same letter by exact
// arithmetic and by truncation at each step; rounding the total half up differs
// in 10 (section 4.4).
func TestRounding(t *testing.T) {
	t.Parallel()
	differ := 0
	for _, protocol := range halves(0, 80, 90, 95, 100) {
		for _, exchange := range []int{0, 20, 40, 80, 90, 100} {
			for _, cipher := range halves(0, 20, 80, 100) {
				exact := grade.Total(checks.Points(protocol*50), checks.Points(exchange*100), checks.Points(cipher*50))
				truncated := 0
				if protocol > 0 && exchange > 0 && cipher > 0 {
					truncated = protocol/2*30/100 + exchange*30/100 + cipher/2*40/100
				}
				letter := grade.ScoreLetter(exact)
				require.Equal(t, letter, grade.ScoreLetter(checks.Points(truncated*100)), "%d %d %d", protocol, exchange, cipher)
				if grade.ScoreLetter((exact+50)/100*100) != letter {
					differ++
				}
			}
		}
	}
	require.Equal(t, 10, differ)
}

// halves are the sums of best and worst score of a category, one for each pair.
func halves(points ...int) []int {
	var list []int
	for i, a := range points {
		for _, b := range points[i:] {
			list = append(list, a+b)
		}
	}
	return list
}

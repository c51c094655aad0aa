package prime_test

import (
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/prime"
)

const guard = 64 // bits more than are wanted, against rounding

// piBits is floor(2^bits * pi), by Machin's formula.
func piBits(bits int) *big.Int {
	one := new(big.Int).Lsh(big.NewInt(1), uint(bits+guard))
	inverseTangent := func(x int64) *big.Int {
		term, sum := new(big.Int).Quo(one, big.NewInt(x)), new(big.Int)
		for divisor := int64(1); term.Sign() != 0; divisor += 2 {
			part := new(big.Int).Quo(term, big.NewInt(divisor))
			if divisor%4 == 3 {
				part.Neg(part)
			}
			sum.Add(sum, part)
			term.Quo(term, big.NewInt(x*x))
		}
		return sum
	}
	pi := new(big.Int).Sub(new(big.Int).Mul(big.NewInt(16), inverseTangent(5)), new(big.Int).Mul(big.NewInt(4), inverseTangent(239)))
	return pi.Rsh(pi, guard)
}

// eBits is floor(2^bits * e), by its series.
func eBits(bits int) *big.Int {
	term, sum := new(big.Int).Lsh(big.NewInt(1), uint(bits+guard)), new(big.Int)
	for divisor := int64(1); term.Sign() != 0; divisor++ {
		sum.Add(sum, term)
		term.Quo(term, big.NewInt(divisor))
	}
	return sum.Rsh(sum, guard)
}

// byFormula is 2^n - 2^(n-64) - 1 + 2^64 * (c + k), c the leading bits of pi
// (RFC 2409 section 6.2, RFC 3526) or of e (RFC 7919 appendix A).
func byFormula(constant func(int) *big.Int, bits int, k int64) *big.Int {
	power := func(n int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(n)) }
	p := new(big.Int).Sub(power(bits), power(bits-64))
	middle := new(big.Int).Add(constant(bits-130), big.NewInt(k))
	p.Add(p, middle.Lsh(middle, 64))
	return p.Sub(p, big.NewInt(1))
}

func TestPrimesOfRFCs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		constant func(int) *big.Int
		bits     int
		k        int64
		want     prime.Named
	}{
		{piBits, 768, 149686, prime.Named{Name: "RFC 2409 group 1", Group: "modp768", Weak: true}},
		{piBits, 1024, 129093, prime.Named{Name: "RFC 2409 group 2", Group: "modp1024", Weak: true}},
		{piBits, 1536, 741804, prime.Named{Name: "RFC 3526 group 5", Group: "modp1536"}},
		{piBits, 2048, 124476, prime.Named{Name: "RFC 3526 group 14", Group: "modp2048"}},
		{piBits, 3072, 1690314, prime.Named{Name: "RFC 3526 group 15", Group: "modp3072"}},
		{piBits, 4096, 240904, prime.Named{Name: "RFC 3526 group 16", Group: "modp4096"}},
		{piBits, 6144, 929484, prime.Named{Name: "RFC 3526 group 17", Group: "modp6144"}},
		{piBits, 8192, 4743158, prime.Named{Name: "RFC 3526 group 18", Group: "modp8192"}},
		{eBits, 2048, 560316, prime.Named{Name: "ffdhe2048", Group: "ffdhe2048"}},
		{eBits, 3072, 2625351, prime.Named{Name: "ffdhe3072", Group: "ffdhe3072"}},
		{eBits, 4096, 5736041, prime.Named{Name: "ffdhe4096", Group: "ffdhe4096"}},
		{eBits, 6144, 15705020, prime.Named{Name: "ffdhe6144", Group: "ffdhe6144"}},
		{eBits, 8192, 10965728, prime.Named{Name: "ffdhe8192", Group: "ffdhe8192"}},
	} {
		t.Run(test.want.Name, func(t *testing.T) {
			t.Parallel()
			p := byFormula(test.constant, test.bits, test.k)
			require.Equal(t, test.bits, p.BitLen())
			if test.bits <= 4096 { // larger ones take seconds under the race detector
				require.True(t, p.ProbablyPrime(0))
			}
			got, known := prime.Lookup(p)
			require.True(t, known)
			require.Equal(t, test.want, got)
			require.Equal(t, test.want.Weak, prime.Weak(p, big.NewInt(2)))
		})
	}
}

// A slip in a digit would not leave a prime.
func TestPrimesOfProducts(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("testdata/products.txt")
	require.NoError(t, err)
	count := 0
	for line := range strings.Lines(string(list)) {
		name, digits, _ := strings.Cut(strings.TrimSpace(line), ": ")
		p, ok := new(big.Int).SetString(digits, 16)
		require.True(t, ok, name)
		require.True(t, p.ProbablyPrime(0), name)
		got, known := prime.Lookup(p)
		require.True(t, known, name)
		require.Equal(t, prime.Named{Name: name, Weak: p.BitLen() <= 1024}, got)
		count++
	}
	require.Equal(t, 15, count)
}

func TestWeak(t *testing.T) {
	t.Parallel()
	p, ok := new(big.Int).SetString("d4bcd52406f69b35994b88de5db89682c8157f62d8f33633ee5772f11f05ab22d6b5145b9f241e5acc31ff090a4bc71148976f76795094e71e7903529f5a824b", 16)
	require.True(t, ok)
	less := new(big.Int).Sub(p, big.NewInt(1))
	for name, test := range map[string]struct {
		p, g *big.Int
		weak bool
	}{
		"a home-made prime": {p, big.NewInt(2), false},
		"no prime":          {new(big.Int).Add(p, big.NewInt(2)), big.NewInt(2), true},
		"even":              {less, big.NewInt(2), true},
		"zero":              {new(big.Int), big.NewInt(2), true},
		"one":               {big.NewInt(1), big.NewInt(2), true},
		"g is 0":            {p, big.NewInt(0), true},
		"g is 1":            {p, big.NewInt(1), true},
		"g is p-1":          {p, less, true},
		"g is p":            {p, p, true},
		"g is p+1":          {p, new(big.Int).Add(p, big.NewInt(1)), true},
		"too large to test": {new(big.Int).Lsh(big.NewInt(1), 20000), big.NewInt(2), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.weak, prime.Weak(test.p, test.g), fmt.Sprint(test.p.BitLen()))
		})
	}
}

package grade

import (
	"fmt"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// concern is a fact that lowers the scores and that a rule is about: without
// the rule, the fact is gone too.
type concern uint16

const (
	aboutSSL2 concern = 1 << iota
	aboutSSL3
	aboutTLS10
	aboutTLS11
	aboutNoTLS // no modern version
	aboutWeakCipher
	aboutAnonymous
	aboutExport
	aboutRC4
	aboutDH
	aboutKey
)

func concernOf(rule string) concern {
	return map[string]concern{
		"F-SSL2": aboutSSL2, "F-DROWN": aboutSSL2, "F-SSL3-BEST": aboutNoTLS, "C-NO-TLS12": aboutNoTLS,
		"B-SSL3": aboutSSL3, "C-POODLE": aboutSSL3, "B-TLS10": aboutTLS10, "B-TLS11": aboutTLS11,
		"F-WEAK-CIPHER": aboutWeakCipher, "F-ANON": aboutAnonymous, "F-EXPORT": aboutExport, "F-FREAK": aboutExport,
		"B-RC4": aboutRC4, "F-RC4-ONLY": aboutRC4, "C-RC4-MODERN": aboutRC4,
		"F-DH-1024": aboutDH, "B-DH-2048": aboutDH,
		"F-KEY-1024": aboutKey, "B-KEY-2048": aboutKey, "F-DEBIAN": aboutKey,
	}[rule]
}

func (k kind) concern() (about concern) {
	for _, pair := range [...]struct {
		kind    kind
		concern concern
	}{
		{isWeakCipher, aboutWeakCipher},
		{isAnonymous, aboutAnonymous},
		{isExport, aboutExport},
		{isRC4, aboutRC4},
		{isDH1024 | isDH2048, aboutDH},
	} {
		if k&pair.kind != 0 {
			about |= pair.concern
		}
	}
	return about
}

func versionConcern(version int) concern {
	return [versionCount]concern{aboutSSL2, aboutSSL3, aboutTLS10, aboutTLS11, 0, 0}[version]
}

// strongest stands for a strength that nothing bounds.
const strongest = 1 << 20

// rated is a suite's share in the scores, made once for a grade.
type rated struct {
	version    int
	concern    concern
	exchange   exchange
	cipher     int // points, section 4.3
	key        int // bits of RSA of the leaf; strongest where unknown
	worstKey   int // 0 where unknown
	group      int // bits of RSA of the group
	worstGroup int
}

// view is what becomes of facts that are missing.
type view uint8

const (
	asKnown view = iota // they do not count
	atBest
	atWorst
)

// scoring is what scores are computed from.
type scoring struct {
	accepted [versionCount]truth
	suites   []rated
	debian   bool
	asked    bool // a full look asked for suites
	// Suites may be missing, below TLS 1.3 and of it.
	legacyOpen, modernOpen bool
	weakestKey             int // of any leaf, at worst
}

func (f *facts) scoring(debian bool) scoring {
	s := scoring{debian: debian, modernOpen: f.versions[tls13].open != 0}
	var keys, worst [leafClasses]int
	for class := range leafClasses {
		if bits, known := f.key(class); known {
			keys[class], worst[class] = bits, bits
		} else {
			keys[class] = strongest
		}
		if !f.allChains { // another leaf may be weaker
			worst[class] = 0
		}
	}
	s.weakestKey = worst[anyLeaf]
	for i := range f.versions {
		v := &f.versions[i]
		s.accepted[i] = v.accepted
		s.asked = s.asked || v.accepted == yes && f.observed.Full.Suites.Accepted[v.protocol].State != checks.NotAsked
		s.legacyOpen = s.legacyOpen || i < tls13 && v.open != 0
		for _, one := range v.suites {
			r := rated{
				version: i, concern: one.kind.concern(), exchange: one.exchange, cipher: cipherPoints(one),
				key: keys[one.leaf], worstKey: worst[one.leaf],
			}
			if i == ssl2 && one.exchange != noneAtAll {
				r.exchange = transport
			}
			r.group, r.worstGroup = groupStrength(i, one)
			s.suites = append(s.suites, r)
		}
	}
	return s
}

// cipherPoints: section 4.3. 3DES counts as 168 bits.
func cipherPoints(s suite) int {
	switch {
	case s.Strength <= 0:
		return 0
	case s.Strength < 128 && s.Strength != 112:
		return 20
	case s.Strength < 256:
		return 80
	}
	return 100
}

// groupStrength is the strength of a suite's group in bits of RSA, best and
// worst case (section 4.2).
func groupStrength(version int, s suite) (bits, worst int) {
	switch {
	case s.exchange == ephemeralField && s.GroupBits > 0:
		return s.GroupBits, s.GroupBits
	case s.exchange == ephemeralField:
		return strongest, 0
	case s.exchange != ephemeralCurve:
		return strongest, strongest
	}
	if bits := GroupStrength(s.Group, s.GroupBits); bits > 0 {
		return bits, bits
	}
	if version == tls13 { // the weakest group there is: ffdhe2048
		return strongest, 2048
	}
	return strongest, 0
}

// GroupStrength returns what a group is worth in bits of RSA (rating guide,
// section 4.2), 0 where nobody can tell. name is IANA's, bits those of its field
// or p. A hybrid counts by its curve (section 13, row 10); ML-KEM alone by the
// category of its security (FIPS 203, table 3), like the curves of the same.
func GroupStrength(name string, bits int) int {
	lower := strings.ToLower(name)
	switch {
	case strings.HasPrefix(lower, "x25519"):
		return 3072
	case lower == "x448", lower == "mlkem768":
		return 7680
	case lower == "mlkem512":
		return 3072
	case lower == "mlkem1024":
		return 15360
	case strings.HasPrefix(lower, "ffdhe"), bits >= 1024:
		return bits
	}
	return CurveStrength(bits)
}

// CurveStrength returns what a curve over a field of so many bits is worth in
// bits of RSA (rating guide, section 4.2), 0 for no bits.
func CurveStrength(bits int) int {
	switch {
	case bits >= 512:
		return 15360
	case bits >= 384:
		return 7680
	case bits >= 256:
		return 3072
	case bits >= 224:
		return 2048
	case bits >= 160:
		return 1024
	case bits >= 123:
		return 704
	case bits >= 110:
		return 512
	case bits > 0:
		return 256
	}
	return 0
}

// exchangePoints: section 4.2.
func exchangePoints(bits int) int {
	switch {
	case bits >= 4096:
		return 100
	case bits >= 2048:
		return 90
	case bits >= 1024:
		return 80
	case bits >= 512:
		return 40
	}
	return 20
}

func (r rated) points(of view, without concern) (points int, counts bool) {
	key, group := r.key, r.group
	if of == atWorst {
		key, group = r.worstKey, r.worstGroup
	}
	if without&aboutKey != 0 {
		key = max(key, 2048)
	}
	switch r.exchange {
	case unrated:
		return 0, false
	case noneAtAll:
		return 0, true
	case export512:
		return 40, true
	case export1024:
		return exchangePoints(min(key, 1024)), true
	case transport:
		return exchangePoints(key), true
	}
	return exchangePoints(min(key, group)), true
}

// compute gives the scores. What without is about is left out.
func (s *scoring) compute(of view, without concern) checks.Scores {
	protocol := s.protocol(of, without)
	low, high, exchange, none := 100, 0, 100, true
	for _, one := range s.suites {
		if one.concern&without != 0 || versionConcern(one.version)&without != 0 {
			continue
		}
		low, high, none = min(low, one.cipher), max(high, one.cipher), false
		if points, counts := one.points(of, without); counts {
			exchange = min(exchange, points)
		}
	}
	if of == atWorst && s.modernOpen { // TLS_AES_128_GCM_SHA256 with ffdhe2048
		low, exchange = min(low, 80), min(exchange, exchangePoints(min(s.weakestKey, 2048)))
	}
	switch {
	case of == atWorst && s.legacyOpen:
		low, exchange = 0, 0
	case of == atBest && (s.legacyOpen || s.modernOpen), none:
		high = 100
	}
	if s.debian && without&aboutKey == 0 {
		exchange = 0
	}
	scores := checks.Scores{Protocol: protocol, KeyExchange: checks.Points(exchange * 100), Cipher: checks.Points((low + high) * 50)}
	scores.Total = total(scores.Protocol, scores.KeyExchange, scores.Cipher)
	return scores
}

// total weighs the categories; where any is 0, all is (section 4.4). It is
// exact: categories are multiples of half a point.
func total(protocol, keyExchange, cipher checks.Points) checks.Points {
	if protocol == 0 || keyExchange == 0 || cipher == 0 {
		return 0
	}
	return (3*protocol + 3*keyExchange + 4*cipher) / 10
}

// protocol: section 4.1.
func (s *scoring) protocol(of view, without concern) checks.Points {
	table := [versionCount]int{0, 80, 90, 95, 100, 100}
	low, high := 100, 0
	for i, accepted := range s.accepted {
		switch {
		case versionConcern(i)&without != 0:
		case accepted == yes:
			low, high = min(low, table[i]), max(high, table[i])
		case accepted == unknown && of == atWorst:
			low = min(low, table[i])
		case accepted == unknown && of == atBest:
			high = max(high, table[i])
		}
	}
	if without&aboutNoTLS != 0 || high == 0 && low == 100 {
		high = 100
	}
	return checks.Points((low + high) * 50)
}

// scoreLetter: section 4.4.
func scoreLetter(total checks.Points) checks.Letter {
	switch {
	case total >= 8000:
		return checks.GradeA
	case total >= 6500:
		return checks.GradeB
	case total >= 5000:
		return checks.GradeC
	case total >= 3500:
		return checks.GradeD
	case total >= 2000:
		return checks.GradeE
	}
	return checks.GradeF
}

func (f *facts) scoreProof(scores checks.Scores) []checks.Proof {
	return []checks.Proof{{
		Fact: "addresses[" + f.address + "].grade.scores", Value: scores.Total.String(), Cause: checks.CauseConfiguration,
		Text: fmt.Sprintf("Protocols score %s, the key exchange %s and ciphers %s: %s in all.", scores.Protocol, scores.KeyExchange, scores.Cipher, scores.Total),
	}}
}

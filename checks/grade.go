package checks

import (
	"fmt"
	"slices"
	"strconv"
)

// Letter is the letter of a grade (rating guide, sections 1 and 8). The zero
// value: no grade could be computed.
type Letter string

// The letters.
const (
	GradeAPlus  Letter = "A+"
	GradeA      Letter = "A"
	GradeAMinus Letter = "A-"
	GradeB      Letter = "B"
	GradeC      Letter = "C"
	GradeD      Letter = "D"
	GradeE      Letter = "E"
	GradeF      Letter = "F"
	GradeT      Letter = "T" // the certificate is not trusted
	GradeM      Letter = "M" // the certificate is for another name
)

// Letters lists every letter, best first; F is worst of all.
func Letters() []Letter {
	return []Letter{GradeAPlus, GradeA, GradeAMinus, GradeB, GradeC, GradeD, GradeE, GradeM, GradeT, GradeF}
}

// Rank orders letters: 0 is A+, and greater is worse. Letters that are not
// known, and the empty one, rank after all others.
func (l Letter) Rank() int {
	if rank := slices.Index(Letters(), l); rank >= 0 {
		return rank
	}
	return len(Letters())
}

// Grade is a letter with its proof: that of one address, or of an endpoint,
// which is the worst of its addresses.
type Grade struct {
	// Letter is empty where no protocol could be seen.
	Letter Letter `json:"letter,omitempty"`
	// TrustIgnored is the letter before trust and name are laid over it.
	TrustIgnored Letter `json:"trust_ignored,omitempty"`
	// Provisional: facts are missing that could make it another letter. Missing
	// names them.
	Provisional bool    `json:"provisional"`
	Missing     []Proof `json:"missing,omitempty"`
	Scores      *Scores `json:"scores,omitempty"`
	// Rules are those that fired, the one that weighs most first.
	Rules []GradeRule `json:"rules"`
	// Next says what keeps the grade from each better letter, nearest first.
	Next []GradeStep `json:"next"`
	// HasWarnings: a warning fired, also where a cap hides the A-.
	HasWarnings bool `json:"has_warnings"`
	// Future is the letter under criteria that are announced and not yet in
	// force; empty when equal.
	Future   Letter `json:"future,omitempty"`
	Criteria string `json:"criteria"` // "2009r"
}

// Scores are the three category scores and their weighted total (rating guide,
// section 4).
type Scores struct {
	Protocol    Points `json:"protocol"`
	KeyExchange Points `json:"key_exchange"`
	Cipher      Points `json:"cipher"`
	Total       Points `json:"total"`
}

// Points are hundredths of a point: 9150 is 91.5. Nothing is rounded.
type Points int

// String returns the points as people write them: "91.5".
func (p Points) String() string { return strconv.FormatFloat(float64(p)/100, 'f', -1, 64) }

// MarshalJSON writes a number of points: 91.5.
func (p Points) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalJSON reads a number of points.
func (p *Points) UnmarshalJSON(text []byte) error {
	points, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("points %q: %w", text, err)
	}
	*p = Points(points*100 + 0.5)
	return nil
}

// GradeEffect is what a rule does to a grade.
type GradeEffect string

// What a rule does.
const (
	EffectScore    GradeEffect = "score"    // the scores alone give this letter
	EffectCap      GradeEffect = "cap"      // no better than Letter
	EffectWarning  GradeEffect = "warning"  // A becomes A-
	EffectTrust    GradeEffect = "trust"    // the letter becomes T
	EffectMismatch GradeEffect = "mismatch" // the letter becomes M
	EffectBonus    GradeEffect = "bonus"    // A becomes A+
	EffectNote     GradeEffect = "note"     // none: worth knowing
)

// GradeRule is one rule that fired, and on what.
type GradeRule struct {
	ID     string      `json:"id"` // "B-TLS10": those of the rating guide's reference
	Effect GradeEffect `json:"effect"`
	Letter Letter      `json:"letter,omitempty"` // that it leads to; empty for notes
	Text   string      `json:"text"`             // "TLS 1.0 is accepted"
	Proof  []Proof     `json:"proof"`
}

// GradeStep is one better letter and what is in its way.
type GradeStep struct {
	Letter Letter `json:"letter"`
	// Without are the ids of rules that must no longer fire, or, for A+, of the
	// conditions that must hold.
	Without []string `json:"without"`
	Text    string   `json:"text"` // "without TLS 1.0: A"
}

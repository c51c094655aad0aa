package tlsparameters

import (
	"cmp"
	"fmt"
	"slices"
)

// GroupKind is what a group computes in.
type GroupKind int

// Kinds of groups.
const (
	Curve       GroupKind = iota + 1 // elliptic curve
	FiniteField                      // RFC 7919
	Hybrid                           // curve and ML-KEM (RFC 10024)
	KEM                              // ML-KEM alone
)

// Group is an entry of TLS Supported Groups.
type Group struct {
	Value uint16
	Name  string // as IANA writes it, without "(OBSOLETE)"
	// Bits is the size of the curve's field (x25519: 255) or of p; of a hybrid
	// that of its curve. ML-KEM alone has neither: 0, as have the two values
	// that stand for explicit curves.
	Bits   int
	Kind   GroupKind
	Legacy bool // usable in ECDHE up to TLS 1.2
	TLS13  bool // usable in TLS 1.3
}

// Groups returns all groups, sorted by value.
func Groups() []Group { return slices.Clone(groups[:]) }

// GroupByValue returns the group of this value.
func GroupByValue(value uint16) (Group, bool) {
	at, found := slices.BinarySearchFunc(groups[:], value, func(g Group, value uint16) int { return cmp.Compare(g.Value, value) })
	if !found {
		return Group{}, false
	}
	return groups[at], true
}

// GroupName returns the name of a group, or its value ("0x11FF") when it is in
// no table.
func GroupName(value uint16) string {
	if group, found := GroupByValue(value); found {
		return group.Name
	}
	return fmt.Sprintf("0x%04X", value)
}

// PostQuantum reports whether ML-KEM (or Kyber) is part of the group.
func (g Group) PostQuantum() bool { return g.Kind == Hybrid || g.Kind == KEM }

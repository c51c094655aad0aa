package dnsrec

import (
	"cmp"
	"encoding/hex"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// tlsaHeaderLength is usage, selector and matching type.
const tlsaHeaderLength = 3

// readTLSA reads a record set (RFC 6698 section 2.1). What the numbers mean is
// not asked: values that are not assigned are kept as they are.
func readTLSA(set [][]byte) checks.Fact[[]checks.TLSA] {
	if len(set) > recordsAtMost {
		return checks.InconclusiveFact[[]checks.TLSA](checks.ReasonTooLarge)
	}
	var records []checks.TLSA
	for _, data := range set {
		switch {
		case len(data) <= tlsaHeaderLength:
			return checks.InconclusiveFact[[]checks.TLSA](checks.ReasonMalformed)
		case len(data) > tlsaHeaderLength+digestBytes:
			return checks.InconclusiveFact[[]checks.TLSA](checks.ReasonTooLarge)
		}
		records = append(records, checks.TLSA{
			Usage: data[0], Selector: data[1], MatchingType: data[2], Data: hex.EncodeToString(data[tlsaHeaderLength:]),
		})
	}
	slices.SortFunc(records, func(a, b checks.TLSA) int {
		return cmp.Or(cmp.Compare(a.Usage, b.Usage), cmp.Compare(a.Selector, b.Selector),
			cmp.Compare(a.MatchingType, b.MatchingType), cmp.Compare(a.Data, b.Data))
	})
	return checks.KnownFact(slices.Compact(records))
}

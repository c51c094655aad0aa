package appraisal

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// The certificate usages of RFC 6698 section 2.1.1 by the names of RFC 7218.
const (
	usagePKIXTA = 0
	usagePKIXEE = 1
	usageDANETA = 2
	usageDANEEE = 3
)

// tlsaMismatch follows RFC 6698 and RFC 7671. Records that DNSSEC does not vouch
// for mean nothing, nor do those with values that nobody knows.
func (s *subject) tlsaMismatch() checks.ChainFinding {
	fact, dnssec := s.observation.Records.TLSA, s.observation.Records.DNSSEC
	switch {
	case fact.State == checks.NotAsked:
		return notAsked("DNS was not asked for TLSA records.")
	case fact.State == checks.Inconclusive:
		return inconclusive(fact.Reason, "", "TLSA records could not be read.")
	case fact.State == checks.Absent || len(fact.Value) == 0:
		return notApplicable("There is no TLSA record.")
	case dnssec.State == checks.NotAsked:
		return notAsked("Whether DNSSEC vouches for the TLSA records was not asked.")
	case dnssec.State == checks.Inconclusive:
		return inconclusive(dnssec.Reason, "", "Whether DNSSEC vouches for the TLSA records could not be told.")
	case !dnssec.Value:
		return notApplicable("DNSSEC does not vouch for the TLSA records, so clients ignore them.")
	}
	var details []checks.FindingDetail
	for _, record := range fact.Value {
		if !usable(record) {
			continue
		}
		if s.fits(record) {
			return no()
		}
		details = append(details, about(s.leaf, fmt.Sprintf("%d %d %d", record.Usage, record.Selector, record.MatchingType),
			"The TLSA record %d %d %d %s fits nothing that the server sends.", record.Usage, record.Selector, record.MatchingType, checks.Clean(record.Data, 64)))
	}
	if len(details) == 0 {
		return notApplicable("No TLSA record is of a kind that clients use.")
	}
	return yes(details...)
}

func usable(record checks.TLSA) bool {
	return record.Usage <= usageDANEEE && record.Selector <= 1 && record.MatchingType <= 2
}

func (s *subject) fits(record checks.TLSA) bool {
	matches := func(c *certificate) bool { return c.outline != nil && matchesData(record, c) }
	switch record.Usage {
	case usageDANEEE:
		return matches(s.leaf)
	case usagePKIXEE:
		return s.public() && matches(s.leaf)
	case usageDANETA:
		return slices.ContainsFunc(s.issuersSent(), matches)
	case usagePKIXTA:
		return s.public() && slices.ContainsFunc(s.path.certificates[1:], matches)
	default:
		return false
	}
}

// issuersSent are the issuers on the way up that the server sends: RFC 7671
// section 5.2 wants the anchor among them.
func (s *subject) issuersSent() []*certificate {
	return slices.DeleteFunc(slices.Clone(s.way()[1:]), func(c *certificate) bool { return !contains(s.sent, c) })
}

func matchesData(record checks.TLSA, of *certificate) bool {
	selected := of.outline.Raw
	if record.Selector == 1 {
		selected = of.outline.RawSPKI
	}
	switch record.MatchingType {
	case 0:
		return record.Data == hex.EncodeToString(selected)
	case 1:
		sum := sha256.Sum256(selected)
		return record.Data == hex.EncodeToString(sum[:])
	default:
		sum := sha512.Sum512(selected)
		return record.Data == hex.EncodeToString(sum[:])
	}
}

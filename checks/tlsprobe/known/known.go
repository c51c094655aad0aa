// Package known reads what a look has found out so far, for probes that build
// on it. It asks nothing.
package known

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Server is what is known of one address. Its zero value knows nothing.
type Server struct {
	TLS    checks.TLS
	Suites checks.Suites
}

// Legacy lists the versions SSL 3.0 to TLS 1.2, newest first.
func Legacy() []checks.Protocol {
	return []checks.Protocol{checks.TLSv12, checks.TLSv11, checks.TLSv10, checks.SSLv3}
}

// Accepts says whether a version is on.
func (s Server) Accepts(protocol checks.Protocol) bool {
	return s.TLS.Protocols[protocol].State == checks.Known
}

// NewestLegacy is the newest of SSL 3.0 to TLS 1.2 that is on. Where none is,
// the fact is Absent, or Inconclusive where one of them cannot be told.
func (s Server) NewestLegacy() checks.Fact[checks.Protocol] {
	none := checks.AbsentFact[checks.Protocol]("")
	for _, protocol := range Legacy() {
		switch fact := s.TLS.Protocols[protocol]; fact.State {
		case checks.Known:
			return checks.KnownFact(protocol)
		case checks.Inconclusive:
			none = checks.InconclusiveFact[checks.Protocol](fact.Reason)
		}
	}
	return none
}

// WireVersion is the number of a version, as wire writes it.
func WireVersion(protocol checks.Protocol) uint16 {
	switch protocol {
	case checks.SSLv2:
		return wire.SSL20
	case checks.SSLv3:
		return wire.SSL30
	case checks.TLSv10:
		return wire.TLS10
	case checks.TLSv11:
		return wire.TLS11
	case checks.TLSv13:
		return wire.TLS13
	default:
		return wire.TLS12
	}
}

// UsualSchemes are the signature schemes of a plain hello: any server of the
// last 20 years finds one in them.
func UsualSchemes() []uint16 {
	return []uint16{
		0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B,
		0x0401, 0x0501, 0x0601, 0x0203, 0x0201, 0x0402, 0x0202, 0x0101,
	}
}

// Suite is one accepted suite with its row of the registry.
type Suite struct {
	tlsparameters.Suite
	Protocol checks.Protocol
	Seen     checks.Suite
}

// Accepted lists the suites of a version of SSL 3.0 to TLS 1.3 that are known
// to be accepted, in the order of the report.
func (s Server) Accepted(protocol checks.Protocol) []Suite {
	var list []Suite
	for _, seen := range s.Suites.Accepted[protocol].Value {
		value, err := Value(seen.ID)
		if err != nil {
			continue // a cipher spec of SSL 2.0
		}
		row, _ := tlsparameters.SuiteByValue(value)
		row.Value, row.Name = value, seen.Name
		list = append(list, Suite{Suite: row, Protocol: protocol, Seen: seen})
	}
	return list
}

// Values are the values of Accepted.
func (s Server) Values(protocol checks.Protocol) []uint16 {
	var values []uint16
	for _, suite := range s.Accepted(protocol) {
		values = append(values, suite.Value)
	}
	return values
}

// Where lists the accepted suites of versions that hold; each version in its
// own order.
func (s Server) Where(protocols []checks.Protocol, holds func(Suite) bool) []Suite {
	var list []Suite
	for _, protocol := range protocols {
		list = append(list, slices.DeleteFunc(s.Accepted(protocol), func(suite Suite) bool { return !holds(suite) })...)
	}
	return list
}

// Doubt is why the list of suites of one of these versions may not be complete;
// empty where all are.
func (s Server) Doubt(protocols []checks.Protocol) checks.Reason {
	for _, protocol := range protocols {
		if fact := s.Suites.Accepted[protocol]; fact.State == checks.Inconclusive {
			return fact.Reason
		}
	}
	return ""
}

// Value reads the ID of a suite or group ("0xC02F").
func Value(id string) (uint16, error) {
	digits, found := strings.CutPrefix(id, "0x")
	if !found {
		return 0, strconv.ErrSyntax
	}
	value, err := strconv.ParseUint(digits, 16, 16)
	return uint16(value), err //nolint:wrapcheck // it names the text
}

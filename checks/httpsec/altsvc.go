package httpsec

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"

	"github.com/gradewatch/gradewatch/checks"
)

const http3Protocol = "h3" // by ALPN (RFC 9114 section 3.1)

// alternativePort returns the port at which fields of Alt-Svc (RFC 7838 section
// 3) offer HTTP/3 on host itself. Offers of other hosts are not looked at.
func alternativePort(fields []string, host string) (uint16, bool) {
	for service := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		offer, _, _ := strings.Cut(service, ";")
		protocol, authority, found := strings.Cut(strings.TrimSpace(offer), "=")
		if !found || protocol != http3Protocol {
			continue
		}
		name, text, err := net.SplitHostPort(strings.Trim(authority, `"`))
		if err != nil || name != "" && siteHost(name) != siteHost(host) {
			continue
		}
		if port, err := strconv.ParseUint(text, 10, 16); err == nil && port > 0 {
			return uint16(port), true
		}
	}
	return 0, false
}

// typeHTTPS is the DNS type of HTTPS records (RFC 9460).
const typeHTTPS = 65

// recordedPort returns the port at which the HTTPS record of the target's host
// offers HTTP/3. Absent: there is no such offer.
func (w *walker) recordedPort(ctx context.Context) checks.Fact[uint16] {
	host := w.start.Hostname()
	port, ok := portOf(w.start)
	if _, err := netip.ParseAddr(host); err == nil || !ok {
		return checks.AbsentFact[uint16]("")
	}
	name := host
	if port != 443 {
		name = "_" + strconv.Itoa(int(port)) + "._https." + host // RFC 9460 section 9.1
	}
	set := w.network.Lookup(ctx, name, typeHTTPS)
	if set.State == checks.Inconclusive {
		return checks.InconclusiveFact[uint16](set.Reason)
	}
	for _, data := range set.Value.Data {
		if at, offered := serviceOffer(data, host, port); offered {
			return checks.KnownFact(at)
		}
	}
	return checks.AbsentFact[uint16]("")
}

// Keys of a service binding (RFC 9460 section 14.3.2).
const (
	keyALPN = 1
	keyPort = 3
)

// serviceOffer reads the RDATA of an HTTPS record: whether it offers HTTP/3 on
// host itself, and at which port. Aliases (priority 0) offer nothing.
func serviceOffer(data []byte, host string, port uint16) (uint16, bool) {
	text := cryptobyte.String(data)
	var priority uint16
	if !text.ReadUint16(&priority) || priority == 0 {
		return 0, false
	}
	target, ok := readName(&text)
	if !ok || target != "" && target != siteHost(host) {
		return 0, false
	}
	offered := false
	for !text.Empty() {
		var key uint16
		var value cryptobyte.String
		if !text.ReadUint16(&key) || !text.ReadUint16LengthPrefixed(&value) {
			return 0, false
		}
		switch key {
		case keyALPN:
			offered = offersHTTP3(value)
		case keyPort:
			if !value.ReadUint16(&port) || port == 0 {
				return 0, false
			}
		}
	}
	return port, offered
}

func offersHTTP3(protocols cryptobyte.String) bool {
	for !protocols.Empty() {
		var protocol cryptobyte.String
		if !protocols.ReadUint8LengthPrefixed(&protocol) {
			return false
		}
		if string(protocol) == http3Protocol {
			return true
		}
	}
	return false
}

// readName reads an uncompressed domain name (RFC 1035 section 3.1); the root
// is empty.
func readName(text *cryptobyte.String) (string, bool) {
	var labels []string
	for {
		var label cryptobyte.String
		if !text.ReadUint8LengthPrefixed(&label) || len(label) > 63 || len(labels) > 127 {
			return "", false
		}
		if len(label) == 0 {
			return strings.ToLower(strings.Join(labels, ".")), true
		}
		labels = append(labels, string(label))
	}
}

package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress returns how to tell where a request came from: by header, in
// which a proxy in front writes one address, or by the connection's peer where
// header is empty or holds something else (superoffice.md S-05). Whoever gets
// past that proxy can write the header, so the operator must name it.
func ClientAddress(header string) func(*http.Request) netip.Addr {
	if header == "" {
		return peerAddress
	}
	return func(r *http.Request) netip.Addr {
		values := r.Header.Values(header)
		if len(values) != 1 {
			return peerAddress(r)
		}
		address, err := netip.ParseAddr(strings.TrimSpace(values[0]))
		if err != nil || address.Zone() != "" {
			return peerAddress(r)
		}
		return address.Unmap()
	}
}

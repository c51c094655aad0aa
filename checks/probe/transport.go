package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// headerLimit bounds the header of an answer, in bytes.
const headerLimit = 64 << 10

// HTTPTransport returns a round tripper for requests to addresses that strangers
// name: webhooks, revocation lists, issuers' certificates. Each request resolves,
// vets and dials anew, a redirect too, and uses one connection that lives no
// longer than its context or Limits.Deadline and reads no more than
// Limits.BytesPerConnection. No proxy of the environment is used, and nothing is
// decompressed. Its errors answer ReasonOf.
func (p *Prober) HTTPTransport(limits checks.Limits) http.RoundTripper {
	limits = limits.WithDefaults()
	return &transport{base: &http.Transport{
		Proxy:                  nil, // the filter would see the proxy's address
		DialContext:            p.dialRequest(limits),
		TLSClientConfig:        &tls.Config{RootCAs: p.config.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    limits.ReadTimeout,
		ResponseHeaderTimeout:  limits.ReadTimeout,
		MaxResponseHeaderBytes: headerLimit,
		DisableKeepAlives:      true,
		DisableCompression:     true,
	}}
}

// transport hands the request's context to the dial: http.Transport cuts it off,
// so that another request may take the connection over.
type transport struct{ base *http.Transport }

type requestContextKey struct{}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := context.WithValue(request.Context(), requestContextKey{}, request.Context())
	return t.base.RoundTrip(request.WithContext(ctx))
}

// dialRequest returns a dial function that resolves and vets for one request.
func (p *Prober) dialRequest(limits checks.Limits) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, address string) (net.Conn, error) { //nolint:contextcheck // the request's own context takes the place of the one that http.Transport cut off
		if requestCtx, ok := ctx.Value(requestContextKey{}).(context.Context); ok {
			ctx = requestCtx
		}
		deadline := time.Now().Add(limits.Deadline)
		connection, err := p.Network(limits).dialHost(ctx, address)
		if err != nil {
			return nil, err
		}
		if err := connection.SetDeadline(deadline); err != nil {
			_ = connection.Close()
			return nil, withReason(fmt.Errorf("bound the connection to %s: %w", address, err))
		}
		return connection, nil
	}
}

// dialHost dials the addresses of a host:port in turn until one connection
// stands. Its error is that of an address that was contacted, if one was.
func (n *Network) dialHost(ctx context.Context, hostPort string) (net.Conn, error) {
	host, service, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, withReason(fmt.Errorf("dial %s: %w", hostPort, err))
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, withReason(fmt.Errorf("dial %s: read the port: %w", hostPort, err))
	}
	addresses := n.Resolve(ctx, host)
	if addresses.State != checks.Known {
		return nil, reasonErrorf(addresses.Reason, "resolve %s: %s", host, addresses.Reason)
	}
	var failure error
	for _, address := range addresses.Value {
		connection, err := n.Dial(ctx, netip.AddrPortFrom(address, uint16(port)))
		if err == nil {
			return connection, nil
		}
		if failure == nil || ReasonOf(failure) == checks.ReasonSpecialPurpose {
			failure = err
		}
	}
	return nil, failure
}

package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Domain is the domain of every demo server: RFC 6761 reserves test.
const Domain = "gradewatch.test"

// Config says what a fleet needs from outside. The zero value works.
type Config struct {
	ExpiresAfter time.Duration // of the certificate that is about to expire; default 2 minutes
	WorsensAfter time.Duration // until the worsening server drops TLS 1.2; default 1 minute
	Told         func(line string)
}

// Fleet is the running demo. Close stops all of it.
type Fleet struct {
	Resolver string // host:port of the DNS server that knows the names
	RootsPEM []byte // the demo's own certificate authority
	Receiver Receivers

	endpoints []monitor.Endpoint
	reference string
	stop      context.CancelFunc
	running   sync.WaitGroup
	closers   []func() error
}

// Receivers are where the demo's alerts arrive.
type Receivers struct {
	SMTPURL    string // for GRADEWATCH_SMTP_URL
	WebhookURL string
}

// Start starts every server. On an error nothing is left running.
func Start(ctx context.Context, config Config) (*Fleet, error) {
	if config.ExpiresAfter <= 0 {
		config.ExpiresAfter = 2 * time.Minute
	}
	if config.WorsensAfter <= 0 {
		config.WorsensAfter = time.Minute
	}
	if config.Told == nil {
		config.Told = func(string) {}
	}
	ca, err := pki.NewCA("Gradewatch demo authority")
	if err != nil {
		return nil, fmt.Errorf("make the demo's certificate authority: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	fleet := &Fleet{RootsPEM: ca.PEM(), stop: stop}
	if err := fleet.start(ctx, ca, config); err != nil {
		return nil, errors.Join(err, fleet.Close())
	}
	return fleet, nil
}

func (f *Fleet) start(ctx context.Context, ca *pki.CA, config Config) error {
	if err := f.startReceivers(ctx, ca, config.Told); err != nil {
		return err
	}
	for number, site := range sites() {
		address := netip.AddrFrom4([4]byte{127, 0, 0, byte(10 + number)})
		if err := f.startSite(ctx, ca, site, address, config); err != nil {
			return fmt.Errorf("start the demo server %s: %w", site.name, err)
		}
	}
	return f.startDNS(ctx)
}

// Endpoints returns what to register, without ids. Looks are due every minute.
func (f *Fleet) Endpoints() []monitor.Endpoint { return append(f.endpoints, withoutNetwork()...) }

// Reference returns the host:port that proves the demo's own connectivity.
func (f *Fleet) Reference() string { return f.reference }

// AllowNetworks returns what the service must be allowed to look at: loopback.
func (f *Fleet) AllowNetworks() string { return "127.0.0.0/8" }

// Close stops every server and waits until the last has ended.
func (f *Fleet) Close() error {
	f.stop()
	var faults []error
	for _, closer := range f.closers {
		if err := closer(); err != nil && !errors.Is(err, net.ErrClosed) {
			faults = append(faults, err)
		}
	}
	f.running.Wait()
	return errors.Join(faults...)
}

// withoutNetwork returns what is registered and cannot be looked at.
func withoutNetwork() []monitor.Endpoint {
	return []monitor.Endpoint{
		{
			Environment: policy.SOD, Kind: policy.Redirect, ValueKind: policy.NativeLoopback,
			Value: "http://127.0.0.1:7890/desktop-callback/", Interval: time.Minute,
		},
		{
			Environment: policy.SOD, Kind: policy.Redirect, ValueKind: policy.CustomScheme,
			Value: "demoapp://sign-in/callback", Interval: time.Minute,
		},
	}
}

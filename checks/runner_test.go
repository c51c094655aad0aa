package checks_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// names is a network that resolves and never connects.
type names struct {
	answer checks.Fact[[]netip.Addr]

	mu  sync.Mutex
	log []checks.LogLine
}

func (n *names) Resolve(context.Context, string) checks.Fact[[]netip.Addr] { return n.answer }

func (n *names) Lookup(context.Context, string, uint16) checks.Fact[checks.RecordSet] {
	return checks.AbsentFact[checks.RecordSet](checks.ReasonNameNotFound)
}

func (n *names) Dial(context.Context, netip.AddrPort) (net.Conn, error) {
	return nil, errors.New("nothing is dialed here")
}

func (n *names) Logf(format string, arguments ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, checks.LogLine{Text: fmt.Sprintf(format, arguments...)})
}

func (n *names) Measurements() checks.Measurements {
	n.mu.Lock()
	defer n.mu.Unlock()
	return checks.Measurements{Log: n.log}
}

func resolvesTo(addresses ...string) *names {
	var list []netip.Addr
	for _, address := range addresses {
		list = append(list, netip.MustParseAddr(address))
	}
	return &names{answer: checks.KnownFact(list)}
}

func target(t *testing.T, url string, limits checks.Limits) checks.Target {
	t.Helper()
	target, err := checks.ParseTarget(url, checks.Quick, limits)
	require.NoError(t, err)
	return target
}

func answering(certificates ...string) checks.Runner {
	var seen []checks.Certificate
	for _, der := range certificates {
		seen = append(seen, checks.NewCertificate([]byte(der)))
	}
	return checks.Runner{
		TLS: func(context.Context, checks.Network, checks.Target, netip.AddrPort) (checks.TLS, []checks.Certificate) {
			return checks.TLS{Chain: checks.KnownFact([]checks.Fingerprint{seen[0].SHA256})}, seen
		},
		HTTP: func(_ context.Context, _ checks.Network, _ checks.Target, address netip.AddrPort) checks.HTTPLook {
			return checks.HTTPLook{HTTP: checks.HTTP{End: checks.KnownFact(int(address.Port()))}, Certificates: seen[:1]}
		},
	}
}

func TestLookSortsAndMerges(t *testing.T) {
	t.Parallel()
	runner := answering("b", "a", "b")
	first, _ := runner.Look(t.Context(), resolvesTo("2001:db8::1", "192.0.2.2", "192.0.2.1", "192.0.2.2"), target(t, "https://app.example.com/", checks.Limits{}), nil)
	require.Len(t, first.Addresses, 3)
	require.Equal(t, "192.0.2.1", first.Addresses[0].Address.String())
	require.Equal(t, "2001:db8::1", first.Addresses[2].Address.String())
	require.Equal(t, uint16(443), first.Addresses[0].Port)
	require.Equal(t, checks.KnownFact(443), first.Addresses[0].HTTP.End)
	require.Len(t, first.Certificates, 2)
	second, _ := runner.Look(t.Context(), resolvesTo("192.0.2.1", "192.0.2.2", "2001:db8::1"), target(t, "https://app.example.com/", checks.Limits{}), nil)
	require.Equal(t, first, second, "the order of addresses is volatile")
	require.Equal(t, checks.NotAsked, first.Connectivity.State)
}

func TestLookOfPlainURLAsksNoTLS(t *testing.T) {
	t.Parallel()
	got, _ := answering("a").Look(t.Context(), resolvesTo("192.0.2.1"), target(t, "http://app.example.com/", checks.Limits{}), nil)
	require.Equal(t, checks.TLS{}, got.Addresses[0].TLS)
	require.Equal(t, checks.KnownFact(80), got.Addresses[0].HTTP.End)
}

func TestLookWithoutFamiliesAsksNothing(t *testing.T) {
	t.Parallel()
	got, _ := checks.Runner{}.Look(t.Context(), resolvesTo("192.0.2.1"), target(t, "https://app.example.com/", checks.Limits{}), nil)
	require.Equal(t, []checks.AddressObservation{{Address: netip.MustParseAddr("192.0.2.1"), Port: 443}}, got.Addresses)
}

func TestLookWithoutAddresses(t *testing.T) {
	t.Parallel()
	gone := &names{answer: checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound)}
	got, _ := answering("a").Look(t.Context(), gone, target(t, "https://app.example.com/", checks.Limits{}), nil)
	require.Equal(t, checks.DNS{Host: "app.example.com", Addresses: gone.answer}, got.DNS)
	require.Empty(t, got.Addresses)
}

func TestLookBoundsAddresses(t *testing.T) {
	t.Parallel()
	got, measurements := answering("a").Look(t.Context(), resolvesTo("192.0.2.3", "192.0.2.2", "192.0.2.1"), target(t, "https://app.example.com/", checks.Limits{Addresses: 2}), nil)
	require.Len(t, got.DNS.Addresses.Value, 3)
	require.Len(t, got.Addresses, 2)
	require.Equal(t, "192.0.2.2", got.Addresses[1].Address.String())
	require.Contains(t, measurements.Log[0].Text, "2 of 3")
}

func TestLookAsksFourAddressesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		runner := checks.Runner{HTTP: func(context.Context, checks.Network, checks.Target, netip.AddrPort) checks.HTTPLook {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second) // synctest's clock
			now.Add(-1)
			return checks.HTTPLook{HTTP: checks.HTTP{End: checks.KnownFact(200)}}
		}}
		var addresses []string
		for i := range 10 {
			addresses = append(addresses, fmt.Sprintf("192.0.2.%d", i))
		}
		got, measurements := runner.Look(t.Context(), resolvesTo(addresses...), target(t, "https://app.example.com/", checks.Limits{}), nil)
		require.Equal(t, int32(4), most.Load())
		require.Equal(t, 3*time.Second, measurements.Duration)
		require.Len(t, got.Addresses, 10)
	})
}

// A family that does not notice the deadline does not hold the look up.
func TestLookIsNeverLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		runner := answering("a")
		runner.HTTP = func(_ context.Context, _ checks.Network, _ checks.Target, address netip.AddrPort) checks.HTTPLook {
			if address.Addr() == netip.MustParseAddr("192.0.2.1") {
				return checks.HTTPLook{HTTP: checks.HTTP{End: checks.KnownFact(200)}}
			}
			<-release
			return checks.HTTPLook{}
		}
		got, measurements := runner.Look(t.Context(), resolvesTo("192.0.2.1", "192.0.2.2"), target(t, "https://app.example.com/", checks.Limits{Deadline: 2 * time.Second}), nil)
		require.LessOrEqual(t, measurements.Duration, 2*time.Second+250*time.Millisecond)
		require.Equal(t, checks.KnownFact(200), got.Addresses[0].HTTP.End)
		late := got.Addresses[1]
		require.Equal(t, uint16(443), late.Port)
		require.Equal(t, checks.InconclusiveFact[int](checks.ReasonTimeout), late.HTTP.End)
		require.Equal(t, checks.InconclusiveFact[checks.PlainHTTP](checks.ReasonTimeout), late.HTTP.PlainHTTP)
		require.Equal(t, checks.InconclusiveFact[[]checks.Fingerprint](checks.ReasonTimeout), late.TLS.Chain)
		for _, protocol := range checks.Protocols() {
			require.Equal(t, checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout), late.TLS.Protocols[protocol])
		}
		close(release)
	})
}

func TestLookCanceled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		runner := checks.Runner{HTTP: func(context.Context, checks.Network, checks.Target, netip.AddrPort) checks.HTTPLook {
			cancel()
			<-release
			return checks.HTTPLook{}
		}}
		got, measurements := runner.Look(ctx, resolvesTo("192.0.2.1"), target(t, "http://app.example.com/", checks.Limits{}), nil)
		require.LessOrEqual(t, measurements.Duration, time.Second)
		require.Equal(t, checks.InconclusiveFact[int](checks.ReasonCanceled), got.Addresses[0].HTTP.End)
		require.Equal(t, checks.TLS{}, got.Addresses[0].TLS)
		close(release)
	})
}

func TestLookOutlivesAPanic(t *testing.T) {
	t.Parallel()
	runner := answering("a")
	runner.TLS = func(context.Context, checks.Network, checks.Target, netip.AddrPort) (checks.TLS, []checks.Certificate) {
		panic("index out of range")
	}
	got, measurements := runner.Look(t.Context(), resolvesTo("192.0.2.1"), target(t, "https://app.example.com/", checks.Limits{}), nil)
	require.Equal(t, checks.InconclusiveFact[checks.Accepted](checks.ReasonInternal), got.Addresses[0].TLS.Protocols[checks.TLSv12])
	require.Equal(t, checks.KnownFact(443), got.Addresses[0].HTTP.End)
	require.Contains(t, measurements.Log[0].Text, "index out of range")
}

func TestLookReportsProgress(t *testing.T) {
	t.Parallel()
	last := map[string]string{}
	answering("a").Look(t.Context(), resolvesTo("192.0.2.1", "192.0.2.2"), target(t, "https://app.example.com/", checks.Limits{}), func(stage string, done, total int) {
		last[stage] = fmt.Sprintf("%d of %d", done, total) // one goroutine at a time: no lock
	})
	require.Equal(t, map[string]string{checks.StageDNS: "1 of 1", checks.StageTLS: "2 of 2", checks.StageHTTP: "2 of 2"}, last)
}

// A server may send other certificates on every connection, as large as a
// handshake allows: what one look keeps of them is bounded.
func TestCertificatesOfALookAreBounded(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	fresh := func(size int) checks.Certificate {
		return checks.NewCertificate(fmt.Appendf(nil, "%0*d", size, made.Add(1)))
	}
	runner := checks.Runner{
		TLS: func(context.Context, checks.Network, checks.Target, netip.AddrPort) (checks.TLS, []checks.Certificate) {
			return checks.TLS{}, []checks.Certificate{fresh(1000), fresh(250_000)}
		},
		HTTP: func(context.Context, checks.Network, checks.Target, netip.AddrPort) checks.HTTPLook {
			return checks.HTTPLook{Certificates: []checks.Certificate{fresh(250_000)}}
		},
	}
	network := resolvesTo("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4")
	observation, measurements := runner.Look(t.Context(), network, target(t, "https://app.test/", checks.Limits{}), nil)
	total, small := 0, 0
	for i, certificate := range observation.Certificates {
		total += len(certificate.DER)
		if len(certificate.DER) == 1000 {
			small++
		}
		require.True(t, i == 0 || observation.Certificates[i-1].SHA256 < certificate.SHA256, "sorted by fingerprint")
	}
	require.LessOrEqual(t, total, 1<<20)
	require.Equal(t, 4, small, "small ones stay")
	require.Len(t, observation.Certificates, 8)
	require.Contains(t, measurements.Log[len(measurements.Log)-1].Text, "left out 4 certificates")
}

// The sign-in service is asked in a full look that names a request, and never else.
func TestRegistrationIsAskedWithARequestOnly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		depth     checks.Depth
		authorize string
		want      checks.Fact[bool]
	}{
		"a full look":             {checks.Full, "https://sod.example.com/login", checks.KnownFact(true)},
		"a quick look":            {checks.Quick, "https://sod.example.com/login", checks.Fact[bool]{}},
		"a full look without one": {checks.Full, "", checks.Fact[bool]{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runner := checks.Runner{Registration: func(_ context.Context, _ checks.Network, target checks.Target) checks.Fact[bool] {
				require.Equal(t, test.authorize, target.AuthorizeURL)
				return checks.KnownFact(true)
			}}
			looked := target(t, "https://app.example.com/", checks.Limits{})
			looked.Depth, looked.AuthorizeURL = test.depth, test.authorize
			got, _ := runner.Look(t.Context(), resolvesTo("192.0.2.1"), looked, nil)
			require.Equal(t, test.want, got.Records.Registered)
		})
	}
}

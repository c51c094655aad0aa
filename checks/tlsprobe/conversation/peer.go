package conversation

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/gradewatch/gradewatch/checks"
)

const (
	// DefaultAtOnce bounds the connections to one address at the same time: few
	// enough for the limits that firewalls set, enough that a long path does not
	// make a look last minutes.
	DefaultAtOnce = 6
	// controls is how many connections beyond the budget may prove that a server
	// still answers.
	controls = 16
	// leastPatience and roundTrips say how long an answer is waited for once a
	// round trip was measured: max(1 s, 6 round trips) (rating guide, section 10.1).
	leastPatience = time.Second
	roundTrips    = 6
	// breath is the pause before something is asked again alone because the
	// server seems to limit connections: it has to see first that others are closed.
	breath = 200 * time.Millisecond
	// leastGap and mostGap bound the pause between two connections to a server
	// that was seen to limit them: it doubles each time that is seen again.
	leastGap = 50 * time.Millisecond
	mostGap  = 800 * time.Millisecond
)

// Config is what a Peer is made of.
type Config struct {
	Network     checks.Network
	Address     netip.AddrPort
	ServerName  string        // for SNI; what SNI cannot name is not sent
	ReadTimeout time.Duration // the longest wait for one answer
	Connections int           // budget
	AtOnce      int           // 0: DefaultAtOnce
	// Economical is for looks of a few connections: control hellos are paid out
	// of the budget, silence is not asked again, and what is dropped only until
	// one was dropped twice.
	Economical bool
}

// Peer is one address of one look. It is safe for concurrent use.
type Peer struct {
	config  Config
	gate    *semaphore.Weighted
	health  *health
	control *control
	left    *atomic.Int64
}

// New returns a Peer that has not been asked anything.
func New(config Config) *Peer {
	if config.AtOnce <= 0 {
		config.AtOnce = DefaultAtOnce
	}
	if config.ReadTimeout <= 0 {
		config.ReadTimeout = checks.Limits{}.WithDefaults().ReadTimeout
	}
	peer := &Peer{config: config, gate: semaphore.NewWeighted(int64(config.AtOnce)), health: newHealth(), control: newControl(), left: &atomic.Int64{}}
	peer.left.Store(int64(config.Connections))
	peer.control.left = controls
	return peer
}

// WithBudget returns the same peer with a budget of its own, so that one class
// of probes cannot use up another's connections.
func (p *Peer) WithBudget(connections int) *Peer {
	other := *p
	other.left = &atomic.Int64{}
	other.left.Store(int64(connections))
	return &other
}

// ServerName is what SNI names.
func (p *Peer) ServerName() string { return p.config.ServerName }

// Left is how many connections are left of the budget.
func (p *Peer) Left() int { return int(max(p.left.Load(), 0)) }

// Patience is how long an answer is waited for now.
func (p *Peer) Patience() time.Duration {
	slowest := p.health.slowest()
	if slowest == 0 {
		return p.config.ReadTimeout
	}
	return min(p.config.ReadTimeout, max(leastPatience, roundTrips*slowest))
}

// Logf adds a line to the look's transcript.
func (p *Peer) Logf(format string, arguments ...any) {
	p.config.Network.Logf("%s %s", p.config.Address, fmt.Sprintf(format, arguments...))
}

// spend takes one connection out of the budget.
func (p *Peer) spend() bool { return p.left.Add(-1) >= 0 }

// enter waits for a place among the connections of this address; leave gives
// it back. Alone means that no other connection is open meanwhile.
func (p *Peer) enter(ctx context.Context, alone bool) (leave func(), err error) {
	weight := int64(1)
	if alone || p.health.isNarrow() {
		weight = int64(p.config.AtOnce)
	}
	if err := p.gate.Acquire(ctx, weight); err != nil {
		return nil, fmt.Errorf("wait for a connection: %w", err)
	}
	leave = sync.OnceFunc(func() {
		p.health.set(func(h *health) { h.left = time.Now() })
		p.gate.Release(weight)
	})
	pauseFor(ctx, p.health.gapLeft())
	return leave, nil
}

// health is how a server behaved so far.
type health struct {
	settling *semaphore.Weighted // one hello at a time is asked again

	mu          sync.Mutex    // guards what follows
	trip        time.Duration // the slowest round trip
	firstWorked time.Time     // end of the first exchange that worked
	lastWorked  time.Time     // beginning of the newest that worked
	narrow      bool          // it stands one connection at a time
	gap         time.Duration // between two connections to one that is narrow
	left        time.Time     // when the newest connection was closed
	reproduced  bool          // it says no by dropping: seen twice in a row, the second time alone
	internal    bool          // it says no by internal_error: seen twice in a row, the second time alone
	stopped     bool          // it answered, and does not any more
	alerted     bool          // it says no by alerts
	// silentRefusals: how often something was dropped between two hellos that worked.
	silentRefusals int
}

func newHealth() *health { return &health{settling: semaphore.NewWeighted(1)} }

func (h *health) slowest() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.trip
}

func (h *health) isNarrow() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.narrow
}

// limits notes that the server drops connections when there are several, or
// many in a short time.
func (h *health) limits() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.narrow = true
	h.gap = min(max(2*h.gap, leastGap), mostGap)
}

// gapLeft is how long to wait before the next connection.
func (h *health) gapLeft() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(0, h.gap-time.Since(h.left))
}

func (h *health) isStopped() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stopped
}

// note takes an exchange into account.
func (h *health) note(trip time.Duration, worked bool, began, ended time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trip = max(h.trip, trip)
	if !worked {
		return
	}
	if h.firstWorked.IsZero() || ended.Before(h.firstWorked) {
		h.firstWorked = ended
	}
	if began.After(h.lastWorked) {
		h.lastWorked = began
	}
}

func (h *health) workedBefore(at time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.firstWorked.IsZero() && !h.firstWorked.After(at)
}

func (h *health) workedAfter(at time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.lastWorked.Before(at)
}

// Address is what is asked.
func (p *Peer) Address() netip.AddrPort { return p.config.Address }

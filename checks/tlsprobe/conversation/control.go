package conversation

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// control is the hello that is known to work.
type control struct {
	turn *semaphore.Weighted // one control at a time

	mu       sync.Mutex // guards what follows
	question Question
	known    bool
	left     int
}

func newControl() *control { return &control{turn: semaphore.NewWeighted(1)} }

// get returns the hello, and whether one is known.
func (c *control) get() (Question, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.question, c.known
}

// SetControl tells the peer a hello that worked. It is sent again where
// silence, FIN or RST might be a refusal or might be the end of the server.
func (p *Peer) SetControl(question Question) {
	p.control.mu.Lock()
	defer p.control.mu.Unlock()
	question.Name, question.Until = "control hello", UntilHello
	p.control.question, p.control.known = question, true
}

// HasControl says whether a control hello is known.
func (p *Peer) HasControl() bool {
	_, known := p.control.get()
	return known
}

// Refused says whether an answer is a refusal that can be relied on, and if
// not, why. An alert is one. FIN and RST need a hello that worked after them:
// the server may have been going down. Silence needs one before and one after
// (rating guide, section 14). Each is asked again right after the hello that
// worked: what limits the rate of connections drops some and not others. It may
// ask the control hello, and waits until no other connection of this peer is
// open: whoever calls has closed its own. An answer that was accepted is no
// refusal, and has no reason.
func (p *Peer) Refused(ctx context.Context, answer Answer) (bool, checks.Reason) {
	switch {
	case answer.Accepted():
		return false, ""
	case answer.Reaction.Kind == Alert:
		return true, ""
	case answer.Reaction.Unconnected || (!answer.Reaction.Dropped() && answer.Reaction.Kind != Timeout):
		return false, answer.Reaction.reason()
	case answer.Reaction.Kind == Timeout && !p.health.workedBefore(answer.Began):
		return false, checks.ReasonTimeout
	case p.AnswersAfter(ctx, answer.Ended):
		return p.refusedAgain(ctx, answer)
	case p.health.isStopped():
		return false, checks.ReasonDegraded
	default:
		return false, answer.Reaction.reason()
	}
}

// refusedAgain asks again what was refused without a word though the server
// still answers. A server that was seen to say no by alerts must drop it once
// more between two hellos that work; one that was not is believed after it did
// so twice.
func (p *Peer) refusedAgain(ctx context.Context, answer Answer) (bool, checks.Reason) {
	if p.config.Economical || p.health.refusesSilently() {
		return true, ""
	}
	again := p.attempt(ctx, answer.question, true, min(p.config.ReadTimeout, 3*p.Patience()))
	switch {
	case again.Accepted():
		p.health.set(func(h *health) { h.narrow = true })
		p.Logf("%s: answered after all: what drops connections here is no refusal", answer.question.Name)
		return false, checks.ReasonDegraded
	case again.Reaction.Kind == Alert && again.Reaction.Code != wire.AlertInternalError:
		return true, ""
	case again.Reaction.Kind == Alert:
		return false, checks.ReasonDegraded
	case !again.Reaction.Dropped() && again.Reaction.Kind != Timeout:
		return false, again.Reaction.reason()
	case !p.AnswersAfter(ctx, again.Ended):
		return false, checks.ReasonDegraded
	}
	p.health.set(func(h *health) { h.silentRefusals++ })
	return true, ""
}

// refusesSilently says whether dropping is how a server says no.
func (h *health) refusesSilently() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.alerted && h.silentRefusals >= 2
}

// AnswersAfter says whether the server gave a ServerHello on a connection that
// began at that time or later. If none is known yet, the control hello is
// sent, twice where it fails. A server that fails both counts as one that
// stopped answering: it is not asked anything else in this look.
func (p *Peer) AnswersAfter(ctx context.Context, at time.Time) bool {
	if p.health.workedAfter(at) {
		return true
	}
	if p.control.turn.Acquire(ctx, 1) != nil {
		return false
	}
	defer p.control.turn.Release(1)
	if p.health.workedAfter(at) { // meanwhile
		return true
	}
	question, known := p.control.get()
	if !known {
		return false
	}
	for attempt := range 2 {
		if ctx.Err() != nil || !p.affordsControl() {
			return false
		}
		if attempt > 0 || !p.health.dropsToRefuse() {
			pause(ctx)
		}
		began := time.Now()
		conn, err := p.connect(ctx, true, min(p.config.ReadTimeout, 3*p.Patience()))
		if p.exchange(ctx, conn, err, question, began).Accepted() {
			return true
		}
	}
	if ctx.Err() == nil {
		p.health.set(func(h *health) { h.stopped = true })
		p.Logf("the server stopped answering: nothing else is asked")
	}
	return false
}

// affordsControl takes one connection for a control hello.
func (p *Peer) affordsControl() bool {
	if p.config.Economical {
		return p.spend()
	}
	p.control.mu.Lock()
	defer p.control.mu.Unlock()
	p.control.left--
	return p.control.left >= 0
}

// Stopped says whether the server was seen to stop answering.
func (p *Peer) Stopped() bool { return p.health.isStopped() }

// LastWorked is the beginning of the newest exchange that brought a ServerHello.
func (p *Peer) LastWorked() time.Time {
	p.health.mu.Lock()
	defer p.health.mu.Unlock()
	return p.health.lastWorked
}

package conversation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Until says how far an answer is read.
type Until uint8

// How far an answer is read.
const (
	UntilHello Until = iota // the ServerHello
	UntilDone               // what comes in the clear up to ServerHelloDone; in TLS 1.3 the ServerHello
)

// challengeLength is that of the random of an SSL 2.0 client.
const challengeLength = 16

// Question is one hello.
type Question struct {
	Name  string // for the transcript: "TLS 1.2 suites"
	Hello wire.ClientHello
	Until Until
	// Specs makes it a CLIENT-HELLO of SSL 2.0 with these cipher specs instead.
	Specs []uint32
	// Raw is sent instead of Hello where it is not empty.
	Raw []byte
}

// Answer is what a question met. Reaction.Kind is Data when a ServerHello (of
// whatever version) came; then Hello or SSLv2 is set.
type Answer struct {
	Reaction Reaction
	Hello    *wire.ServerHello
	SSLv2    *wire.SSLv2Answer
	// Warnings came before the ServerHello or after it.
	Warnings []wire.Alert

	// What came after the ServerHello, where Until is UntilDone.
	Certificates         []wire.CertificateEntry
	CertificateStatus    []byte // the body of a CertificateStatus
	KeyExchange          []byte // the body of a ServerKeyExchange
	CertificateRequested bool
	// Rest is how reading went on after the ServerHello: Data up to
	// ServerHelloDone, else what ended it.
	Rest Reaction

	Began, Ended time.Time
	question     Question
}

// Accepted says whether a ServerHello came.
func (a Answer) Accepted() bool { return a.Reaction.Kind == Data }

// Unexpected is why an answer that is no ServerHello tells nothing where one
// was certain to come.
func (a Answer) Unexpected() checks.Reason {
	if a.Reaction.Kind == Failed {
		return a.Reaction.Reason
	}
	return checks.ReasonDisagreement
}

// suspicious says whether a reaction might come from a server or a path that
// is out of breath rather than from one that says no.
func (p *Peer) suspicious(answer Answer) bool {
	switch reaction := answer.Reaction; reaction.Kind {
	case FIN, RST:
		return !p.config.Economical || !p.health.dropsToRefuse()
	case Timeout:
		return !p.config.Economical && p.health.workedBefore(answer.Began)
	case Alert:
		return reaction.Code == wire.AlertInternalError && !p.health.failsToRefuse() &&
			(!p.config.Economical || p.health.workedBefore(answer.Began))
	case Failed:
		lost := reaction.Reason == checks.ReasonTimeout && !p.config.Economical
		busy := p.health.workedBefore(answer.Began) && reaction.Reason != checks.ReasonBudget && reaction.Reason != checks.ReasonDegraded
		return reaction.Unconnected && (lost || busy)
	default:
		return false
	}
}

// Ask sends one hello on a connection of its own and reads the answer. What is
// dropped, met with silence or with internal_error is asked once more, alone:
// some servers limit connections, and packets get lost. It never fails: the
// reaction says what happened.
func (p *Peer) Ask(ctx context.Context, question Question) Answer {
	answer := p.attempt(ctx, question, false, p.Patience())
	if !p.suspicious(answer) {
		return answer
	}
	if p.health.settling.Acquire(ctx, 1) != nil {
		return answer // nobody waits for more
	}
	defer p.health.settling.Release(1)
	if !p.suspicious(answer) || ctx.Err() != nil || p.health.isStopped() || p.Left() == 0 {
		return answer // what another hello met meanwhile explains it
	}
	second := p.again(ctx, question, answer)
	if second.Reaction.Kind == Timeout && p.HasControl() {
		p.AnswersAfter(ctx, second.Ended) // a server that stopped is found out now, not at the end of a long list
	}
	return second
}

// again asks once more, alone.
func (p *Peer) again(ctx context.Context, question Question, answer Answer) Answer {
	if !p.health.dropsToRefuse() && !internalError(answer) {
		pause(ctx)
	}
	second := p.attempt(ctx, question, true, min(p.config.ReadTimeout, 3*p.Patience()))
	switch {
	case answer.Reaction.Dropped() && second.Reaction.Dropped():
		p.health.set(func(h *health) { h.reproduced = true })
	case internalError(answer) && internalError(second):
		p.health.set(func(h *health) { h.internal = true })
	case second.Accepted() || second.Reaction.Kind == Alert && second.Reaction.Code != wire.AlertInternalError:
		p.health.limits()
		p.Logf("%s: answered when asked alone; from here on one connection at a time", question.Name)
	}
	return second
}

func internalError(answer Answer) bool {
	return answer.Reaction.Kind == Alert && answer.Reaction.Code == wire.AlertInternalError
}

// failsToRefuse says whether internal_error is how a server says no, as stacks
// do whose security level forbids what their configuration allows.
func (h *health) failsToRefuse() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.internal
}

func (h *health) dropsToRefuse() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reproduced
}

func (h *health) set(change func(*health)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}

func pause(ctx context.Context) { pauseFor(ctx, breath) }

func pauseFor(ctx context.Context, duration time.Duration) {
	if duration <= 0 {
		return
	}
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// attempt is one connection with one hello.
func (p *Peer) attempt(ctx context.Context, question Question, alone bool, patience time.Duration) Answer {
	began := time.Now()
	conn, err := p.open(ctx, alone, patience)
	return p.exchange(ctx, conn, err, question, began)
}

func (p *Peer) exchange(ctx context.Context, conn *Conn, err error, question Question, began time.Time) (answer Answer) {
	defer func() {
		answer.Ended = time.Now()
		p.Logf("%s: %s, after %s", question.Name, describe(answer), answer.Ended.Sub(answer.Began).Round(time.Millisecond))
	}()
	if err != nil {
		var none *Unconnected
		errors.As(err, &none)
		return Answer{Reaction: none.Reaction, Began: began, question: question}
	}
	defer func() { _ = conn.Close() }() // nothing was promised to the peer
	answer = Answer{Began: conn.began, question: question}
	if hello, err := question.bytes(); err != nil {
		answer.Reaction = Reaction{Kind: Failed, Reason: checks.ReasonInternal, detail: err.Error()}
	} else if _, err := conn.Write(hello); err != nil {
		answer.Reaction = conn.Reaction(ctx, err)
	} else if question.Specs != nil {
		answer.readSSLv2(ctx, conn)
	} else {
		answer.read(ctx, conn, question.Until)
	}
	if answer.Reaction.Kind == Alert && answer.Reaction.Code != wire.AlertInternalError {
		p.health.set(func(h *health) { h.alerted = true })
	}
	p.health.note(conn.roundTrip(), answer.Accepted(), conn.began, time.Now())
	return answer
}

func (q Question) bytes() ([]byte, error) {
	switch {
	case q.Raw != nil:
		return q.Raw, nil
	case q.Specs != nil:
		return wire.SSLv2Hello(wire.SSL20, q.Specs, wire.Random(challengeLength))
	default:
		return q.Hello.Records() //nolint:wrapcheck // it says what was attempted
	}
}

func describe(answer Answer) string {
	switch {
	case answer.SSLv2 != nil:
		return fmt.Sprintf("SERVER-HELLO of SSL 2.0 with %d cipher specs", len(answer.SSLv2.Specs))
	case answer.Hello != nil && answer.Hello.Retry:
		return fmt.Sprintf("HelloRetryRequest, suite 0x%04X, group 0x%04X", answer.Hello.Suite, answer.Hello.Group)
	case answer.Hello != nil:
		return fmt.Sprintf("ServerHello %04X, suite 0x%04X", answer.Hello.Version, answer.Hello.Suite)
	case answer.Reaction.detail != "":
		return answer.Reaction.String() + " (" + answer.Reaction.detail + ")"
	default:
		return answer.Reaction.String()
	}
}

package tlsprobe

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

const (
	// leftForHTTP is how many of an address's connections this probe never uses.
	leftForHTTP = 4
	// atOnce bounds hellos under way at the same time. With 2, every hello can
	// be had alone within 8 connections from a server that drops the others.
	atOnce = 2
	// leastPatience and roundTrips say how long a hello waits once a round
	// trip was measured: max(1 s, 6 round trips).
	leastPatience = time.Second
	roundTrips    = 6
	// breath is the pause before a hello that is sent alone because the server
	// seems to limit connections: it has to see first that others are closed.
	breath = 200 * time.Millisecond
)

// Quick asks one address for each protocol version, by a connection and a
// hello of its own, and for the certificate chain. It uses up to
// ConnectionsPerAddress less 4 connections (8 by default; 6 to 8 are usual)
// and at most half of the look's deadline. It never fails: what it cannot tell
// is inconclusive. The certificates are those of the chain, sorted by their
// fingerprint, without duplicates.
func Quick(ctx context.Context, network checks.Network, target checks.Target, address netip.AddrPort) (checks.TLS, []checks.Certificate) {
	limits := target.Limits.WithDefaults()
	ctx, cancel := context.WithTimeout(ctx, limits.Deadline/2)
	defer cancel()
	w := &walk{
		probe:     probe{network: network, address: address, host: target.ServerName(), started: time.Now()},
		patience:  limits.ReadTimeout,
		allowance: max(1, limits.ConnectionsPerAddress-leftForHTTP),
	}
	w.ask(ctx)
	w.confirm(ctx)
	return w.component()
}

// walk is one Quick under way. Only its own goroutine changes it.
type walk struct {
	probe
	patience  time.Duration // for the next hellos
	allowance int           // connections left
	outcomes  outcomes
	// reproduced: a hello that was dropped was dropped again alone, so that
	// this is how the server says no.
	reproduced bool
	// single: a hello that was dropped among others was answered alone.
	single bool
	// sealed is the chain of a server that sends it encrypted only.
	sealed    [][]byte
	sealedErr checks.Reason
}

// ask sends each hello once: TLS 1.2 alone, and 1.3 when that did not work, so
// that there is a control early; the others in groups. Where the first finds
// no connection, nothing else is asked.
func (w *walk) ask(ctx context.Context) {
	protocols := newestFirst()
	w.group(ctx, protocols[:1])
	if first := w.outcomes[0]; first.reaction.unconnected {
		for _, protocol := range protocols[1:] {
			w.outcomes = append(w.outcomes, outcome{protocol: protocol, reaction: first.reaction})
		}
		return
	}
	protocols = protocols[1:]
	if !w.outcomes.worked() {
		w.group(ctx, protocols[:1])
		protocols = protocols[1:]
	}
	for len(protocols) > 0 {
		next := min(len(protocols), atOnce)
		if w.single {
			next = 1
			pause(ctx)
		}
		w.group(ctx, protocols[:next])
		w.settle(ctx, protocols[:next])
		protocols = protocols[next:]
	}
}

// group sends a hello for each protocol at the same time, as far as the
// allowance goes, and waits for all.
func (w *walk) group(ctx context.Context, protocols []checks.Protocol) {
	protocols = protocols[:min(len(protocols), w.allowance)]
	w.allowance -= len(protocols)
	results := make([]outcome, len(protocols))
	var running sync.WaitGroup
	for index, protocol := range protocols {
		running.Go(func() {
			began := time.Since(w.started)
			met := w.guarded(ctx, protocol)
			results[index] = outcome{protocol: protocol, began: began, ended: time.Since(w.started), reaction: met}
		})
	}
	running.Wait()
	for _, result := range results {
		w.network.Logf("%s %s hello: %s, after %s", w.address, result.protocol, result.reaction.text,
			(result.ended - result.began).Round(time.Millisecond))
		w.outcomes = append(w.outcomes, result)
	}
	w.adapt()
}

// guarded is exchange, except that a panic in it, a fault of ours, is a reaction
// too: group's goroutines have nobody above them who could recover.
func (w *walk) guarded(ctx context.Context, protocol checks.Protocol) (met reaction) {
	defer func() {
		if fault := recover(); fault != nil {
			met = reaction{kind: failed, reason: checks.ReasonInternal, text: fmt.Sprintf("our own fault: %v", fault)}
		}
	}()
	return w.exchange(ctx, protocol, w.patience)
}

// adapt sets how long the next hellos wait from the slowest answer so far.
func (w *walk) adapt() {
	var slowest time.Duration
	for _, outcome := range w.outcomes {
		slowest = max(slowest, outcome.reaction.roundTrip)
	}
	w.patience = min(w.patience, max(leastPatience, roundTrips*slowest))
}

// settle sees to hellos of a group that were dropped or got no connection:
// some servers limit connections, and notice late that one was closed. The
// first is sent again, alone and after a pause. When it is dropped again, that
// is how the server says no; when not, all of them are sent again.
func (w *walk) settle(ctx context.Context, protocols []checks.Protocol) {
	if w.reproduced {
		return
	}
	for index, protocol := range protocols {
		last, asked := w.outcomes.last(protocol)
		if !asked || (last.reaction.kind != dropped && last.reaction.kind != failed) {
			continue
		}
		if w.allowance <= 1 { // the last one is the control's
			w.doubt(protocols[index:])
			return
		}
		pause(ctx)
		w.group(ctx, []checks.Protocol{protocol})
		again, _ := w.outcomes.last(protocol)
		if again.reaction.kind == dropped && last.reaction.kind == dropped {
			w.reproduced = true
			return
		}
		w.single = w.single || again.reaction.kind == accepted || again.reaction.kind == refused
	}
}

func pause(ctx context.Context) {
	timer := time.NewTimer(breath)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// doubt marks what was dropped in a group and not seen alone.
func (w *walk) doubt(protocols []checks.Protocol) {
	for index := range w.outcomes {
		one := &w.outcomes[index]
		if one.reaction.kind == dropped && slices.Contains(protocols, one.protocol) {
			one.doubtful = true
		}
	}
}

// confirm sends again what met silence before anything worked, fetches a chain
// that comes encrypted only, and sends a control hello where refusals without
// a word wait for it.
func (w *walk) confirm(ctx context.Context) {
	for _, protocol := range newestFirst() {
		last, asked := w.outcomes.last(protocol)
		early := asked && last.reaction.kind == silent && w.outcomes.worked() && !w.outcomes.workedBefore(last)
		if early && w.allowance > 1 {
			w.group(ctx, []checks.Protocol{protocol}) // now a control came before
		}
	}
	if chain, _ := w.outcomes.chain(); chain == nil && w.outcomes.judge(checks.TLSv13).State == checks.Known {
		w.fetchSealed(ctx)
	}
	if w.allowance > 0 && w.outcomes.wantsControl() {
		pause(ctx)
		w.group(ctx, []checks.Protocol{w.control()})
	}
}

// control is the newest version that was accepted, in the order of asking.
func (w *walk) control() checks.Protocol {
	for _, protocol := range newestFirst() {
		if last, asked := w.outcomes.last(protocol); asked && last.reaction.kind == accepted {
			return protocol
		}
	}
	return checks.TLSv12
}

func (w *walk) component() (checks.TLS, []checks.Certificate) {
	component := checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{}}
	for _, protocol := range checks.Protocols() {
		component.Protocols[protocol] = w.outcomes.judge(protocol)
	}
	chain, reason := w.outcomes.chain()
	if chain == nil && (w.sealed != nil || w.sealedErr != "") {
		chain, reason = w.sealed, w.sealedErr
	}
	if chain == nil {
		component.Chain = checks.InconclusiveFact[[]checks.Fingerprint](reason)
		return component, nil
	}
	var fingerprints []checks.Fingerprint
	var certificates []checks.Certificate
	for _, der := range chain {
		certificate := checks.NewCertificate(der)
		fingerprints = append(fingerprints, certificate.SHA256)
		certificates = append(certificates, certificate)
	}
	component.Chain = checks.KnownFact(fingerprints)
	slices.SortFunc(certificates, func(a, b checks.Certificate) int { return cmp.Compare(a.SHA256, b.SHA256) })
	return component, slices.CompactFunc(certificates, func(a, b checks.Certificate) bool { return a.SHA256 == b.SHA256 })
}

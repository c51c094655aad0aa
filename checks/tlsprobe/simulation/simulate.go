package simulation

import (
	"context"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
)

const (
	// batch is how many hellos are sent before what they teach is used.
	batch = 1
	// controlsBesideOpen is how many computed clients are resent as control where
	// others must be resent to be decided at all.
	controlsBesideOpen = 2
	// mostUndecided bounds the clients that are resent because what is known
	// does not decide: each one teaches something about the rest.
	mostUndecided = 24
)

// Simulate says what every client gets: computed from what is known, a few
// resent as control, and those resent that cannot be computed. Where a control
// disagrees, all are resent, as far as the peer's budget goes, and the
// transcript says so. It waits for everything that it starts.
func Simulate(ctx context.Context, peer *conversation.Peer, known Known) checks.Simulations {
	run := &simulating{peer: peer, known: known, server: newServer(known), profiles: Profiles()}
	run.computeAll()
	controls, open := run.controls(), run.open(batch)
	if len(open) > 0 { // those teach, and are resent anyway: fewer are enough
		controls = controls[:min(len(controls), controlsBesideOpen)]
	}
	run.resend(ctx, append(controls, open...))
	run.resendUndecided(ctx)
	if run.contradicted {
		peer.Logf("a client's own hello got another answer than was computed: all clients are resent")
		run.resendAll(ctx)
	}
	return checks.Simulations{Clients: run.results}
}

// simulating is the state of one Simulate.
type simulating struct {
	peer     *conversation.Peer
	known    Known
	server   *server
	profiles []Profile
	results  []checks.Simulation
	// tried are the profiles that were sent, also in vain.
	tried map[int]bool
	// contradicted: a client's own hello got what nothing that is known explains.
	contradicted bool
}

// computeAll computes what was not resent, again only where it was not decided:
// with fewer views, what all of them agreed on stays.
func (r *simulating) computeAll() {
	if r.results == nil {
		r.results, r.tried = make([]checks.Simulation, len(r.profiles)), map[int]bool{}
	}
	for i, profile := range r.profiles {
		if !r.results[i].Resent && !r.results[i].Handshake.Conclusive() {
			r.results[i] = r.server.compute(profile)
		}
	}
}

// resend sends these clients' hellos at once and takes in what they teach. An
// answer that tells nothing leaves what was computed.
func (r *simulating) resend(ctx context.Context, indexes []int) {
	indexes = slices.DeleteFunc(indexes, func(i int) bool { return r.tried[i] })
	indexes = indexes[:min(len(indexes), r.peer.Left())]
	answers := make([]checks.Simulation, len(indexes))
	var parts []func()
	for n, i := range indexes {
		r.tried[i] = true
		parts = append(parts, func() { answers[n] = Resend(ctx, r.peer, r.profiles[i], r.known) })
	}
	r.peer.Together(parts...)
	for n, i := range indexes {
		r.takeIn(i, answers[n])
	}
	r.computeAll()
}

func (r *simulating) takeIn(i int, answer checks.Simulation) {
	if !answer.Handshake.Conclusive() {
		return
	}
	computed := r.results[i].Handshake
	r.results[i] = answer
	if r.contradicted {
		return
	}
	explained := r.server.learn(r.profiles[i], answer.Handshake)
	if computed.Conclusive() && computed != answer.Handshake || !explained {
		r.contradicted = true
		r.peer.Logf("%s: computed %s, got %s", answer.Client, describe(computed), describe(answer.Handshake))
	}
}

// resendUndecided sends hellos until what is left is decided or cannot be.
func (r *simulating) resendUndecided(ctx context.Context) {
	for sent := 0; sent < mostUndecided && !r.contradicted && ctx.Err() == nil; sent += batch {
		open := r.open(batch)
		if len(open) == 0 || r.peer.Left() == 0 || r.peer.Stopped() {
			return
		}
		r.resend(ctx, open)
	}
}

// open returns the first clients whose own hello would tell what is not decided.
func (r *simulating) open(most int) []int {
	var list []int
	for i, result := range r.results {
		if len(list) < most && !r.tried[i] && r.reachable(i) &&
			result.Handshake.State == checks.Inconclusive && result.Handshake.Reason == undecided {
			list = append(list, i)
		}
	}
	return list
}

// reachable says whether a version is on that the client has: without one, its
// hello would teach nothing.
func (r *simulating) reachable(i int) bool {
	return slices.ContainsFunc(r.profiles[i].protocols(), func(protocol checks.Protocol) bool {
		return r.known.TLS.Protocols[protocol].State == checks.Known
	})
}

// resendAll sends every hello that was not sent. What is not known then is not
// known at all: the computation is not to be trusted.
func (r *simulating) resendAll(ctx context.Context) {
	var rest []int
	for i := range r.results {
		if !r.tried[i] {
			rest = append(rest, i)
		}
	}
	for len(rest) > 0 && r.peer.Left() > 0 && ctx.Err() == nil && !r.peer.Stopped() {
		now := min(len(rest), conversation.DefaultAtOnce)
		r.resend(ctx, slices.Clone(rest[:now]))
		rest = rest[now:]
	}
	for i, result := range r.results {
		if !result.Resent {
			r.results[i].Handshake = checks.InconclusiveFact[checks.SimulatedHandshake](undecided)
		}
	}
}

// controls picks one client of each kind, all of whom connect: a browser in
// TLS 1.3, one in TLS 1.2 whose choice is the server's, the oldest, one of .NET
// and one of Java.
func (r *simulating) controls() []int {
	kinds := []func(Profile, checks.SimulatedHandshake) bool{
		func(p Profile, got checks.SimulatedHandshake) bool {
			return isBrowser(p) && got.Protocol == checks.TLSv13
		},
		func(p Profile, got checks.SimulatedHandshake) bool {
			return isBrowser(p) && got.Protocol == checks.TLSv12
		},
		func(p Profile, _ checks.SimulatedHandshake) bool { return strings.HasPrefix(p.Name, ".NET") },
		func(p Profile, _ checks.SimulatedHandshake) bool { return strings.HasPrefix(p.Name, "Java") },
	}
	var chosen []int
	for _, kind := range kinds {
		if i, found := r.newest(chosen, kind); found {
			chosen = append(chosen, i)
		}
	}
	if i, found := r.oldest(chosen); found {
		chosen = append(chosen, i)
	}
	return chosen
}

func (r *simulating) newest(chosen []int, fits func(Profile, checks.SimulatedHandshake) bool) (int, bool) {
	best := -1
	for i, profile := range r.profiles {
		got := r.results[i].Handshake
		if got.State == checks.Known && !slices.Contains(chosen, i) && fits(profile, got.Value) &&
			(best < 0 || profile.Year > r.profiles[best].Year) {
			best = i
		}
	}
	return best, best >= 0
}

func (r *simulating) oldest(chosen []int) (int, bool) {
	best := -1
	for i, profile := range r.profiles {
		if r.results[i].Handshake.State == checks.Known && !slices.Contains(chosen, i) &&
			(best < 0 || profile.Year < r.profiles[best].Year) {
			best = i
		}
	}
	return best, best >= 0
}

func isBrowser(profile Profile) bool {
	return slices.ContainsFunc([]string{"Chrome ", "Edge ", "Firefox ", "Safari ", "IE "}, func(name string) bool {
		return strings.HasPrefix(profile.Name, name)
	})
}

// learn keeps the views that explain what a client got, and says whether there
// are any. What the views do not speak of teaches nothing.
func (s *server) learn(profile Profile, got handshake) bool {
	if profile.NoSNI && s.withoutSNI().State != checks.Known {
		return true
	}
	var exact, silent []view
	met := s.meet(profile)
	for _, v := range s.views {
		switch predicted := met.outcome(v); {
		case predicted == got:
			exact = append(exact, v)
		case predicted.State == checks.Inconclusive:
			silent = append(silent, v)
		}
	}
	if len(exact) == 0 {
		exact = silent
	}
	if len(exact) > 0 {
		s.views = exact
	}
	return len(exact) > 0
}

func describe(got handshake) string {
	switch got.State {
	case checks.Known:
		return strings.TrimSpace(strings.Join([]string{got.Value.Protocol.Title(), got.Value.SuiteName, got.Value.Group}, " "))
	case checks.Absent:
		return "no handshake"
	default:
		return "nothing certain"
	}
}

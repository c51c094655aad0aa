package oracle

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
)

// prober asks one address.
type prober struct {
	peer   *conversation.Peer // with a budget of its own
	shared *conversation.Peer
	// silence is how long silence must last before a difference may rest on it.
	silence time.Duration
}

// leastSilence is what Probe takes for it (rating guide, section 10.8).
// Scanners that wait less call healthy servers on long paths vulnerable.
const leastSilence = 8 * time.Second

// asker asks one question on a connection of its own and waits that long for
// each part of the answer.
type asker func(ctx context.Context, question int, patience time.Duration) reaction

// tolerated is how many reactions of one trial may turn out otherwise when they
// are asked again: packets get lost. More is a server that is not steady.
const tolerated = 2

// ask asks questions side by side, and some of them again: those that did not
// reach the server, and where reactions differ those that may be the work of
// the path. unsteady counts how many of the latter changed. The first controls
// of the questions are not expected to be answered as the others are.
func (p prober) ask(ctx context.Context, questions []int, controls int, patience time.Duration, ask asker) (answers round, unsteady int) {
	answers = make(round, len(questions))
	everything := func(reaction) bool { return true }
	p.each(answers, everything, func(at int) reaction { return ask(ctx, questions[at], patience) })
	p.retry(ctx, answers, func(at int) reaction { return ask(ctx, questions[at], max(patience, 3*p.peer.Patience())) })
	if answers[controls:].uniform() {
		return answers, 0
	}
	before := slices.Clone(answers)
	doubtful := func(r reaction) bool { return r.failed == "" && (r.wordless() || r.impatient()) }
	again := func(at int) reaction { return ask(ctx, questions[at+controls], p.silence) }
	p.each(answers[controls:], doubtful, again)
	p.retry(ctx, answers[controls:], again)
	for at, reaction := range answers {
		if before[at].words(coarsely) != reaction.words(coarsely) && !before[at].impatient() {
			unsteady++
		}
	}
	return answers, unsteady
}

// each replaces those reactions that which picks, side by side and in another
// order each time: questions must not keep step with a balancer's turns.
func (p prober) each(answers round, which func(reaction) bool, ask func(at int) reaction) {
	var parts []func()
	for _, at := range rand.Perm(len(answers)) {
		if which(answers[at]) {
			parts = append(parts, func() {
				answers[at] = reaction{failed: checks.ReasonInternal} // where the next line panics
				answers[at] = ask(at)
			})
		}
	}
	p.peer.Together(parts...)
}

// retries is how often a question that did not reach the server is asked again.
const retries = 2

// retry asks what failed again, one at a time: some servers stand no more. A
// server that does not answer any more is not asked further.
func (p prober) retry(ctx context.Context, answers round, ask func(at int) reaction) {
	for at := range answers {
		for range retries {
			if answers[at].failed == "" || hopeless(answers[at].failed) || ctx.Err() != nil {
				break
			}
			answers[at] = ask(at)
		}
		if answers[at].failed != "" && !hopeless(answers[at].failed) && ctx.Err() == nil {
			p.shared.AnswersAfter(ctx, time.Now())
			if p.shared.Stopped() {
				answers[at].failed = checks.ReasonDegraded
			}
			return
		}
	}
}

// hopeless are the reasons that another try does not change.
func hopeless(reason checks.Reason) bool {
	return slices.Contains([]checks.Reason{
		checks.ReasonBudget, checks.ReasonDegraded, checks.ReasonCanceled, checks.ReasonInternal,
		checks.ReasonHandshakeFailed, checks.ReasonClientCertificate, checks.ReasonControlFailed,
	}, reason)
}

package tlsprobe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
)

// version is what became known of one protocol version.
type version struct {
	protocol checks.Protocol
	batches  [][]uint16
	answers  []conversation.Answer // of the samples and of the other batches
	samples  []conversation.Answer // those of the first batch alone
	accepted int                   // how many samples were
	first    conversation.Answer   // the first that was accepted, else the last
	refused  bool                  // by all, and that can be relied on
	reason   checks.Reason         // why nobody can tell
	at       time.Time             // when the refusal that counts ended

	// How many samples of the first batch were accepted, and refused by alert.
	acceptedSamples, refusedSamples int
}

// allVersions lists every version in the order of asking.
func allVersions(batches func(checks.Protocol) [][]uint16) []*version {
	var versions []*version
	for _, protocol := range newestFirst() {
		versions = append(versions, &version{protocol: protocol, batches: batches(protocol)})
	}
	return versions
}

func newInspection(target checks.Target, samples int, config conversation.Config) *inspection {
	config.ServerName = cmp.Or(target.SNI, target.Host)
	return &inspection{
		peer: conversation.New(config), host: config.ServerName, samples: samples, certificates: map[checks.Fingerprint][]byte{},
		kinds: map[checks.Fingerprint]string{}, leaves: map[leafOf]checks.Fingerprint{},
	}
}

// sample sends the first hello of each version, several times where that is
// wanted: TLS 1.2 alone at first, and 1.3 when that did not work, so that there
// is a control early; then all else together. Where the first finds no
// connection, nothing else is asked.
func (i *inspection) sample(ctx context.Context, versions []*version) {
	for index, one := range versions[:2] {
		i.sampleOnce(ctx, one)
		if one.answers[0].Reaction.Unconnected && index == 0 {
			unreachable(versions, one.answers[0])
			return
		}
		if one.accepted > 0 {
			break
		}
	}
	for _, one := range versions[:2] { // silence counts between two controls only
		if len(one.answers) > 0 && one.answers[0].Reaction.Kind == conversation.Timeout && !i.peer.LastWorked().IsZero() {
			one.samples, one.answers = nil, nil
		}
	}
	samples := i.samples
	if i.peer.LastWorked().IsZero() && !anyAlert(versions) {
		samples = 1 // nothing to compare: what never answers is not asked again and again
	}
	if samples > 1 {
		i.sampleInTurns(ctx, versions, samples)
		return
	}
	for group := range slices.Chunk(versions, cmp.Or(i.versionsAtOnce, len(versions))) {
		var parts []func()
		for _, one := range group {
			parts = append(parts, func() {
				if len(one.answers) == 0 && ctx.Err() == nil && !i.peer.Stopped() {
					i.sampleOnce(ctx, one)
				}
			})
		}
		i.together(parts...)
	}
}

func anyAlert(versions []*version) bool {
	return slices.ContainsFunc(versions, func(one *version) bool {
		return slices.ContainsFunc(one.answers, func(answer conversation.Answer) bool { return answer.Reaction.Kind == conversation.Alert })
	})
}

// sampleInTurns takes the samples of one version after the other, those of one
// version at the same time: servers that take turns behind one address all meet
// them. Where their answers differ, twice as many are taken.
func (i *inspection) sampleInTurns(ctx context.Context, versions []*version, samples int) {
	for _, one := range versions {
		i.sampleUpTo(ctx, one, samples)
	}
	if !i.isMixed() {
		return
	}
	for _, one := range versions {
		i.sampleUpTo(ctx, one, 2*samples)
	}
}

func (i *inspection) sampleUpTo(ctx context.Context, one *version, samples int) {
	if ctx.Err() != nil || i.peer.Stopped() {
		return
	}
	answers := make([]conversation.Answer, max(0, samples-len(one.samples)))
	var parts []func()
	for index := range answers {
		parts = append(parts, func() { answers[index] = i.askSample(ctx, one, len(one.samples)+index+1) })
	}
	i.together(parts...)
	for _, answer := range answers {
		i.note(one, answer)
	}
	i.compareSamples(one)
}

// settleAll decides what the samples say. Where the first batch was refused for
// want of a common suite, the others are asked too, and in all versions before
// any refusal is judged: one of them may be the first hello that works.
func (i *inspection) settleAll(ctx context.Context, versions []*version) {
	var others, settlements []func()
	for _, one := range versions {
		if one.reason != "" {
			continue
		}
		settlements = append(settlements, func() { i.settle(ctx, one) })
		if one.accepted == 0 && one.protocol != checks.SSLv2 {
			others = append(others, func() { i.tryOtherBatches(ctx, one) })
		}
	}
	i.together(others...)
	i.together(settlements...)
}

// unreachable gives every version the reason why there is no connection.
func unreachable(versions []*version, answer conversation.Answer) {
	for _, one := range versions {
		one.first, one.reason = answer, cmp.Or(answer.Reaction.Reason, checks.ReasonControlFailed)
	}
}

func (i *inspection) sampleOnce(ctx context.Context, one *version) {
	i.note(one, i.askSample(ctx, one, len(one.samples)+1))
}

func (i *inspection) askSample(ctx context.Context, one *version, number int) conversation.Answer {
	return i.ask(ctx, fmt.Sprintf("%s, sample %d", one.protocol.Title(), number), offer{protocol: one.protocol, suites: firstBatch(one)})
}

// note takes a sample into account.
func (i *inspection) note(one *version, answer conversation.Answer) {
	one.samples, one.answers = append(one.samples, answer), append(one.answers, answer)
	if !answer.Accepted() {
		if one.accepted == 0 {
			one.first = answer
		}
		return
	}
	one.accepted++
	if one.accepted == 1 {
		one.first = answer
		i.setControl(one.protocol, firstBatch(one))
	}
}

func firstBatch(one *version) []uint16 {
	if len(one.batches) == 0 {
		return nil
	}
	return one.batches[0]
}

// setControl takes the first hello that worked for the control.
func (i *inspection) setControl(protocol checks.Protocol, suites []uint16) {
	if i.peer.HasControl() {
		return
	}
	question, err := offer{protocol: protocol, suites: suites}.question("control", i.host)
	if err == nil {
		i.peer.SetControl(question)
	}
}

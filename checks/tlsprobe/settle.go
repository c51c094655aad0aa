package tlsprobe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// settle decides what the answers of a version say.
func (i *inspection) settle(ctx context.Context, one *version) {
	if one.accepted > 0 {
		return
	}
	if len(one.answers) == 0 {
		one.reason = i.unasked(ctx)
		return
	}
	one.refused = true
	for _, answer := range one.judged() {
		if reaction := answer.Reaction; reaction.Kind == conversation.Alert && reaction.Code == wire.AlertUnrecognizedName {
			one.refused, one.reason = false, checks.ReasonHandshakeFailed // it refuses the name, not the version
			return
		}
		if refused, reason := i.relied(ctx, one.protocol, answer); !refused {
			one.refused, one.reason = false, reason
			return
		}
		if answer.Ended.After(one.at) {
			one.at = answer.Ended
		}
	}
}

// judged are the answers that speak for a version: of the samples that met no
// word, which are the same hello, the last.
func (v *version) judged() []conversation.Answer {
	var wordless *conversation.Answer
	var list []conversation.Answer
	for index, answer := range v.answers {
		switch silent := answer.Reaction.Kind == conversation.Timeout && index < len(v.samples); {
		case !silent:
			list = append(list, answer)
		case wordless == nil || answer.Ended.After(wordless.Ended):
			wordless = &answer
		}
	}
	if wordless != nil {
		list = append(list, *wordless)
	}
	return list
}

// unasked is why something was not asked at all.
func (i *inspection) unasked(ctx context.Context) checks.Reason {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return checks.ReasonCanceled
	case ctx.Err() != nil:
		return checks.ReasonTimeout
	case i.peer.Stopped():
		return checks.ReasonDegraded
	default:
		return checks.ReasonBudget
	}
}

// relied is Peer.Refused, except that what is no record at all answers what is
// no TLS record: it is not SSL 2.0.
func (i *inspection) relied(ctx context.Context, protocol checks.Protocol, answer conversation.Answer) (bool, checks.Reason) {
	if protocol == checks.SSLv2 && answer.Reaction.Kind == conversation.Foreign && !i.peer.LastWorked().IsZero() {
		return true, ""
	}
	if answer.Reaction.Kind == conversation.Alert && i.peer.LastWorked().IsZero() {
		return false, checks.ReasonHandshakeFailed // a server that refuses everything may just not know us
	}
	return i.peer.Refused(ctx, answer)
}

// tryOtherBatches offers the rest of the registry. protocol_version says that
// no suite would help.
func (i *inspection) tryOtherBatches(ctx context.Context, one *version) {
	for index, batch := range one.batches {
		if index == 0 || one.first.Reaction.Kind == conversation.Alert && one.first.Reaction.Code == wire.AlertProtocolVersion {
			continue
		}
		answer := i.ask(ctx, fmt.Sprintf("%s, suites of batch %d", one.protocol.Title(), index+1), offer{protocol: one.protocol, suites: batch})
		one.answers = append(one.answers, answer)
		if answer.Accepted() {
			one.accepted++
			one.first = answer
			i.setControl(one.protocol, batch)
			return
		}
	}
}

// compareSamples notes that servers behind one address differ: the same hello
// was accepted and refused, or met two suites or certificates.
func (i *inspection) compareSamples(one *version) {
	var first *conversation.Answer
	different := false
	one.acceptedSamples, one.refusedSamples = 0, 0
	for index := range one.samples {
		switch answer := &one.samples[index]; {
		case answer.Reaction.Kind == conversation.Alert:
			one.refusedSamples++
		case !answer.Accepted():
		default:
			one.acceptedSamples++
			different = different || first != nil && !alike(first, answer)
			first = answer
		}
	}
	if !different && (one.acceptedSamples == 0 || one.refusedSamples == 0) {
		return
	}
	i.noteMixed(one.protocol, "samples differ")
}

// noteMixed notes that servers behind this address differ.
func (i *inspection) noteMixed(protocol checks.Protocol, why string) {
	if !i.isMixed() {
		i.peer.Logf("%s: %s: several servers answer at this address", protocol.Title(), why)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mixed = true
}

// alike says whether two answers to the same hello may come from the same
// server: it chooses the same and knows the same extensions.
func alike(one, other *conversation.Answer) bool {
	if one.Hello == nil || other.Hello == nil {
		return (one.Hello == nil) == (other.Hello == nil)
	}
	sameExtensions := slices.EqualFunc(one.Hello.Extensions, other.Hello.Extensions,
		func(a, b wire.Extension) bool { return a.Type == b.Type })
	return one.Hello.Suite == other.Hello.Suite && sameExtensions && slices.EqualFunc(one.Certificates, other.Certificates,
		func(a, b wire.CertificateEntry) bool { return bytes.Equal(a.DER, b.DER) })
}

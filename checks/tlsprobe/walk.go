package tlsprobe

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// inspection is one look at one address under way.
type inspection struct {
	peer *conversation.Peer
	host string
	// samples is how many times each version's first hello is sent: where
	// servers behind one address differ, one answer does not speak for all.
	samples int
	// versionsAtOnce bounds the versions that are asked for together, so that
	// a small budget always buys the same ones; 0: all.
	versionsAtOnce int

	mu           sync.Mutex // guards what follows
	seen         []sighting // every ServerHello with what came after it
	certificates map[checks.Fingerprint][]byte
	chainsMissed checks.Reason // why a chain may be served that was not seen
	schemes      []uint16      // that TLS 1.3 signed with
	mixed        bool          // servers behind this address differ
}

// sighting is one ServerHello, and what was offered for it.
type sighting struct {
	offer  offer
	answer conversation.Answer
	chain  []checks.Fingerprint
}

// ask sends an offer and keeps what comes back.
func (i *inspection) ask(ctx context.Context, name string, offered offer) (answer conversation.Answer) {
	// Hellos run in goroutines that have nobody above them who could recover.
	defer func() {
		if fault := recover(); fault != nil {
			i.peer.Logf("%s: our own fault: %v", name, fault)
			answer = conversation.Answer{Reaction: conversation.Reaction{Kind: conversation.Failed, Reason: checks.ReasonInternal}}
		}
	}()
	question, err := offered.question(name, i.host)
	if err != nil {
		return conversation.Answer{Reaction: conversation.Reaction{Kind: conversation.Failed, Reason: checks.ReasonInternal}}
	}
	answer = i.peer.Ask(ctx, question)
	if !answer.Accepted() {
		return answer
	}
	if reaction := i.misfit(offered, answer); reaction != nil {
		i.peer.Logf("%s: what came was not offered", name)
		answer.Reaction, answer.Hello = *reaction, nil
		return answer
	}
	i.keep(offered, answer)
	return answer
}

// misfit is the reaction that an answer counts as which is not one to what was
// offered: another version is a refusal, a suite that was not offered breaks
// the protocol.
func (i *inspection) misfit(offered offer, answer conversation.Answer) *conversation.Reaction {
	if answer.SSLv2 != nil {
		return nil
	}
	version := known.WireVersion(offered.protocol)
	if answer.Hello.Version != version {
		return &conversation.Reaction{Kind: conversation.Alert, Level: wire.LevelFatal, Code: wire.AlertProtocolVersion}
	}
	for _, suite := range offered.suites {
		if suite == answer.Hello.Suite {
			return nil
		}
	}
	return &conversation.Reaction{Kind: conversation.Malformed}
}

// keep notes a ServerHello and the certificates that came with it.
func (i *inspection) keep(offered offer, answer conversation.Answer) {
	sight := sighting{offer: offered, answer: answer}
	i.mu.Lock()
	defer i.mu.Unlock()
	add := func(der []byte) {
		certificate := checks.NewCertificate(der)
		i.certificates[certificate.SHA256] = der
		sight.chain = append(sight.chain, certificate.SHA256)
	}
	for _, entry := range answer.Certificates {
		add(entry.DER)
	}
	if answer.SSLv2 != nil && len(answer.SSLv2.Certificate) > 0 {
		add(answer.SSLv2.Certificate)
	}
	i.seen = append(i.seen, sight)
}

// sightings returns what was seen so far that holds.
func (i *inspection) sightings(holds func(sighting) bool) []sighting {
	i.mu.Lock()
	defer i.mu.Unlock()
	var list []sighting
	for _, sight := range i.seen {
		if holds(sight) {
			list = append(list, sight)
		}
	}
	return list
}

// missChains notes that nobody can tell whether another chain is served.
func (i *inspection) missChains(reason checks.Reason) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.chainsMissed = cmp.Or(i.chainsMissed, reason)
}

func (i *inspection) isMixed() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.mixed
}

// together runs parts at the same time and waits for all.
func (i *inspection) together(parts ...func()) { i.peer.Together(parts...) }

// version is what became known of one protocol version.
type version struct {
	protocol checks.Protocol
	batches  [][]uint16
	answers  []conversation.Answer // of the samples of the first batch, then of the other batches
	sampled  int                   // how many of them are samples
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
			one.answers = nil
		}
	}
	samples := i.samples
	if i.peer.LastWorked().IsZero() {
		samples = 1 // nothing to compare: what never answers is not asked again and again
	}
	for group := range slices.Chunk(versions, cmp.Or(i.versionsAtOnce, len(versions))) {
		var parts []func()
		for _, one := range group {
			parts = append(parts, func() {
				for len(one.answers) < samples && ctx.Err() == nil && !i.peer.Stopped() {
					i.sampleOnce(ctx, one)
				}
			})
		}
		i.together(parts...)
	}
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
	answer := i.ask(ctx, fmt.Sprintf("%s, sample %d", one.protocol.Title(), len(one.answers)+1), offer{protocol: one.protocol, suites: firstBatch(one)})
	one.answers = append(one.answers, answer)
	one.sampled = len(one.answers)
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

// settle decides what the answers of a version say.
func (i *inspection) settle(ctx context.Context, one *version) {
	if one.accepted > 0 {
		i.compareSamples(one)
		return
	}
	if len(one.answers) == 0 {
		one.reason = i.unasked(ctx)
		return
	}
	one.refused = true
	for _, answer := range one.answers {
		if refused, reason := i.relied(ctx, one.protocol, answer); !refused {
			one.refused, one.reason = false, reason
			return
		}
		if answer.Ended.After(one.at) {
			one.at = answer.Ended
		}
	}
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
	for index := range one.answers[:one.sampled] {
		switch answer := &one.answers[index]; {
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
	i.peer.Logf("%s: samples differ: several servers answer at this address", one.protocol.Title())
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mixed = true
}

func alike(one, other *conversation.Answer) bool {
	if one.Hello == nil || other.Hello == nil {
		return (one.Hello == nil) == (other.Hello == nil)
	}
	return one.Hello.Suite == other.Hello.Suite && slices.EqualFunc(one.Certificates, other.Certificates,
		func(a, b wire.CertificateEntry) bool { return bytes.Equal(a.DER, b.DER) })
}

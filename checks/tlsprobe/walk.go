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
	kept         int                           // bytes of certificates
	chainsMissed checks.Reason                 // why a chain may be served that was not seen
	schemes      []uint16                      // that TLS 1.3 signed with
	mixed        bool                          // servers behind this address differ
	kinds        map[checks.Fingerprint]string // of the keys of leaves
	leaves       map[leafOf]checks.Fingerprint // the first that came
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
	if i.store(&sight, answer) {
		i.noteMixed(offered.protocol, "another certificate for the same kind of key")
	}
}

// store says whether another certificate came before for the same kind of key,
// which one server gives to hellos that differ in suites alone.
func (i *inspection) store(sight *sighting, answer conversation.Answer) (another bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	add := func(der []byte) { sight.chain = append(sight.chain, i.keepCertificate(der)) }
	for _, entry := range answer.Certificates {
		add(entry.DER)
	}
	if answer.SSLv2 != nil && len(answer.SSLv2.Certificate) > 0 {
		add(answer.SSLv2.Certificate)
	}
	sight.answer.Certificates = nil // their fingerprints are in chain: one copy of each is enough
	i.seen = append(i.seen, *sight)
	if offered := sight.offer; len(answer.Certificates) == 0 || offered.withoutSNI || offered.schemes != nil || offered.groups != nil {
		return false
	}
	leaf := sight.chain[0]
	if i.kinds[leaf] == "" {
		i.kinds[leaf] = keyAlgorithm(i.certificates[leaf])
	}
	place := leafOf{sight.offer.protocol, i.kinds[leaf]}
	first, found := i.leaves[place]
	if !found {
		i.leaves[place] = leaf
	}
	return found && first != leaf
}

// mostCertificates bounds the bytes of the certificates that one look keeps:
// real servers send under 50 KiB, a hostile one new ones on each connection.
const mostCertificates = 4 << 20

// keepCertificate keeps a certificate while there is room, and returns its
// fingerprint. It is called with the lock held.
func (i *inspection) keepCertificate(der []byte) checks.Fingerprint {
	certificate := checks.NewCertificate(der)
	if _, kept := i.certificates[certificate.SHA256]; !kept && i.kept+len(der) <= mostCertificates {
		i.certificates[certificate.SHA256] = bytes.Clone(der) // not the whole message with it
		i.kept += len(der)
	}
	return certificate.SHA256
}

// leafOf is where one server has one certificate.
type leafOf struct {
	protocol checks.Protocol
	kind     string
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
	if i.chainsMissed == "" || reason != "" && reason < i.chainsMissed { // which came first is a race
		i.chainsMissed = reason
	}
}

func (i *inspection) isMixed() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.mixed
}

// together runs parts at the same time and waits for all. Where servers behind
// one address differ, parts run one after the other: who takes turns with
// connections then takes turns with the same hello.
func (i *inspection) together(parts ...func()) {
	if !i.isMixed() {
		i.peer.Together(parts...)
		return
	}
	for _, part := range parts {
		i.peer.Together(part)
	}
}

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
	for _, answer := range one.answers {
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

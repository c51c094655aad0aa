package tlsprobe

import (
	"bytes"
	"context"
	"sync"

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

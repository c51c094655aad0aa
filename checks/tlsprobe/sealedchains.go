package tlsprobe

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/handshake"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// schemesOf are the signature schemes of TLS 1.3 by the kind of key that they
// need (RFC 8446 section 4.2.3).
func schemesOf() [][]uint16 {
	return [][]uint16{
		{0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B}, // RSA
		{0x0403, 0x0503, 0x0603, 0x081A, 0x081B, 0x081C}, // ECDSA
		edwards(),
		{0x0904, 0x0905, 0x0906}, // ML-DSA
	}
}

// sealedChains fetches what TLS 1.3 sends encrypted: the chain that a client
// gets who knows every scheme and, where no older version shows them in the
// clear, those of each kind of key, and without SNI. It returns whether SNI is
// required, as far as that was asked.
func (i *inspection) sealedChains(ctx context.Context, suites []uint16, alone bool) checks.Fact[bool] {
	suites = session.Runnable(wire.TLS13, suites)
	if len(suites) == 0 {
		return checks.InconclusiveFact[bool](checks.ReasonHandshakeFailed)
	}
	var refused, required checks.Fact[bool]
	parts := []func(){func() { refused = i.fetchOften(ctx, "the chain of TLS 1.3", suites, nil, false) }}
	if alone {
		for _, schemes := range schemesOf() {
			parts = append(parts, func() { i.fetchOften(ctx, "the chain of TLS 1.3 for one kind of key", suites, schemes, false) })
		}
		parts = append(parts, func() {
			required = i.fetchOften(ctx, "the chain of TLS 1.3 without SNI", suites, nil, true)
		})
	}
	i.together(parts...)
	if refused == checks.KnownFact(true) { // with all that we have: the server speaks TLS 1.3, but not to us
		i.missChains(checks.ReasonHandshakeFailed)
	}
	if required.Value && refused != checks.KnownFact(false) { // refused with SNI too: for another reason
		required = checks.InconclusiveFact[bool](checks.ReasonHandshakeFailed)
	}
	return required
}

// fetchOften is fetchSealed, again and again where servers behind one address
// differ: one of them may not speak TLS 1.3. Some that refuse and some that do
// not are then a disagreement.
func (i *inspection) fetchOften(ctx context.Context, name string, suites, schemes []uint16, withoutSNI bool) checks.Fact[bool] {
	fact := i.fetchSealed(ctx, name, suites, schemes, withoutSNI)
	for range mixedChains - 1 {
		if !i.isMixed() {
			break
		}
		if again := i.fetchSealed(ctx, name, suites, schemes, withoutSNI); again != fact {
			fact = checks.InconclusiveFact[bool](checks.ReasonDisagreement)
		}
	}
	return fact
}

// fetchSealed makes a handshake and keeps its chain. It returns whether that
// was refused; Inconclusive where nobody can tell. No schemes means all.
func (i *inspection) fetchSealed(ctx context.Context, name string, suites, schemes []uint16, withoutSNI bool) checks.Fact[bool] {
	offered := offer{protocol: checks.TLSv13, suites: suites, schemes: schemes, withoutSNI: withoutSNI}
	if schemes == nil {
		schemes = signatureAlgorithms()
	}
	made := handshake.Make(ctx, i.peer, handshake.Question{
		Name: name, WithoutSNI: withoutSNI,
		Config: session.Config{MinVersion: wire.TLS13, MaxVersion: wire.TLS13, Suites: suites, SignatureSchemes: schemes},
	})
	made.Close()
	if len(made.Certificates) == 0 {
		return i.noneSealed(ctx, made.Reaction, made.ServerRandom == nil)
	}
	i.keepSealed(made.Session, offered)
	return checks.KnownFact(false)
}

// noneSealed is what a handshake without certificates says: a refusal where
// the server said no, or said nothing and still answers others.
func (i *inspection) noneSealed(ctx context.Context, met conversation.Reaction, early bool) checks.Fact[bool] {
	silent := !met.Unconnected && (met.Dropped() || met.Kind == conversation.Timeout)
	if met.Kind == conversation.Alert || early && silent && i.peer.AnswersAfter(ctx, time.Now()) {
		return checks.KnownFact(true)
	}
	reason := cmp.Or(met.Reason, checks.ReasonHandshakeFailed)
	i.missChains(reason)
	return checks.InconclusiveFact[bool](reason)
}

func (i *inspection) keepSealed(made *session.Session, offered offer) {
	sight := sighting{offer: offered}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, der := range made.Certificates {
		sight.chain = append(sight.chain, i.keepCertificate(der))
	}
	i.seen = append(i.seen, sight)
	if made.SignatureScheme != 0 && !slices.Contains(i.schemes, made.SignatureScheme) {
		i.schemes = append(i.schemes, made.SignatureScheme)
	}
}

package policy

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

// suiteSource is one accepted suite and where.
type suiteSource struct {
	*checks.Suite
	protocol checks.Protocol
}

// suiteFact is the suites of one protocol version.
func (w *world) suiteFact(a *addressSource, protocol checks.Protocol) (elements []ref.Val, p checks.Proof, ok bool) {
	path := a.path("suites." + string(protocol))
	accepted, version := a.observed.Full.Suites.Accepted[protocol], a.observed.TLS.Protocols[protocol]
	if version.State == checks.Absent || accepted.State == checks.Absent {
		return nil, proof(path, "refused", fmt.Sprintf("%s refuses %s.", a.observed.Address, protocol.Title())), true
	}
	if accepted.State != checks.Known {
		reason, state := accepted.Reason, accepted.State
		if version.State == checks.Inconclusive {
			reason, state = version.Reason, version.State
		}
		return nil, untoldProof(path, reason, state, fmt.Sprintf("which suites %s takes in %s", a.observed.Address, protocol.Title()), "it"), false
	}
	var titles []string
	for i := range accepted.Value {
		one := &accepted.Value[i]
		elements, titles = append(elements, w.suite(a, path, protocol, one)), append(titles, one.Name)
	}
	text := fmt.Sprintf("%s takes these suites in %s: %s.", a.observed.Address, protocol.Title(), strings.Join(titles, ", "))
	return elements, proof(path, fmt.Sprintf("%d suites", len(titles)), text), true
}

func (w *world) suite(a *addressSource, path string, protocol checks.Protocol, one *checks.Suite) *object {
	detail := fmt.Sprintf("%d bits", one.Strength)
	if one.Group != "" {
		detail += ", " + one.Group
	}
	said := w.fact(proof(fmt.Sprintf("%s[%s]", path, one.ID), one.Name,
		fmt.Sprintf("%s accepts %s in %s (%s).", a.observed.Address, one.Name, protocol.Title(), detail)), types.True)
	return w.of("suite", &suiteSource{Suite: one, protocol: protocol}, said)
}

func addressSuites(w *world, a *addressSource, protocol checks.Protocol) slot {
	elements, p, ok := w.suiteFact(a, protocol)
	if !ok {
		return slot{fact: w.fact(p, nil)}
	}
	return w.told(p, w.listOf(elements))
}

func allSuites(w *world, a *addressSource) slot {
	made := w.listOf(nil)
	for _, protocol := range checks.Protocols() {
		elements, p, ok := w.suiteFact(a, protocol)
		if !ok {
			made.add(w.tail(p))
			continue
		}
		made.add(w.fact(p, types.True), elements...)
	}
	return settled(made)
}

// addressPrimes lists primes. More may come where a version's suites are not known.
func addressPrimes(w *world, a *addressSource) slot {
	made := w.listOf(nil)
	var elements []ref.Val
	primes := a.observed.Full.Suites.Primes
	for i := range primes {
		one := &primes[i]
		said := w.fact(proof(a.path("primes["+one.SHA256+"]"), fmt.Sprintf("%d bits", one.Bits), primeSentence(a.observed.Address.String(), one)), types.True)
		elements = append(elements, w.of("prime", one, said))
	}
	made.add(w.fact(proof(a.path("primes"), fmt.Sprintf("%d primes", len(primes)),
		fmt.Sprintf("%s showed %d finite-field parameters.", a.observed.Address, len(primes))), types.True), elements...)
	for _, protocol := range checks.Protocols() {
		if _, p, ok := w.suiteFact(a, protocol); !ok {
			made.add(w.tail(p))
		}
	}
	return settled(made)
}

func primeSentence(address string, one *checks.Prime) string {
	kind := "a home-made prime"
	if one.Known != "" {
		kind = one.Known
	}
	weak := ""
	if one.Weak {
		weak = ", which is weak"
	}
	return fmt.Sprintf("%s uses finite-field Diffie-Hellman with %d bits (%s)%s.", address, one.Bits, kind, weak)
}

func suiteKind() *kind {
	on := func(get func(*suiteSource) ref.Val) func(*world, any) slot {
		return func(_ *world, source any) slot { return settled(get(source.(*suiteSource))) }
	}
	return &kind{name: "suite", doc: "One cipher suite that a protocol version takes.", fields: []field{
		{name: "protocol", of: cel.StringType, values: protocolNames(), doc: "the version", get: on(func(s *suiteSource) ref.Val { return types.String(s.protocol) })},
		{name: "id", of: cel.StringType, doc: `IANA value: "0xC02F"; SSL 2.0: "0x010080"`, get: on(func(s *suiteSource) ref.Val { return types.String(s.ID) })},
		{name: "name", of: cel.StringType, doc: "as IANA writes it", get: on(func(s *suiteSource) ref.Val { return types.String(s.Name) })},
		{name: "strength", of: cel.IntType, doc: "nominal bits of the cipher; 3DES 112", get: on(func(s *suiteSource) ref.Val { return types.Int(s.Strength) })},
		{name: "key_exchange", of: cel.StringType, doc: `key exchange and authentication: "ECDHE_RSA", "RSA", "RSA_EXPORT", "DH_anon"; "TLS13"`, get: on(func(s *suiteSource) ref.Val { return types.String(s.KeyExchange) })},
		{name: "cipher", of: cel.StringType, doc: `"AES_128_GCM", "3DES_EDE_CBC", "CHACHA20_POLY1305", "NULL"`, get: on(func(s *suiteSource) ref.Val { return types.String(s.cipher()) })},
		{name: "mac", of: cel.StringType, doc: `the last part of the name: "SHA", "SHA256", "MD5"; of AEAD suites the hash of key derivation`, get: on(func(s *suiteSource) ref.Val { return types.String(s.mac()) })},
		{name: "aead", of: cel.BoolType, doc: "GCM, CCM, ChaCha20-Poly1305 and their like", get: on(func(s *suiteSource) ref.Val { return types.Bool(s.aead()) })},
		{name: "cbc", of: cel.BoolType, doc: "a block cipher in CBC mode", get: on(func(s *suiteSource) ref.Val { return types.Bool(strings.HasSuffix(s.cipher(), "_CBC")) })},
		{name: "forward_secrecy", of: cel.BoolType, doc: "ephemeral key exchange: ECDHE, DHE, TLS 1.3", get: on(func(s *suiteSource) ref.Val { return types.Bool(s.forwardSecrecy()) })},
		{name: "export", of: cel.BoolType, doc: "an export suite", get: on(func(s *suiteSource) ref.Val { return types.Bool(strings.Contains(s.Name, "EXPORT")) })},
		{name: "anonymous", of: cel.BoolType, doc: "the server does not authenticate", get: on(func(s *suiteSource) ref.Val {
			return types.Bool(strings.Contains(s.KeyExchange, "anon") || strings.HasPrefix(s.KeyExchange, "NULL"))
		})},
		{name: "group", of: cel.StringType, doc: "IANA name of the group that was chosen; empty for RSA key transport", get: on(func(s *suiteSource) ref.Val { return types.String(s.Group) })},
		{name: "group_bits", of: cel.IntType, doc: "of the curve's field or of p; 0 without group", get: on(func(s *suiteSource) ref.Val { return types.Int(s.GroupBits) })},
	}}
}

// cipher is the part of the name between key exchange and MAC.
func (s *suiteSource) cipher() string {
	name := strings.TrimPrefix(strings.TrimPrefix(s.Name, "TLS_"), "SSL_CK_")
	if _, after, found := strings.Cut(name, "_WITH_"); found && s.protocol != checks.SSLv2 {
		name = after
	} else if before, _, found := strings.Cut(name, "_WITH_"); found {
		return before // SSL 2.0: DES_192_EDE3_CBC_WITH_MD5
	}
	if s.namesMAC() {
		name = name[:strings.LastIndexByte(name, '_')]
	}
	return name
}

func (s *suiteSource) mac() string {
	if !s.namesMAC() {
		return "SHA256" // CCM suites: RFC 6655 section 3
	}
	return s.Name[strings.LastIndexByte(s.Name, '_')+1:]
}

func (s *suiteSource) namesMAC() bool {
	at := strings.LastIndexByte(s.Name, '_')
	if at < 0 {
		return false
	}
	switch last := s.Name[at+1:]; {
	case strings.HasPrefix(last, "SHA"), last == "MD5", last == "NULL", last == "SM3", last == "IMIT", last == "OMAC", last == "GOSTR3411":
		return true
	}
	return false
}

func (s *suiteSource) aead() bool {
	if s.protocol == checks.TLSv13 {
		return true
	}
	for _, mode := range []string{"_GCM", "_CCM", "POLY1305", "_OCB", "_MGM", "AEGIS"} {
		if strings.Contains(s.Name, mode) {
			return true
		}
	}
	return false
}

func (s *suiteSource) forwardSecrecy() bool {
	return s.KeyExchange == "TLS13" || strings.HasPrefix(s.KeyExchange, "ECDHE") || strings.HasPrefix(s.KeyExchange, "DHE")
}

func groupKind() *kind {
	on := func(get func(*checks.Group) ref.Val) func(*world, any) slot {
		return func(_ *world, source any) slot { return settled(get(source.(*checks.Group))) }
	}
	return &kind{name: "group", doc: "A named group that the server takes.", fields: []field{
		{name: "id", of: cel.StringType, doc: `IANA value: "0x001D"`, get: on(func(g *checks.Group) ref.Val { return types.String(g.ID) })},
		{name: "name", of: cel.StringType, doc: "as IANA writes it", get: on(func(g *checks.Group) ref.Val { return types.String(g.Name) })},
		{name: "bits", of: cel.IntType, doc: "of the field or p; of a hybrid: its classical part", get: on(func(g *checks.Group) ref.Val { return types.Int(g.Bits) })},
		{name: "post_quantum", of: cel.BoolType, doc: "a hybrid", get: on(func(g *checks.Group) ref.Val { return types.Bool(g.PostQuantum) })},
	}}
}

func primeKind() *kind {
	on := func(get func(*checks.Prime) ref.Val) func(*world, any) slot {
		return func(_ *world, source any) slot { return settled(get(source.(*checks.Prime))) }
	}
	return &kind{name: "prime", doc: "Parameters of finite-field Diffie-Hellman.", fields: []field{
		{name: "bits", of: cel.IntType, doc: "of p", get: on(func(p *checks.Prime) ref.Val { return types.Int(p.Bits) })},
		{name: "known", of: cel.StringType, doc: `"ffdhe2048", "RFC 3526 group 14", ...; empty: home-made`, get: on(func(p *checks.Prime) ref.Val { return types.String(p.Known) })},
		{name: "weak", of: cel.BoolType, doc: "no prime, a generator of a small group, or a widely used p of at most 1024 bits", get: on(func(p *checks.Prime) ref.Val { return types.Bool(p.Weak) })},
	}}
}

func addressSimulations(w *world, a *addressSource) slot {
	clients := a.observed.Full.Simulations.Clients
	if len(clients) == 0 {
		return w.untold(a.path("simulations"), "", checks.NotAsked, "what clients get from "+a.observed.Address.String(), "it")
	}
	var elements []ref.Val
	for i := range clients {
		one := &clients[i]
		said := w.fact(proof(a.path("simulations["+one.Client+"]"), factText(one.Handshake), simulationSentence(a.observed.Address.String(), one)), types.True)
		elements = append(elements, w.of("simulation", &simulationSource{Simulation: one, path: said.proof.Fact, address: a.observed.Address.String()}, said))
	}
	return w.told(proof(a.path("simulations"), fmt.Sprint(len(elements)), fmt.Sprintf("%d clients were simulated on %s.", len(elements), a.observed.Address)), w.listOf(elements))
}

type simulationSource struct {
	*checks.Simulation
	path, address string
}

func simulationSentence(address string, one *checks.Simulation) string {
	switch one.Handshake.State {
	case checks.Known:
		return fmt.Sprintf("%s gets %s with %s from %s.", one.Client, one.Handshake.Value.Protocol.Title(), one.Handshake.Value.SuiteName, address)
	case checks.Absent:
		return fmt.Sprintf("%s and %s have nothing in common.", one.Client, address)
	}
	return fmt.Sprintf("We could not tell what %s gets from %s.", one.Client, address)
}

func simulationKind() *kind {
	of := func(get func(s *checks.SimulatedHandshake) ref.Val) func(*world, any) slot {
		return func(w *world, source any) slot {
			s := source.(*simulationSource)
			if !s.Handshake.Conclusive() {
				return w.untold(s.path, s.Handshake.Reason, s.Handshake.State, "what "+s.Client+" gets from "+s.address, "it")
			}
			return w.told(proof(s.path, factText(s.Handshake), simulationSentence(s.address, s.Simulation)), get(&s.Handshake.Value))
		}
	}
	return &kind{name: "simulation", doc: "What one client gets.", fields: []field{
		{name: "client", of: cel.StringType, doc: `"Chrome 80 on Windows 10"`, get: func(_ *world, source any) slot { return settled(types.String(source.(*simulationSource).Client)) }},
		{name: "reference", of: cel.BoolType, doc: "SSL Labs counts it for forward secrecy", get: func(_ *world, source any) slot {
			return settled(types.Bool(source.(*simulationSource).Reference))
		}},
		{name: "protocol", of: cel.StringType, values: append(protocolNames(), ""), doc: "that it gets; empty: nothing in common", get: of(func(s *checks.SimulatedHandshake) ref.Val { return types.String(s.Protocol) })},
		{name: "suite", of: cel.StringType, doc: "IANA name of the suite", get: of(func(s *checks.SimulatedHandshake) ref.Val { return types.String(s.SuiteName) })},
		{name: "forward_secrecy", of: cel.BoolType, doc: "with forward secrecy", get: of(func(s *checks.SimulatedHandshake) ref.Val { return types.Bool(s.ForwardSecrecy) })},
	}}
}

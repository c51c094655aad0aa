package policy

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"golang.org/x/net/publicsuffix"

	"github.com/gradewatch/gradewatch/checks"
)

// endpoint is a subject and what its URL says.
type endpoint struct {
	Subject
	url *url.URL // what is looked at; nil when it cannot be parsed
}

func newEndpoint(subject Subject) *endpoint {
	e := &endpoint{Subject: subject}
	if u, err := url.Parse(subject.URL()); err == nil {
		e.url = u
	}
	return e
}

func (e *endpoint) scheme() string {
	if e.url == nil {
		return ""
	}
	return e.url.Scheme
}

// host is the host in lower case without a trailing dot.
func (e *endpoint) host() string {
	if e.url == nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(e.url.Hostname()), ".")
}

func (e *endpoint) port() int {
	if e.url == nil {
		return 0
	}
	if port, err := strconv.Atoi(e.url.Port()); err == nil {
		return port
	}
	switch e.scheme() {
	case "https":
		return 443
	case "http":
		return 80
	}
	return 0
}

func (e *endpoint) native() bool { return e.ValueKind == NativeLoopback || e.ValueKind == CustomScheme }

func onEndpoint(get func(w *world, e *endpoint) slot) func(*world, any) slot {
	return func(w *world, source any) slot { return get(w, source.(*endpoint)) }
}

func endpointText(path, sentence string, get func(*endpoint) string) func(*world, any) slot {
	return onEndpoint(func(w *world, e *endpoint) slot {
		value := get(e)
		return w.told(proof(path, value, fmt.Sprintf(sentence, value)), types.String(value))
	})
}

func endpointKind() *kind {
	return &kind{name: "endpoint", doc: "The registered URL and what it is registered as.", fields: []field{
		{name: "url", of: cel.StringType, doc: "what is looked at: the value, or a pattern's probe URL; empty for native applications", get: endpointText("url", "The URL is %s.", func(e *endpoint) string { return e.URL() })},
		{name: "scheme", of: cel.StringType, doc: "of the URL: https or http", get: endpointText("url", "The registered URL uses %s.", (*endpoint).scheme)},
		{name: "host", of: cel.StringType, doc: "of the URL, in lower case; 127.0.0.1 for native applications on loopback", get: onEndpoint(endpointHost)},
		{name: "registrable_domain", of: cel.StringType, doc: "of the host, by the public suffix list; empty for addresses and public suffixes", get: endpointText("url", "The registrable domain is %s.", registrableDomain)},
		{name: "port", of: cel.IntType, doc: "of the URL, the scheme's where it names none", get: onEndpoint(func(w *world, e *endpoint) slot {
			return w.told(proof("url", strconv.Itoa(e.port()), fmt.Sprintf("The URL leads to port %d.", e.port())), types.Int(e.port()))
		})},
		{name: "path", of: cel.StringType, doc: "of the URL, as written", get: endpointText("url", "The path is %q.", func(e *endpoint) string {
			if e.url == nil {
				return ""
			}
			return e.url.EscapedPath()
		})},
		{name: "value", of: cel.StringType, doc: "as registered", get: endpointText("value", "The value is %s.", func(e *endpoint) string { return e.Value })},
		{name: "probe_url", of: cel.StringType, doc: "of a pattern", get: endpointText("probe_url", "The probe URL is %s.", func(e *endpoint) string { return e.ProbeURL })},
		{name: "value_kind", of: cel.StringType, values: names(ValueKinds()), doc: "how the value is to be read", get: endpointText("value_kind", "The value is registered as %s.", func(e *endpoint) string { return string(e.ValueKind) })},
		{name: "kind", of: cel.StringType, values: names(Kinds()), doc: "what it is registered as", get: endpointText("kind", "It is registered as %s.", func(e *endpoint) string { return string(e.Kind) })},
		{name: "environment", of: cel.StringType, values: names(Environments()), doc: "where the application runs", get: endpointText("environment", "It is registered for %s.", func(e *endpoint) string { return string(e.Environment) })},
		{name: "application_type", of: cel.StringType, values: names(ApplicationTypes()), doc: "of the application", get: endpointText("application_type", "It is a %s application.", func(e *endpoint) string { return string(e.ApplicationType) })},
		{name: "native", of: cel.BoolType, doc: "the application takes the answer on the person's own device: nothing can be looked at", get: onEndpoint(endpointNative)},
		{name: "tls", of: cel.BoolType, doc: "there is TLS to look at: the URL is not http and not native", get: onEndpoint(endpointTLS)},
		{name: "resolves", of: cel.BoolType, doc: "the name leads to addresses. Unknown where it does not and nothing proves that our own network works", get: onEndpoint(endpointResolves)},
		{name: "registration_asked", of: cel.BoolType, doc: "SuperOffice's sign-in service was asked, with their consent, whether it knows the URL", get: onEndpoint(func(w *world, _ *endpoint) slot {
			asked := w.evidence.Observation.Records.Registered.State != checks.NotAsked
			return w.told(proof("records.registered", strconv.FormatBool(asked), "SuperOffice's sign-in service was asked for the URL."), types.Bool(asked))
		})},
		{name: "registered", of: cel.BoolType, doc: "it knows the URL as a redirect URL of the application. Unknown where it was not asked, or its answer says neither", get: onEndpoint(endpointRegistered)},
		{name: "well_formed", of: cel.BoolType, doc: "the value is one absolute URL, or a pattern that its probe URL matches. Unknown for patterns that RE2 cannot read", get: onEndpoint(func(w *world, e *endpoint) slot { return w.lint(e.wellFormed()) })},
		{name: "loopback", of: cel.BoolType, doc: "the value is http with 127.0.0.1 or [::1] and a port", get: onEndpoint(func(w *world, e *endpoint) slot { return w.lint(e.loopback()) })},
		{name: "pattern_flaws", of: listOf("flaw"), doc: "what makes a pattern match more than was meant; empty for other values. Unknown for patterns that cannot be analyzed", get: onEndpoint(patternFlaws)},
		{name: "inventory", of: cel.BoolType, doc: "what else the application registers is known", get: onEndpoint(endpointInventory)},
		{name: "siblings", of: listOf("sibling"), doc: "what else the application registers; empty where not known: ask inventory first", get: onEndpoint(endpointSiblings)},
		{name: "client_id", of: cel.StringType, doc: "of the application in this environment; empty where not given", get: endpointText("client_id", "The client ID is %s.", func(e *endpoint) string { return e.ClientID })},
	}}
}

func endpointHost(w *world, e *endpoint) slot {
	if e.ValueKind == NativeLoopback {
		return w.told(proof("value", e.Value, "The host is the person's own device."), types.String("127.0.0.1"))
	}
	if e.host() == "" {
		open := w.untold("url", "", checks.Inconclusive, "the host", "the URL")
		open.fact.proof = proof("url", e.URL(), "The host cannot be read from the URL.")
		open.fact.remedy = remedyFullURL
		return open
	}
	return w.told(proof("url", e.host(), fmt.Sprintf("The host is %s.", e.host())), types.String(e.host()))
}

func registrableDomain(e *endpoint) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(e.host())
	if err != nil {
		return ""
	}
	return domain
}

func endpointNative(w *world, e *endpoint) slot {
	text := "A network can show what is behind this URL."
	if e.native() {
		text = "The application takes the answer on the person's own device, which nobody can look at from outside."
	}
	return w.told(proof("value_kind", string(e.ValueKind), text), types.Bool(e.native()))
}

func endpointTLS(w *world, e *endpoint) slot {
	switch {
	case e.native():
		return endpointNativeTLS(w, e)
	case e.scheme() == "http":
		return w.told(proof("url", "http", "The URL uses http, so there is no TLS to look at; T-07 says what that means."), types.False)
	}
	return w.told(proof("url", e.scheme(), "The URL uses https."), types.True)
}

func endpointNativeTLS(w *world, e *endpoint) slot {
	native := endpointNative(w, e)
	native.fact.value = types.False
	return native
}

func endpointRegistered(w *world, e *endpoint) slot {
	const path = "records.registered"
	switch registered := w.evidence.Observation.Records.Registered; {
	case registered.State != checks.Known:
		return w.untold(path, registered.Reason, registered.State, "whether SuperOffice knows the URL as registered", "SuperOffice's sign-in service")
	case registered.Value:
		return w.told(proof(path, "true", "SuperOffice's sign-in service takes "+e.URL()+" for this client ID."), types.True)
	}
	return w.told(proof(path, "false", "SuperOffice's sign-in service refuses "+e.URL()+" for this client ID."), types.False)
}

// endpointResolves fails only where our own connectivity was proved around the
// look; otherwise the fault may be ours.
func endpointResolves(w *world, _ *endpoint) slot {
	observed := w.evidence.Observation
	addresses := observed.DNS.Addresses
	path, value := "dns.addresses", factText(addresses)
	switch {
	case len(observed.Addresses) > 0 || addresses.State == checks.Known:
		return w.told(proof(path, "known", "The name leads to addresses."), types.True)
	case doesNotResolve(addresses.Reason) && w.connected():
		return w.told(proof(path, value, w.dnsSentence()), types.False)
	case doesNotResolve(addresses.Reason):
		return slot{fact: w.fact(proof(path, value, w.dnsSentence()+" "+w.connectivitySentence()), nil, truth()...)}
	}
	return slot{fact: w.fact(proof(path, value, w.dnsSentence()), nil, truth()...)}
}

func endpointInventory(w *world, e *endpoint) slot {
	if e.Siblings == nil {
		return w.told(proof("inventory", checks.NotAsked.String(), "What else the application registers is not known here."), types.False)
	}
	return w.told(proof("inventory", "known", "What else the application registers is known."), types.True)
}

func endpointSiblings(w *world, e *endpoint) slot {
	elements := make([]ref.Val, 0, len(e.Siblings))
	for i := range e.Siblings {
		elements = append(elements, w.of("sibling", &e.Siblings[i], w.fact(siblingProof(e.Siblings[i]), types.True)))
	}
	return w.told(proof("inventory", fmt.Sprintf("%d others", len(elements)), fmt.Sprintf("The application registers %d other URLs.", len(elements))), w.listOf(elements))
}

func siblingProof(s Sibling) checks.Proof {
	text := fmt.Sprintf("The application registers a %s URL in %s too", strings.ReplaceAll(string(s.Kind), "_", " "), s.Environment)
	if s.Host != "" {
		text += ", on " + s.Host
	}
	if s.ClientID != "" {
		text += ", with the client ID " + s.ClientID
	}
	return proof("inventory", string(s.Environment), text+".")
}

func flawKind() *kind {
	return &kind{name: "flaw", doc: "What makes a pattern match more than was meant.", fields: []field{
		{name: "code", of: cel.StringType, values: flawCodes(), doc: "which flaw", get: func(_ *world, source any) slot { return settled(types.String(source.(flaw).code)) }},
	}}
}

func siblingKind() *kind {
	text := func(get func(*Sibling) string) func(*world, any) slot {
		return func(_ *world, source any) slot { return settled(types.String(get(source.(*Sibling)))) }
	}
	return &kind{name: "sibling", doc: "Another endpoint of the same application.", fields: []field{
		{name: "environment", of: cel.StringType, values: names(Environments()), doc: "where it runs", get: text(func(s *Sibling) string { return string(s.Environment) })},
		{name: "kind", of: cel.StringType, values: names(Kinds()), doc: "what it is registered as", get: text(func(s *Sibling) string { return string(s.Kind) })},
		{name: "host", of: cel.StringType, doc: "in lower case; empty where it has none", get: text(func(s *Sibling) string { return s.Host })},
		{name: "client_id", of: cel.StringType, doc: "of the application in its environment; empty where not given", get: text(func(s *Sibling) string { return s.ClientID })},
	}}
}

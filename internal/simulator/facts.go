package simulator

import (
	"maps"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy/cases"
)

// sight is what one look is able to see.
type sight struct {
	host    *Host
	page    Page
	url     string
	depth   checks.Depth
	given   []int         // indexes of the servers whose addresses the name gave
	lost    checks.Reason // why the look reached nothing at all; empty: it did
	own     checks.Fact[bool]
	silence bool // nobody there wants to be looked at
}

// observe returns what a look sees: the healthy observation of checks/policy/cases,
// with what is wrong changed.
func (s sight) observe() *checks.Observation {
	healthy := cases.Healthy().Observation
	o := &checks.Observation{Depth: s.depth, Connectivity: s.own}
	o.DNS.Host = s.host.Name
	switch {
	case s.silence:
		o.DNS.Addresses.State, o.DNS.Addresses.Reason = checks.Inconclusive, checks.ReasonOptedOut
		return o
	case s.host.Unresolved == checks.ReasonNameNotFound, s.host.Unresolved == checks.ReasonNoAddress:
		o.DNS.Addresses.State, o.DNS.Addresses.Reason = checks.Absent, s.host.Unresolved
		return o
	case s.host.Unresolved != "":
		o.DNS.Addresses.State, o.DNS.Addresses.Reason = checks.Inconclusive, s.host.Unresolved
		return o
	}
	o.DNS.Addresses.State = checks.Known
	sent := map[checks.Fingerprint]checks.Certificate{}
	for _, i := range s.given {
		server := s.host.Servers[i]
		o.DNS.Addresses.Value = append(o.DNS.Addresses.Value, server.Address)
		o.Addresses = append(o.Addresses, s.address(server, healthy.Addresses[0]))
		if server.Down == "" && s.lost == "" && server.Certificate != nil {
			for _, certificate := range server.Certificate.Chain {
				sent[certificate.SHA256] = certificate
			}
		}
	}
	o.PKI.Revocation = map[checks.Fingerprint]checks.Revocation{}
	for _, fingerprint := range slices.Sorted(maps.Keys(sent)) {
		o.Certificates = append(o.Certificates, sent[fingerprint])
		o.PKI.Revocation[fingerprint] = checks.Revocation{CRL: checks.KnownFact(checks.RevocationStatus{State: checks.RevocationGood})}
	}
	if s.depth == checks.Full {
		o.Records = healthy.Records
		o.Records.CAA = checks.AbsentFact[checks.CAA](checks.ReasonNoRecord)
	}
	return o
}

// address is what one server shows.
func (s sight) address(server *Server, healthy checks.AddressObservation) checks.AddressObservation {
	address := healthy
	address.Address = server.Address
	if reason := reasonOf(s.lost, server.Down); reason != "" {
		return s.silent(address, reason)
	}
	address.TLS = s.tls(server, healthy.TLS)
	address.HTTP = s.http(healthy.HTTP)
	if s.depth != checks.Full {
		address.Full = checks.FullTLS{}
		return address
	}
	return s.full(server, address)
}

func reasonOf(reasons ...checks.Reason) checks.Reason {
	for _, reason := range reasons {
		if reason != "" {
			return reason
		}
	}
	return ""
}

// silent is an address at which nothing answers.
func (s sight) silent(address checks.AddressObservation, reason checks.Reason) checks.AddressObservation {
	protocols := map[checks.Protocol]checks.Fact[checks.Accepted]{}
	for _, protocol := range checks.Protocols() {
		protocols[protocol] = checks.InconclusiveFact[checks.Accepted](reason)
	}
	hop := checks.Hop{URL: s.url, Scheme: "https", SameSite: true, Answer: checks.InconclusiveFact[checks.Response](reason)}
	return checks.AddressObservation{
		Address: address.Address, Port: address.Port,
		TLS: checks.TLS{Protocols: protocols, Chain: checks.InconclusiveFact[[]checks.Fingerprint](reason)},
		HTTP: checks.HTTP{
			Hops: []checks.Hop{hop}, End: checks.InconclusiveFact[int](reason),
			PlainHTTP: checks.InconclusiveFact[checks.PlainHTTP](reason),
		},
	}
}

func (s sight) tls(server *Server, healthy checks.TLS) checks.TLS {
	protocols := maps.Clone(healthy.Protocols)
	protocols[checks.TLSv12] = checks.KnownFact(checks.Accepted{Suite: "0xC02B"}) // one that full looks list
	accepted := checks.KnownFact(checks.Accepted{Suite: "0x000A"})
	if server.SSLv3 {
		protocols[checks.SSLv3] = accepted
	}
	if server.TLSv10 {
		protocols[checks.TLSv10], protocols[checks.TLSv11] = accepted, accepted
	}
	if server.Misread {
		protocols[checks.SSLv2] = checks.KnownFact(checks.Accepted{WithoutSuites: true})
	}
	return checks.TLS{Protocols: protocols, Chain: checks.KnownFact(server.Certificate.fingerprints())}
}

func (s sight) http(healthy checks.HTTP) checks.HTTP {
	http := healthy
	answer := healthy.Hops[0].Answer.Value
	answer.Cookies = slices.Clone(answer.Cookies)
	answer.Cookies[0].HttpOnly, answer.Cookies[0].Secure = !s.page.LooseCookie, !s.page.OpenCookie
	if s.page.NoSameSite {
		answer.Cookies[0].SameSite = ""
	}
	if s.page.Status != 0 {
		answer.Status = s.page.Status
		http.End = checks.KnownFact(s.page.Status)
	}
	hop := checks.Hop{URL: s.url, Scheme: "https", Host: s.host.Name, SameSite: true, Answer: checks.KnownFact(answer)}
	if s.page.Wall != "" {
		hop.Answer = checks.InconclusiveFact[checks.Response](s.page.Wall)
		http.End = checks.InconclusiveFact[int](s.page.Wall)
		http.Provoked = checks.InconclusiveFact[checks.Response](s.page.Wall)
	}
	http.Hops = []checks.Hop{hop}
	return http
}

// full adds what only a full look sees. No look has leave for intrusive probes.
func (s sight) full(server *Server, address checks.AddressObservation) checks.AddressObservation {
	full := address.Full
	full.Intrusive = nil
	chain := server.Certificate.fingerprints()
	full.Chains.Served = checks.KnownFact([]checks.ServedChain{{Key: "ECDSA", SNI: true, Certificates: chain}})
	full.Stapled.OCSP = checks.AbsentFact[checks.Staple]("")
	suites := maps.Clone(full.Suites.Accepted)
	weak := checks.Suite{ID: "0x000A", Name: "TLS_RSA_WITH_3DES_EDE_CBC_SHA", Strength: 112, KeyExchange: "RSA"}
	if server.WeakSuites {
		suites[checks.TLSv12] = checks.KnownFact(append(slices.Clone(suites[checks.TLSv12].Value), weak))
	}
	for protocol, fact := range address.TLS.Protocols {
		if fact.State == checks.Known && suites[protocol].State == checks.Absent {
			suites[protocol] = checks.KnownFact([]checks.Suite{weak})
		}
	}
	full.Suites.Accepted = suites
	if server.NewKeys {
		full.Suites.GroupPreference = checks.KnownFact(checks.ClientPreference)
	}
	address.Full = full
	return address
}

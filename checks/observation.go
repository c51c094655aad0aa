package checks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Observation is every fact of one look. Its parts are canonical components;
// each is stored once by the SHA-256 of its Canonical form.
type Observation struct {
	Depth        Depth                `json:"depth"`
	DNS          DNS                  `json:"dns"`
	Addresses    []AddressObservation `json:"addresses"`    // sorted by address
	Certificates []Certificate        `json:"certificates"` // every certificate seen, sorted by SHA-256, no duplicates
	// Connectivity is whether our own network was proved to work around this
	// look: Known true or false, or NotAsked in a terminal. It is no component.
	Connectivity Fact[bool] `json:"connectivity"`
	// PKI and Records are what others than the server said.
	PKI     PKI     `json:"pki,omitzero"`
	Records Records `json:"records,omitzero"`
}

// DNS is the component that holds what the name resolved to. The addresses
// are sorted: the order in which a resolver gives them is volatile.
type DNS struct {
	Host      string             `json:"host"`
	Addresses Fact[[]netip.Addr] `json:"addresses"`
}

// AddressObservation is what one address showed.
type AddressObservation struct {
	Address netip.Addr `json:"address"`
	Port    uint16     `json:"port"`
	TLS     TLS        `json:"tls"`
	HTTP    HTTP       `json:"http"`
	Full    FullTLS    `json:"full,omitzero"`
}

// FullTLS is what only a full look knows of one address: each field is a
// component of its own, stored and dated apart.
type FullTLS struct {
	Suites          Suites          `json:"suites,omitzero"`
	Chains          Chains          `json:"chains,omitzero"`
	Features        Features        `json:"features,omitzero"`
	Vulnerabilities Vulnerabilities `json:"vulnerabilities,omitempty"` // the passive ones
	// Intrusive: a full look without leave asks nothing here and so hides
	// nothing of one that had it.
	Intrusive     Vulnerabilities `json:"intrusive,omitempty"`
	Simulations   Simulations     `json:"simulations,omitzero"`
	Stapled       Stapled         `json:"stapled,omitzero"`
	Versions      HTTPVersions    `json:"versions,omitempty"`
	ScriptCookies Fact[[]Cookie]  `json:"script_cookies,omitzero"` // that script set in a browser, where one is configured
}

// Protocol is a protocol version by the name used in reports.
type Protocol string

// Every protocol version that is asked for.
const (
	SSLv2  Protocol = "SSLv2"
	SSLv3  Protocol = "SSLv3"
	TLSv10 Protocol = "TLSv1.0"
	TLSv11 Protocol = "TLSv1.1"
	TLSv12 Protocol = "TLSv1.2"
	TLSv13 Protocol = "TLSv1.3"
)

// Title returns the version's name as its specification writes it: "TLS 1.2".
func (p Protocol) Title() string {
	name, version, found := strings.Cut(string(p), "v")
	if !found {
		return string(p)
	}
	if !strings.Contains(version, ".") {
		version += ".0"
	}
	return name + " " + version
}

// Protocols lists every Protocol, oldest first.
func Protocols() []Protocol { return []Protocol{SSLv2, SSLv3, TLSv10, TLSv11, TLSv12, TLSv13} }

// TLS is the component that holds one address's TLS facts.
type TLS struct {
	// Protocols: Known when a ServerHello of exactly that version came back,
	// Absent when the server refused it, Inconclusive when nobody can tell.
	Protocols map[Protocol]Fact[Accepted] `json:"protocols,omitempty"`
	// Chain is the certificate chain as sent with SNI, leaf first.
	Chain Fact[[]Fingerprint] `json:"chain"`
}

// Accepted is what proves that a protocol version is on.
type Accepted struct {
	// Suite is the suite chosen: an IANA value ("0xC02F"), or for SSL 2.0 the
	// first cipher spec offered back ("0x010080").
	Suite string `json:"suite,omitempty"`
	// WithoutSuites: SSL 2.0 answered with an empty cipher spec list, which
	// counts as SSL 2.0 all the same (rating guide 2009l, CVE-2015-3197).
	WithoutSuites bool `json:"without_suites,omitempty"`
	// Mixed: some samples were refused: servers behind one address differ. How
	// many is in Measurements: it differs between looks.
	Mixed bool `json:"mixed,omitempty"`
}

// Fingerprint is the SHA-256 of a certificate's DER, in lower-case hex.
type Fingerprint string

// Certificate is one certificate as sent, also when nothing can parse it.
type Certificate struct {
	SHA256 Fingerprint `json:"sha256"`
	DER    []byte      `json:"der"`
}

// NewCertificate returns der with its fingerprint.
func NewCertificate(der []byte) Certificate {
	sum := sha256.Sum256(der)
	return Certificate{SHA256: Fingerprint(hex.EncodeToString(sum[:])), DER: der}
}

// Canonical returns the canonical form of a component, and its SHA-256. The
// form is JSON with fields in declared order and map keys sorted.
func Canonical(component any) (form []byte, sum [sha256.Size]byte, err error) {
	form, err = json.Marshal(component)
	if err != nil {
		return nil, sum, fmt.Errorf("canonical form of %T: %w", component, err)
	}
	return form, sha256.Sum256(form), nil
}

// Measurements is everything volatile about one look. It is kept apart from
// the observation and lives shorter (never under 92 days for addresses).
type Measurements struct {
	StartedAt   time.Time          `json:"started_at"`
	Duration    time.Duration      `json:"duration"`
	Connections []ConnectionRecord `json:"connections,omitempty"`
	Log         []LogLine          `json:"log,omitempty"`
	Shares      []Share            `json:"shares,omitempty"` // where servers behind one address differ
	Requests    []RequestRecord    `json:"requests,omitempty"`
}

// Share is on how many samples of one address something was seen.
type Share struct {
	Address netip.Addr `json:"address"`
	What    string     `json:"what"` // a Protocol, a suite's ID, a leaf's Fingerprint
	Seen    int        `json:"seen"`
	Of      int        `json:"of"`
}

// ConnectionRecord is one connection that was tried.
type ConnectionRecord struct {
	At          time.Time      `json:"at"`
	Source      netip.AddrPort `json:"source,omitzero"`
	Destination netip.AddrPort `json:"destination"`
	Connect     time.Duration  `json:"connect"`
	Sent        int64          `json:"sent"`
	Received    int64          `json:"received"`
	Reason      Reason         `json:"reason,omitempty"` // why it failed; empty when it stood
}

// RequestRecord is one HTTP request of a look.
type RequestRecord struct {
	Address netip.Addr `json:"address"`          // that is looked at; a hop on another host has one of its own
	URL     string     `json:"url"`              // canonical
	Hop     int        `json:"hop"`              // of the walk, from 0; -1: a request besides the walk
	Reused  bool       `json:"reused,omitempty"` // on a connection that a request before opened
	// How long each step took; zero where there was none.
	DNS       time.Duration `json:"dns,omitempty"`
	Connect   time.Duration `json:"connect,omitempty"`
	TLS       time.Duration `json:"tls,omitempty"`
	FirstByte time.Duration `json:"first_byte,omitempty"` // from the request sent to the first byte of its answer
	// Excerpt is the begin of the text that a person would read, at most 500
	// bytes, with whatever could be a secret replaced by '*'.
	Excerpt string `json:"excerpt,omitempty"`
}

// LogLine is one line of a look's transcript.
type LogLine struct {
	At   time.Duration `json:"at"` // since the start of the look
	Text string        `json:"text"`
}

package checks

// Suites is the component that holds what one address negotiates: suites,
// their order and key exchanges, groups and signature schemes, all with SNI.
type Suites struct {
	// Accepted: every suite that a protocol version takes, in the server's order
	// where it has one, else sorted by ID. Absent where the version is refused.
	Accepted map[Protocol]Fact[[]Suite] `json:"accepted,omitempty"`
	// Preference: whose order decides in a protocol version. Absent where there
	// is no choice: fewer than two suites.
	Preference map[Protocol]Fact[Preference] `json:"preference,omitempty"`
	// PrefersChaCha20: the server has an order of its own, and yet takes
	// ChaCha20 when a client puts it first.
	PrefersChaCha20 Fact[bool] `json:"prefers_chacha20"`
	// Groups are what the server takes in TLS 1.3, LegacyGroups in ECDHE up to
	// TLS 1.2, each in its order where it has one.
	Groups       Fact[[]Group] `json:"groups"`
	LegacyGroups Fact[[]Group] `json:"legacy_groups"`
	// GroupPreference: whose order of groups decides in TLS 1.3.
	GroupPreference Fact[Preference]  `json:"group_preference"`
	PostQuantum     Fact[PostQuantum] `json:"post_quantum"`
	// Primes are the parameters of finite-field Diffie-Hellman that were seen,
	// sorted by SHA256. One that no suite names came to a hello without groups of
	// RFC 7919, or from another server behind the same address.
	Primes []Prime `json:"primes,omitempty"`
	// DHReuse and ECDHEReuse: the same public key came on two connections.
	DHReuse    Fact[bool] `json:"dh_reuse"`
	ECDHEReuse Fact[bool] `json:"ecdhe_reuse"`
	// SignatureSchemes: IANA names that the server signs with, by protocol
	// (TLS 1.2 and 1.3), sorted by value.
	SignatureSchemes map[Protocol]Fact[[]string] `json:"signature_schemes,omitempty"`
}

// Suite is one cipher suite that was accepted.
type Suite struct {
	ID   string `json:"id"`   // "0xC02F"; SSL 2.0: "0x010080"
	Name string `json:"name"` // as IANA writes it; SSL 2.0: as the draft does
	// Strength is the cipher's nominal bits (rating guide, section 4.3; 3DES 112).
	Strength int `json:"strength"`
	// KeyExchange: the part before _WITH_ without TLS_: "ECDHE_RSA",
	// "RSA_EXPORT"; "TLS13" for suites of TLS 1.3, "RSA" for SSL 2.0.
	KeyExchange string `json:"key_exchange"`
	// Group is the IANA name of the group that the server chose when all were
	// offered, or for finite fields that are in no registry the field's name
	// ("modp2048" of RFC 3526) or "dh". Empty for RSA key transport.
	Group string `json:"group,omitempty"`
	// GroupBits: size of the curve's field or of p; 0 without group.
	GroupBits int `json:"group_bits,omitempty"`
	// Prime is the SHA256 of the entry in Primes.
	Prime string `json:"prime,omitempty"`
}

// Preference is whose order decides.
type Preference string

// Whose order decides.
const (
	ServerPreference Preference = "server"
	ClientPreference Preference = "client"
)

// Group is a named group that a server takes.
type Group struct {
	ID          string `json:"id"`   // "0x001D"
	Name        string `json:"name"` // as IANA writes it
	Bits        int    `json:"bits"` // of the field or p; of a hybrid: its classical part
	PostQuantum bool   `json:"post_quantum,omitempty"`
}

// PostQuantum is how a server meets a client that offers a hybrid group as
// browsers do: X25519MLKEM768 and x25519, each with a key share.
type PostQuantum struct {
	// Chosen: IANA name of the group that it chose.
	Chosen string `json:"chosen"`
	// Retry: a client that lists hybrid groups but sends a share for x25519
	// alone is asked again (HelloRetryRequest): the hybrid costs a round trip.
	Retry bool `json:"retry"`
}

// Prime is the parameters of a finite-field Diffie-Hellman exchange.
type Prime struct {
	SHA256    string `json:"sha256"` // of p, big-endian without leading zeros, lower-case hex
	Bits      int    `json:"bits"`
	P         string `json:"p"`               // lower-case hex
	Generator string `json:"generator"`       // lower-case hex
	Known     string `json:"known,omitempty"` // "ffdhe2048", "RFC 3526 group 14", ...; empty: home-made
	// Weak: p is no prime, or g generates a group of small order, or p is a
	// widely used one of at most 1024 bits (CVE-2015-4000).
	Weak bool `json:"weak,omitempty"`
}

// Chains is the component that holds every certificate chain that one address
// can be made to serve.
type Chains struct {
	// Served: sorted by key algorithm, then with SNI before without.
	Served Fact[[]ServedChain] `json:"served"`
	// SNIRequired: without SNI, or with none that it knows, there is no handshake.
	SNIRequired Fact[bool] `json:"sni_required"`
}

// ServedChain is one chain as sent.
type ServedChain struct {
	// Key is the leaf's: "RSA", "RSASSA-PSS", "ECDSA", "Ed25519", "Ed448", "DSA".
	Key          string        `json:"key"`
	SNI          bool          `json:"sni"`
	Certificates []Fingerprint `json:"certificates"` // leaf first
}

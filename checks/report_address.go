package checks

import (
	"net/netip"
	"slices"
)

// ReportAddress is what one address showed on the TLS side. Every field but
// the reasons is there at every depth. What was not asked, or could not be
// told, has no key in suites and signature_schemes, an empty list elsewhere,
// and else says so; where it could not be told, a sibling says why.
type ReportAddress struct {
	Address          netip.Addr                  `json:"address"`
	Port             uint16                      `json:"port"` // that was connected to
	Protocols        map[Protocol]ProtocolResult `json:"protocols"`
	ProtocolsReasons map[Protocol]Reason         `json:"protocols_reasons,omitempty"`
	// ProtocolsMixed: some samples refused these versions that others accepted.
	ProtocolsMixed []Protocol `json:"protocols_mixed,omitempty"`
	// SSLv2WithoutSuites: SSL 2.0 is accepted with an empty list of cipher specs.
	SSLv2WithoutSuites bool `json:"sslv2_without_suites,omitempty"`

	// Suites that each protocol version accepts, in preference order: the
	// server's, or sorted by id where it has none. An empty list: the version is
	// refused. No key: not asked, or inconclusive.
	Suites        map[Protocol][]Suite `json:"suites"`
	SuitesReasons map[Protocol]Reason  `json:"suites_reasons,omitempty"`
	// Preference: whose order of suites decides; unknown also where there is no
	// choice between two.
	Preference        map[Protocol]Preference `json:"preference"`
	PreferenceReasons map[Protocol]Reason     `json:"preference_reasons,omitempty"`
	// PrefersChaCha20: the server has an order of its own, and yet takes
	// ChaCha20 when a client puts it first.
	PrefersChaCha20 ReportAnswer[bool] `json:"prefers_chacha20"`

	// Groups are the IANA names of all named groups in preference order: those
	// of TLS 1.3, then those that only older versions take.
	Groups             []string                  `json:"groups"`
	GroupsReason       Reason                    `json:"groups_reason,omitempty"`
	TLS13Groups        []Group                   `json:"tls13_groups"`  // in preference order
	LegacyGroups       []Group                   `json:"legacy_groups"` // of ECDHE up to TLS 1.2, in preference order
	LegacyGroupsReason Reason                    `json:"legacy_groups_reason,omitempty"`
	GroupPreference    Preference                `json:"group_preference"` // whose order of groups decides in TLS 1.3
	PostQuantum        ReportAnswer[PostQuantum] `json:"post_quantum"`
	// Primes are the parameters of finite-field Diffie-Hellman that were seen.
	Primes []Prime `json:"primes"`
	// DHReuse and ECDHEReuse: the same public key came on two connections.
	DHReuse    ReportAnswer[bool] `json:"dh_reuse"`
	ECDHEReuse ReportAnswer[bool] `json:"ecdhe_reuse"`
	// SignatureSchemes: IANA names that the server signs with. No key: not
	// asked, or inconclusive.
	SignatureSchemes        map[Protocol][]string `json:"signature_schemes"`
	SignatureSchemesReasons map[Protocol]Reason   `json:"signature_schemes_reasons,omitempty"`

	Features        ReportFeatures    `json:"features"`
	FeaturesReasons map[string]Reason `json:"features_reasons,omitempty"` // by the feature's name

	Vulnerabilities        map[Vulnerability]Finding `json:"vulnerabilities"`
	VulnerabilitiesReasons map[Vulnerability]Reason  `json:"vulnerabilities_reasons,omitempty"`

	Simulations []Simulation `json:"simulations"` // what each known client gets

	// Certificates are the chain sent with SNI, leaf first. What is wrong with one
	// of them stands in appraisals: the details of a finding name it by its sha256.
	Certificates []ReportCertificate `json:"certificates"`
	ChainReason  Reason              `json:"certificates_reason,omitempty"`
	// Chains are all chains that the address can be made to serve.
	Chains       []ReportChain      `json:"chains"`
	ChainsReason Reason             `json:"chains_reason,omitempty"`
	SNIRequired  ReportAnswer[bool] `json:"sni_required"` // without SNI there is no handshake

	// Appraisals are the truth about each of the chains, those of clients that
	// name the host first: whether it is trusted and complete, and every question
	// that was asked of its certificates. The first is about certificates.
	Appraisals []ChainAppraisal `json:"appraisals"`
	Stapled    Stapled          `json:"stapled,omitzero"`
	Grade      *Grade           `json:"grade,omitempty"`

	// Shares: where servers behind the address differ, on how many samples
	// something was seen.
	Shares []Share `json:"shares"`
}

// ProtocolResult is what a server did with a protocol version.
type ProtocolResult string

// What a server can do with a protocol version.
const (
	ProtocolAccepted     ProtocolResult = "accepted"
	ProtocolRefused      ProtocolResult = "refused"
	ProtocolInconclusive ProtocolResult = "inconclusive"
	ProtocolNotAsked     ProtocolResult = "not_asked"
)

// UnknownPreference stands in reports only: nobody asked, nobody can tell, or
// there is nothing to choose.
const UnknownPreference Preference = "unknown"

// ProtocolAnswer is how reports and proofs say what a server did with a
// protocol version: accepted, refused, inconclusive or not_asked.
func ProtocolAnswer(fact Fact[Accepted]) string {
	switch fact.State {
	case Known:
		return string(ProtocolAccepted)
	case Absent:
		return string(ProtocolRefused)
	default:
		return fact.State.String()
	}
}

func newReportAddress(observation *Observation, address AddressObservation, shares []Share) ReportAddress {
	report := ReportAddress{Address: address.Address, Port: address.Port, Simulations: append([]Simulation{}, address.Full.Simulations.Clients...), Stapled: address.Full.Stapled, Shares: []Share{}}
	for _, share := range shares {
		if share.Address == address.Address {
			report.Shares = append(report.Shares, share)
		}
	}
	report.addProtocols(address.TLS)
	report.addSuites(address.Full.Suites)
	report.addGroups(address.Full.Suites)
	report.Features, report.FeaturesReasons = newReportFeatures(address.Full.Features)
	report.addVulnerabilities(address.Full)
	report.Certificates = observation.reportCertificates(address.TLS.Chain.Value)
	report.ChainReason = address.TLS.Chain.Reason
	report.addChains(observation, address.Full.Chains)
	return report
}

// judge adds what is said of the observation's address of this index.
func (r *ReportAddress) judge(judgement Judgement, index int) {
	r.Appraisals = []ChainAppraisal{}
	if index < len(judgement.Appraisal.Addresses) {
		r.Appraisals = append(r.Appraisals, judgement.Appraisal.Addresses[index].Chains...)
	}
	if index < len(judgement.Grades) {
		r.Grade = &judgement.Grades[index]
	}
}

func (r *ReportAddress) addProtocols(tls TLS) {
	r.Protocols = map[Protocol]ProtocolResult{}
	for _, protocol := range Protocols() {
		fact := tls.Protocols[protocol]
		r.Protocols[protocol] = ProtocolResult(ProtocolAnswer(fact))
		noteReason(&r.ProtocolsReasons, protocol, fact)
		if fact.State == Known && fact.Value.Mixed {
			r.ProtocolsMixed = append(r.ProtocolsMixed, protocol)
		}
	}
	r.SSLv2WithoutSuites = tls.Protocols[SSLv2].Value.WithoutSuites
}

// noteReason keeps why a fact is inconclusive under key.
func noteReason[K comparable, T any](reasons *map[K]Reason, key K, fact Fact[T]) {
	if fact.State != Inconclusive || fact.Reason == "" {
		return
	}
	if *reasons == nil {
		*reasons = map[K]Reason{}
	}
	(*reasons)[key] = fact.Reason
}

func (r *ReportAddress) addSuites(suites Suites) {
	r.Suites, r.Preference, r.SignatureSchemes = map[Protocol][]Suite{}, map[Protocol]Preference{}, map[Protocol][]string{}
	for _, protocol := range Protocols() {
		accepted := suites.Accepted[protocol]
		if accepted.Conclusive() {
			r.Suites[protocol] = append([]Suite{}, accepted.Value...)
		}
		noteReason(&r.SuitesReasons, protocol, accepted)
		r.Preference[protocol] = preferenceOf(suites.Preference[protocol])
		noteReason(&r.PreferenceReasons, protocol, suites.Preference[protocol])
		schemes, asked := suites.SignatureSchemes[protocol]
		if asked && schemes.Conclusive() {
			r.SignatureSchemes[protocol] = append([]string{}, schemes.Value...)
		}
		noteReason(&r.SignatureSchemesReasons, protocol, schemes)
	}
	r.PrefersChaCha20 = reportAnswer(suites.PrefersChaCha20)
}

func preferenceOf(fact Fact[Preference]) Preference {
	if fact.State == Known && fact.Value != "" {
		return fact.Value
	}
	return UnknownPreference
}

func (r *ReportAddress) addGroups(suites Suites) {
	r.TLS13Groups = append([]Group{}, suites.Groups.Value...)
	r.LegacyGroups = append([]Group{}, suites.LegacyGroups.Value...)
	r.Groups = []string{}
	for _, group := range slices.Concat(r.TLS13Groups, r.LegacyGroups) {
		if !slices.Contains(r.Groups, group.Name) {
			r.Groups = append(r.Groups, group.Name)
		}
	}
	if suites.Groups.State == Inconclusive {
		r.GroupsReason = suites.Groups.Reason
	}
	if suites.LegacyGroups.State == Inconclusive {
		r.LegacyGroupsReason = suites.LegacyGroups.Reason
	}
	r.GroupPreference = preferenceOf(suites.GroupPreference)
	r.PostQuantum = reportAnswer(suites.PostQuantum)
	r.Primes = append([]Prime{}, suites.Primes...)
	r.DHReuse, r.ECDHEReuse = reportAnswer(suites.DHReuse), reportAnswer(suites.ECDHEReuse)
}

func (r *ReportAddress) addVulnerabilities(full FullTLS) {
	r.Vulnerabilities = map[Vulnerability]Finding{}
	for _, vulnerability := range AllVulnerabilities() {
		finding, asked := full.Intrusive[vulnerability]
		if !asked {
			finding = full.Vulnerabilities[vulnerability]
		}
		if finding.Result == "" {
			finding.Result = VulnerabilityNotAsked
		}
		r.Vulnerabilities[vulnerability] = finding
		if finding.Result == VulnerabilityInconclusive {
			noteReason(&r.VulnerabilitiesReasons, vulnerability, InconclusiveFact[bool](finding.Reason))
		}
	}
}

func (r *ReportAddress) addChains(observation *Observation, chains Chains) {
	r.Chains = []ReportChain{}
	for _, chain := range chains.Served.Value {
		r.Chains = append(r.Chains, ReportChain{Key: chain.Key, SNI: chain.SNI, Certificates: observation.reportCertificates(chain.Certificates)})
	}
	if chains.Served.State == Inconclusive {
		r.ChainsReason = chains.Served.Reason
	}
	r.SNIRequired = reportAnswer(chains.SNIRequired)
}

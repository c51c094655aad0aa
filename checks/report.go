package checks

import (
	"crypto/x509"
	"net/netip"
	"slices"
	"time"
)

// ReportSchema names the form of Report. Fields are added under the same name;
// anything that breaks a reader gets a new one.
const ReportSchema = "https://gradewatch.dev/schema/report/v1"

// Report is what `gradewatch check --json` prints and the API gives for one URL.
type Report struct {
	Schema      string          `json:"schema"`
	URL         string          `json:"url"`
	Depth       Depth           `json:"depth"`
	StartedAt   time.Time       `json:"started_at"`
	DurationMS  int64           `json:"duration_ms"`
	Connections int             `json:"connections"` // how many were tried
	Engine      string          `json:"engine"`
	Criteria    string          `json:"criteria,omitempty"` // empty until a grade is computed
	Verdicts    []Verdict       `json:"verdicts"`
	Addresses   []ReportAddress `json:"addresses"`
	HTTP        []ReportHTTP    `json:"http"`
	DNS         DNS             `json:"dns"`
}

// ReportAddress is what one address showed on the TLS side.
type ReportAddress struct {
	Address          netip.Addr          `json:"address"`
	Port             uint16              `json:"port"`
	Protocols        map[Protocol]string `json:"protocols"` // accepted, refused, inconclusive or not_asked
	ProtocolsReasons map[Protocol]Reason `json:"protocols_reasons,omitempty"`
	Certificates     []ReportCertificate `json:"certificates"` // as sent, leaf first
	ChainReason      Reason              `json:"certificates_reason,omitempty"`
}

// ReportCertificate is one certificate as people name it. Only SHA256 is set
// when it cannot be parsed.
type ReportCertificate struct {
	SHA256    Fingerprint `json:"sha256"`
	Subject   string      `json:"subject,omitempty"`
	Issuer    string      `json:"issuer,omitempty"`
	Names     []string    `json:"names,omitempty"` // DNS names, then addresses
	NotBefore time.Time   `json:"not_before,omitzero"`
	NotAfter  time.Time   `json:"not_after,omitzero"`
}

// ReportHTTP is what one address showed on the HTTP side.
type ReportHTTP struct {
	Address netip.Addr `json:"address"`
	Port    uint16     `json:"port"`
	HTTP
}

// ReportConfig is what a report is made of.
type ReportConfig struct {
	URL          string
	Engine       string // program and version
	Observation  *Observation
	Measurements Measurements
	Verdicts     []Verdict
}

// NewReport lays a look and its verdicts out as a report.
func NewReport(config ReportConfig) Report {
	observation := config.Observation
	report := Report{
		Schema:      ReportSchema,
		URL:         config.URL,
		Depth:       observation.Depth,
		StartedAt:   config.Measurements.StartedAt.UTC(),
		DurationMS:  config.Measurements.Duration.Milliseconds(),
		Connections: len(config.Measurements.Connections),
		Engine:      config.Engine,
		Verdicts:    append([]Verdict{}, config.Verdicts...),
		Addresses:   []ReportAddress{},
		HTTP:        []ReportHTTP{},
		DNS:         observation.DNS,
	}
	for _, address := range observation.Addresses {
		report.Addresses = append(report.Addresses, newReportAddress(observation, address))
		report.HTTP = append(report.HTTP, ReportHTTP{Address: address.Address, Port: address.Port, HTTP: address.HTTP})
	}
	return report
}

func newReportAddress(observation *Observation, address AddressObservation) ReportAddress {
	report := ReportAddress{
		Address:      address.Address,
		Port:         address.Port,
		Protocols:    map[Protocol]string{},
		Certificates: []ReportCertificate{},
		ChainReason:  address.TLS.Chain.Reason,
	}
	for _, protocol := range Protocols() {
		fact := address.TLS.Protocols[protocol]
		report.Protocols[protocol] = ProtocolAnswer(fact)
		if fact.State == Inconclusive && fact.Reason != "" {
			if report.ProtocolsReasons == nil {
				report.ProtocolsReasons = map[Protocol]Reason{}
			}
			report.ProtocolsReasons[protocol] = fact.Reason
		}
	}
	for _, fingerprint := range address.TLS.Chain.Value {
		report.Certificates = append(report.Certificates, newReportCertificate(observation.Certificate(fingerprint), fingerprint))
	}
	return report
}

// ProtocolAnswer is how reports and proofs say what a server did with a
// protocol version: accepted, refused, inconclusive or not_asked.
func ProtocolAnswer(fact Fact[Accepted]) string {
	switch fact.State {
	case Known:
		return "accepted"
	case Absent:
		return "refused"
	default:
		return fact.State.String()
	}
}

// Certificate returns the DER of a certificate that was seen, or nil.
func (o *Observation) Certificate(fingerprint Fingerprint) []byte {
	i := slices.IndexFunc(o.Certificates, func(c Certificate) bool { return c.SHA256 == fingerprint })
	if i < 0 {
		return nil
	}
	return o.Certificates[i].DER
}

func newReportCertificate(der []byte, fingerprint Fingerprint) ReportCertificate {
	report := ReportCertificate{SHA256: fingerprint}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return report
	}
	report.Subject, report.Issuer = certificate.Subject.String(), certificate.Issuer.String()
	report.NotBefore, report.NotAfter = certificate.NotBefore.UTC(), certificate.NotAfter.UTC()
	report.Names = slices.Clone(certificate.DNSNames)
	for _, address := range certificate.IPAddresses {
		report.Names = append(report.Names, address.String())
	}
	return report
}

package checks

import (
	"net/netip"
	"slices"
	"time"
)

//go:generate go run ./internal/reportschema ../docs/report.schema.json

// ReportSchema names the form of Report, and is the identifier of its JSON
// Schema (docs/report.schema.json). Fields are added under the same name;
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
		report.Addresses = append(report.Addresses, newReportAddress(observation, address, config.Measurements.Shares))
		report.HTTP = append(report.HTTP, ReportHTTP{Address: address.Address, Port: address.Port, HTTP: address.HTTP})
	}
	return report
}

// Certificate returns the DER of a certificate that was seen, or nil.
func (o *Observation) Certificate(fingerprint Fingerprint) []byte {
	i := slices.IndexFunc(o.Certificates, func(c Certificate) bool { return c.SHA256 == fingerprint })
	if i < 0 {
		return nil
	}
	return o.Certificates[i].DER
}

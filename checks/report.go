package checks

import (
	"slices"
	"time"
)

//go:generate go run ./internal/reportschema ../docs/report.schema.json

// ReportSchema names the form of Report, and is the identifier of its JSON
// Schema (docs/report.schema.json). Fields are added under the same name;
// anything that breaks a reader gets a new one.
const ReportSchema = "https://gradewatch.dev/schema/report/v2"

// Report is what `gradewatch check --json` prints and the API gives for one URL.
type Report struct {
	Schema      string    `json:"schema"`
	URL         string    `json:"url"`
	Depth       Depth     `json:"depth"`
	StartedAt   time.Time `json:"started_at"`
	DurationMS  int64     `json:"duration_ms"`
	Connections int       `json:"connections"` // how many were tried
	Engine      string    `json:"engine"`
	Criteria    string    `json:"criteria,omitempty"` // of the grade; empty where none was computed
	// Grade is that of the worst address; absent where the URL uses http.
	Grade     *Grade          `json:"grade,omitempty"`
	Verdicts  []Verdict       `json:"verdicts"`
	Addresses []ReportAddress `json:"addresses"`
	HTTP      ReportHTTP      `json:"http"`
	DNS       DNS             `json:"dns"`
	Records   Records         `json:"records,omitzero"`
	PKI       PKI             `json:"pki,omitzero"`
}

// ReportConfig is what a report is made of.
type ReportConfig struct {
	URL          string
	Engine       string // program and version
	Observation  *Observation
	Measurements Measurements
	Judgement    Judgement
}

// Judgement is everything that is said of one observation, at one time and
// under one set of versions.
type Judgement struct {
	Appraisal Appraisal
	Grade     *Grade  // of the endpoint: that of its worst address; nil where there is no TLS to grade
	Grades    []Grade // of the observation's addresses, in their order; empty likewise
	// HTTPScores are of the observation's addresses, in their order; nil where
	// there is no answer to score.
	HTTPScores []*HTTPScore
	Verdicts   []Verdict
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
		Grade:       config.Judgement.Grade,
		Verdicts:    append([]Verdict{}, config.Judgement.Verdicts...),
		Addresses:   []ReportAddress{},
		DNS:         observation.DNS,
		Records:     observation.Records,
		PKI:         observation.PKI,
	}
	if report.Grade != nil {
		report.Criteria = report.Grade.Criteria
	}
	for i, address := range observation.Addresses {
		entry := newReportAddress(observation, address, config.Measurements.Shares)
		entry.judge(config.Judgement, i)
		report.Addresses = append(report.Addresses, entry)
	}
	report.HTTP = newReportHTTP(observation, config.Judgement.HTTPScores, config.Measurements.Requests)
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

// Package docs holds the documents that the program prints. It must not read
// anything at run time: what it gives is part of the binary.
package docs

import _ "embed"

//go:embed report.schema.json
var reportSchema string

// ReportSchema returns the JSON Schema of a report (draft 2020-12), written by
// go generate ./checks from the types there.
func ReportSchema() string { return reportSchema }

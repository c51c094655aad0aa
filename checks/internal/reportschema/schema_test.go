package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

const (
	types     = "../.." // package checks
	published = "../../../docs/report.schema.json"
)

func TestPublishedSchemaIsCurrent(t *testing.T) {
	t.Parallel()
	fresh, err := generate(types)
	require.NoError(t, err)
	checkedIn, err := os.ReadFile(published)
	require.NoError(t, err)
	if difference := cmp.Diff(string(checkedIn), string(fresh)); difference != "" {
		t.Errorf("docs/report.schema.json is older than the types; run go generate ./checks (-published +types):\n%s", difference)
	}
}

func TestGenerateIsSteady(t *testing.T) {
	t.Parallel()
	first, err := generate(types)
	require.NoError(t, err)
	for range 5 {
		again, err := generate(types)
		require.NoError(t, err)
		require.Equal(t, string(first), string(again))
	}
}

// schema is the fresh one, read as any JSON.
func schema(t *testing.T) map[string]any {
	t.Helper()
	text, err := generate(types)
	require.NoError(t, err)
	var read map[string]any
	require.NoError(t, json.Unmarshal(text, &read))
	return read
}

func at(t *testing.T, from any, path ...string) any {
	t.Helper()
	for _, key := range path {
		object, ok := from.(map[string]any)
		require.True(t, ok, "%v holds no %s", from, key)
		require.Contains(t, object, key)
		from = object[key]
	}
	return from
}

func TestSchemaSaysWhatTheTypesSay(t *testing.T) {
	t.Parallel()
	read := schema(t)
	require.Equal(t, "https://json-schema.org/draft/2020-12/schema", read["$schema"])
	require.Equal(t, checks.ReportSchema, read["$id"])
	address := at(t, read, "$defs", "ReportAddress", "properties")
	require.Equal(t, []any{"SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"}, at(t, address, "protocols", "propertyNames", "enum"))
	require.Equal(t, []any{"accepted", "refused", "inconclusive", "not_asked"}, at(t, address, "protocols", "additionalProperties", "enum"))
	require.ElementsMatch(t, []any{"server", "client", "unknown"}, at(t, address, "preference", "additionalProperties", "enum"))
	require.Len(t, at(t, address, "vulnerabilities", "propertyNames", "enum"), len(checks.AllVulnerabilities()))
	require.Contains(t, at(t, read, "$defs", "Finding", "properties", "result", "enum"), "exposed")
	require.Equal(t, []any{"not_asked", "known", "absent", "inconclusive"}, at(t, read, "$defs", "FactResponse", "properties", "state", "enum"))
	require.Contains(t, at(t, read, "$defs", "Suite", "properties", "strength", "description"), "nominal bits")
	require.Contains(t, at(t, read, "$defs", "Report", "required"), "addresses")
	require.NotContains(t, at(t, read, "$defs", "Report", "required"), "criteria")
}

func TestSchemaTellsReportsFromOthers(t *testing.T) {
	t.Parallel()
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(checks.ReportSchema, schema(t)))
	compiled, err := compiler.Compile(checks.ReportSchema)
	require.NoError(t, err)
	text, err := json.Marshal(checks.NewReport(checks.ReportConfig{Observation: &checks.Observation{
		Depth: checks.Quick, Addresses: []checks.AddressObservation{{}},
	}}))
	require.NoError(t, err)
	valid := func(change func(report map[string]any)) error {
		var report map[string]any
		require.NoError(t, json.Unmarshal(text, &report))
		address, ok := report["addresses"].([]any)[0].(map[string]any)
		require.True(t, ok)
		address["address"] = "192.0.2.1"
		report["addresses"] = []any{address}
		change(report)
		return compiled.Validate(report)
	}
	require.NoError(t, valid(func(map[string]any) {}))
	require.NoError(t, valid(func(report map[string]any) { report["later"] = true }), "fields may be added")
	first := func(report map[string]any) map[string]any {
		return report["addresses"].([]any)[0].(map[string]any)
	}
	for name, change := range map[string]func(report map[string]any){
		"no url":            func(report map[string]any) { delete(report, "url") },
		"another schema":    func(report map[string]any) { report["schema"] = "v2" },
		"depth":             func(report map[string]any) { report["depth"] = "deep" },
		"null list":         func(report map[string]any) { report["verdicts"] = nil },
		"protocol":          func(report map[string]any) { first(report)["protocols"] = map[string]any{"TLSv1.4": "accepted"} },
		"protocol's result": func(report map[string]any) { first(report)["protocols"] = map[string]any{"TLSv1.3": "yes"} },
		"no groups":         func(report map[string]any) { delete(first(report), "groups") },
		"finding": func(report map[string]any) {
			first(report)["vulnerabilities"] = map[string]any{"robot": map[string]any{"result": "maybe"}}
		},
	} {
		require.Error(t, valid(change), name)
	}
}

func TestRunWantsOneFile(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(nil), "0 arguments")
	_, err := generate(filepath.Join(t.TempDir(), "nowhere"))
	require.ErrorContains(t, err, "read the source of the types")
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/gradewatch/gradewatch/checks"
)

// generate returns the schema of checks.Report. folder holds the source of
// package checks.
func generate(folder string) ([]byte, error) {
	source, err := readSource(folder)
	if err != nil {
		return nil, err
	}
	g := &generator{source: source, types: map[string]reflect.Type{}}
	reflector := &jsonschema.Reflector{
		// Fields are added under the same name: readers must not mind them.
		AllowAdditionalProperties: true,
		Mapper:                    g.leaf,
		Namer:                     g.name,
		LookupComment:             g.describe,
	}
	schema := reflector.Reflect(&checks.Report{})
	schema.ID = checks.ReportSchema
	schema.Title = "Report of Gradewatch"
	g.finish(schema)
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return text.Bytes(), nil
}

type generator struct {
	source source
	types  map[string]reflect.Type // of definitions, by name
}

// leaf describes types that are no objects of their own in JSON.
func (g *generator) leaf(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[netip.Addr]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", Format: "ipv4"}, {Type: "string", Format: "ipv6"}}}
	case reflect.TypeFor[checks.Fingerprint]():
		return &jsonschema.Schema{Type: "string", Pattern: "^[0-9a-f]{64}$", Description: "SHA-256 of a certificate's DER."}
	case reflect.TypeFor[checks.State]():
		return &jsonschema.Schema{Type: "string", Enum: []any{
			checks.NotAsked.String(), checks.Known.String(), checks.Absent.String(), checks.Inconclusive.String(),
		}}
	}
	return g.enumeration(t)
}

// enumeration lists the constants of a string type of package checks; nil for
// any other type, and for one without constants.
func (g *generator) enumeration(t reflect.Type) *jsonschema.Schema {
	if t.Kind() != reflect.String || t.PkgPath() != reflect.TypeFor[checks.Report]().PkgPath() {
		return nil
	}
	values := g.source.constants[t.Name()]
	if len(values) == 0 {
		return nil
	}
	schema := &jsonschema.Schema{Type: "string"}
	for _, value := range values {
		schema.Enum = append(schema.Enum, value)
	}
	return schema
}

var packagePath = regexp.MustCompile(`(?:[\w.-]+/)*\w+\.`)

// name makes 'Fact[[]net/netip.Addr]' a name that any tool takes: FactAddrList.
func (g *generator) name(t reflect.Type) string {
	base, argument, generic := strings.Cut(t.Name(), "[")
	name := base
	if generic {
		argument = packagePath.ReplaceAllString(strings.TrimSuffix(argument, "]"), "")
		if element, list := strings.CutPrefix(argument, "[]"); list {
			argument = element + "List"
		}
		name += strings.ToUpper(argument[:1]) + argument[1:]
	}
	g.types[name] = t
	return name
}

// describe returns the comment of a type, or of its field where field is not
// empty.
func (g *generator) describe(t reflect.Type, field string) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	if field != "" {
		name += "." + field
	}
	return g.source.comments[name]
}

// finish says what the reflector cannot: which keys a map has, that a schema
// name stands where it stands, and that lists which are there are no null.
func (g *generator) finish(schema *jsonschema.Schema) {
	for name, definition := range schema.Definitions {
		t, known := g.types[name]
		if !known || t.Kind() != reflect.Struct {
			continue
		}
		for _, field := range reflect.VisibleFields(t) {
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if field.Type.Kind() != reflect.Map || key == "" {
				continue
			}
			property, found := definition.Properties.Get(key)
			if keys := g.enumeration(field.Type.Key()); found && keys != nil {
				property.PropertyNames = keys
			}
		}
	}
	if report, found := schema.Definitions["Report"]; found {
		if property, found := report.Properties.Get("schema"); found {
			property.Const = checks.ReportSchema
		}
	}
}

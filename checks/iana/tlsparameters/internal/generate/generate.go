package main

import (
	"bytes"
	"fmt"
	"go/format"
	"io/fs"
)

// generate returns the generated files by name.
func generate(registry fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, write := range map[string]func(fs.FS, *bytes.Buffer) error{
		"suites_gen.go":      writeSuites,
		"cipherspecs_gen.go": writeCipherSpecs,
		"groups_gen.go":      writeGroups,
		"names_gen.go":       writeNames,
	} {
		var text bytes.Buffer
		text.WriteString("// Code generated from registry/*.csv by internal/generate; DO NOT EDIT.\n\npackage tlsparameters\n\n")
		if err := write(registry, &text); err != nil {
			return nil, fmt.Errorf("generate %s: %w", name, err)
		}
		formatted, err := format.Source(text.Bytes())
		if err != nil {
			return nil, fmt.Errorf("format the generated %s: %w", name, err)
		}
		files[name] = formatted
	}
	return files, nil
}

func writeSuites(registry fs.FS, text *bytes.Buffer) error {
	assigned, err := readTable(registry, "tls-parameters-4.csv")
	if err != nil {
		return err
	}
	rows, err := withUnassigned(registry, "suite", assigned)
	if err != nil {
		return err
	}
	text.WriteString("var suites = [...]Suite{\n")
	for _, r := range rows {
		if r.value == 0x00FF || r.value == 0x5600 {
			continue // signaling values: RFC 5746, RFC 7507
		}
		s, err := parseSuite(r.name)
		if err != nil {
			return err
		}
		fmt.Fprintf(text, "{Value: 0x%04X, Name: %q, KeyExchange: %q, Cipher: %q, Hash: %q, Bits: %d", r.value, r.name, s.exchange, s.cipher, s.hash, s.bits)
		flag(text, "Recommended", r.recommended)
		flag(text, "Unassigned", r.unassigned)
		text.WriteString("},\n")
	}
	text.WriteString("}\n")
	return nil
}

func writeCipherSpecs(registry fs.FS, text *bytes.Buffer) error {
	rows, err := readTable(registry, "ssl2-cipher-specs.csv")
	if err != nil {
		return err
	}
	if rows, err = sorted("cipher spec", rows); err != nil {
		return err
	}
	text.WriteString("var cipherSpecs = [...]CipherSpec{\n")
	for _, r := range rows {
		fmt.Fprintf(text, "{Value: 0x%06X, Name: %q, Bits: %s", r.value, r.name, r.cells["Bits"])
		flag(text, "Export", r.cells["Export"] == "Y")
		text.WriteString("},\n")
	}
	text.WriteString("}\n")
	return nil
}

func writeGroups(registry fs.FS, text *bytes.Buffer) error {
	rows, err := readTable(registry, "tls-parameters-8.csv")
	if err != nil {
		return err
	}
	if rows, err = sorted("group", rows); err != nil {
		return err
	}
	text.WriteString("var groups = [...]Group{\n")
	for _, r := range rows {
		g, err := parseGroup(r.value, r.name)
		if err != nil {
			return err
		}
		fmt.Fprintf(text, "{Value: 0x%04X, Name: %q, Bits: %d, Kind: %s", r.value, g.name, g.bits, g.kind)
		flag(text, "Legacy", g.legacy)
		flag(text, "TLS13", g.tls13)
		text.WriteString("},\n")
	}
	text.WriteString("}\n")
	return nil
}

// writeNames writes the registries of which only the names matter.
func writeNames(registry fs.FS, text *bytes.Buffer) error {
	for _, table := range []struct{ file, kind, variable string }{
		{"tls-parameters-5.csv", "content type", "contentTypes"},
		{"tls-parameters-6.csv", "alert", "alerts"},
		{"tls-parameters-7.csv", "handshake type", "handshakeTypes"},
		{"tls-parameters-16.csv", "signature algorithm", "signatureAlgorithms"},
		{"tls-parameters-18.csv", "hash algorithm", "hashAlgorithms"},
		{"tls-signaturescheme.csv", "signature scheme", "signatureSchemes"},
		{"tls-extensiontype-values-1.csv", "extension", "extensions"},
	} {
		assigned, err := readTable(registry, table.file)
		if err != nil {
			return err
		}
		rows, err := withUnassigned(registry, table.kind, assigned)
		if err != nil {
			return err
		}
		fmt.Fprintf(text, "var %s = [...]entry{\n", table.variable)
		for _, r := range rows {
			fmt.Fprintf(text, "{0x%04X, %q},\n", r.value, r.name)
		}
		text.WriteString("}\n\n")
	}
	return nil
}

func flag(text *bytes.Buffer, field string, set bool) {
	if set {
		fmt.Fprintf(text, ", %s: true", field)
	}
}

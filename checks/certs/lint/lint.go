// Package lint finds what is wrong in how a certificate is written, with zlint
// (https://github.com/zmap/zlint). It reads one certificate at a time, and
// knows nothing of paths, trust or the present.
package lint

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

// Finding is one rule that a certificate breaks.
type Finding struct {
	Lint        string // zlint's stable name: "e_dnsname_not_valid_tld"
	Description string // zlint's sentence
	Citation    string // "BRs: 7.1.4.2.1"
	Details     string // what zlint saw; may hold what the certificate says
	Fatal       bool
}

// Linter lints certificates. It is safe for concurrent use.
type Linter struct {
	public, private lint.Registry
}

// ErrTooLarge says that linting the certificate would take too long.
var ErrTooLarge = errors.New("linting: the certificate is too large")

const maxDER = 1 << 15 // bytes: some lints are slow on thousands of names

// New prepares a linter.
func New() (*Linter, error) {
	rfc := lint.SourceList{lint.RFC3279, lint.RFC5280, lint.RFC5480, lint.RFC5891, lint.RFC8813}
	public := append(slices.Clone(rfc), lint.RFC6962, lint.CABFBaselineRequirements, lint.CABFEVGuidelines, lint.MozillaRootStorePolicy)
	linter := &Linter{}
	var err error
	if linter.public, err = registry(public); err != nil {
		return nil, err
	}
	if linter.private, err = registry(rfc); err != nil {
		return nil, err
	}
	return linter, nil
}

func registry(sources lint.SourceList) (lint.Registry, error) {
	var excluded []string
	for _, exclusion := range Excluded() {
		excluded = append(excluded, exclusion.Lint)
	}
	filtered, err := lint.GlobalRegistry().Filter(lint.FilterOptions{IncludeSources: sources, ExcludeNames: excluded})
	if err != nil {
		return nil, fmt.Errorf("choosing lints: %w", err)
	}
	return filtered, nil
}

// Version names the linter and what it leaves out.
func (l *Linter) Version() string { return fmt.Sprintf("zlint-%s-%d", moduleVersion, len(Excluded())) }

const moduleVersion = "v3.7.1" // of go.mod; a test compares

// Certificate returns the errors of one certificate, sorted by name: those of
// RFC 5280 and its kin, and for one that leads to a public root those of the
// Baseline Requirements, the EV guidelines and Mozilla's policy too. Lints apply
// from their effective dates on, by the certificate's notBefore.
func (l *Linter) Certificate(der []byte, public bool) (findings []Finding, err error) {
	if len(der) > maxDER {
		return nil, ErrTooLarge
	}
	defer func() {
		if recovered := recover(); recovered != nil {
			findings, err = nil, fmt.Errorf("linting: a lint failed: %v", recovered)
		}
	}()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("linting: %w", err)
	}
	rules := l.private
	if public {
		rules = l.public
	}
	results := zlint.LintCertificateEx(parsed, rules)
	for name, result := range results.Results {
		if result.Status != lint.Error && result.Status != lint.Fatal || parsed.IsCA && misapplied(name) {
			continue
		}
		findings = append(findings, finding(rules, name, result))
	}
	slices.SortFunc(findings, func(a, b Finding) int { return strings.Compare(a.Lint, b.Lint) })
	return findings, nil
}

// misapplied names lints of rules for subscribers that zlint applies to
// authorities too: Baseline Requirements section 7.1.2.7.11 allows leaves with
// ECDSA keys no signing of certificates, which is what authorities are for.
func misapplied(name string) bool { return name == "e_cabf_ecc_allowed_key_usages" }

func finding(rules lint.Registry, name string, result *lint.LintResult) Finding {
	found := Finding{Lint: name, Details: result.Details, Fatal: result.Status == lint.Fatal}
	if rule := rules.CertificateLints().ByName(name); rule != nil {
		found.Description, found.Citation = rule.Description, rule.Citation
	}
	return found
}

package appraisal

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/lifetime"
	"github.com/gradewatch/gradewatch/checks/certs/lint"
)

// public says whether the chain leads to a public root.
func (s *subject) public() bool { return s.trusted() && !s.path.private }

func (s *subject) lifetimeTooLong() checks.ChainFinding {
	if !s.public() {
		return notApplicable("The Baseline Requirements are for certificates of public authorities.")
	}
	start, end := s.leaf.outline.NotBefore, s.leaf.outline.NotAfter
	era, tooLong := lifetime.TooLong(start, end)
	if !tooLong {
		return no()
	}
	allowed := fmt.Sprintf("%d days", era.Days)
	if era.Months > 0 {
		allowed = fmt.Sprintf("%d months", era.Months)
	}
	days := int64(duration(start, end) / (24 * time.Hour))
	return yes(about(s.leaf, fmt.Sprintf("%d days", days),
		"The certificate %s lives for %d days; %s were allowed when it was issued on %s (%s).", s.leaf.name, days, allowed, moment(start), era.Source))
}

// linted is what the linter says of one certificate.
type linted struct {
	findings []lint.Finding
	err      error
}

type lintKey struct {
	fingerprint checks.Fingerprint
	public      bool
}

// lintError is asked of the leaf and of the issuers that the path uses, less the
// root.
func (s *subject) lintError() checks.ChainFinding {
	if s.trust.linter == nil {
		return notAsked("Certificates are not linted here.")
	}
	var details []checks.FindingDetail
	var failed error
	for _, certificate := range s.belowRoot() {
		result := s.trust.lintCertificate(certificate, s.public())
		if result.err != nil && certificate == s.leaf {
			failed = result.err
		}
		for _, finding := range result.findings {
			details = append(details, lintDetail(certificate, finding))
		}
	}
	switch {
	case len(details) > 0:
		return yes(details...)
	case errors.Is(failed, lint.ErrTooLarge):
		return inconclusive(checks.ReasonTooLarge, s.leaf.fingerprint, "The certificate "+s.leaf.name+" is too large to be examined in every detail.")
	case failed != nil:
		return inconclusive(checks.ReasonMalformed, s.leaf.fingerprint, "The linter cannot read the certificate "+s.leaf.name+".")
	}
	return no()
}

func lintDetail(certificate *certificate, finding lint.Finding) checks.FindingDetail {
	text := "The certificate %s breaks a rule: %s"
	if finding.Citation != "" {
		text += " (" + strings.ReplaceAll(finding.Citation, "%", "%%") + ")"
	}
	return about(certificate, finding.Lint, text+".", certificate.name, strings.TrimSuffix(finding.Description, "."))
}

func (t *Trust) lintCertificate(certificate *certificate, public bool) linted {
	key := lintKey{certificate.fingerprint, public}
	if known, found := t.lints.get(key); found {
		return known
	}
	var result linted
	result.findings, result.err = t.linter.Certificate(certificate.outline.Raw, public)
	t.lints.add(key, result)
	return result
}

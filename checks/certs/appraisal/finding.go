package appraisal

import (
	"fmt"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// ask answers one question. A panic of a library makes the answer inconclusive.
func (s *subject) ask(question checks.Question) (finding checks.ChainFinding) {
	entry := s.trust.questions[question]
	defer func() {
		if recover() != nil {
			finding = inconclusive(checks.ReasonInternal, "", "A certificate of this chain cannot be examined.")
		}
		finding.Cause = entry.cause
	}()
	if s.leaf.outline == nil && !entry.unparsed {
		return inconclusive(checks.ReasonMalformed, s.leaf.fingerprint, "The certificate that the chain begins with cannot be parsed.")
	}
	return entry.answer(s)
}

// entry says how a question is answered.
type entry struct {
	answer   func(s *subject) checks.ChainFinding
	cause    checks.Cause
	unparsed bool // it can be answered without a leaf that anybody can parse
}

func questions() map[checks.Question]entry {
	return map[checks.Question]entry{
		checks.NotYetValid:     {answer: (*subject).notYetValid, cause: checks.CauseTime},
		checks.Expired:         {answer: (*subject).expired, cause: checks.CauseTime},
		checks.SelfSigned:      {answer: (*subject).selfSigned, cause: checks.CauseCertificate},
		checks.UnknownIssuer:   {answer: (*subject).unknownIssuer, cause: checks.CauseTrustData},
		checks.SHA1Signature:   {answer: (*subject).sha1Signature, cause: checks.CauseCertificate},
		checks.Distrusted:      {answer: (*subject).distrusted, cause: checks.CauseTrustData},
		checks.Blacklisted:     {answer: (*subject).blacklisted, cause: checks.CauseTrustData, unparsed: true},
		checks.KeyUsage:        {answer: (*subject).keyUsage, cause: checks.CauseCertificate},
		checks.NameMismatch:    {answer: (*subject).nameMismatch, cause: checks.CauseCertificate},
		checks.IncompleteChain: {answer: (*subject).incompleteChain, cause: checks.CauseConfiguration},
		checks.MDSignature:     {answer: (*subject).mdSignature, cause: checks.CauseCertificate},
		checks.WeakKey:         {answer: (*subject).weakKey, cause: checks.CauseCertificate},
		checks.DebianWeakKey:   {answer: (*subject).debianWeakKey, cause: checks.CauseTrustData},
		checks.ExponentOne:     {answer: (*subject).exponentOne, cause: checks.CauseCertificate},
		checks.Revoked:         {answer: (*subject).revoked, cause: checks.CauseCertificate},
		checks.ROCA:            {answer: (*subject).roca, cause: checks.CauseCertificate},
		checks.Unparsable:      {answer: (*subject).unparsable, cause: checks.CauseConfiguration, unparsed: true},
		checks.WrongOrder:      {answer: (*subject).wrongOrder, cause: checks.CauseConfiguration},
		checks.Duplicates:      {answer: (*subject).duplicates, cause: checks.CauseConfiguration, unparsed: true},
		checks.RootSent:        {answer: (*subject).rootSent, cause: checks.CauseConfiguration},
		checks.Superfluous:     {answer: (*subject).superfluous, cause: checks.CauseConfiguration},
		checks.LifetimeTooLong: {answer: (*subject).lifetimeTooLong, cause: checks.CauseCertificate},
		checks.LintError:       {answer: (*subject).lintError, cause: checks.CauseCertificate},
		checks.TooFewSCTs:      {answer: (*subject).tooFewSCTs, cause: checks.CauseTrustData},
		checks.InvalidSCT:      {answer: (*subject).invalidSCT, cause: checks.CauseCertificate},
		checks.StapleMissing:   {answer: (*subject).stapleMissing, cause: checks.CauseConfiguration},
		checks.StapleInvalid:   {answer: (*subject).stapleInvalid, cause: checks.CauseConfiguration},
		checks.CAAForbids:      {answer: (*subject).caaForbids, cause: checks.CauseConfiguration},
		checks.TLSAMismatch:    {answer: (*subject).tlsaMismatch, cause: checks.CauseConfiguration},
		checks.RenewalOverdue:  {answer: (*subject).renewalOverdue, cause: checks.CauseTime},
		checks.RenewalAsked:    {answer: (*subject).renewalAsked, cause: checks.CauseTime},
	}
}

const maxDetails = 32 // of one finding

// yesOr answers yes where something speaks for it, else no.
func yesOr(details []checks.FindingDetail) checks.ChainFinding {
	if len(details) == 0 {
		return no()
	}
	return yes(details...)
}

func yes(details ...checks.FindingDetail) checks.ChainFinding {
	return checks.ChainFinding{Answer: checks.FaultFound, Details: details[:min(len(details), maxDetails)]}
}

func no(details ...checks.FindingDetail) checks.ChainFinding {
	return checks.ChainFinding{Answer: checks.FaultNotFound, Details: details}
}

func inconclusive(reason checks.Reason, about checks.Fingerprint, text string) checks.ChainFinding {
	return checks.ChainFinding{
		Answer: checks.FaultInconclusive, Reason: reason,
		Details: []checks.FindingDetail{{Certificate: about, Text: text}},
	}
}

func notAsked(text string) checks.ChainFinding {
	return checks.ChainFinding{Answer: checks.FaultNotAsked, Details: because(text)}
}

func notApplicable(text string) checks.ChainFinding {
	return checks.ChainFinding{Answer: checks.FaultNotApplicable, Details: because(text)}
}

func because(text string) []checks.FindingDetail { return []checks.FindingDetail{{Text: text}} }

func about(certificate *certificate, value, format string, arguments ...any) checks.FindingDetail {
	const maxValue, maxText = 256, 1024
	return checks.FindingDetail{
		Certificate: certificate.fingerprint, Value: checks.Clean(value, maxValue),
		Text: checks.Clean(fmt.Sprintf(format, arguments...), maxText),
	}
}

// moment writes a time as sentences do: UTC, 24-hour clock.
func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

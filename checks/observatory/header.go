package observatory

import (
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/observatory/csp"
)

// Results of the tests that read one field.
const (
	referrerPrivate = "referrer-policy-private"
	referrerMissing = "referrer-policy-not-implemented"
	referrerUnsafe  = "referrer-policy-unsafe"
	referrerInvalid = "referrer-policy-header-invalid"

	sniffOff     = "x-content-type-options-nosniff"
	sniffMissing = "x-content-type-options-not-implemented"
	sniffInvalid = "x-content-type-options-header-invalid"

	frameByPolicy = "x-frame-options-implemented-via-csp"
	frameDenied   = "x-frame-options-sameorigin-or-deny"
	frameFrom     = "x-frame-options-allow-from-origin"
	frameMissing  = "x-frame-options-not-implemented"
	frameInvalid  = "x-frame-options-header-invalid"

	resourceSameOrigin  = "corp-implemented-with-same-origin"
	resourceSameSite    = "corp-implemented-with-same-site"
	resourceCrossOrigin = "corp-implemented-with-cross-origin"
	resourceMissing     = "corp-not-implemented"
	resourceInvalid     = "corp-header-invalid"

	sharingNone       = "cross-origin-resource-sharing-not-implemented"
	sharingPublic     = "cross-origin-resource-sharing-implemented-with-public-access"
	sharingRestricted = "cross-origin-resource-sharing-implemented-with-restricted-access"
	sharingUniversal  = "cross-origin-resource-sharing-implemented-with-universal-access"
)

// judgePolicy: where the page was not read, a meta element may stand in it.
func judgePolicy(s seen) csp.Judgement {
	got := csp.Judge(csp.Sent{
		Fields:     s.final.Fields["content-security-policy"],
		ReportOnly: s.final.Fields["content-security-policy-report-only"],
		Metas:      s.page().MetaPolicies,
		HTTPS:      s.https,
	})
	if s.unread() && (got.Result == csp.Missing || got.Result == csp.ReportOnly) {
		got.Result = Inconclusive
	}
	return got
}

// referrer: the last value that is known counts, and a meta element comes last.
func referrer(s seen) string {
	values := slices.Clone(s.final.Fields["referrer-policy"])
	for _, meta := range slices.Backward(s.page().MetaReferrer) {
		if meta != "" {
			values = append(values, meta)
			break
		}
	}
	switch {
	case len(values) == 0 && s.unread():
		return Inconclusive
	case len(values) == 0:
		return referrerMissing
	}
	result := referrerInvalid
	for value := range strings.SplitSeq(strings.Join(values, ","), ",") {
		switch strings.ToLower(strings.TrimSpace(value)) {
		case "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin":
			result = referrerPrivate
		case "origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade":
			result = referrerUnsafe
		}
	}
	return result
}

func contentTypeOptions(s seen) string {
	switch value := plain(s.field("x-content-type-options")); value {
	case "":
		return sniffMissing
	case "nosniff":
		return sniffOff
	}
	return sniffInvalid
}

// frameOptions: frame-ancestors stands above X-Frame-Options.
func frameOptions(s seen, policy csp.Judgement) string {
	value := plain(s.field("x-frame-options"))
	switch {
	case policy.FrameAncestors:
		return frameByPolicy
	case value == "":
		return frameMissing
	case value == "deny" || value == "sameorigin":
		return frameDenied
	case strings.HasPrefix(value, "allow-from"):
		return frameFrom
	}
	return frameInvalid
}

func resourcePolicy(s seen) string {
	switch plain(s.field("cross-origin-resource-policy")) {
	case "":
		return resourceMissing
	case "same-origin":
		return resourceSameOrigin
	case "same-site":
		return resourceSameSite
	case "cross-origin":
		return resourceCrossOrigin
	}
	return resourceInvalid
}

// resourceSharing reads the answer to the preflight.
func resourceSharing(s seen) string {
	if s.preflight.State != checks.Known {
		return Inconclusive
	}
	allowed := s.preflight.Value
	switch {
	case allowed.AllowOrigin == "":
		return sharingNone
	case plain(allowed.AllowOrigin) == "*":
		return sharingPublic
	case allowed.AllowOrigin == checks.PreflightOrigin && allowed.AllowCredentials:
		return sharingUniversal
	}
	return sharingRestricted
}

func plain(value string) string { return strings.ToLower(strings.TrimSpace(value)) }

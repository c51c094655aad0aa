package observatory

import (
	"net/http"

	"github.com/gradewatch/gradewatch/checks"
)

// Algorithm is the version of the Observatory's scoring that is followed.
const Algorithm = 4

// The names of the Observatory's tests, in its order.
const (
	ContentSecurityPolicy      = "content-security-policy"
	Cookies                    = "cookies"
	CrossOriginResourceSharing = "cross-origin-resource-sharing"
	Redirection                = "redirection"
	ReferrerPolicy             = "referrer-policy"
	StrictTransportSecurity    = "strict-transport-security"
	SubresourceIntegrity       = "subresource-integrity"
	XContentTypeOptions        = "x-content-type-options"
	XFrameOptions              = "x-frame-options"
	CrossOriginResourcePolicy  = "cross-origin-resource-policy"
)

// Inconclusive is the result of a rule that the facts cannot decide. It is ours,
// adds nothing, and makes the score the most that there can be.
const Inconclusive = "inconclusive"

// Score rates what address answered at the URL of host. It returns nil where
// there is no answer to score: the walk did not come to an end, or to a status
// that the Observatory refuses (any but 2xx, 3xx, 401 and 403). The certificate
// is taken to be valid.
func Score(address checks.AddressObservation, host string) *checks.HTTPScore {
	return score(address, host, true)
}

// ScoreUntrusted is Score where browsers do not take the certificate of host,
// which makes its Strict-Transport-Security worth nothing (RFC 6797 section 8.1).
func ScoreUntrusted(address checks.AddressObservation, host string) *checks.HTTPScore {
	return score(address, host, false)
}

func score(address checks.AddressObservation, host string, trusted bool) *checks.HTTPScore {
	s, found := see(address.HTTP, host, trusted)
	if !found || !scorable(s.final.Status) {
		return nil
	}
	policy := judgePolicy(s)
	transport := transportSecurity(s)
	return total([]named{
		{ContentSecurityPolicy, string(policy.Result)},
		{Cookies, cookies(s, passes(transport))},
		{CrossOriginResourceSharing, resourceSharing(s)},
		{Redirection, redirection(s)},
		{ReferrerPolicy, referrer(s)},
		{StrictTransportSecurity, transport},
		{SubresourceIntegrity, integrity(s)},
		{XContentTypeOptions, contentTypeOptions(s)},
		{XFrameOptions, frameOptions(s, policy)},
		{CrossOriginResourcePolicy, resourcePolicy(s)},
	})
}

func scorable(status int) bool {
	return status >= 200 && status < 400 || status == http.StatusUnauthorized || status == http.StatusForbidden
}

// named is a test and its result.
type named struct{ name, result string }

// Bonuses count only for who has few penalties.
const (
	baseScore       = 100
	minimumForBonus = 90
)

// total adds up: what penalties leave, and above minimumForBonus the bonuses too.
func total(results []named) *checks.HTTPScore {
	sum := &checks.HTTPScore{Algorithm: Algorithm}
	penalized, all := baseScore, baseScore
	for _, one := range results {
		rule := ruleOf(one)
		all += rule.Modifier
		penalized += min(rule.Modifier, 0)
		sum.Rules = append(sum.Rules, rule)
	}
	sum.Score = max(penalized, 0)
	if penalized >= minimumForBonus {
		sum.Score = all
	}
	sum.Grade = letter(sum.Score)
	return sum
}

func ruleOf(one named) checks.HTTPRule {
	known := outcomes()[one.result]
	rule := checks.HTTPRule{Name: one.name, Result: one.result, Modifier: known.modifier, Text: known.text}
	if known.verdict != notApplicable {
		pass := known.verdict == pass
		rule.Pass = &pass
	}
	return rule
}

// letter is the Observatory's: A+ to F, in steps of five points.
func letter(score int) string {
	letters := [...]string{"F", "F", "F", "F", "F", "D-", "D", "D", "D+", "C-", "C", "C", "C+", "B-", "B", "B", "B+", "A-", "A", "A", "A+"}
	return letters[min(score/5, len(letters)-1)]
}

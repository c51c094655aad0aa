package sidebyside_test

import (
	"github.com/gradewatch/gradewatch/checks/observatory"
)

// difference makes of what the Observatory says what ours says instead.
type difference func(outcome) outcome

// differences are all there are; docs/checks.md explains each.
func differences() map[string]difference {
	return map[string]difference{
		"reflected origin": func(their outcome) outcome {
			their = instead(their, observatory.CrossOriginResourceSharing, "cross-origin-resource-sharing-implemented-with-universal-access", -50, new(bool))
			their.Score, their.Grade = 50, "C"
			return their
		},
		"page of another site": func(their outcome) outcome {
			return instead(their, observatory.SubresourceIntegrity, observatory.Inconclusive, 0, nil)
		},
		"policy in the body": func(their outcome) outcome {
			their = instead(their, observatory.ContentSecurityPolicy, "csp-not-implemented", -25, new(bool))
			their.Score, their.Grade = 55, "C"
			return their
		},
		"script in a noscript": func(their outcome) outcome {
			their = instead(their, observatory.SubresourceIntegrity, "sri-not-implemented-but-no-scripts-loaded", 0, nil)
			their.Score += 5
			return their
		},
		"no end": func(their outcome) outcome { return outcome{Host: their.Host} },
	}
}

// instead is an outcome with one rule replaced.
func instead(their outcome, name, result string, modifier int, pass *bool) outcome {
	rules := make([]rule, len(their.Rules))
	for i, one := range their.Rules {
		if one.Name == name {
			one = rule{Name: name, Result: result, Modifier: modifier, Pass: pass}
		}
		rules[i] = one
	}
	their.Rules = rules
	return their
}

// reachable are the results that at least one site has: every one that the
// Observatory's table lists, but for those of unreachable.
func reachable() []string {
	var all []string
	for _, result := range observatory.Results() {
		if !unreachable()[result] {
			all = append(all, result)
		}
	}
	return all
}

// unreachable are results that no answer gives on the Observatory's side.
func unreachable() map[string]bool {
	return map[string]bool{
		observatory.Inconclusive: true, // ours
		// It looks for the Origin that it sent where its client does not keep it.
		"cross-origin-resource-sharing-implemented-with-universal-access": true,
	}
}

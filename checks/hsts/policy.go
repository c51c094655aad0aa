package hsts

import (
	"slices"
	"strings"
)

// Policy is what the Strict-Transport-Security fields of one answer say. The
// zero Policy is that of an answer without any.
type Policy struct {
	MaxAge            int64 // seconds, at most math.MaxInt64; 0 where Valid means: forget this host
	IncludeSubDomains bool
	Preload           bool // not of RFC 6797: asks to be listed
	Valid             bool // a browser takes it
	// Faults are what is wrong with it, sorted; some leave it valid.
	Faults []Fault
}

// Fault is what is wrong with Strict-Transport-Security fields.
type Fault string

// The faults. SeveralFields leaves a policy valid, the others do not.
const (
	SeveralFields     Fault = "several_fields"     // browsers take the first (RFC 6797 section 8.1)
	BrokenSyntax      Fault = "broken_syntax"      // section 6.1
	RepeatedDirective Fault = "repeated_directive" // section 6.1, rule 2
	MaxAgeMissing     Fault = "max_age_missing"    // section 6.1.1
	MaxAgeInvalid     Fault = "max_age_invalid"    // no digits
	TooLong           Fault = "too_long"           // not kept whole, so nobody can tell
)

// Parse reads the values of the Strict-Transport-Security fields of one answer,
// in order, as checks.Response.HSTS keeps them (RFC 6797 sections 6.1 and 8.1):
// the first field counts, names are read without regard to case, values with or
// without quotes, and unknown directives are ignored.
func Parse(values []string) Policy {
	var policy Policy
	if len(values) == 0 {
		return policy
	}
	if len(values) > 1 {
		policy.Faults = append(policy.Faults, SeveralFields)
	}
	if len(values[0]) > 500 && strings.HasSuffix(values[0], "…") {
		policy.Faults = append(policy.Faults, TooLong)
		return policy
	}
	directives, fine := ParseDirectives(values[0])
	policy.Valid = true
	if !fine {
		policy.reject(BrokenSyntax)
	}
	for _, directive := range directives {
		if directive.Repeated {
			policy.reject(RepeatedDirective)
		}
	}
	_, policy.IncludeSubDomains = DirectiveNamed(directives, "includesubdomains")
	_, policy.Preload = DirectiveNamed(directives, "preload")
	age, found := DirectiveNamed(directives, "max-age")
	if !found {
		policy.reject(MaxAgeMissing)
	} else if policy.MaxAge, fine = Seconds(age.Value); !fine {
		policy.reject(MaxAgeInvalid)
	}
	slices.Sort(policy.Faults)
	return policy
}

func (p *Policy) reject(fault Fault) {
	p.Valid = false
	if !slices.Contains(p.Faults, fault) {
		p.Faults = append(p.Faults, fault)
	}
}

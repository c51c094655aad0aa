package grade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// mostNamed bounds how many suites or clients a sentence names.
const mostNamed = 3

// listed is a bounded list in words: "a, b and 2 more".
func listed(names []string) string {
	switch extra := len(names) - mostNamed; {
	case extra > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNamed], ", "), extra)
	case len(names) > 1:
		return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
	default:
		return strings.Join(names, "")
	}
}

// anySuite holds where a suite of a kind is accepted in any version.
func anySuite(of kind) condition {
	return func(f *facts) answer {
		truth, missing := f.takes(of, ssl2, tls13)
		if truth != yes {
			return answer{truth: truth, missing: missing}
		}
		return f.named(of)
	}
}

// named is the proof that suites of a kind are accepted, one a version.
func (f *facts) named(of kind) answer {
	var all []string
	var proof []checks.Proof
	for i := range f.versions {
		v := &f.versions[i]
		if v.kinds&of == 0 {
			continue
		}
		var names []string
		for _, s := range v.suites {
			if s.kind&of != 0 {
				names = append(names, s.title(of))
			}
		}
		for _, name := range names {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
		proof = append(proof, checks.Proof{
			Fact: "addresses[" + f.address + "].suites." + string(v.protocol), Value: listed(names),
			Text:  fmt.Sprintf("%s accepts %s with %s.", f.address, listed(names), v.protocol.Title()),
			Cause: checks.CauseConfiguration,
		})
	}
	return fires(listed(all), proof...)
}

// title names a suite with the parameters that matter.
func (s suite) title(of kind) string {
	switch {
	case of&(isDH1024|isDH2048) != 0 && s.GroupBits > 0:
		return fmt.Sprintf("%s (%d bits)", s.Name, s.GroupBits)
	case of&isWeakCipher != 0:
		return fmt.Sprintf("%s (%d bits)", s.Name, s.Strength)
	}
	return s.Name
}

// suiteOrFinding holds where a suite of a kind is accepted, or a probe for it
// says so.
func suiteOrFinding(of kind, name checks.Vulnerability) condition {
	return func(f *facts) answer {
		truth, missing := f.takes(of, ssl2, tls12)
		if truth == yes {
			got := f.named(of)
			got.what = ": " + got.what
			return got
		}
		finding, _ := f.finding(name)
		switch finding.Result {
		case checks.Vulnerable, checks.Exposed:
			return f.found(name, finding)
		case checks.NotVulnerable, checks.NotExposed, checks.VulnerabilityInapplicable:
			if missing&protocolsMissing == 0 {
				return never()
			}
		}
		return answer{truth: truth, missing: missing}
	}
}

// rc4Only: every suite of every version is RC4 (section 5, F-RC4-ONLY).
func rc4Only(f *facts) answer {
	var missing components
	seen := false
	for i := range f.versions {
		v := &f.versions[i]
		if v.accepted == yes && i == tls13 {
			return never()
		}
		for _, s := range v.suites {
			if s.kind&isRC4 == 0 {
				return never()
			}
			seen = true
		}
		missing |= v.open
	}
	switch {
	case missing != 0:
		return cannotTell(missing)
	case !seen:
		return never()
	}
	return f.named(isRC4)
}

// noAEAD: no suite with authenticated encryption is accepted. TLS 1.3 has no
// other worth the name.
func noAEAD(f *facts) answer {
	if f.spoken() == no || f.accepts(tls13) == yes || f.versions[tls12].kinds&isAEAD != 0 {
		return never()
	}
	if missing := f.versions[tls12].open | f.versions[tls13].open; missing != 0 {
		return cannotTell(missing)
	}
	text := "No accepted suite has authenticated encryption."
	if f.accepts(tls12) == no {
		text = "Authenticated encryption needs TLS 1.2 or TLS 1.3, and both are refused."
	}
	return fires("", checks.Proof{Fact: "addresses[" + f.address + "].suites", Value: "no AEAD", Text: text, Cause: checks.CauseConfiguration})
}

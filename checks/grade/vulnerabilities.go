package grade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// findingOf holds where a probe says vulnerable, with one of the values of the
// rule's data. needs says whether the vulnerability is possible at all.
func findingOf(name checks.Vulnerability, needs condition) func(Rule) condition {
	return func(rule Rule) condition {
		return func(f *facts) answer {
			finding, missing := f.finding(name)
			switch finding.Result {
			case checks.Vulnerable:
				if value := finding.SSLLabsValue; value != nil && len(rule.Values) > 0 && !slices.Contains(rule.Values, *value) {
					return never()
				}
				return f.found(name, finding)
			case checks.NotVulnerable, checks.NotExposed, checks.VulnerabilityInapplicable:
				return never()
			}
			if needs(f).truth == no {
				return never()
			}
			return cannotTell(missing)
		}
	}
}

// found is the proof of a finding.
func (f *facts) found(name checks.Vulnerability, finding checks.Finding) answer {
	text := fmt.Sprintf("%s is vulnerable to %s.", f.address, name.Title())
	if len(finding.Proof) > 0 {
		text = fmt.Sprintf("%s is vulnerable to %s: %s.", f.address, name.Title(), strings.Join(finding.Proof, "; "))
	}
	return fires("", checks.Proof{
		Fact: "addresses[" + f.address + "].vulnerabilities." + string(name), Value: string(finding.Result), Text: text,
		Cause: checks.CauseConfiguration,
	})
}

// What vulnerabilities need. Each holds where it is there, or may be.

func needsLegacy(f *facts) answer {
	truth, missing := f.legacy()
	return answer{truth: truth, missing: missing}
}

func needsSSL3(f *facts) answer { return answer{truth: f.accepts(ssl3)} }

func needsSuite(of kind) condition {
	return func(f *facts) answer {
		truth, missing := f.takes(of, ssl3, tls12)
		return answer{truth: truth, missing: missing}
	}
}

func needsHeartbeat(f *facts) answer {
	fact := f.observed.Full.Features.Heartbeat
	if fact.State == checks.Absent || fact.State == checks.Known && !fact.Value {
		return never()
	}
	return needsLegacy(f)
}

func needsTickets(f *facts) answer {
	fact := f.observed.Full.Features.Tickets
	if fact.State == checks.Absent || fact.State == checks.Known && !fact.Value.Issued {
		return never()
	}
	return needsLegacy(f)
}

// needsOldStack is needs for a fault of one stack that was mended before that
// stack had TLS 1.3 of RFC 8446 (2018): CVE-2014-0160, CVE-2014-0224 and
// CVE-2016-2107 in OpenSSL before 1.0.2, which never had it (1.1.1 was the
// first), CVE-2016-9244 in F5's TMOS before 13. What accepts TLS 1.3 is none of
// these (rating guide, section 10.5). Where only some of the servers behind an
// address accept it, the others may be.
func needsOldStack(needs condition) condition {
	return func(f *facts) answer {
		fact := f.observed.TLS.Protocols[checks.TLSv13]
		if fact.State == checks.Known && !fact.Value.Mixed {
			return never()
		}
		return needs(f)
	}
}

// compression: the server chooses DEFLATE (CRIME).
func compression(f *facts) answer {
	fact := f.observed.Full.Features.Compression
	finding, _ := f.finding(checks.CRIME)
	switch {
	case fact.State == checks.Known && fact.Value != "NULL":
		return fires("", f.featureProof("compression", fact.Value, "%s compresses with "+fact.Value+"."))
	case finding.Result == checks.Vulnerable:
		return f.found(checks.CRIME, finding)
	case fact.Conclusive(), finding.Result == checks.NotVulnerable, finding.Result == checks.VulnerabilityInapplicable, needsLegacy(f).truth == no:
		return never()
	}
	return cannotTell(featuresMissing)
}

func (f *facts) featureProof(feature, value, text string) checks.Proof {
	return checks.Proof{
		Fact: "addresses[" + f.address + "].features." + feature, Value: value, Text: fmt.Sprintf(text, f.address),
		Cause: checks.CauseConfiguration,
	}
}

// noSecureRenegotiation: renegotiation_info does not come back. TLS 1.3 has no
// renegotiation.
func noSecureRenegotiation(f *facts) answer {
	fact := f.observed.Full.Features.SecureRenegotiation
	switch {
	case fact.State == checks.Known && !fact.Value:
		return fires("", f.featureProof("secure_renegotiation", "false", "%s does not return renegotiation_info (RFC 5746)."))
	case fact.Conclusive(), needsLegacy(f).truth == no:
		return never()
	}
	return cannotTell(featuresMissing)
}

// fallbackSCSV holds where TLS_FALLBACK_SCSV is obeyed or cannot be tested. A
// server of TLS 1.3 alone could not reach A+ while this was asked (section 7).
func fallbackSCSV(f *facts) answer {
	fact := f.observed.Full.Features.FallbackSCSV
	legacy, missing := f.legacy()
	switch {
	case legacy == no && f.accepts(tls13) == yes:
		return never()
	case fact.State == checks.Known && fact.Value:
		return fires("", f.featureProof("fallback_scsv", "true", "%s refuses a fallback to a lower version."))
	case fact.State == checks.Known:
		return never()
	case fact.State == checks.Absent && legacy == yes:
		return fires("", f.featureProof("fallback_scsv", "absent", "%s has no lower version to fall back to."))
	}
	return cannotTell(missing | featuresMissing)
}

// hiddenOracle: a padding oracle is there that its rule does not count, since
// both reactions look the same in the network (section 13, row 5).
func hiddenOracle(f *facts) answer {
	hidden := map[checks.Vulnerability]int{
		checks.ZombiePOODLE: 2, checks.GOLDENDOODLE: 4, checks.ZeroLengthPaddingOracle: 6, checks.SleepingPOODLE: 10,
	}
	var names []string
	var proof []checks.Proof
	for _, name := range checks.IntrusiveVulnerabilities() {
		finding := f.observed.Full.Intrusive[name]
		if value, found := hidden[name]; found && finding.Result == checks.Vulnerable && finding.SSLLabsValue != nil && *finding.SSLLabsValue == value {
			names, proof = append(names, name.Title()), append(proof, f.found(name, finding).proof...)
		}
	}
	if len(names) == 0 {
		return never()
	}
	return fires(listed(names), proof...)
}

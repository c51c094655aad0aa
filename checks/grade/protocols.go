package grade

import (
	"fmt"

	"github.com/gradewatch/gradewatch/checks"
)

// accepted holds where a version is accepted, whatever its suites.
func accepted(version int) condition {
	return func(f *facts) answer {
		switch f.accepts(version) {
		case yes:
			return fires("", f.protocolProof(version))
		case unknown:
			return cannotTell(protocolsMissing)
		}
		return never()
	}
}

func (f *facts) protocolProof(version int) checks.Proof {
	protocol := f.versions[version].protocol
	fact := f.observed.TLS.Protocols[protocol]
	proof := checks.Proof{
		Fact: "addresses[" + f.address + "].protocols." + string(protocol), Value: checks.ProtocolAnswer(fact),
		Text: fmt.Sprintf("%s refuses %s.", f.address, protocol.Title()), Cause: checks.CauseConfiguration,
	}
	switch {
	case fact.State == checks.Known && fact.Value.Mixed:
		proof.Text = fmt.Sprintf("Some of the servers behind %s accept %s.", f.address, protocol.Title())
	case fact.State == checks.Known:
		proof.Text = fmt.Sprintf("%s accepts %s.", f.address, protocol.Title())
	}
	return proof
}

// sslv2: SSL 2.0 counts with and without cipher specs (CVE-2015-3197).
func sslv2(f *facts) answer {
	got := accepted(ssl2)(f)
	if f.observed.TLS.Protocols[checks.SSLv2].Value.WithoutSuites && got.truth == yes {
		got.what = ", with an empty list of ciphers (CVE-2015-3197)"
	}
	return got
}

// drown: SSL 2.0 here, or proved elsewhere for the same key or name.
func drown(f *facts) answer {
	if got := accepted(ssl2)(f); got.truth != no {
		return got
	}
	if finding, _ := f.finding(checks.DROWN); finding.Result == checks.Vulnerable {
		return f.found(checks.DROWN, finding)
	}
	return never()
}

// sslv3Best: SSL 3.0 and no TLS.
func sslv3Best(f *facts) answer {
	best := f.accepts(ssl3)
	for version := tls10; version <= tls13; version++ {
		switch f.accepts(version) {
		case yes:
			return never()
		case unknown:
			if best == yes {
				best = unknown
			}
		case no:
		}
	}
	switch best {
	case yes:
		return fires("", f.protocolProof(ssl3))
	case unknown:
		return cannotTell(protocolsMissing)
	}
	return never()
}

// noTLS12: TLS 1.3 alone is fine.
func noTLS12(f *facts) answer {
	switch {
	case f.accepts(tls12) == yes, f.accepts(tls13) == yes, f.spoken() == no:
		return never()
	case f.accepts(tls12) == unknown, f.accepts(tls13) == unknown:
		return cannotTell(protocolsMissing)
	}
	return fires("", f.protocolProof(tls12), f.protocolProof(tls13))
}

func noTLS13(f *facts) answer {
	switch {
	case f.accepts(tls13) == yes, f.spoken() == no:
		return never()
	case f.accepts(tls13) == unknown:
		return cannotTell(protocolsMissing)
	}
	return fires("", f.protocolProof(tls13))
}

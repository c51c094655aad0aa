package policy

import (
	"fmt"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

const remedyCertificate = "Install a certificate of a public authority for this host name, with its intermediate certificates, and renew it in time."

// certificateValid judges T-09: path, name and dates of the chain that each
// address of the registered host serves. Whether it was revoked is not asked
// yet, and the proof says so.
func (q question) certificateValid() judgement {
	if answer, none := q.needsTLS(); none {
		return answer
	}
	answer := q.overAddresses(remedyCertificate, q.chainFinding)
	answer.proof = append(answer.proof, checks.Proof{
		Fact: "revocation", Value: checks.NotAsked.String(), Text: "Whether the certificate was revoked was not asked yet.",
	})
	return answer
}

func (q question) chainFinding(a checks.AddressObservation) finding {
	path := fmt.Sprintf("addresses[%s].certificates", a.Address)
	sent := a.TLS.Chain
	if sent.State != checks.Known || q.roots == nil {
		return oneFinding(checks.ResultInconclusive, path, factValue(sent),
			fmt.Sprintf("No certificate of %s was seen: it %s.", a.Address, sent.Reason.Text()))
	}
	ders := make([][]byte, 0, len(sent.Value))
	for _, fingerprint := range sent.Value {
		der := q.observation.Certificate(fingerprint)
		if der == nil {
			return oneFinding(checks.ResultInconclusive, path, checks.NotAsked.String(),
				fmt.Sprintf("The certificate %s that %s serves is not at hand.", fingerprint, a.Address))
		}
		ders = append(ders, der)
	}
	result := chain.Verify(ders, q.host(), q.at, q.roots)
	trusted := result.Trusted()
	switch trusted.Answer {
	case chain.Yes:
		return q.trustedFinding(a, path, result)
	case chain.No:
		return faultsFinding(a, path, checks.Fail, trusted.Faults)
	}
	return faultsFinding(a, path, checks.ResultInconclusive, trusted.Faults)
}

// host is the name that the certificate must be for.
func (q question) host() string {
	if q.observation.DNS.Host != "" {
		return q.observation.DNS.Host // in ASCII, as it was asked
	}
	if q.url == nil {
		return ""
	}
	return q.url.Hostname()
}

func (q question) trustedFinding(a checks.AddressObservation, path string, result chain.Result) finding {
	value, root := "trusted", ""
	if result.PrivateRoot {
		value, root = "private root", " It leads to a private root, which browsers elsewhere do not trust."
	}
	text := fmt.Sprintf("The certificate of %s is for %s and valid until %s.%s",
		a.Address, q.host(), result.PathNotAfter.UTC().Format("2006-01-02 15:04 UTC"), root)
	good := oneFinding(checks.Pass, path, value, text)
	good.proof[0].Cause = checks.CauseCertificate
	return good
}

func faultsFinding(a checks.AddressObservation, path string, result checks.Result, faults []chain.Fault) finding {
	bad := finding{result: result}
	for _, fault := range faults {
		cause := checks.CauseCertificate
		if fault.Code == chain.Expired || fault.Code == chain.NotYetValid {
			cause = checks.CauseTime
		}
		bad.proof = append(bad.proof, checks.Proof{
			Fact: path, Value: string(fault.Code), Cause: cause,
			Text: fmt.Sprintf("%s: %s", a.Address, fault.Text),
		})
	}
	return bad
}

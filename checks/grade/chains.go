package grade

import (
	"cmp"
	"fmt"

	"github.com/gradewatch/gradewatch/checks"
)

// fault holds where a question about any chain that clients get is answered
// yes. Several leaves: the worst of all (section 13, row 16).
func fault(question checks.Question) condition {
	return func(f *facts) answer {
		var proof []checks.Proof
		open := components(0)
		for _, c := range f.chains {
			finding := c.Findings[question]
			switch finding.Answer {
			case checks.FaultFound:
				proof = f.faultProof(proof, c, question, finding)
			case checks.FaultNotFound, checks.FaultNotApplicable:
			default:
				open |= chainMissing
			}
		}
		if len(proof) > 0 {
			return fires("", proof...)
		}
		return f.openChains(open)
	}
}

// openChains is the answer where no known chain has what was asked for.
func (f *facts) openChains(open components) answer {
	switch {
	case len(f.chains) == 0:
		open |= chainMissing
	case !f.allChains:
		open |= chainsMissing
	}
	if open != 0 {
		return cannotTell(open)
	}
	return never()
}

func (f *facts) faultProof(proof []checks.Proof, c chain, question checks.Question, finding checks.ChainFinding) []checks.Proof {
	path := fmt.Sprintf("addresses[%s].chains[%d].%s", f.address, c.index, question)
	if len(finding.Details) == 0 {
		return append(proof, checks.Proof{Fact: path, Value: string(finding.Answer), Text: "The certificate chain shows it.", Cause: finding.Cause})
	}
	for _, detail := range finding.Details {
		if len(proof) >= mostNamed {
			break
		}
		proof = append(proof, checks.Proof{Fact: path, Value: cmp.Or(detail.Value, string(finding.Answer)), Text: detail.Text, Cause: finding.Cause})
	}
	return proof
}

// shortKey holds where a leaf's key is worth from and up to, less than, so many
// bits of RSA.
func shortKey(from, below int) condition {
	return func(f *facts) answer {
		open := components(0)
		var what string
		var proof []checks.Proof
		for _, c := range f.chains {
			bits := c.Leaf.RSABits
			switch {
			case bits <= 0:
				open |= keyMissing
			case bits >= from && bits < below:
				what = keyTitle(c.Leaf)
				proof = append(proof, checks.Proof{
					Fact: fmt.Sprintf("addresses[%s].chains[%d].leaf.rsa_bits", f.address, c.index), Value: fmt.Sprint(bits),
					Text: fmt.Sprintf("The certificate's key is %s.", what), Cause: checks.CauseCertificate,
				})
			}
		}
		if len(proof) > 0 {
			return fires(what, proof...)
		}
		return f.openChains(open)
	}
}

func keyTitle(leaf checks.LeafAppraisal) string {
	switch {
	case leaf.Curve != "":
		return fmt.Sprintf("%s %s, worth %d bits of RSA", leaf.Key, leaf.Curve, leaf.RSABits)
	case leaf.KeyBits > 0 && leaf.KeyBits != leaf.RSABits:
		return fmt.Sprintf("%s of %d bits, worth %d bits of RSA", leaf.Key, leaf.KeyBits, leaf.RSABits)
	}
	return fmt.Sprintf("%s of %d bits", leaf.Key, leaf.RSABits)
}

// privateRoot: trust rests on a root that somebody added here.
func privateRoot(f *facts) answer {
	var proof []checks.Proof
	for _, c := range f.chains {
		if c.PrivateRoot {
			proof = append(proof, checks.Proof{
				Fact: fmt.Sprintf("addresses[%s].chains[%d].private_root", f.address, c.index), Value: "true",
				Text: "The path leads to a private root that was added here; browsers do not trust it.", Cause: checks.CauseTrustData,
			})
		}
	}
	if len(proof) == 0 {
		return never()
	}
	return fires("", proof...)
}

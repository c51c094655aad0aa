package views

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// appraisedChain is a chain with the addresses that send it.
type appraisedChain struct {
	checks.ChainAppraisal
	addresses []string
}

// appraisedChains gathers the chains of all addresses; one that looks the same
// wherever it is sent stands once.
func appraisedChains(seen Seen) []appraisedChain {
	var chains []appraisedChain
	for _, address := range seen.Appraisal.Addresses {
		for _, chain := range address.Chains {
			at := slices.IndexFunc(chains, func(known appraisedChain) bool {
				return known.SNI == chain.SNI && sameForm(known.ChainAppraisal, chain)
			})
			if at < 0 {
				at = len(chains)
				chains = append(chains, appraisedChain{ChainAppraisal: chain})
			}
			chains[at].addresses = append(chains[at].addresses, address.Address.String())
		}
	}
	return chains
}

func sameForm(a, b checks.ChainAppraisal) bool {
	_, first, firstErr := checks.Canonical(a)
	_, second, secondErr := checks.Canonical(b)
	return firstErr == nil && secondErr == nil && first == second
}

func (c appraisedChain) title(seen Seen) string {
	name := "The chain"
	if len(c.Served) > 0 {
		name = certificateName(seen, c.Served[0])
	}
	if !c.SNI {
		name += ", for clients that name no host"
	}
	return name
}

func (c appraisedChain) sentBy() string {
	return fmt.Sprintf("Sent by %s; %s.", strings.Join(c.addresses, ", "), plural(len(c.Served), "certificate"))
}

// answeredWith lists the questions with this answer, in order.
func answeredWith(chain checks.ChainAppraisal, answer checks.FaultAnswer) []checks.Question {
	return slices.DeleteFunc(checks.Questions(), func(question checks.Question) bool {
		return chain.Findings[question].Answer != answer
	})
}

func trustSentence(chain checks.ChainAppraisal) string {
	switch {
	case len(chain.Path) == 0:
		return "No path to a trusted root."
	case chain.PrivateRoot:
		return "By a private root, which browsers elsewhere do not trust."
	}
	var stores []string
	for store, trusted := range chain.Stores {
		if trusted {
			stores = append(stores, storeTitle(store))
		}
	}
	slices.Sort(stores)
	if len(stores) == 0 {
		return "No path to a root of a store."
	}
	return "By the roots of " + strings.Join(stores, " and ") + "."
}

func storeTitle(store string) string {
	switch store {
	case "mozilla":
		return "Mozilla"
	case "system":
		return "the machine that looks"
	default:
		return store
	}
}

func keySentence(leaf checks.LeafAppraisal) string {
	text := fmt.Sprintf("%s, %d bits", leaf.Key, leaf.KeyBits)
	if leaf.Curve != "" {
		text += " (" + leaf.Curve + ")"
	}
	if leaf.RSABits != 0 && leaf.RSABits != leaf.KeyBits {
		text += fmt.Sprintf(", as strong as RSA of %d bits", leaf.RSABits)
	}
	return text
}

// lifetimeWords says a lifetime in days, and in hours below two days.
func lifetimeWords(lifetime time.Duration) string {
	const day = 24 * time.Hour
	if lifetime < 2*day {
		return plural(int(lifetime.Round(time.Hour)/time.Hour), "hour")
	}
	return plural(int((lifetime+day-1)/day), "day")
}

// QuestionTitle is a question of checks.Questions as the name of its fault.
func QuestionTitle(question checks.Question) string {
	if title, known := questionTitles()[question]; known {
		return title
	}
	return titled(strings.ReplaceAll(string(question), "_", " "))
}

func questionTitles() map[checks.Question]string {
	return map[checks.Question]string{
		checks.NotYetValid:     "Not valid yet",
		checks.Expired:         "Expired",
		checks.SelfSigned:      "Self-signed",
		checks.UnknownIssuer:   "No path to a trusted root",
		checks.SHA1Signature:   "Signed with SHA-1",
		checks.Distrusted:      "Distrusted authority",
		checks.Blacklisted:     "On a list of compromised keys or certificates",
		checks.KeyUsage:        "Not allowed to be used like this",
		checks.NameMismatch:    "For another name",
		checks.IncompleteChain: "An intermediate certificate is missing",
		checks.MDSignature:     "Signed with MD2, MD4 or MD5",
		checks.WeakKey:         "Short key",
		checks.DebianWeakKey:   "Debian weak key (CVE-2008-0166)",
		checks.ExponentOne:     "RSA exponent 1",
		checks.Revoked:         "Revoked",
		checks.ROCA:            "ROCA (CVE-2017-15361)",
		checks.Unparsable:      "Cannot be parsed",
		checks.WrongOrder:      "Wrong order",
		checks.Duplicates:      "Sent twice",
		checks.RootSent:        "The root was sent, which no client needs",
		checks.Superfluous:     "Certificates that the path does not use",
		checks.LifetimeTooLong: "Lifetime over the Baseline Requirements",
		checks.LintError:       "Breaks rules for certificates (zlint)",
		checks.TooFewSCTs:      "Too few certificate timestamps",
		checks.InvalidSCT:      "A certificate timestamp does not verify",
		checks.StapleMissing:   "Must-staple without a staple",
		checks.StapleInvalid:   "The OCSP staple is worth nothing",
		checks.CAAForbids:      "CAA does not allow the issuer",
		checks.TLSAMismatch:    "No TLSA record fits",
		checks.RenewalOverdue:  "Renewal overdue",
		checks.RenewalAsked:    "The issuer asks for a renewal now",
	}
}

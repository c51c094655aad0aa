package views

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/store"
)

// sameAnswer are addresses that gave the same answer, said once.
type sameAnswer struct {
	addresses []netip.Addr
	checks.AddressObservation
}

func (s sameAnswer) label() string {
	words := make([]string, 0, len(s.addresses))
	for _, address := range s.addresses {
		words = append(words, address.String())
	}
	return strings.Join(words, ", ")
}

// sameAnswers groups the addresses that have a part by what it holds.
func sameAnswers(seen Seen, part func(checks.AddressObservation) any) []sameAnswer {
	var groups []sameAnswer
	index := map[string]int{}
	for _, address := range seen.Addresses {
		value := reflect.ValueOf(part(address))
		if value.IsZero() || value.Kind() == reflect.Map && value.Len() == 0 {
			continue
		}
		form, _, err := checks.Canonical(part(address))
		if err != nil {
			continue // it was read from the same form
		}
		i, known := index[string(form)]
		if !known {
			i = len(groups)
			index[string(form)] = i
			groups = append(groups, sameAnswer{AddressObservation: address})
		}
		groups[i].addresses = append(groups[i].addresses, address.Address)
	}
	return groups
}

func suitesOf(a checks.AddressObservation) any          { return a.Full.Suites }
func chainsOf(a checks.AddressObservation) any          { return a.Full.Chains }
func featuresOf(a checks.AddressObservation) any        { return a.Full.Features }
func vulnerabilitiesOf(a checks.AddressObservation) any { return a.Full.Vulnerabilities }
func intrusiveOf(a checks.AddressObservation) any       { return a.Full.Intrusive }
func simulationsOf(a checks.AddressObservation) any     { return a.Full.Simulations }

// withTLS lists the addresses that the newest looks went to: one that has
// nothing but what a full look knew of it is not among them.
func withTLS(addresses []checks.AddressObservation) []checks.AddressObservation {
	return slices.DeleteFunc(slices.Clone(addresses), func(a checks.AddressObservation) bool {
		return len(a.TLS.Protocols) == 0 && reflect.ValueOf(a.HTTP).IsZero() && !reflect.ValueOf(a.Full).IsZero()
	})
}

// neverFull says whether nothing that only a full look knows was ever answered.
func neverFull(seen Seen) bool {
	return !slices.ContainsFunc(seen.Addresses, func(a checks.AddressObservation) bool { return !reflect.ValueOf(a.Full).IsZero() })
}

// ago says how long before now something was seen.
func ago(now, at time.Time) string {
	past := now.Sub(at)
	switch {
	case past < time.Minute:
		return "just now"
	case past < time.Hour:
		return plural(int(past/time.Minute), "minute") + " ago"
	case past < 48*time.Hour:
		return plural(int(past/time.Hour), "hour") + " ago"
	default:
		return plural(int(past/(24*time.Hour)), "day") + " ago"
	}
}

// markOf says what is wrong with a suite, in words, and how bad it is: a class
// of state, empty where nothing is.
func markOf(protocol checks.Protocol, suite checks.Suite, primes []checks.Prime) (class string, words []string) {
	found := suite.Mark(protocol)
	insecure, weak := found.Insecure, found.Weak
	for _, prime := range primes {
		if prime.SHA256 == suite.Prime && prime.Weak {
			insecure = append(insecure, "weak Diffie-Hellman parameters")
		}
	}
	switch {
	case len(insecure) > 0:
		return "fail", append(insecure, weak...)
	case len(weak) > 0:
		return "unsure", weak
	default:
		return "", nil
	}
}

// strengthWord is a cipher's strength; none has no number.
func strengthWord(suite checks.Suite) string {
	if suite.Strength == 0 {
		return "None"
	}
	return strconv.Itoa(suite.Strength) + " bits"
}

func keyExchangeWord(suite checks.Suite) string {
	if suite.KeyExchange == "TLS13" {
		return "TLS 1.3"
	}
	return strings.ReplaceAll(suite.KeyExchange, "_", " ")
}

func groupWord(suite checks.Suite) string {
	switch {
	case suite.Group != "":
	case suite.KeyExchange == "TLS13":
		return "Chosen apart"
	default:
		return "None"
	}
	return groupText(suite.Group, suite.GroupBits)
}

func groupText(name string, bits int) string {
	if bits == 0 {
		return name
	}
	return fmt.Sprintf("%s (%d bits)", name, bits)
}

// preferenceSentence says whose order of suites decides.
func preferenceSentence(fact checks.Fact[checks.Preference]) string {
	switch fact.State {
	case checks.Known:
		if fact.Value == checks.ServerPreference {
			return "The server's order decides; it is the order below."
		}
		return "The client's order decides."
	case checks.Absent:
		return "There is no choice: fewer than 2."
	case checks.Inconclusive:
		return "We could not tell whose order decides: " + reasonWords(fact.Reason) + "."
	default:
		return ""
	}
}

func groupPreferenceSentence(preference checks.Preference) string {
	if preference == checks.ServerPreference {
		return "The server's order decides."
	}
	return "The client's order decides."
}

// worstFirst lists vulnerabilities with the bad news first, then what could not
// be told, and last what was not asked, each in order.
func worstFirst(found checks.Vulnerabilities, order []checks.Vulnerability) []checks.Vulnerability {
	rank := func(v checks.Vulnerability) int {
		switch found[v].Result {
		case checks.Vulnerable:
			return 0
		case checks.Exposed:
			return 1
		case checks.VulnerabilityInconclusive:
			return 2
		case "", checks.VulnerabilityNotAsked:
			return 4
		default:
			return 3
		}
	}
	list := slices.Clone(order)
	slices.SortStableFunc(list, func(a, b checks.Vulnerability) int { return rank(a) - rank(b) })
	return list
}

func primeSentence(prime checks.Prime) string {
	origin := "home-made"
	if prime.Known != "" {
		origin = prime.Known
	}
	text := fmt.Sprintf("%d bits, %s", prime.Bits, origin)
	if prime.Weak {
		text += ", weak"
	}
	return text
}

// findingMark is the shape and word of a finding.
func findingMark(result checks.VulnerabilityResult) (mark, string) {
	switch result {
	case checks.Vulnerable:
		return mark{"octagon", "fail"}, "Vulnerable"
	case checks.Exposed: // it states configuration: a client can be led into it
		return mark{"diamond", "unsure"}, "Exposed"
	case checks.NotVulnerable:
		return mark{"check", "pass"}, "Not vulnerable"
	case checks.NotExposed:
		return mark{"check", "pass"}, "Not exposed"
	case checks.VulnerabilityInapplicable:
		return mark{"dash", "calm"}, "Does not apply"
	case checks.VulnerabilityInconclusive:
		return mark{"diamond", "unsure"}, "Could not tell"
	default:
		return mark{"dash", "calm"}, "Not asked"
	}
}

// titled begins a name with a capital.
func titled(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// clientsSummary counts what clients get.
func clientsSummary(clients []checks.Simulation) string {
	connected, secret := 0, 0
	for _, client := range clients {
		if client.Handshake.State == checks.Known {
			connected++
			if client.Handshake.Value.ForwardSecrecy {
				secret++
			}
		}
	}
	return fmt.Sprintf("%d of %s get a handshake, %d of them with forward secrecy", connected, plural(len(clients), "client"), secret)
}

// shutOut lists the clients that get no handshake.
func shutOut(clients []checks.Simulation) string {
	var names []string
	for _, client := range clients {
		if client.Handshake.State == checks.Absent {
			names = append(names, client.Client)
		}
	}
	return strings.Join(names, ", ")
}

func yesOrNo(value bool) string {
	if value {
		return "Yes"
	}
	return "No"
}

// newestFirst lists the protocol versions as a reader wants them.
func newestFirst() []checks.Protocol {
	protocols := slices.Clone(checks.Protocols())
	slices.Reverse(protocols)
	return protocols
}

// newerLook says whether a look after at asked for a family and could not tell.
func (s *Standing) newerLook(family string, at time.Time) bool {
	switch family {
	case store.FamilyDNS, store.FamilyTLS, store.FamilyHTTP, store.FamilyCertificates, store.FamilyPKI:
		return at.Before(s.LookedAt)
	case store.FamilyIntrusive:
		return false // the full looks since may have had no leave
	default:
		return at.Before(s.FullLookedAt)
	}
}

func keyRows(suites checks.Suites) []featureRow {
	rows := []featureRow{
		truthRow("ChaCha20 for clients that prefer it", suites.PrefersChaCha20),
		reuseRow("Same Diffie-Hellman key twice", suites.DHReuse),
		reuseRow("Same ECDHE key twice", suites.ECDHEReuse),
	}
	for _, protocol := range newestFirst() {
		if fact, ok := suites.SignatureSchemes[protocol]; ok {
			rows = append(rows, factRow("Signs in "+protocol.Title()+" with", fact, func(names []string) string { return strings.Join(names, ", ") }))
		}
	}
	return rows
}

// reuseRow says whether a key came twice; a server without such an exchange has none.
func reuseRow(name string, fact checks.Fact[bool]) featureRow {
	row := truthRow(name, fact)
	switch {
	case fact.State == checks.Absent:
		row.answer = "Does not apply"
	case fact.State == checks.Known && fact.Value:
		row.class = "fails"
	}
	return row
}

func chainTitle(chain checks.ServedChain) string {
	if chain.SNI {
		return chain.Key + ", with SNI"
	}
	return chain.Key + ", without SNI"
}

// certificateName is what people call a certificate.
func certificateName(seen Seen, fingerprint checks.Fingerprint) string {
	for _, certificate := range seen.Certificates {
		if certificate.SHA256 == fingerprint && !certificate.Unread {
			return certificate.Subject
		}
	}
	return "A certificate that cannot be read"
}

// short is the beginning of a fingerprint: enough to tell two apart.
func short(fingerprint checks.Fingerprint) string {
	return string(fingerprint[:min(len(fingerprint), 16)])
}

func sniWords(fact checks.Fact[bool]) string {
	switch fact.State {
	case checks.Known:
		if fact.Value {
			return "Required: without it there is no handshake"
		}
		return "Not required"
	case checks.Absent:
		return "Not required"
	case checks.Inconclusive:
		return "We could not tell whether it is required: " + reasonWords(fact.Reason)
	default:
		return "Not asked"
	}
}

func handshakeGroup(handshake checks.SimulatedHandshake) string {
	if handshake.Group == "" {
		return "None"
	}
	return groupText(handshake.Group, handshake.GroupBits)
}

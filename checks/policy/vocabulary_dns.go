package policy

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

func (w *world) connected() bool {
	c := w.evidence.Observation.Connectivity
	return c.State == checks.Known && c.Value
}

func (w *world) connectivitySentence() string {
	if w.evidence.Observation.Connectivity.State == checks.Known {
		return "Our own network did not work at that time, so this says nothing about the application."
	}
	return "Nothing proves that our own network worked, so this says nothing about the application yet."
}

func (w *world) dnsSentence() string {
	dns := w.evidence.Observation.DNS
	if dns.Host == "" {
		return "The name was not looked up."
	}
	return fmt.Sprintf("%s %s.", dns.Host, dns.Addresses.Reason.Text())
}

// doesNotResolve lists the reasons for which nobody can find the application.
func doesNotResolve(reason checks.Reason) bool {
	switch reason {
	case checks.ReasonNameNotFound, checks.ReasonNoAddress, checks.ReasonResolverFailed:
		return true
	}
	return false
}

// addressesUnseen says why nothing is known of addresses that were not looked at.
func (w *world) addressesUnseen() *fact {
	if w.made.unseen == nil {
		w.made.unseen = w.fact(w.unseenProof(), nil)
	}
	return w.made.unseen
}

func (w *world) unseenProof() checks.Proof {
	observed := w.evidence.Observation
	addresses := observed.DNS.Addresses
	switch seen := len(observed.Addresses); {
	case seen > 0 && len(addresses.Value) > seen:
		return proof("dns.addresses", string(checks.ReasonBudget), fmt.Sprintf("The name has %d addresses; %d of them were looked at.", len(addresses.Value), seen))
	case addresses.State == checks.Known:
		return proof("addresses", checks.NotAsked.String(), "No address was looked at.")
	}
	sentence := w.dnsSentence()
	if observed.DNS.Host == "" {
		sentence = "the name was not looked up."
	}
	return proof("dns.addresses", factText(addresses), "There is no address to look at: "+sentence)
}

// moreAddresses is there where not every address was looked at.
func (w *world) moreAddresses() *fact {
	observed := w.evidence.Observation
	if seen := len(observed.Addresses); seen > 0 && len(observed.DNS.Addresses.Value) <= seen {
		return nil
	}
	return w.addressesUnseen()
}

func (w *world) addressList() ref.Val {
	var elements []ref.Val
	for _, one := range w.seenAddresses() {
		elements = append(elements, one)
	}
	made := w.listOf(elements)
	if w.moreAddresses() != nil {
		made.add(w.tail(w.unseenProof()))
	}
	return made
}

func onObservation(get func(w *world, o *checks.Observation) slot) func(*world, any) slot {
	return func(w *world, source any) slot { return get(w, source.(*checks.Observation)) }
}

func dnsKind() *kind {
	return &kind{name: "dns", doc: "What the host resolves to.", fields: []field{
		{name: "state", of: cel.StringType, values: []string{"resolves", "not_found", "no_address"}, doc: "whether it has addresses. Unknown where the look-up failed", get: onObservation(dnsState)},
		{name: "host", of: cel.StringType, doc: "the name that was looked up; empty where none was", get: onObservation(func(w *world, o *checks.Observation) slot {
			return w.told(proof("dns.host", o.DNS.Host, fmt.Sprintf("The host is %s.", o.DNS.Host)), types.String(o.DNS.Host))
		})},
	}}
}

func dnsState(w *world, o *checks.Observation) slot {
	addresses := o.DNS.Addresses
	switch {
	case addresses.State == checks.Known:
		return w.told(proof("dns.addresses", "known", fmt.Sprintf("%s has %d addresses.", o.DNS.Host, len(addresses.Value))), types.String("resolves"))
	case addresses.State == checks.Absent && addresses.Reason == checks.ReasonNameNotFound:
		return w.told(proof("dns.addresses", string(addresses.Reason), w.dnsSentence()), types.String("not_found"))
	case addresses.State == checks.Absent:
		return w.told(proof("dns.addresses", factText(addresses), w.dnsSentence()), types.String("no_address"))
	}
	return slot{fact: w.fact(proof("dns.addresses", factText(addresses), w.dnsSentence()), nil, texts("resolves", "not_found", "no_address")...)}
}

func recordsKind() *kind {
	return &kind{name: "records", doc: "What DNS says of the host besides its addresses. Only a full look asks.", fields: []field{
		{name: "aliases", of: cel.ListType(cel.StringType), doc: "the chain of CNAME targets, in order", get: onObservation(recordsAliases)},
		{name: "caa", of: listOf("caa"), doc: "the CAA records that count, of the host or the nearest parent that has some", get: onObservation(recordsCAA)},
		{name: "tlsa", of: listOf("tlsa"), doc: "TLSA records of the port", get: onObservation(recordsTLSA)},
		{name: "dnssec", of: cel.BoolType, doc: "the resolver vouches for the addresses", get: onObservation(recordsDNSSEC)},
		{name: "takeover_service", of: cel.StringType, doc: "the hosting service that an alias leads to, of those whose names anybody can claim; empty: none", get: onObservation(recordsTakeover)},
	}}
}

func recordsAliases(w *world, o *checks.Observation) slot {
	aliases := o.Records.Aliases
	if !aliases.Conclusive() {
		return w.untold("records.aliases", aliases.Reason, aliases.State, "which aliases the name has", "it")
	}
	text := "The name has no alias."
	if len(aliases.Value) > 0 {
		text = fmt.Sprintf("The name is an alias of %s.", strings.Join(aliases.Value, ", then "))
	}
	return w.told(proof("records.aliases", strings.Join(aliases.Value, " "), text), textList(aliases.Value))
}

func recordsCAA(w *world, o *checks.Observation) slot {
	caa := o.Records.CAA
	if !caa.Conclusive() {
		return w.untold("records.caa", caa.Reason, caa.State, "which CAA records hold", "DNS")
	}
	if len(caa.Value.Records) == 0 {
		return w.told(proof("records.caa", "none", "No CAA record says who may issue certificates for this name."), w.listOf(nil))
	}
	var elements []ref.Val
	for i := range caa.Value.Records {
		one := &caa.Value.Records[i]
		said := w.fact(proof("records.caa", one.Tag+" "+one.Value, fmt.Sprintf("%s has the CAA record %s %q.", caa.Value.Domain, one.Tag, one.Value)), types.True)
		elements = append(elements, w.of("caa", one, said))
	}
	text := fmt.Sprintf("%s has %d CAA records.", caa.Value.Domain, len(elements))
	return w.told(proof("records.caa", caa.Value.Domain, text), w.listOf(elements))
}

func recordsTLSA(w *world, o *checks.Observation) slot {
	tlsa := o.Records.TLSA
	if !tlsa.Conclusive() {
		return w.untold("records.tlsa", tlsa.Reason, tlsa.State, "which TLSA records there are", "DNS")
	}
	var elements []ref.Val
	for i := range tlsa.Value {
		one := &tlsa.Value[i]
		said := w.fact(proof("records.tlsa", fmt.Sprintf("%d %d %d", one.Usage, one.Selector, one.MatchingType),
			fmt.Sprintf("There is a TLSA record %d %d %d.", one.Usage, one.Selector, one.MatchingType)), types.True)
		elements = append(elements, w.of("tlsa", one, said))
	}
	return w.told(proof("records.tlsa", fmt.Sprint(len(elements)), fmt.Sprintf("There are %d TLSA records.", len(elements))), w.listOf(elements))
}

func recordsDNSSEC(w *world, o *checks.Observation) slot {
	signed := o.Records.DNSSEC
	if !signed.Conclusive() {
		return w.untold("records.dnssec", signed.Reason, signed.State, "whether DNSSEC protects the name", "it", truth()...)
	}
	text := "DNSSEC does not protect the name."
	if signed.Value {
		text = "DNSSEC protects the name."
	}
	return w.told(proof("records.dnssec", fmt.Sprint(signed.Value), text), types.Bool(signed.Value))
}

func recordsTakeover(w *world, o *checks.Observation) slot {
	aliases := o.Records.Aliases
	if !aliases.Conclusive() {
		return w.untold("records.aliases", aliases.Reason, aliases.State, "which aliases the name has", "it")
	}
	for _, alias := range aliases.Value {
		if service := takeoverService(alias); service != "" {
			text := fmt.Sprintf("The name is an alias of %s, a name of %s that anybody can claim once it is free.", alias, service)
			return w.told(proof("records.aliases", alias, text), types.String(service))
		}
	}
	return w.told(proof("records.aliases", strings.Join(aliases.Value, " "), "No alias leads to a service whose names anybody can claim."), types.String(""))
}

func caaKind() *kind {
	text := func(get func(*checks.CAARecord) ref.Val) func(*world, any) slot {
		return func(_ *world, source any) slot { return settled(get(source.(*checks.CAARecord))) }
	}
	return &kind{name: "caa", doc: "One CAA record (RFC 8659 section 4).", fields: []field{
		{name: "tag", of: cel.StringType, doc: "issue, issuewild, iodef, ..., in lower case", get: text(func(r *checks.CAARecord) ref.Val { return types.String(r.Tag) })},
		{name: "value", of: cel.StringType, doc: "of the property", get: text(func(r *checks.CAARecord) ref.Val { return types.String(r.Value) })},
		{name: "critical", of: cel.BoolType, doc: "an issuer that does not know the tag must not issue", get: text(func(r *checks.CAARecord) ref.Val { return types.Bool(r.Critical) })},
	}}
}

func tlsaKind() *kind {
	number := func(get func(*checks.TLSA) uint8) func(*world, any) slot {
		return func(_ *world, source any) slot { return settled(types.Int(get(source.(*checks.TLSA)))) }
	}
	return &kind{name: "tlsa", doc: "One TLSA record (RFC 6698 section 2.1).", fields: []field{
		{name: "usage", of: cel.IntType, doc: "certificate usage", get: number(func(t *checks.TLSA) uint8 { return t.Usage })},
		{name: "selector", of: cel.IntType, doc: "whole certificate or its key", get: number(func(t *checks.TLSA) uint8 { return t.Selector })},
		{name: "matching_type", of: cel.IntType, doc: "as is, SHA-256 or SHA-512", get: number(func(t *checks.TLSA) uint8 { return t.MatchingType })},
	}}
}

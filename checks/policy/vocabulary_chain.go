package policy

import (
	"fmt"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

// chainSource is one chain of one address.
type chainSource struct {
	*checks.ChainAppraisal
	address *checks.AddressObservation
	path    string
}

// chainsOf lists the chains that clients get that name the host. Where none was
// seen, or not appraised, the list goes on with what is unknown.
func (w *world) chainsOf(a *addressSource) *list {
	if made := w.made.chains[a]; made != nil {
		return made
	}
	made := w.listOf(nil)
	if a.appraisal != nil {
		for i := range a.appraisal.Chains {
			if one := &a.appraisal.Chains[i]; one.SNI {
				source := &chainSource{ChainAppraisal: one, address: a.observed, path: a.path("certificates")}
				made.segments[0].elements = append(made.segments[0].elements, w.of("chain", source, w.fact(w.chainProof(source), types.True)))
			}
		}
	}
	if len(made.segments[0].elements) == 0 {
		made.add(w.tail(a.noChain()))
	}
	if w.made.chains == nil {
		w.made.chains = map[*addressSource]*list{}
	}
	w.made.chains[a] = made
	return made
}

func (a *addressSource) noChain() checks.Proof {
	sent := a.observed.TLS.Chain
	reason, state := sent.Reason, sent.State
	if sent.State == checks.Known {
		reason, state = "", checks.NotAsked
		if a.appraisal != nil {
			reason = a.appraisal.Reason
		}
		return proof(a.path("certificates"), factText(checks.Fact[bool]{State: state, Reason: reason}),
			fmt.Sprintf("The certificates of %s were not appraised.", a.observed.Address))
	}
	return proof(a.path("certificates"), factText(checks.Fact[bool]{State: state, Reason: reason}),
		fmt.Sprintf("No certificate of %s was seen: it %s.", a.observed.Address, reason.Text()))
}

// host is the name that a certificate must be for.
func (w *world) host() string {
	if host := w.evidence.Observation.DNS.Host; host != "" {
		return host // in ASCII, as it was asked
	}
	return newEndpoint(w.evidence.Subject).host()
}

func (w *world) chainProof(c *chainSource) checks.Proof {
	value, root := "trusted", ""
	if c.PrivateRoot {
		value, root = "private root", " It leads to a private root, which browsers elsewhere do not trust."
	}
	end := c.Leaf.PathNotAfter
	if end.IsZero() {
		end = c.Leaf.NotAfter
	}
	said := proof(c.path, value, fmt.Sprintf("The certificate of %s is for %s and valid until %s.%s", c.address.Address, w.host(), day(end), root))
	said.Cause = checks.CauseCertificate
	return said
}

func onChain(get func(w *world, c *chainSource) slot) func(*world, any) slot {
	return func(w *world, source any) slot { return get(w, source.(*chainSource)) }
}

func chainKind() *kind {
	return &kind{name: "chain", doc: "One chain that an address serves to clients that name the host, and the truth about it.", fields: []field{
		{name: "leaf", of: cel.ObjectType("leaf"), doc: "the certificate that it begins with", get: onChain(func(w *world, c *chainSource) slot { return settled(w.of("leaf", c, nil)) })},
		{name: "faults", of: mapOf(cel.BoolType), names: names(checks.Questions()), doc: "each question about chains: true is bad. Not applicable counts as false", get: onChain(func(w *world, c *chainSource) slot {
			return settled(w.table(names(checks.Questions()), func(name string) slot { return chainFault(w, c, checks.Question(name)) }))
		})},
		{name: "findings", of: listOf("finding"), doc: "what speaks for every fault that was found", get: onChain(chainFindings)},
		{name: "private_root", of: cel.BoolType, doc: "trusted by a root that was added by whoever runs this", get: onChain(func(w *world, c *chainSource) slot {
			return w.told(w.chainProof(c), types.Bool(c.PrivateRoot))
		})},
		{name: "stores", of: cel.MapType(cel.StringType, cel.BoolType), doc: "which root stores it leads to, by name", get: onChain(func(w *world, c *chainSource) slot {
			return settled(types.DefaultTypeAdapter.NativeToValue(c.Stores))
		})},
		{name: "certificates", of: cel.IntType, doc: "how many were sent", get: onChain(func(w *world, c *chainSource) slot {
			return w.certificateSlot(c, fmt.Sprint(len(c.Served)), fmt.Sprintf("%s sends %d certificates.", c.address.Address, len(c.Served)), types.Int(len(c.Served)))
		})},
	}}
}

func (w *world) certificateSlot(c *chainSource, value, text string, v ref.Val) slot {
	said := proof(c.path, value, text)
	said.Cause = checks.CauseCertificate
	return w.told(said, v)
}

func chainFault(w *world, c *chainSource, question checks.Question) slot {
	finding := c.Findings[question]
	switch finding.Answer {
	case checks.FaultFound:
		proofs := c.proofs(question, finding)
		return w.told(proofs[0], types.True)
	case checks.FaultNotFound, checks.FaultNotApplicable:
		text := fmt.Sprintf("%s: %s is not so.", c.address.Address, questionTitle(question))
		if len(finding.Details) > 0 {
			text = fmt.Sprintf("%s: %s", c.address.Address, finding.Details[0].Text)
		}
		answer := string(finding.Answer)
		return w.told(checks.Proof{Fact: c.questionPath(question), Value: answer, Text: text, Cause: causeOf(question, finding)}, types.False)
	}
	state := checks.Inconclusive
	if finding.Answer != checks.FaultInconclusive {
		state = checks.NotAsked
	}
	return slot{fact: w.fact(c.openProof(question, finding, state), nil, truth()...)}
}

func (c *chainSource) questionPath(question checks.Question) string {
	if question == checks.Revoked {
		return "revocation"
	}
	return c.path
}

func (c *chainSource) openProof(question checks.Question, finding checks.ChainFinding, state checks.State) checks.Proof {
	value := factText(checks.Fact[bool]{State: state, Reason: finding.Reason})
	text := fmt.Sprintf("We could not tell of %s: %s. It %s.", c.address.Address, questionTitle(question), finding.Reason.Text())
	if len(finding.Details) > 0 {
		text = fmt.Sprintf("%s: %s", c.address.Address, finding.Details[0].Text)
	} else if question == checks.Revoked && state == checks.NotAsked {
		text = "Whether the certificate was revoked was not asked yet."
	}
	return checks.Proof{Fact: c.questionPath(question), Value: value, Text: text, Cause: causeOf(question, finding)}
}

// proofs are one a detail of a fault that was found.
func (c *chainSource) proofs(question checks.Question, finding checks.ChainFinding) []checks.Proof {
	one := checks.Proof{Fact: c.path, Value: string(question), Cause: causeOf(question, finding)}
	one.Text = fmt.Sprintf("%s: %s.", c.address.Address, questionTitle(question))
	if len(finding.Details) == 0 {
		return []checks.Proof{one}
	}
	var proofs []checks.Proof
	for _, detail := range finding.Details {
		one.Text = fmt.Sprintf("%s: %s", c.address.Address, detail.Text)
		proofs = append(proofs, one)
	}
	return proofs
}

func causeOf(question checks.Question, finding checks.ChainFinding) checks.Cause {
	switch {
	case finding.Cause != "":
		return finding.Cause
	case question == checks.Expired || question == checks.NotYetValid || question == checks.RenewalOverdue:
		return checks.CauseTime
	}
	return checks.CauseCertificate
}

// addressFindings are those of all chains of an address.
func addressFindings(w *world, a *addressSource) slot {
	made := w.listOf(nil)
	for _, part := range w.chainsOf(a).segments {
		for _, one := range part.elements {
			made.add(nil, w.findingsOf(one.(*object).source.(*chainSource))...)
		}
		if part.fact != nil {
			made.add(part.fact)
		}
	}
	return settled(made)
}

func chainFindings(w *world, c *chainSource) slot { return settled(w.listOf(w.findingsOf(c))) }

func (w *world) findingsOf(c *chainSource) []ref.Val {
	var elements []ref.Val
	for _, question := range checks.Questions() {
		finding := c.Findings[question]
		if finding.Answer != checks.FaultFound {
			continue
		}
		for _, one := range c.proofs(question, finding) {
			elements = append(elements, w.of("finding", question, w.fact(one, types.True)))
		}
	}
	return elements
}

func findingKind() *kind {
	return &kind{name: "finding", doc: "One thing that speaks for a fault of a chain.", fields: []field{
		{name: "question", of: cel.StringType, values: names(checks.Questions()), doc: "the fault", get: func(_ *world, source any) slot {
			return settled(types.String(source.(checks.Question)))
		}},
	}}
}

func onLeaf(value func(l *checks.LeafAppraisal) (text, sentence string, v ref.Val)) func(*world, any) slot {
	return onChain(func(w *world, c *chainSource) slot {
		if c.Leaf.Key == "" && c.Leaf.NotAfter.IsZero() {
			open := proof(c.path, "malformed_certificate", fmt.Sprintf("The certificate of %s cannot be read.", c.address.Address))
			open.Cause = checks.CauseCertificate
			return slot{fact: w.fact(open, nil)}
		}
		text, sentence, v := value(&c.Leaf)
		return w.certificateSlot(c, text, fmt.Sprintf("The certificate of %s "+sentence, c.address.Address), v)
	})
}

func leafKind() *kind {
	type l = checks.LeafAppraisal
	return &kind{name: "leaf", doc: "The certificate that a chain begins with. Every field is unknown where nothing can parse it.", fields: []field{
		{name: "key", of: cel.StringType, values: []string{"RSA", "ECDSA", "Ed25519", "Ed448", "DSA"}, doc: "its key's algorithm", get: onLeaf(func(o *l) (string, string, ref.Val) {
			return o.Key, "has a key of " + o.Key + ".", types.String(o.Key)
		})},
		{name: "key_bits", of: cel.IntType, doc: "of the modulus or field", get: onLeaf(func(o *l) (string, string, ref.Val) {
			return fmt.Sprintf("%d bits", o.KeyBits), fmt.Sprintf("has a key of %d bits (%s).", o.KeyBits, o.Key), types.Int(o.KeyBits)
		})},
		{name: "rsa_bits", of: cel.IntType, doc: "the key's strength as bits of RSA", get: onLeaf(func(o *l) (string, string, ref.Val) {
			return fmt.Sprintf("%d bits", o.RSABits), fmt.Sprintf("has a key worth %d bits of RSA.", o.RSABits), types.Int(o.RSABits)
		})},
		{name: "curve", of: cel.StringType, doc: "IANA name; empty without", get: onLeaf(func(o *l) (string, string, ref.Val) {
			return o.Curve, fmt.Sprintf("has a key on the curve %s.", o.Curve), types.String(o.Curve)
		})},
		{name: "signature", of: cel.StringType, doc: "algorithm that it is signed with", get: onLeaf(func(o *l) (string, string, ref.Val) {
			return o.Signature, fmt.Sprintf("is signed with %s.", o.Signature), types.String(o.Signature)
		})},
		{name: "lifetime_days", of: cel.IntType, doc: "whole days between its dates, begun ones included", get: onLeaf(func(o *l) (string, string, ref.Val) {
			days := int64((o.Lifetime + 24*time.Hour - 1) / (24 * time.Hour))
			return fmt.Sprintf("%d days", days), fmt.Sprintf("is valid for %d days.", days), types.Int(days)
		})},
		{name: "not_before", of: cel.TimestampType, doc: "when its validity begins", get: onLeaf(func(o *l) (string, string, ref.Val) {
			return day(o.NotBefore), "is valid from " + day(o.NotBefore) + ".", timestamp(o.NotBefore)
		})},
		{name: "not_after", of: cel.TimestampType, doc: "when its validity ends", get: onLeaf(func(o *l) (string, string, ref.Val) {
			return day(o.NotAfter), "is valid until " + day(o.NotAfter) + ".", timestamp(o.NotAfter)
		})},
		{name: "path_not_after", of: cel.TimestampType, doc: "the earliest end in the path", get: onLeaf(func(o *l) (string, string, ref.Val) {
			return day(o.PathNotAfter), "has a path that is valid until " + day(o.PathNotAfter) + ".", timestamp(o.PathNotAfter)
		})},
		{name: "renewal_due", of: cel.TimestampType, doc: "when a good renewal would have happened at the latest", get: onLeaf(func(o *l) (string, string, ref.Val) {
			return day(o.RenewalDue), "should be renewed by " + day(o.RenewalDue) + ".", timestamp(o.RenewalDue)
		})},
	}}
}

// questionTitle says what a question asks, as a noun.
func questionTitle(question checks.Question) string {
	titles := questionTitles()
	if at := slices.IndexFunc(titles, func(t [2]string) bool { return t[0] == string(question) }); at >= 0 {
		return titles[at][1]
	}
	return string(question)
}

func questionTitles() [][2]string {
	return [][2]string{
		{string(checks.NotYetValid), "a certificate that is not valid yet"},
		{string(checks.Expired), "an expired certificate"},
		{string(checks.SelfSigned), "a self-signed certificate"},
		{string(checks.UnknownIssuer), "an issuer that is not trusted"},
		{string(checks.SHA1Signature), "a signature with SHA-1"},
		{string(checks.Distrusted), "an issuer that browsers distrust"},
		{string(checks.Blacklisted), "a certificate on a list of known compromises"},
		{string(checks.KeyUsage), "a certificate used for what it is not for"},
		{string(checks.NameMismatch), "a certificate for another name"},
		{string(checks.IncompleteChain), "an incomplete chain"},
		{string(checks.MDSignature), "a signature with MD2, MD4 or MD5"},
		{string(checks.WeakKey), "a weak key"},
		{string(checks.DebianWeakKey), "a key that Debian's OpenSSL made predictable"},
		{string(checks.ExponentOne), "an RSA key with the exponent 1"},
		{string(checks.Revoked), "a revoked certificate"},
		{string(checks.ROCA), "a key that can be factored (ROCA)"},
		{string(checks.Unparsable), "a certificate that cannot be parsed"},
		{string(checks.WrongOrder), "a chain in the wrong order"},
		{string(checks.Duplicates), "a certificate that is sent twice"},
		{string(checks.RootSent), "a root that is sent though no client needs it"},
		{string(checks.Superfluous), "a certificate that the path does not use"},
		{string(checks.LifetimeTooLong), "a lifetime that is too long"},
		{string(checks.LintError), "a certificate that breaks the rules of its profile"},
		{string(checks.TooFewSCTs), "too few signed certificate timestamps"},
		{string(checks.InvalidSCT), "a signed certificate timestamp that does not verify"},
		{string(checks.StapleMissing), "a staple that the certificate asks for and that is not sent"},
		{string(checks.StapleInvalid), "a staple that is worth nothing"},
		{string(checks.CAAForbids), "CAA records that do not allow the issuer"},
		{string(checks.TLSAMismatch), "TLSA records that do not fit"},
		{string(checks.RenewalOverdue), "a renewal that is overdue"},
		{string(checks.RenewalAsked), "a renewal that the issuer asks for"},
	}
}

package grade

import (
	"sync"

	"github.com/gradewatch/gradewatch/checks"
)

// answer is what a condition says of an address.
type answer struct {
	truth truth
	// missing are the facts that would decide, where it is unknown.
	missing components
	what    string // stands for {what} in the rule's text
	proof   []checks.Proof
}

// condition says whether a rule fires; of a bonus, whether it holds.
type condition func(*facts) answer

func never() answer { return answer{} }

func cannotTell(missing components) answer { return answer{truth: unknown, missing: missing} }

func fires(what string, proof ...checks.Proof) answer {
	return answer{truth: yes, what: what, proof: proof}
}

// conditions are the conditions by rule id; those of findings take the values
// that the rule's data names.
var conditions = sync.OnceValue(func() map[string]func(Rule) condition {
	plain := func(c condition) func(Rule) condition { return func(Rule) condition { return c } }
	table := map[string]func(Rule) condition{
		"F-SSL2":      plain(sslv2),
		"F-DROWN":     plain(drown),
		"F-SSL3-BEST": plain(sslv3Best),
		"B-SSL3":      plain(accepted(ssl3)),
		"B-TLS10":     plain(accepted(tls10)),
		"B-TLS11":     plain(accepted(tls11)),
		"C-NO-TLS12":  plain(noTLS12),
		"W-NO-TLS13":  plain(noTLS13),

		"F-ANON":        plain(anySuite(isAnonymous)),
		"F-WEAK-CIPHER": plain(anySuite(isWeakCipher)),
		"F-EXPORT":      plain(anySuite(isExport)),
		"F-FREAK":       plain(suiteOrFinding(isRSAExport, checks.FREAK)),
		"F-DH-1024":     plain(orParameters(suiteOrFinding(isDH1024, checks.LOGJAM), 1, 1024, ": ")),
		"B-DH-2048":     plain(orParameters(anySuite(isDH2048), 1024, 2048, "")),
		"B-RC4":         plain(anySuite(isRC4)),
		"F-RC4-ONLY":    plain(rc4Only),
		"B-NO-AEAD":     plain(noAEAD),

		"C-RC4-MODERN": plain(rc4Modern),
		"C-64BIT":      plain(smallBlocks),
		"B-NO-FS":      plain(noForwardSecrecy),

		"C-CRIME":           plain(compression),
		"C-POODLE":          findingOf(checks.POODLESSL, needsSSL3),
		"F-RENEG":           findingOf(checks.InsecureRenegotiation, needsLegacy),
		"W-NO-SECURE-RENEG": plain(noSecureRenegotiation),
		"N-ORACLE":          plain(hiddenOracle),

		"W-HSTS-DISABLED":     plain(hstsDisabled),
		"W-HSTS-INVALID":      plain(hstsInvalid),
		"BONUS-HSTS":          plain(hstsLong),
		"BONUS-HPKP":          plain(pinsNotInvalid),
		"BONUS-FALLBACK-SCSV": plain(fallbackSCSV),

		"F-KEY-1024":     plain(shortKey(0, 1024)),
		"B-KEY-2048":     plain(shortKey(1024, 2048)),
		"N-PRIVATE-ROOT": plain(privateRoot),
	}
	for id, vulnerability := range intrusiveRules() {
		table[id] = findingOf(vulnerability.name, vulnerability.needs)
	}
	for id, question := range chainRules() {
		table[id] = plain(fault(question))
	}
	return table
})

func conditionOf(rule Rule) condition {
	if build := conditions()[rule.ID]; build != nil {
		return build(rule)
	}
	return func(*facts) answer { return never() } // scores are computed
}

// chainRules are the rules that a question about the chain decides.
func chainRules() map[string]checks.Question {
	return map[string]checks.Question{
		"T-NOTYET":    checks.NotYetValid,
		"T-EXPIRED":   checks.Expired,
		"T-SELF":      checks.SelfSigned,
		"T-UNKNOWN":   checks.UnknownIssuer,
		"T-SHA1":      checks.SHA1Signature,
		"T-DISTRUST":  checks.Distrusted,
		"T-BLACKLIST": checks.Blacklisted,
		"T-KEYUSE":    checks.KeyUsage,
		"M-NAME":      checks.NameMismatch,
		"B-CHAIN":     checks.IncompleteChain,
		"F-SIG-MD":    checks.MDSignature,
		"F-DEBIAN":    checks.DebianWeakKey,
		"F-RSA-E1":    checks.ExponentOne,
		"F-REVOKED":   checks.Revoked,
	}
}

// questions are those that a rule asks.
func questions() []checks.Question {
	return []checks.Question{
		checks.NotYetValid, checks.Expired, checks.SelfSigned, checks.UnknownIssuer, checks.SHA1Signature, checks.Distrusted,
		checks.Blacklisted, checks.KeyUsage, checks.NameMismatch, checks.IncompleteChain, checks.MDSignature, checks.DebianWeakKey,
		checks.ExponentOne, checks.Revoked,
	}
}

// intrusiveRule is a vulnerability and what it needs.
type intrusiveRule struct {
	name  checks.Vulnerability
	needs condition
}

func intrusiveRules() map[string]intrusiveRule {
	return map[string]intrusiveRule{
		"F-HEARTBLEED":  {checks.Heartbleed, needsOldStack(needsHeartbeat)},
		"F-CCS":         {checks.CCSInjection, needsOldStack(needsLegacy)},
		"F-TICKETBLEED": {checks.Ticketbleed, needsOldStack(needsTickets)},
		"F-ROBOT":       {checks.ROBOT, needsSuite(isRSATransport)},
		"F-LUCKY20":     {checks.OpenSSLPaddingOracle, needsOldStack(needsSuite(isAESCBC))},
		"F-POODLE-TLS":  {checks.POODLETLS, needsSuite(isCBC)},
		"F-ZOMBIE":      {checks.ZombiePOODLE, needsSuite(isCBC)},
		"F-GOLDEN":      {checks.GOLDENDOODLE, needsSuite(isCBC)},
		"F-ZEROLEN":     {checks.ZeroLengthPaddingOracle, needsSuite(isCBC)},
		"F-SLEEPING":    {checks.SleepingPOODLE, needsSuite(isCBC)},
	}
}

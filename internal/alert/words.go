package alert

import (
	"fmt"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// binding says who demands a requirement. SuperOffice's name stands only where
// SuperOffice's documents say so (superoffice.md section 0).
func binding(severity checks.Severity) string {
	switch severity {
	case checks.Must:
		return "SuperOffice requires"
	case checks.Recommended:
		return "SuperOffice recommends"
	case checks.Advice:
		return "our advice"
	default:
		return "for the record"
	}
}

// causeSentence says what made things change; empty for an unknown cause.
func causeSentence(cause checks.Cause) string {
	switch cause {
	case checks.CauseConfiguration:
		return "The configuration of the server changed."
	case checks.CauseCertificate:
		return "The certificate changed."
	case checks.CauseTime:
		return "Time passed: nothing on the server changed."
	case checks.CauseCriteria:
		return "The requirements changed: nothing on the server did."
	case checks.CauseTrustData:
		return "The list of trusted certificate authorities changed: nothing on the server did."
	case checks.CauseEngine:
		return "Gradewatch changed how it checks: nothing on the server did."
	default:
		return ""
	}
}

// reasonClause returns what follows 'because' for a reason of checks. Any other
// text is a clause already.
func reasonClause(reason string) string {
	switch checks.Reason(reason) {
	case checks.ReasonTimeout:
		return "no answer came in time"
	case checks.ReasonRefused:
		return "the server refused the connection"
	case checks.ReasonReset, checks.ReasonClosed:
		return "the server closed the connection before it answered"
	case checks.ReasonUnreachable:
		return "the network of the server could not be reached"
	case checks.ReasonNameNotFound:
		return "the name does not exist in DNS"
	case checks.ReasonNoAddress:
		return "the name has no address in DNS"
	case checks.ReasonNoRecord:
		return "the name has no such record in DNS"
	case checks.ReasonHTTPStatus:
		return "the answer was an HTTP error"
	case checks.ReasonNotCurrent:
		return "what the issuer publishes is out of date"
	case checks.ReasonBadSignature:
		return "what the issuer publishes is not signed by it"
	case checks.ReasonOutOfScope:
		return "what the issuer publishes is not about this certificate"
	case checks.ReasonResolverFailed:
		return "the DNS resolver did not answer"
	case checks.ReasonSpecialPurpose:
		return "the address is in a special-purpose network, which we do not connect to"
	case checks.ReasonBudget:
		return "one look may not open that many connections"
	case checks.ReasonControlFailed:
		return "even an ordinary handshake did not work"
	case checks.ReasonHandshakeFailed:
		return "the TLS handshake failed"
	case checks.ReasonNotTLS:
		return "the server does not speak TLS on this port"
	case checks.ReasonMalformed:
		return "the answer was malformed"
	case checks.ReasonTooLarge:
		return "the answer was too large"
	case checks.ReasonTooManyRedirects:
		return "there were too many redirects"
	case checks.ReasonRedirectLoop:
		return "the redirects lead in a circle"
	case checks.ReasonUnsupportedScheme:
		return "the address is neither http nor https"
	case checks.ReasonDisagreement:
		return "the same question met different answers"
	case checks.ReasonDegraded:
		return "the server answered at first and then stopped"
	case checks.ReasonClientCertificate:
		return "the server wants a client certificate first"
	case checks.ReasonHidden:
		return "the server prefers what must be offered to it"
	case checks.ReasonCanceled:
		return "our looks were stopped"
	case checks.ReasonConnectivityUnsure:
		return "our own connectivity is not proven"
	case checks.ReasonInternal:
		return "of a fault of ours"
	case checks.ReasonSignInService:
		return "the walk leads to SuperOffice's sign-in service, which is not asked"
	case checks.ReasonBotWall:
		return "something that keeps programs away answered instead of the application"
	case checks.ReasonCaptcha:
		return "a page that asks whether a person is there answered instead of the application"
	case checks.ReasonMaintenance:
		return "a maintenance page answered instead of the application"
	case checks.ReasonOptedOut:
		return "whoever runs the host asked not to be looked at"
	case checks.ReasonNoToken:
		return "the token was not there"
	case checks.ReasonUnrecognized:
		return "a page answered that we do not recognize"
	case checks.ReasonLeadsElsewhere:
		return "the address leads to another host"
	}
	return strings.TrimSuffix(reason, ".")
}

// moment writes a time for people: 24-hour UTC with its date, since mail is
// read on another day and in another place.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }

// span writes how long something lasted, in its two largest units.
func span(d time.Duration) string {
	minutes := int(d / time.Minute)
	days, hours, minutes := minutes/(24*60), minutes/60%24, minutes%60
	switch {
	case days > 0:
		return units(days, "day", hours, "hour")
	case hours > 0:
		return units(hours, "hour", minutes, "minute")
	case minutes > 0:
		return units(minutes, "minute", 0, "")
	default:
		return "less than a minute"
	}
}

func units(many int, unit string, fewer int, smaller string) string {
	text := plural(many, unit)
	if fewer > 0 {
		text += " " + plural(fewer, smaller)
	}
	return text
}

func plural(count int, unit string) string {
	if count == 1 {
		return "1 " + unit
	}
	if strings.HasSuffix(unit, "s") {
		return fmt.Sprintf("%d %ses", count, unit)
	}
	return fmt.Sprintf("%d %ss", count, unit)
}

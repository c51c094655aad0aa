package probe

import (
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// explanations hold the sentence of every reason; %s is the destination.
var explanations = map[checks.Reason]string{
	checks.ReasonTimeout:            "%s did not answer in time.",
	checks.ReasonRefused:            "%s refused the connection: nothing listens there, or a firewall rejects it.",
	checks.ReasonReset:              "%s reset the connection before it answered.",
	checks.ReasonClosed:             "%s closed the connection before it answered.",
	checks.ReasonUnreachable:        "%s cannot be reached: there is no route to its network or host.",
	checks.ReasonNameNotFound:       "The name of %s does not exist in DNS.",
	checks.ReasonNoAddress:          "The name of %s exists in DNS, but has no IPv4 or IPv6 address.",
	checks.ReasonResolverFailed:     "The name of %s could not be looked up: the DNS server failed or did not answer.",
	checks.ReasonSpecialPurpose:     "%s was not contacted: its address is private or reserved, and this service only looks at public addresses.",
	checks.ReasonBudget:             "%s was not asked: the limit of connections, bytes, names or redirects for one look is used up.",
	checks.ReasonControlFailed:      "%s did not answer an ordinary TLS handshake either, so what it refuses cannot be told.",
	checks.ReasonHandshakeFailed:    "%s accepted the connection, but the TLS handshake failed.",
	checks.ReasonNotTLS:             "%s answered with something that is not TLS.",
	checks.ReasonMalformed:          "%s gave an answer that breaks its protocol.",
	checks.ReasonTooLarge:           "%s answered with more data than one look reads.",
	checks.ReasonTooManyRedirects:   "%s leads through more redirects than one look follows.",
	checks.ReasonRedirectLoop:       "%s redirects back to an address that was already visited.",
	checks.ReasonUnsupportedScheme:  "%s is neither an http nor an https address.",
	checks.ReasonDisagreement:       "%s answered the same question differently when it was asked again.",
	checks.ReasonDegraded:           "%s answered at first and then stopped answering, so the rest cannot be told.",
	checks.ReasonClientCertificate:  "%s wants a client certificate before anything else can be seen.",
	checks.ReasonCanceled:           "The look at %s was stopped before it was finished.",
	checks.ReasonConnectivityUnsure: "%s did not answer, but our own network connection was not proven to work at that time.",
	checks.ReasonInternal:           "%s could not be looked at because of a fault on our side.",
}

// Explain returns one plain sentence for reason that names what was tried.
// destination is a host, host:port or URL as the reader knows it; empty reads
// as 'the server'. An unknown reason is named as it is.
func Explain(reason checks.Reason, destination string) string {
	sentence, known := explanations[reason]
	if !known {
		sentence = "%s could not be looked at (" + string(reason) + ")."
	}
	if destination == "" {
		destination = "the server"
		if sentence[0] == '%' {
			destination = "The server"
		}
	}
	return strings.Replace(sentence, "%s", destination, 1)
}

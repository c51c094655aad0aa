package policy

import (
	"fmt"

	"github.com/gradewatch/gradewatch/checks"
)

// What to do, one sentence for each requirement.
const (
	remedySSL          = "Turn SSL 2.0 and SSL 3.0 off on every server, load balancer and proxy that answers for this name."
	remedyTLS12        = "Turn TLS 1.2 on; TLS 1.3 alone is not enough for SuperOffice."
	remedyHTTPS        = "Serve the URL and every redirect from it over https, and close port 80 or redirect it to https."
	remedyHTTPOnly     = "Set the HttpOnly attribute on every cookie, in the application or in the proxy before it."
	remedySecure       = "Set the Secure attribute on every cookie, in the application or in the proxy before it."
	remedyUnreachable  = "Check that the application runs, that its name resolves and that its port is open to the internet."
	remedyServerError  = "Make the application answer a request without parameters with a status below 500."
	remedyInconclusive = "Check that the name, the address and the port are right and open; the next look may tell."
	remedyNotPublic    = "Register a URL on a public address, or ask whoever runs this service to allow the network of this one."
	remedyFullURL      = "Write the URL in full, such as https://app.example.com/callback, one in each line."
	remedyProbeURL     = "Give a probe URL that the pattern matches."
	remedyPattern      = "Use a pattern without look-ahead, look-behind and back references, or check it by hand."
	remedySuperOffice  = "Host the application on a domain of your own."
	remedyLoopback     = "Use http://127.0.0.1:{port}/ or http://[::1]:{port}/ as the redirect URL."
)

// reasonTexts finish a sentence that starts with an address or a name.
var reasonTexts = map[checks.Reason]string{
	checks.ReasonTimeout:            "did not answer in time",
	checks.ReasonRefused:            "refused the connection",
	checks.ReasonReset:              "reset the connection",
	checks.ReasonClosed:             "closed the connection without an answer",
	checks.ReasonUnreachable:        "could not be reached",
	checks.ReasonNameNotFound:       "does not exist",
	checks.ReasonNoAddress:          "has no address",
	checks.ReasonResolverFailed:     "does not resolve: its name servers gave no usable answer",
	checks.ReasonSpecialPurpose:     "is not a public address, so it was not connected to",
	checks.ReasonBudget:             "was not asked further: the budget of this look is used up",
	checks.ReasonControlFailed:      "did not answer the control question either, so its silence says nothing",
	checks.ReasonHandshakeFailed:    "did not complete the TLS handshake",
	checks.ReasonNotTLS:             "answered with something that is not TLS",
	checks.ReasonMalformed:          "gave an answer that breaks its protocol",
	checks.ReasonTooLarge:           "gave an answer that is too large",
	checks.ReasonTooManyRedirects:   "redirects more often than is followed",
	checks.ReasonRedirectLoop:       "redirects in a circle",
	checks.ReasonUnsupportedScheme:  "redirects to a scheme that cannot be looked at",
	checks.ReasonCanceled:           "was not asked further: the look was stopped",
	checks.ReasonConnectivityUnsure: "could not be judged: our own connectivity is not proven",
	checks.ReasonInternal:           "could not be looked at because of a fault on our side",
}

func reasonText(reason checks.Reason) string {
	if text, ok := reasonTexts[reason]; ok {
		return text
	}
	return "was not asked"
}

// factValue is how a fact that decided nothing stands in a proof.
func factValue[T any](fact checks.Fact[T]) string {
	if fact.Reason != "" {
		return string(fact.Reason)
	}
	return fact.State.String()
}

func (q question) dnsSentence() string {
	host := q.observation.DNS.Host
	if host == "" {
		return "the name was not looked up."
	}
	return fmt.Sprintf("%s %s.", host, reasonText(q.observation.DNS.Addresses.Reason))
}

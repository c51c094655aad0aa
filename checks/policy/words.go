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
	return fmt.Sprintf("%s %s.", host, q.observation.DNS.Addresses.Reason.Text())
}

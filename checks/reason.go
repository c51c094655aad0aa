package checks

// Reason is a stable code for why something could not be told or reached. It
// never holds the text of a Go error: those carry ports and addresses, which
// would make equal observations differ.
type Reason string

// Every reason that a check gives.
const (
	ReasonTimeout            Reason = "timeout"              // no answer in time
	ReasonRefused            Reason = "connection_refused"   // TCP RST to our SYN
	ReasonReset              Reason = "connection_reset"     // TCP RST after the connection stood
	ReasonClosed             Reason = "connection_closed"    // FIN before an answer
	ReasonUnreachable        Reason = "network_unreachable"  // no route, host or network unreachable
	ReasonNameNotFound       Reason = "name_not_found"       // NXDOMAIN (RFC 1035, RCODE 3)
	ReasonNoAddress          Reason = "no_address"           // the name exists and has no A or AAAA record
	ReasonNoRecord           Reason = "no_record"            // the name exists and has no record of this type
	ReasonHTTPStatus         Reason = "http_status"          // an HTTP answer other than 200
	ReasonNotCurrent         Reason = "not_current"          // what an issuer publishes is out of date
	ReasonBadSignature       Reason = "bad_signature"        // what an issuer publishes is not signed by it
	ReasonOutOfScope         Reason = "out_of_scope"         // what an issuer publishes is not about this certificate
	ReasonResolverFailed     Reason = "resolver_failed"      // SERVFAIL, or the resolver did not answer
	ReasonSpecialPurpose     Reason = "special_purpose"      // the address filter refused the address
	ReasonBudget             Reason = "budget_exhausted"     // the budget of connections, bytes or hops is used up
	ReasonControlFailed      Reason = "control_hello_failed" // the control ClientHello did not work either
	ReasonHandshakeFailed    Reason = "handshake_failed"     // TLS alert, or a handshake that made no sense
	ReasonNotTLS             Reason = "not_tls"              // the peer answered with something that is no TLS record
	ReasonMalformed          Reason = "malformed_answer"     // the answer breaks its protocol
	ReasonTooLarge           Reason = "answer_too_large"     // the answer passed the byte limit
	ReasonTooManyRedirects   Reason = "too_many_redirects"   // more hops than the limit
	ReasonRedirectLoop       Reason = "redirect_loop"        // a hop leads back to an earlier one
	ReasonUnsupportedScheme  Reason = "unsupported_scheme"   // neither http nor https
	ReasonSignInService      Reason = "sign_in_service"      // the next hop is SuperOffice's sign-in service, which is not asked
	ReasonBotWall            Reason = "bot_wall"             // something that keeps programs away answered instead of the application
	ReasonCaptcha            Reason = "captcha"              // likewise, with a riddle for people
	ReasonMaintenance        Reason = "maintenance"          // a page that says it is under maintenance answered instead
	ReasonOptedOut           Reason = "opted_out"            // who runs the host asked not to be looked at
	ReasonNoToken            Reason = "no_token"             // it was read, and the token that was looked for is not in it
	ReasonLeadsElsewhere     Reason = "leads_elsewhere"      // it redirects to another host, which was not asked
	ReasonUnrecognized       Reason = "unrecognized"         // a page that is none of those that were expected
	ReasonDisagreement       Reason = "answers_disagree"     // repeated rounds did not agree
	ReasonDegraded           Reason = "server_stopped"       // it answered, and then stopped answering us
	ReasonClientCertificate  Reason = "client_certificate"   // without a client certificate the handshake does not complete
	ReasonHidden             Reason = "hidden_by_preference" // what the server likes better must be offered too
	ReasonCanceled           Reason = "canceled"             // the look was stopped
	ReasonConnectivityUnsure Reason = "own_connectivity"     // our own connectivity is not proven
	ReasonInternal           Reason = "internal_error"       // our own fault; the log has it
)

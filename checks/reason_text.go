package checks

// reasonTexts finish a sentence that starts with an address or a name.
var reasonTexts = map[Reason]string{
	ReasonTimeout:            "did not answer in time",
	ReasonRefused:            "refused the connection",
	ReasonReset:              "reset the connection",
	ReasonClosed:             "closed the connection without an answer",
	ReasonUnreachable:        "could not be reached",
	ReasonNameNotFound:       "does not exist",
	ReasonNoAddress:          "has no address",
	ReasonNoRecord:           "has no record of this kind",
	ReasonHTTPStatus:         "answered with an HTTP error",
	ReasonOutOfScope:         "publishes an answer that is not about this certificate",
	ReasonNotCurrent:         "publishes an answer that is out of date",
	ReasonBadSignature:       "publishes an answer that it did not sign",
	ReasonResolverFailed:     "does not resolve: its name servers gave no usable answer",
	ReasonSpecialPurpose:     "is not a public address, so it was not connected to",
	ReasonBudget:             "was not asked further: the budget of this look is used up",
	ReasonControlFailed:      "did not answer the control question either, so its silence says nothing",
	ReasonHandshakeFailed:    "did not complete the TLS handshake",
	ReasonNotTLS:             "answered with something that is not TLS",
	ReasonMalformed:          "gave an answer that breaks its protocol",
	ReasonTooLarge:           "gave an answer that is too large",
	ReasonTooManyRedirects:   "redirects more often than is followed",
	ReasonRedirectLoop:       "redirects in a circle",
	ReasonUnsupportedScheme:  "leads to a scheme that cannot be looked at",
	ReasonSignInService:      "leads to SuperOffice's sign-in service, which is not asked",
	ReasonBotWall:            "was not reached: something that keeps programs away answered instead",
	ReasonCaptcha:            "was not reached: a page that asks whether a person is there answered instead",
	ReasonMaintenance:        "was not reached: a maintenance page answered instead",
	ReasonOptedOut:           "was not asked: who runs it asked not to be looked at",
	ReasonNoToken:            "does not hold the token",
	ReasonLeadsElsewhere:     "redirects to another host, which was not asked",
	ReasonUnrecognized:       "answered with a page that we do not recognize",
	ReasonDisagreement:       "answered the same question in different ways",
	ReasonDegraded:           "answered at first and then stopped, so the rest cannot be told",
	ReasonClientCertificate:  "wants a client certificate first",
	ReasonHidden:             "prefers what must be offered to it, so what comes after that cannot be seen",
	ReasonCanceled:           "was not asked further: the look was stopped",
	ReasonConnectivityUnsure: "could not be judged: our own connectivity is not proven",
	ReasonInternal:           "could not be looked at because of a fault on our side",
}

// Text finishes a sentence that starts with an address or a name: "192.0.2.1
// did not answer in time". An unknown reason says that nothing was asked.
func (r Reason) Text() string {
	if text, ok := reasonTexts[r]; ok {
		return text
	}
	return "was not asked"
}

package policy

import (
	"regexp"
	"strings"
)

// ApplicationType decides severities: the two kinds of SuperOffice applications.
type ApplicationType string

// The application types of superoffice.md, section 6.
const (
	Standard ApplicationType = "standard"
	Custom   ApplicationType = "custom"
)

// Environment is where an application runs.
type Environment string

// The environments, in the order and with the names of superoffice.md section 6.
const (
	SOD        Environment = "SOD"
	Stage      Environment = "Stage"
	Production Environment = "Production"
)

// Kind is what an endpoint is registered as (superoffice.md section 5.2).
type Kind string

// The kinds of endpoints.
const (
	Redirect       Kind = "redirect"
	PostLogout     Kind = "post_logout"
	WebPanel       Kind = "web_panel"
	Webhook        Kind = "webhook"
	StateChange    Kind = "state_change"
	ERPSync        Kind = "erp_sync"
	QuoteConnector Kind = "quote_connector"
	Mirroring      Kind = "mirroring"
	CORSOrigin     Kind = "cors_origin"
	SignInStart    Kind = "sign_in_start"
	StoreLink      Kind = "app_store_link"
	Guide          Kind = "guide"
)

// ValueKind is how an endpoint's value is to be read.
type ValueKind string

// The kinds of values.
const (
	Literal        ValueKind = "literal"         // an http or https URL
	Pattern        ValueKind = "pattern"         // a regular expression, with a probe URL that matches it
	NativeLoopback ValueKind = "native_loopback" // http://127.0.0.1:{port}/..., RFC 8252 section 7.3
	CustomScheme   ValueKind = "custom_scheme"   // private-use scheme, RFC 8252 section 7.1
)

// Subject is the endpoint that a judgement is about.
type Subject struct {
	ApplicationType ApplicationType `json:"application_type"`
	Kind            Kind            `json:"kind"`
	ValueKind       ValueKind       `json:"value_kind"`
	Environment     Environment     `json:"environment"`
	Value           string          `json:"value"`
	ProbeURL        string          `json:"probe_url,omitempty"` // required for patterns; empty otherwise
	// ClientID is the application's in this environment; empty where not given.
	ClientID string `json:"client_id,omitempty"`
	// Siblings are what else the application registers, in every environment;
	// they include no entry for this endpoint. Nil: nobody said, so nothing is
	// judged that needs them. Empty: it registers nothing else.
	Siblings []Sibling `json:"siblings"`
}

// Sibling is another endpoint of a subject's application.
type Sibling struct {
	Environment Environment `json:"environment"`
	Kind        Kind        `json:"kind"`
	ValueKind   ValueKind   `json:"value_kind,omitempty"`
	Value       string      `json:"value,omitempty"`     // as registered
	Host        string      `json:"host,omitempty"`      // in lower-case ASCII; empty where it has none
	ClientID    string      `json:"client_id,omitempty"` // of the application in its environment
}

// URL returns what is looked at: the probe URL of a pattern, the value of a
// literal, with a web panel's template variables filled, and nothing for what no
// network can show.
func (s Subject) URL() string {
	switch s.ValueKind {
	case Pattern:
		return s.ProbeURL
	case NativeLoopback, CustomScheme:
		return ""
	default:
		return s.fill(s.Value)
	}
}

// fill puts harmless values where a web panel's URL has template variables.
func (s Subject) fill(value string) string {
	if s.Kind != WebPanel {
		return value
	}
	return templateVariable.ReplaceAllStringFunc(value, func(variable string) string {
		switch strings.ToLower(templateVariable.FindStringSubmatch(variable)[1]) {
		case "uctx":
			return "Cust00000"
		default:
			return "monitor"
		}
	})
}

// templateVariable is what SuperOffice replaces in a web panel's URL, such as
// <uctx> (superoffice.md, E-10), written as it is or percent-encoded.
var templateVariable = regexp.MustCompile(`(?i)(?:<|%3C)([a-z][a-z0-9_.-]{0,63}?)(?:>|%3E)`)

// ApplicationTypes lists every application type.
func ApplicationTypes() []ApplicationType { return []ApplicationType{Standard, Custom} }

// Environments lists every environment in SuperOffice's order.
func Environments() []Environment { return []Environment{SOD, Stage, Production} }

// Kinds lists every kind of endpoint.
func Kinds() []Kind {
	return []Kind{
		Redirect, PostLogout, WebPanel, Webhook, StateChange, ERPSync, QuoteConnector,
		Mirroring, CORSOrigin, SignInStart, StoreLink, Guide,
	}
}

// ValueKinds lists every kind of value.
func ValueKinds() []ValueKind { return []ValueKind{Literal, Pattern, NativeLoopback, CustomScheme} }

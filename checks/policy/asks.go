package policy

import (
	"net/url"

	"github.com/gradewatch/gradewatch/checks"
)

// Ask lays on target what a look at this endpoint asks besides the walk. leave
// says that who registered it allowed requests with content.
func (s Subject) Ask(target *checks.Target, leave bool) {
	switch s.Kind {
	case Redirect:
		target.Provoke = true // E-01, E-02
	case SignInStart:
		target.SignInStart = true // E-03 to E-07
	case Webhook:
		if leave {
			target.Post = checks.PostWebhookTest // E-12
		}
	case StateChange:
		if leave {
			target.Post = checks.PostInvalidToken // E-11
		}
	case PostLogout, WebPanel, ERPSync, QuoteConnector, Mirroring, CORSOrigin, StoreLink, Guide:
	}
}

// AuthorizeURL is the authorize request of this endpoint's application at the
// sign-in service of its environment (superoffice.md 4.1): code flow, scope
// openid, and a state that says who asks. It is empty where E-08 is not about the
// endpoint, or the client ID is not known. Asking it needs SuperOffice's consent.
func (s Subject) AuthorizeURL() string {
	host := map[Environment]string{SOD: "sod.superoffice.com", Stage: "qaonline.superoffice.com", Production: "online.superoffice.com"}[s.Environment]
	if s.Kind != Redirect || s.ValueKind != Literal || s.ClientID == "" || host == "" {
		return ""
	}
	query := url.Values{
		"response_type": {"code"}, "client_id": {s.ClientID}, "redirect_uri": {s.Value}, "scope": {"openid"}, "state": {"gradewatch"},
	}
	return "https://" + host + "/login/common/oauth/authorize?" + query.Encode()
}

package policy

import "github.com/gradewatch/gradewatch/checks"

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

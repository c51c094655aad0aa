package policy

import (
	"fmt"

	"github.com/gradewatch/gradewatch/checks"
)

// cookiesHTTPOnly judges C-01: HttpOnly on every cookie.
func (q question) cookiesHTTPOnly() judgement {
	return q.cookies("HttpOnly", "http_only", remedyHTTPOnly, func(c checks.Cookie) bool { return c.HttpOnly })
}

// cookiesSecure judges C-02: Secure on every cookie.
func (q question) cookiesSecure() judgement {
	return q.cookies("Secure", "secure", remedySecure, func(c checks.Cookie) bool { return c.Secure })
}

// cookies looks at every Set-Cookie of the registered URL and each hop of the
// same site. One that a browser drops whole sets no cookie.
func (q question) cookies(attribute, field, remedy string, has func(checks.Cookie) bool) judgement {
	if q.native() {
		return q.nativeNotApplicable()
	}
	return q.overAddresses(remedy, func(a checks.AddressObservation) finding {
		found := finding{result: checks.Pass}
		count := 0
		for i, hop := range a.HTTP.Hops {
			if !hop.SameSite {
				continue
			}
			for _, cookie := range hop.Answer.Value.Cookies {
				if cookie.Invalid {
					continue
				}
				count++
				if !has(cookie) {
					found.result = checks.Fail
					found.proof = append(found.proof, cookieProof(a, i, hop, cookie, attribute, field))
				}
			}
		}
		if found.result == checks.Fail {
			return found
		}
		if open, ok := openWalk(a); ok {
			return open
		}
		path := fmt.Sprintf("http[%s].hops", a.Address)
		if count == 0 {
			return oneFinding(checks.Pass, path, "no cookies", fmt.Sprintf("%s sets no cookie.", a.Address))
		}
		return oneFinding(checks.Pass, path, fmt.Sprintf("%d of %d", count, count),
			fmt.Sprintf("Every cookie that %s sets has %s.", a.Address, attribute))
	})
}

func cookieProof(a checks.AddressObservation, index int, hop checks.Hop, cookie checks.Cookie, attribute, field string) checks.Proof {
	name := cookie.Name
	if name == "" {
		name = "without a name"
	}
	return checks.Proof{
		Fact:  fmt.Sprintf("http[%s].hops[%d].cookies[%s].%s", a.Address, index, cookie.Name, field),
		Value: "false",
		Text:  fmt.Sprintf("%s sets the cookie %s without %s at %s.", a.Address, name, attribute, hop.URL),
		Cause: checks.CauseConfiguration,
	}
}

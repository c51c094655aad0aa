package monitor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// cookieTraits says which cookies an answer sets, and with which attributes.
// Name, domain and path make two cookies the same one to a browser (RFC 6265bis
// section 5.7). One that the answer deletes is none.
func cookieTraits(s *side, path, where, form string, cookies []checks.Cookie) {
	for _, cookie := range cookies {
		if cookie.Lifetime == checks.LifetimeDeleted {
			continue
		}
		key := checks.Clean(cookie.Name, 80)
		name := fmt.Sprintf(form, key)
		if cookie.Domain != "" {
			name += " of " + checks.Clean(cookie.Domain, 80)
		}
		if cookie.Path != "" && cookie.Path != "/" {
			name += " at " + checks.Clean(cookie.Path, 80)
		}
		if cookie.Domain != "" || cookie.Path != "" && cookie.Path != "/" {
			key += checks.Clean(";"+cookie.Domain+";"+cookie.Path, 160)
		}
		at := fmt.Sprintf("%s.cookies[%s]", path, key)
		row := strings.ToUpper(name[4:5]) + name[5:]
		has := attributesOf(cookie)
		s.add(trait{
			path: at, field: strings.TrimPrefix(form, "the ") + ".set", section: sectionCookies, what: rowOf(row, where), text: attributes(cookie), within: path, plain: true,
			where: where, verb: verb{"sets", "set"}, object: name, has: true, say: saySets(name),
		}, trait{
			path: at + ".attributes", field: "cookies.attributes", section: sectionCookies, what: rowOf(row, where), form: collection, topic: "The cookie" + strings.TrimPrefix(name, "the cookie"),
			verb: owning(), members: has, text: attributes(cookie), merits: attributeMerit, fieldOf: attributeField,
		})
	}
}

// saySets adds how a new cookie is set.
func saySets(name string) func(before, after trait) (one, many string) {
	return func(before, after trait) (one, many string) {
		if !after.has {
			return "no longer sets " + name, "no longer set " + name
		}
		rest := name + " (" + after.text + ")"
		return "now sets " + rest, "now set " + rest
	}
}

// attributesOf are what a cookie has, as a sentence names it.
func attributesOf(cookie checks.Cookie) []string {
	var members []string
	note := func(holds bool, words string) {
		if holds {
			members = append(members, words)
		}
	}
	note(cookie.HttpOnly, "HttpOnly")
	note(cookie.Secure, "Secure")
	note(cookie.SameSite != "", "SameSite="+checks.Clean(cookie.SameSite, 40))
	note(cookie.Partitioned, "Partitioned")
	note(cookie.Lifetime == checks.LifetimeDays, "a lifetime beyond the session")
	note(cookie.Lifetime == checks.LifetimeOverLong, "a lifetime over 400 days")
	note(cookie.Width == checks.WidthRegistrable || cookie.Width == checks.WidthDomain, "every host below "+checks.Clean(cookie.Domain, 80)+" as its reach")
	note(cookie.Invalid, "a fault for which browsers drop it")
	return members
}

func attributeMerit(member string) merit {
	switch {
	case member == "HttpOnly", member == "Secure":
		return good
	case slices.Contains([]string{"a lifetime over 400 days", "a fault for which browsers drop it"}, member):
		return bad
	default:
		return neutral
	}
}

// attributeField is the field that holds an attribute.
func attributeField(member string) string {
	switch {
	case strings.HasPrefix(member, "SameSite"):
		return "cookies.same_site"
	case strings.HasPrefix(member, "a lifetime"):
		return "cookies.lifetime"
	case strings.HasPrefix(member, "every host"):
		return "cookies.width"
	default:
		return "cookies." + member
	}
}

// attributes lists what a cookie has and lacks.
func attributes(cookie checks.Cookie) string {
	words := []string{"without HttpOnly", "without Secure"}
	if cookie.HttpOnly {
		words[0] = "HttpOnly"
	}
	if cookie.Secure {
		words[1] = "Secure"
	}
	if cookie.SameSite != "" {
		words = append(words, "SameSite="+checks.Clean(cookie.SameSite, 40))
	}
	if cookie.Partitioned {
		words = append(words, "Partitioned")
	}
	if cookie.Invalid {
		words = append(words, "browsers drop it")
	}
	return strings.Join(words, ", ")
}

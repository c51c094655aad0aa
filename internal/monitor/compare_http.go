package monitor

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

func (c *comparison) http(address netip.Addr, before, after checks.HTTP) {
	subject := fmt.Sprintf("addresses[%s].http", address)
	c.hops(subject, address, before, after)
	c.cookies(subject, address, before, after)
	if before.End.State == checks.Known && after.End.State == checks.Known && before.End.Value != after.End.Value {
		c.drift(checks.CauseConfiguration, subject+".end", fmt.Sprint(before.End.Value), fmt.Sprint(after.End.Value),
			fmt.Sprintf("%s now answers with status %d instead of %d.", address, after.End.Value, before.End.Value))
	}
	was, is := before.PlainHTTP, after.PlainHTTP
	if was.Conclusive() && is.Conclusive() && plainText(was) != plainText(is) {
		c.drift(checks.CauseConfiguration, subject+".plain_http", plainText(was), plainText(is),
			fmt.Sprintf("TCP port 80 of %s changed: %s, before %s.", address, plainText(is), plainText(was)))
	}
}

func plainText(fact checks.Fact[checks.PlainHTTP]) string {
	switch {
	case fact.State == checks.Absent:
		return "closed"
	case fact.Value.RedirectsToHTTPS:
		return "redirects to https"
	default:
		return fmt.Sprintf("answers with status %d", fact.Value.Status)
	}
}

// hops compares the way a walk took, where both walks came to an end.
func (c *comparison) hops(subject string, address netip.Addr, before, after checks.HTTP) {
	if before.End.State != checks.Known || after.End.State != checks.Known {
		return
	}
	was, is := way(before.Hops), way(after.Hops)
	if was == is {
		return
	}
	sentence := fmt.Sprintf("%s now redirects differently: %s.", address, is)
	if len(after.Hops) <= 1 {
		sentence = fmt.Sprintf("%s no longer redirects.", address)
	}
	c.drift(checks.CauseConfiguration, subject+".hops", was, is, sentence)
}

func way(hops []checks.Hop) string {
	urls := make([]string, 0, len(hops))
	for _, hop := range hops {
		urls = append(urls, hop.URL)
	}
	return strings.Join(urls, " → ")
}

// cookieKey is what makes two cookies the same one to a browser (RFC 6265bis
// section 5.7), and the hop that set it.
type cookieKey struct{ url, name, domain, path string }

func (c *comparison) cookies(subject string, address netip.Addr, before, after checks.HTTP) {
	was, wasAnswered := cookiesOf(before.Hops)
	is, isAnswered := cookiesOf(after.Hops)
	keys := setOf(slices.Collect(maps.Keys(was)))
	maps.Copy(keys, setOf(slices.Collect(maps.Keys(is))))
	for _, key := range without(keys, nil) {
		if !wasAnswered[key.url] || !isAnswered[key.url] {
			continue // the hop was not there, or gave no answer, one of the two times
		}
		old, had := was[key]
		current, has := is[key]
		path := fmt.Sprintf("%s.cookies[%s]", subject, key.name)
		switch {
		case !had:
			c.drift(checks.CauseConfiguration, path, "", attributes(current),
				fmt.Sprintf("%s now sets the cookie %s (%s).", address, key.name, attributes(current)))
		case !has:
			c.drift(checks.CauseConfiguration, path, attributes(old), "",
				fmt.Sprintf("%s no longer sets the cookie %s.", address, key.name))
		case old != current:
			c.drift(checks.CauseConfiguration, path, attributes(old), attributes(current),
				fmt.Sprintf("The cookie %s of %s changed: %s, before %s.", key.name, address, attributes(current), attributes(old)))
		}
	}
}

func cookiesOf(hops []checks.Hop) (cookies map[cookieKey]checks.Cookie, answered map[string]bool) {
	cookies, answered = map[cookieKey]checks.Cookie{}, map[string]bool{}
	for _, hop := range hops {
		if hop.Answer.State != checks.Known {
			continue
		}
		answered[hop.URL] = true
		for _, cookie := range hop.Answer.Value.Cookies {
			cookies[cookieKey{hop.URL, cookie.Name, cookie.Domain, cookie.Path}] = cookie
		}
	}
	return cookies, answered
}

func attributes(cookie checks.Cookie) string {
	words := []string{"without HttpOnly", "without Secure"}
	if cookie.HttpOnly {
		words[0] = "HttpOnly"
	}
	if cookie.Secure {
		words[1] = "Secure"
	}
	if cookie.SameSite != "" {
		words = append(words, "SameSite="+cookie.SameSite)
	}
	if cookie.Partitioned {
		words = append(words, "Partitioned")
	}
	if cookie.Invalid {
		words = append(words, "browsers drop it")
	}
	return strings.Join(words, ", ")
}

package policy

import (
	"fmt"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

// cookieSource is one cookie and who sets it.
type cookieSource struct {
	*checks.Cookie
	base  string // path of the fact that lists it
	who   string // "192.0.2.1"
	where string // "at https://app.example.com/", "by script"
}

// cookiesOf lists what a hop of the registered URL's site sets. A cookie that a
// browser drops whole is none.
func (w *world) cookiesOf(hop *object) []*object {
	if made, ok := w.made.cookies[hop]; ok {
		return made
	}
	made := w.cookiesSet(hop.source.(*hopSource), false)
	if w.made.cookies == nil {
		w.made.cookies = map[*object][]*object{}
	}
	w.made.cookies[hop] = made
	return made
}

func (w *world) cookiesSet(hop *hopSource, dropped bool) []*object {
	if !hop.SameSite {
		return nil
	}
	var made []*object
	for i := range hop.Answer.Value.Cookies {
		if one := &hop.Answer.Value.Cookies[i]; one.Invalid == dropped {
			made = append(made, w.cookie(&cookieSource{
				Cookie: one, base: hop.path() + ".cookies", who: hop.address.Address.String(), where: "at " + hop.URL,
			}))
		}
	}
	return made
}

func (w *world) cookie(c *cookieSource) *object {
	has, _ := c.Attributes()
	text := fmt.Sprintf("%s sets the cookie %s %s", c.who, c.title(), c.where)
	if len(has) > 0 {
		text += ", with " + strings.Join(has, ", ")
	}
	for _, note := range c.Notes() {
		text += "; " + note
	}
	return w.of("cookie", c, w.fact(proof(fmt.Sprintf("%s[%s]", c.base, c.Name), strings.Join(has, " "), text+"."), types.True))
}

func cookieKind() *kind {
	attribute := func(name, title string, get func(*checks.Cookie) bool) field {
		return field{name: name, of: cel.BoolType, doc: "it has the attribute " + title, get: onCookie(func(w *world, c *cookieSource) slot {
			return w.told(c.attributeProof(name, title, get(c.Cookie)), types.Bool(get(c.Cookie)))
		})}
	}
	text := func(get func(*checks.Cookie) string) func(*world, any) slot {
		return onCookie(func(_ *world, c *cookieSource) slot { return settled(types.String(get(c.Cookie))) })
	}
	return &kind{name: "cookie", doc: "One Set-Cookie that a browser keeps (RFC 6265bis), where nothing else is said.", fields: []field{
		{name: "name", of: cel.StringType, doc: "its name", get: text(func(c *checks.Cookie) string { return c.Name })},
		attribute("http_only", "HttpOnly", func(c *checks.Cookie) bool { return c.HttpOnly }),
		attribute("secure", "Secure", func(c *checks.Cookie) bool { return c.Secure }),
		attribute("partitioned", "Partitioned", func(c *checks.Cookie) bool { return c.Partitioned }),
		{name: "same_site", of: cel.StringType, values: []string{"Strict", "Lax", "None", ""}, doc: "the attribute SameSite; empty without", get: onCookie(cookieSameSite)},
		{name: "same_site_invalid", of: cel.BoolType, doc: "an attribute SameSite has a value that browsers do not know", get: onCookie(func(w *world, c *cookieSource) slot {
			text := fmt.Sprintf("%s sets the cookie %s with a SameSite that browsers do not know %s.", c.who, c.title(), c.where)
			if !c.SameSiteInvalid {
				return cookieSameSite(w, c).as(types.False)
			}
			return w.told(proof(c.path("same_site"), "invalid", text), types.True)
		})},
		{name: "domain", of: cel.StringType, doc: "the attribute Domain; empty without", get: text(func(c *checks.Cookie) string { return c.Domain })},
		{name: "path", of: cel.StringType, doc: "the attribute Path; empty without", get: text(func(c *checks.Cookie) string { return c.Path })},
		{name: "lifetime", of: cel.StringType, values: lifetimes(), doc: "until the browser ends, over already, at most 400 days, or more, which browsers cut", get: onCookie(func(w *world, c *cookieSource) slot {
			return c.noted(w, "lifetime", orElse(string(c.Lifetime), "session"))
		})},
		{name: "width", of: cel.StringType, values: widths(), doc: "who gets it back: the host alone, hosts below a domain, or every host below the registrable domain", get: onCookie(func(w *world, c *cookieSource) slot {
			return c.noted(w, "width", orElse(string(c.Width), "host"))
		})},
		{name: "repeated", of: cel.BoolType, doc: "the answer sets it again; browsers keep the last", get: onCookie(func(w *world, c *cookieSource) slot {
			return c.noted(w, "repeated", strconv.FormatBool(c.Repeated)).as(types.Bool(c.Repeated))
		})},
		{name: "drop", of: cel.StringType, values: cookieFaults(), doc: "why browsers drop it; empty for those that they keep", get: text(func(c *checks.Cookie) string { return string(c.Drop) })},
	}}
}

// as is a slot of the same proof with another value.
func (s slot) as(value ref.Val) slot {
	s.fact.value = value
	return s
}

func onCookie(get func(w *world, c *cookieSource) slot) func(*world, any) slot {
	return func(w *world, source any) slot { return get(w, source.(*cookieSource)) }
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func lifetimes() []string {
	return []string{"session", string(checks.LifetimeDeleted), string(checks.LifetimeDays), string(checks.LifetimeOverLong)}
}

func widths() []string {
	return []string{"host", string(checks.WidthDomain), string(checks.WidthRegistrable)}
}

func cookieFaults() []string {
	return append(names([]checks.CookieFault{
		checks.CookieControl, checks.CookieEmpty, checks.CookieTooLarge, checks.CookieSecureOverHTTP, checks.CookieDomainMismatch,
		checks.CookiePublicSuffix, checks.CookieHostPrefix, checks.CookieSecurePrefix, checks.CookieHTTPPrefix, checks.CookieHiddenPrefix,
		checks.CookieNoneNotSecure, checks.CookiePartitionedUnsafe,
	}), "")
}

func cookieSameSite(w *world, c *cookieSource) slot {
	text := fmt.Sprintf("%s sets the cookie %s with SameSite=%s %s.", c.who, c.title(), c.SameSite, c.where)
	if c.SameSite == "" {
		text = fmt.Sprintf("%s sets the cookie %s without SameSite %s.", c.who, c.title(), c.where)
	}
	return w.told(proof(c.path("same_site"), c.SameSite, text), types.String(c.SameSite))
}

// noted is a fact that the cookie's notes tell of.
func (c *cookieSource) noted(w *world, name, value string) slot {
	said := w.cookie(c).said.proof
	return w.told(proof(c.path(name), value, said.Text), types.String(value))
}

func (c *cookieSource) path(name string) string {
	return fmt.Sprintf("%s[%s].%s", c.base, c.Name, name)
}

func (c *cookieSource) title() string {
	if c.Name == "" {
		return "without a name"
	}
	return c.Name
}

func (c *cookieSource) attributeProof(name, title string, has bool) checks.Proof {
	how := "without"
	if has {
		how = "with"
	}
	return proof(c.path(name), strconv.FormatBool(has),
		fmt.Sprintf("%s sets the cookie %s %s %s %s.", c.who, c.title(), how, title, c.where))
}

// droppedCookies are those that a browser drops whole.
func droppedCookies(w *world, source *addressSource) slot {
	seen := w.walkOf(source)
	var elements []ref.Val
	for _, hop := range seen.askedHops() {
		for _, one := range w.cookiesSet(hop.source.(*hopSource), true) {
			elements = append(elements, one)
		}
	}
	return settled(w.walkList(source, elements, seen))
}

// scriptCookies are those that script set in a browser.
func scriptCookies(w *world, source *addressSource) slot {
	a := source.observed
	path, cookies := source.path("script_cookies"), a.Full.ScriptCookies
	if !cookies.Conclusive() {
		open := w.untold(path, cookies.Reason, cookies.State, "which cookies script sets at "+a.Address.String(), "it")
		if cookies.State == checks.NotAsked {
			open.fact.remedy = remedyBrowser
		}
		return open
	}
	made := w.listOf(nil)
	for i := range cookies.Value {
		made.segments[0].elements = append(made.segments[0].elements, w.cookie(&cookieSource{
			Cookie: &cookies.Value[i], base: path, who: a.Address.String(), where: "by script",
		}))
	}
	count := strconv.Itoa(len(cookies.Value))
	return w.told(proof(path, count, fmt.Sprintf("Script at %s sets %s cookies.", a.Address, count)), made)
}

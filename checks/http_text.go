package checks

// cookieFaultTexts finish a sentence that starts with 'browsers drop it: '.
var cookieFaultTexts = map[CookieFault]string{
	CookieControl:           "it has a control character",
	CookieEmpty:             "it has neither name nor value",
	CookieTooLarge:          "its name and value have more than 4,096 bytes",
	CookieSecureOverHTTP:    "it has Secure and came over plain http",
	CookieDomainMismatch:    "its Domain does not cover the host that set it",
	CookiePublicSuffix:      "its Domain is a public suffix",
	CookieHostPrefix:        "its name begins with __Host-, and that needs Secure, Path=/ and no Domain",
	CookieSecurePrefix:      "its name begins with __Secure-, and that needs Secure",
	CookieHTTPPrefix:        "its name begins with __Http- or __Host-Http-, and that needs Secure and HttpOnly",
	CookieHiddenPrefix:      "it has no name, and its value passes for a prefixed name",
	CookieNoneNotSecure:     "it has SameSite=None without Secure",
	CookiePartitionedUnsafe: "it has Partitioned without Secure",
}

// Text says why browsers drop the cookie, as the rest of a sentence.
func (f CookieFault) Text() string {
	if text, known := cookieFaultTexts[f]; known {
		return text
	}
	return "it is not valid"
}

// Attributes lists what a cookie has and what it lacks of the attributes that
// are judged, for people.
func (c Cookie) Attributes() (has, lacks []string) {
	for _, attribute := range []struct {
		name string
		set  bool
	}{{"HttpOnly", c.HttpOnly}, {"Secure", c.Secure}} {
		if attribute.set {
			has = append(has, attribute.name)
		} else {
			lacks = append(lacks, attribute.name)
		}
	}
	if c.SameSite != "" {
		has = append(has, "SameSite="+c.SameSite)
	} else {
		lacks = append(lacks, "SameSite")
	}
	if c.Partitioned {
		has = append(has, "Partitioned")
	}
	return has, lacks
}

// Notes lists what else is to be said of a cookie, each as a short clause.
func (c Cookie) Notes() []string {
	var notes []string
	if c.Invalid {
		notes = append(notes, "browsers drop it: "+c.Drop.Text())
	}
	switch c.Lifetime {
	case LifetimeDeleted:
		notes = append(notes, "deleted by this answer")
	case LifetimeOverLong:
		notes = append(notes, "lives longer than 400 days, which browsers cut")
	case LifetimeDays:
		notes = append(notes, "outlives the browser")
	case LifetimeSession:
	}
	switch c.Width {
	case WidthRegistrable:
		notes = append(notes, "sent to every host of "+c.Domain)
	case WidthDomain:
		notes = append(notes, "sent to every host below "+c.Domain)
	case WidthHost:
	}
	if c.SameSiteInvalid {
		notes = append(notes, "its SameSite is none that browsers know")
	}
	if c.Repeated {
		notes = append(notes, "set more than once in one answer")
	}
	return notes
}

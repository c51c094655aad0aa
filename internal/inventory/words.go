package inventory

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/gradewatch/gradewatch/checks/policy"
)

// plain reduces a word to its letters and digits in lower case, so that Post-logout
// URL, postLogoutUrl and POST_LOGOUT_URL are one.
func plain(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, word)
}

// environmentOf reads an environment by any of its usual names.
func environmentOf(word string) (policy.Environment, bool) {
	switch plain(word) {
	case "sod", "development", "dev", "onlinesandbox", "superofficedevelopment", "superofficedevelopmentsod":
		return policy.SOD, true
	case "stage", "staging", "qa", "qaonline":
		return policy.Stage, true
	case "production", "prod", "online", "live":
		return policy.Production, true
	}
	return "", false
}

// typeOf reads the type of an application.
func typeOf(word string) (policy.ApplicationType, bool) {
	switch plain(word) {
	case "standard", "standardapp", "standardapplication":
		return policy.Standard, true
	case "custom", "customapp", "customapplication":
		return policy.Custom, true
	}
	return "", false
}

// kindOf reads what an endpoint is for. An empty word is a redirect URL.
func kindOf(word string) (policy.Kind, bool) {
	short := plain(word)
	if short == "" {
		return policy.Redirect, true
	}
	for _, kind := range policy.Kinds() {
		if short == plain(string(kind)) {
			return kind, true
		}
	}
	kind, known := kindNames()[strings.TrimSuffix(strings.TrimSuffix(short, "s"), "url")]
	return kind, known
}

// kindNames are further names of kinds, without url or urls behind them.
func kindNames() map[string]policy.Kind {
	return map[string]policy.Kind{
		"redirect": policy.Redirect, "allowedredirect": policy.Redirect, "redirecturi": policy.Redirect, "callback": policy.Redirect,
		"postlogout": policy.PostLogout, "postlogoutredirect": policy.PostLogout, "allowedpostlogoutredirect": policy.PostLogout, "logout": policy.PostLogout,
		"webpanel": policy.WebPanel, "panel": policy.WebPanel,
		"webhook": policy.Webhook, "webhooktarget": policy.Webhook,
		"statechange": policy.StateChange, "customerstatechange": policy.StateChange, "notification": policy.StateChange,
		"erpsync": policy.ERPSync, "erp": policy.ERPSync, "erpconnector": policy.ERPSync,
		"quoteconnector": policy.QuoteConnector, "quote": policy.QuoteConnector,
		"mirroring": policy.Mirroring, "databasemirroring": policy.Mirroring,
		"cor": policy.CORSOrigin, "cors": policy.CORSOrigin, "corsorigin": policy.CORSOrigin, "origin": policy.CORSOrigin, "allowedorigin": policy.CORSOrigin, "allowedcorsorigin": policy.CORSOrigin,
		"signinstart": policy.SignInStart, "loginstart": policy.SignInStart, "signin": policy.SignInStart, "login": policy.SignInStart,
		"appstorelink": policy.StoreLink, "storelink": policy.StoreLink, "appstore": policy.StoreLink,
		"guide": policy.Guide, "userguide": policy.Guide, "documentation": policy.Guide,
	}
}

// valueKindOf reads how a value is to be read; an empty word is no kind.
func valueKindOf(word string) (policy.ValueKind, bool) {
	switch plain(word) {
	case "literal", "url", "weburl", "exact":
		return policy.Literal, true
	case "pattern", "regex", "regexp", "regularexpression":
		return policy.Pattern, true
	case "nativeloopback", "native", "loopback":
		return policy.NativeLoopback, true
	case "customscheme", "scheme", "privateusescheme":
		return policy.CustomScheme, true
	}
	return "", false
}

var (
	characters   = regexp.MustCompile(`\[\^|\[[^\]]*[A-Za-z0-9]-[A-Za-z0-9][^\]]*\]`)
	loopbackHost = regexp.MustCompile(`^\^?https?://(127\\?\.[0-9]+\\?\.[0-9]+\\?\.[0-9]+|\\?\[::1\\?\])([\\:/?$]|$)`)
	ownScheme    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
)

// inferValueKind says how a value is to be read where nobody said it. localhost
// counts as a web URL: on an application that is not native it is a leftover.
func inferValueKind(value, probe string) policy.ValueKind {
	switch {
	case loopbackHost.MatchString(value):
		return policy.NativeLoopback
	case probe != "" || looksLikePattern(value):
		return policy.Pattern
	case ownScheme.MatchString(value) && !strings.HasPrefix(strings.ToLower(value), "http:") && !strings.HasPrefix(strings.ToLower(value), "https:") &&
		!portFollows.MatchString(value):
		return policy.CustomScheme
	}
	return policy.Literal
}

// looksLikePattern says whether a value has signs that patterns have and URLs
// hardly ever do.
func looksLikePattern(value string) bool {
	return strings.HasPrefix(value, "^") || strings.HasSuffix(value, "$") || strings.ContainsRune(value, '\\') ||
		strings.Contains(value, ".*") || strings.Contains(value, ".+") || strings.ContainsRune(value, '[') && characters.MatchString(value)
}

// yesOf reads yes or no.
func yesOf(word string) (yes, known bool) {
	switch short := plain(word); {
	case slices.Contains([]string{"yes", "true", "1", "y", "allowed", "on"}, short):
		return true, true
	case slices.Contains([]string{"no", "false", "0", "n", "forbidden", "off"}, short):
		return false, true
	}
	return false, false
}

var intervalWords = regexp.MustCompile(`^([0-9]{1,6}(?:\.[0-9]{1,6})?) ?([a-z]*)$`)

// intervalOf reads an interval: minutes, or a number with its unit.
func intervalOf(text string) (time.Duration, bool) {
	match := intervalWords.FindStringSubmatch(strings.ToLower(text))
	if match == nil {
		return 0, false
	}
	number, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		return 0, false
	}
	unit := map[string]time.Duration{
		"": time.Minute, "s": time.Second, "m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
		"h": time.Hour, "hour": time.Hour, "hours": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	}[match[2]]
	interval := time.Duration(number * float64(unit))
	return interval, lawfulInterval(interval)
}

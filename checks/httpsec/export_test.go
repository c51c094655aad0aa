package httpsec

import "net/url"

func mustParse(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return u
}

// Exported for the comparison with a browser and for fuzzing.
var (
	DefaultPath     = defaultPath
	ParseCookieDate = parseCookieDate
)

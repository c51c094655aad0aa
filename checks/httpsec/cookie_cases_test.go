package httpsec_test

import "slices"

// setCookieCase is one answer with Set-Cookie lines, and exactly what is made
// of it. Chromium is given the same answer and must keep the same cookies.
type setCookieCase struct {
	name string
	url  string // empty: https://app.example.com/callback
	line string // or
	// lines, in the order sent. {+30d} stands for a date in 30 days.
	lines []string
	want  string // as describe writes cookies, " | " between two
	// chromium says why Chromium does something else, and kept what it keeps then,
	// as describeStored writes it.
	chromium, kept string
}

// setCookieCases are lines of our own. Where an idea is that of a file of
// web-platform-tests, the name says which.
func setCookieCases() map[string][]setCookieCase {
	return map[string][]setCookieCase{
		"attributes":  attributeCases(),
		"order":       orderCases(),
		"quotes":      quoteCases(),
		"whitespace":  whitespaceCases(),
		"encodings":   encodingCases(),
		"prefixes":    slices.Concat(prefixCases(), hiddenPrefixCases()),
		"domains":     slices.Concat(domainCases(), publicSuffixCases()),
		"paths":       pathCases(),
		"dates":       slices.Concat(dateCases(), dateFaultCases()),
		"Max-Age":     maxAgeCases(),
		"sizes":       sizeCases(),
		"nameless":    namelessCases(),
		"Partitioned": partitionedCases(),
		"SameSite":    sameSiteCases(),
		"Secure":      secureCases(),
	}
}

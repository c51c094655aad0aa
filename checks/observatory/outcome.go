package observatory

import (
	"maps"
	"slices"
	"sync"

	"github.com/gradewatch/gradewatch/checks/observatory/csp"
)

// verdict is what the Observatory says of a result beside its points.
type verdict uint8

const (
	fail verdict = iota
	pass
	notApplicable
)

// outcome is what a result is worth.
type outcome struct {
	modifier int
	verdict  verdict
	text     string
}

// Results are the ids of every result, sorted.
func Results() []string { return slices.Sorted(maps.Keys(outcomes())) }

func passes(result string) bool { return outcomes()[result].verdict == pass }

// outcomes are every result there is: the modifiers and verdicts are the
// Observatory's, the sentences ours.
var outcomes = sync.OnceValue(func() map[string]outcome {
	all := map[string]outcome{Inconclusive: {0, notApplicable, "The look could not tell."}}
	for _, some := range []map[string]outcome{
		policyOutcomes(), cookieOutcomes(), sharingOutcomes(), redirectionOutcomes(), referrerOutcomes(),
		transportOutcomes(), integrityOutcomes(), optionOutcomes(), resourceOutcomes(),
	} {
		for result, one := range some {
			all[result] = one
		}
	}
	return all
})

func policyOutcomes() map[string]outcome {
	return map[string]outcome{
		string(csp.NoUnsafeDefaultNone): {10, pass, "The Content-Security-Policy allows nothing by default, and no unsafe source."},
		string(csp.NoUnsafe):            {5, pass, "The Content-Security-Policy allows no inline script and no eval."},
		string(csp.UnsafeInlineStyle):   {0, pass, "The Content-Security-Policy allows unsafe sources, but for styles alone."},
		string(csp.InsecurePassive):     {-10, pass, "The Content-Security-Policy lets images or media load over http."},
		string(csp.UnsafeEval):          {-10, fail, "The Content-Security-Policy lets scripts use eval."},
		string(csp.UnsafeInline):        {-20, fail, "The Content-Security-Policy allows inline script, data: or nearly any source for script or plug-ins."},
		string(csp.InsecureScheme):      {-20, fail, "The Content-Security-Policy lets scripts, styles or frames load over http."},
		string(csp.Duplicate):           {0, pass, "The Content-Security-Policy is good, but says where to report more than once."},
		string(csp.Invalid):             {-25, fail, "The Content-Security-Policy cannot be read."},
		string(csp.Missing):             {-25, fail, "There is no Content-Security-Policy."},
		string(csp.ReportOnly):          {-25, fail, "The Content-Security-Policy only reports and stops nothing."},
	}
}

func cookieOutcomes() map[string]outcome {
	return map[string]outcome{
		cookiesBest:              {5, pass, "Every cookie is Secure and has SameSite, and session cookies are HttpOnly."},
		cookiesGood:              {0, pass, "Every cookie is Secure and session cookies are HttpOnly, but SameSite is missing."},
		cookiesNone:              {0, notApplicable, "The page sets no cookie."},
		cookiesInsecureHSTS:      {-5, fail, "A cookie is not Secure; only Strict-Transport-Security keeps it off http."},
		sessionInsecureHSTS:      {-10, fail, "A session cookie is not Secure; only Strict-Transport-Security keeps it off http."},
		cookiesInsecure:          {-20, fail, "A cookie is not Secure, so it can travel over http."},
		cookiesSameSiteInvalid:   {-20, fail, "A cookie has a SameSite that browsers do not take."},
		cookiesForgeryNoSameSite: {-20, fail, "A cookie against request forgery has no SameSite."},
		sessionNotHTTPOnly:       {-30, fail, "A session cookie is not HttpOnly, so scripts can read it."},
		sessionInsecure:          {-40, fail, "A session cookie is not Secure, so it can travel over http."},
	}
}

func sharingOutcomes() map[string]outcome {
	return map[string]outcome{
		sharingNone:       {0, pass, "Other origins may not read the page."},
		sharingPublic:     {0, pass, "Every origin may read the page, without cookies."},
		sharingRestricted: {0, pass, "Certain origins may read the page."},
		sharingUniversal:  {-50, fail, "Every origin may read the page with the cookies of who visits it."},
	}
}

func redirectionOutcomes() map[string]outcome {
	return map[string]outcome{
		redirectsPreloaded:   {0, pass, "Browsers ask every host on the way over https alone: all are on the preload list."},
		redirectsToHTTPS:     {0, pass, "Port 80 leads to https on the same host first."},
		redirectsNotNeeded:   {0, pass, "Port 80 is closed, so there is nothing to redirect."},
		redirectsOffHost:     {-5, fail, "Port 80 leads to another host first, so Strict-Transport-Security is not learned for this one."},
		redirectsOverHTTP:    {-10, fail, "Port 80 leads to https, but to another http address first."},
		redirectsNotToHTTPS:  {-20, fail, "Port 80 redirects, but the last page is not https."},
		redirectsMissing:     {-20, fail, "Port 80 serves a page instead of leading to https."},
		redirectsInvalidCert: {-20, fail, "Port 80 leads to a page whose certificate browsers do not take."},
	}
}

func referrerOutcomes() map[string]outcome {
	return map[string]outcome{
		referrerPrivate: {5, pass, "Referrer-Policy keeps the address of the page from other sites."},
		referrerMissing: {0, notApplicable, "There is no Referrer-Policy; browsers use their own, which is a good one."},
		referrerUnsafe:  {-5, fail, "Referrer-Policy tells other sites more than browsers would by themselves."},
		referrerInvalid: {-5, fail, "Referrer-Policy has no value that browsers know."},
	}
}

func transportOutcomes() map[string]outcome {
	return map[string]outcome{
		transportPreloaded:   {5, pass, "The host is on the preload list: browsers use https alone."},
		transportLong:        {0, pass, "Strict-Transport-Security holds for six months or more."},
		transportShort:       {-10, fail, "Strict-Transport-Security holds for less than six months."},
		transportMissing:     {-20, fail, "There is no Strict-Transport-Security."},
		transportInvalid:     {-20, fail, "Strict-Transport-Security cannot be read."},
		transportNoHTTPS:     {-20, fail, "The page is not served over https."},
		transportInvalidCert: {-20, fail, "Browsers do not take the certificate, so Strict-Transport-Security counts for nothing."},
	}
}

func integrityOutcomes() map[string]outcome {
	return map[string]outcome{
		integrityAll:             {5, pass, "Scripts come from the own site, with a checksum."},
		integrityExternal:        {5, pass, "Every script of another site has a checksum and comes over https."},
		integrityNotHTML:         {0, notApplicable, "The answer is no page, so it loads no scripts."},
		integrityNoScripts:       {0, notApplicable, "The page has no scripts."},
		integrityOwnOrigin:       {0, notApplicable, "Every script comes from the own site, so no checksum is needed."},
		integrityMissing:         {-5, fail, "A script of another site comes over https, but without a checksum."},
		integrityInsecure:        {-20, fail, "A script of another site has a checksum, but is not bound to https."},
		integrityMissingInsecure: {-50, fail, "A script of another site has no checksum and is not bound to https."},
	}
}

func optionOutcomes() map[string]outcome {
	return map[string]outcome{
		sniffOff:      {0, pass, "X-Content-Type-Options stops browsers from guessing the type."},
		sniffMissing:  {-5, fail, "There is no X-Content-Type-Options, so browsers may guess the type."},
		sniffInvalid:  {-5, fail, "X-Content-Type-Options has a value other than nosniff."},
		frameByPolicy: {5, pass, "The Content-Security-Policy says who may frame the page."},
		frameDenied:   {0, pass, "X-Frame-Options keeps other sites from framing the page."},
		frameFrom:     {0, pass, "X-Frame-Options names who may frame the page; browsers of today ignore that form."},
		frameMissing:  {-20, fail, "Nothing says who may frame the page."},
		frameInvalid:  {-20, fail, "X-Frame-Options has a value that browsers do not know."},
	}
}

func resourceOutcomes() map[string]outcome {
	return map[string]outcome{
		resourceSameOrigin:  {10, pass, "Cross-Origin-Resource-Policy keeps other origins from loading the page."},
		resourceSameSite:    {10, pass, "Cross-Origin-Resource-Policy keeps other sites from loading the page."},
		resourceCrossOrigin: {0, pass, "Cross-Origin-Resource-Policy lets every site load the page."},
		resourceMissing:     {0, notApplicable, "There is no Cross-Origin-Resource-Policy; every site may load the page."},
		resourceInvalid:     {-5, fail, "Cross-Origin-Resource-Policy has a value that browsers do not know."},
	}
}

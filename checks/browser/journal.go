package browser

import (
	_ "embed"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec"
)

// bindingName is the function that journalScript takes out of the page before
// any other script sees it.
const bindingName = "gradewatchCookieWritten"

//go:embed journal.js
var journalScript string

// maxNoted bounds what a page can make us remember, of script and of answers.
const maxNoted = 2000

// pair is what tells one writing of a cookie from another. It never leaves.
type pair struct{ name, value string }

// journal holds who wrote which cookie.
type journal struct {
	mu      sync.Mutex
	script  map[pair]bool
	answers map[pair]bool
	host    string // of the document that was asked for last
}

// note takes an event of the page.
func (j *journal) note(event any) {
	switch event := event.(type) {
	case *runtime.EventBindingCalled:
		if event.Name == bindingName {
			j.add(&j.script, event.Payload)
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(event.DocumentURL); err == nil && event.Type == network.ResourceTypeDocument {
			j.mu.Lock()
			j.host = u.Hostname()
			j.mu.Unlock()
		}
	case *network.EventResponseReceivedExtraInfo:
		for name, value := range event.Headers {
			text, ok := value.(string)
			if !ok || !strings.EqualFold(name, "set-cookie") {
				continue
			}
			for line := range strings.SplitSeq(text, "\n") {
				j.add(&j.answers, line)
			}
		}
	}
}

func (j *journal) add(to *map[pair]bool, line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if *to == nil {
		*to = map[pair]bool{}
	}
	if len(*to) < maxNoted {
		(*to)[pairOf(line)] = true
	}
}

// document returns the host of the document that was asked for last.
func (j *journal) document() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.host
}

// pairOf reads a line as RFC 6265bis section 5.6 step 3 does.
func pairOf(line string) pair {
	line, _, _ = strings.Cut(line, ";")
	name, value, found := strings.Cut(line, "=")
	if !found {
		name, value = "", line
	}
	return pair{strings.Trim(name, " \t"), strings.Trim(value, " \t")}
}

// scriptCookies returns what is in the jar for host's site because script wrote
// it: a writing of script that no answer made as well.
func (j *journal) scriptCookies(host string, jar []*network.Cookie) []checks.Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	var cookies []checks.Cookie
	for _, stored := range jar {
		written := pair{stored.Name, stored.Value}
		ours := httpsec.SameSite(host, strings.TrimPrefix(stored.Domain, "."))
		if j.script[written] && !j.answers[written] && !stored.HTTPOnly && ours {
			cookies = append(cookies, cookieOf(stored))
		}
	}
	slices.SortFunc(cookies, httpsec.CompareCookies)
	return slices.Compact(cookies)
}

func cookieOf(stored *network.Cookie) checks.Cookie {
	cookie := checks.Cookie{
		Name:        checks.Clean(httpsec.CanonicalCookieName(stored.Name), 1024),
		Secure:      stored.Secure,
		SameSite:    string(stored.SameSite),
		Path:        checks.Clean(httpsec.CanonicalPath(stored.Path), 1024),
		Partitioned: stored.PartitionKey != nil,
	}
	if domain, found := strings.CutPrefix(stored.Domain, "."); found {
		cookie.Domain, cookie.Width = checks.Clean(domain, 1024), httpsec.CookieWidth(domain)
	}
	if !stored.Session {
		cookie.Lifetime = checks.LifetimeDays // the browser cut it already
	}
	return cookie
}

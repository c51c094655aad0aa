package browser

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec/site"
)

const (
	lookLimit = 40 * time.Second // with start and end of the browser
	loadLimit = 15 * time.Second // until the page and what it loads is there
	settling  = 2 * time.Second  // for what script does after that
)

// Config says which browser is asked.
type Config struct {
	// Path of Chromium or Chrome. Empty: nobody is asked.
	Path string
	// Slots bounds how many browsers run at a time: its capacity. Nil: no bound.
	// Everybody who shares it waits, within the deadline.
	Slots chan struct{}
}

// Cookies opens target.URL in a headless Chromium and returns the cookies that
// script wrote (document.cookie, the Cookie Store API), for the target's site,
// without values: sorted by name, domain and path, none where script writes
// none. Path is where the browser filed the cookie, also where script named
// none. A cookie that an answer sets is none of these, and HttpOnly is beyond
// script. Cookies of service workers are not seen.
//
// Every connection goes through network; the target's own host stays at
// address. No host of SuperOffice's sign-in service is reached, and of ports
// other than 80, 443 and the URL's four. One look takes at most 64 connections,
// 32 MiB and 40 seconds, and ends with ctx. A page that is not loaded in 15 seconds is
// Inconclusive, with the reason where there is one: what a page that hangs wrote
// until then would differ from look to look. Targets that are posted to are not
// asked. TLS names the URL's host; target.SNI does not count.
func Cookies(ctx context.Context, network checks.Network, target checks.Target, address netip.AddrPort, config Config) checks.Fact[[]checks.Cookie] {
	if config.Path == "" || target.Method == http.MethodPost {
		return checks.Fact[[]checks.Cookie]{}
	}
	start, err := url.Parse(target.URL)
	if err != nil || start.Host == "" || start.Scheme != "https" && start.Scheme != "http" {
		return checks.InconclusiveFact[[]checks.Cookie](checks.ReasonMalformed)
	}
	start.User, start.Fragment, start.RawFragment = nil, "", ""
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	if config.Slots != nil {
		select {
		case config.Slots <- struct{}{}:
			defer func() { <-config.Slots }()
		case <-ctx.Done():
			return checks.InconclusiveFact[[]checks.Cookie](endOf(ctx))
		}
	}
	gate := &gate{network: network, host: site.Host(start.Hostname()), port: portOf(start), address: address}
	cookies, err := look(ctx, gate, start, config.Path)
	if err != nil {
		reason := reasonOf(ctx, err)
		network.Logf("browser %s: %s: %v", address, reason, err)
		return checks.InconclusiveFact[[]checks.Cookie](reason)
	}
	network.Logf("browser %s: script set %d cookies", address, len(cookies))
	return checks.KnownFact(cookies)
}

// look runs a browser behind a proxy for one page.
func look(ctx context.Context, gate *gate, start *url.URL, path string) (cookies []checks.Cookie, err error) {
	proxy, err := startProxy(ctx, gate)
	if err != nil {
		return nil, err
	}
	defer proxy.close()
	chromium, err := startChromium(ctx, path, proxy.address())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, chromium.close()) }()
	journal, err := chromium.prepare()
	if err != nil {
		return nil, fmt.Errorf("prepare the browser: %w", err)
	}
	if err := chromium.open(start.String()); err != nil { //nolint:contextcheck // the browser's is made from ctx
		if reason := gate.refusal(journal.document()); reason != "" && isLoad(err) {
			err = refusedError{reason}
		}
		return nil, fmt.Errorf("open the page: %w", err)
	}
	jar, err := chromium.cookies()
	if err != nil {
		return nil, fmt.Errorf("read the browser's cookies: %w", err)
	}
	return journal.scriptCookies(start.Hostname(), jar), nil
}

// errLoading: the page was still loading when its time was over.
var errLoading = errors.New("the page did not load in time")

// reasonOf returns the stable reason why there is no answer.
func reasonOf(ctx context.Context, err error) checks.Reason {
	var refused refusedError
	switch {
	case ctx.Err() != nil:
		return endOf(ctx)
	case errors.As(err, &refused):
		return refused.reason
	case isLoad(err):
		return checks.ReasonHandshakeFailed // it connected, and did not come to HTTP
	case errors.Is(err, errLoading):
		return checks.ReasonTimeout
	}
	return checks.ReasonInternal
}

func isLoad(err error) bool { return errors.Is(err, chromedp.ErrPageLoad) }

func endOf(ctx context.Context) checks.Reason {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return checks.ReasonTimeout
	}
	return checks.ReasonCanceled
}

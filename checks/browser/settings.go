package browser

import (
	"strings"

	"github.com/chromedp/chromedp"
)

var headless = strings.NewReplacer("HeadlessChrome", "Chrome")

// nowhere is where the browser is told that its maker's services are: a name
// that the gate refuses and nobody has.
const nowhere = "https://nowhere.invalid/"

// settings are the switches of a browser that reaches nothing but proxy: it
// resolves no name, speaks no UDP, and asks nothing for itself. As root it goes
// without its sandbox, which Chromium refuses to root.
func settings(proxy string) []chromedp.ExecAllocatorOption {
	options := []chromedp.ExecAllocatorOption{
		chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.DisableGPU,
		chromedp.IgnoreCertErrors, // certificates are judged elsewhere, and nothing secret is sent
		chromedp.Flag("proxy-server", "http://"+proxy),
		chromedp.Flag("proxy-bypass-list", "<-loopback>"), // not even loopback
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
		chromedp.Flag("force-webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		chromedp.Flag("webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		chromedp.Flag("disable-features", strings.Join(disabledFeatures(), ",")),
		chromedp.Flag("gaia-url", nowhere), chromedp.Flag("google-apis-url", nowhere), chromedp.Flag("google-url", nowhere),
		chromedp.Flag("variations-server-url", nowhere), chromedp.Flag("component-updater", "url-source="+nowhere),
		chromedp.Flag("password-store", "basic"),
		chromedp.Flag("js-flags", "--max-old-space-size=256"),
		chromedp.Flag("disk-cache-size", "1"),
		chromedp.Flag("renderer-process-limit", "2"),
	}
	for _, name := range []string{
		"disable-quic", "dns-prefetch-disable", "no-pings", "disable-background-networking", "disable-component-update",
		"disable-sync", "disable-domain-reliability", "disable-client-side-phishing-detection", "disable-default-apps",
		"disable-extensions", "disable-field-trial-config", "disable-breakpad", "disable-crash-reporter", "disable-dev-shm-usage",
		"disable-hang-monitor", "disable-prompt-on-repost", "disable-notifications", "disable-speech-api", "disable-file-system",
		"disable-site-isolation-trials", "metrics-recording-only", "safebrowsing-disable-auto-update", "mute-audio",
		"deny-permission-prompts", "block-new-web-contents", "use-mock-keychain", "hide-scrollbars", "enable-automation",
	} {
		options = append(options, chromedp.Flag(name, true))
	}
	return options
}

// disabledFeatures would connect on their own, or take frames out of the one
// page that is listened to.
func disabledFeatures() []string {
	return []string{
		"IsolateOrigins", "site-per-process", "Translate", "OptimizationHints", "MediaRouter", "DialMediaRouteProvider",
		"DnsOverHttps", "AsyncDns", "CertificateTransparencyComponentUpdater", "AutofillServerCommunication",
		"InterestFeedContentSuggestions", "NetworkTimeServiceQuerying", "Prerender2", "SpeculationRulesPrefetchFuture",
		"HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "PreconnectToSearch", "NavigationPredictor",
	}
}

package content

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec/site"
	"github.com/gradewatch/gradewatch/checks/httpsec/volatile"
)

// maxOrigins bounds the scripts and the mixed content that are kept.
const maxOrigins = 64

// loads collects what a page loads from where.
type loads struct {
	page     reference // the page's own URL
	base     reference // what relative addresses are relative to
	based    bool      // a base element was read; the first one counts
	moved    bool      // and it names an origin
	scripted map[checks.Script]bool
	inline   bool // a script that stands in the page: without src, or with one that names no origin
	insecure map[checks.MixedContent]bool
}

func newLoads(u *url.URL) loads {
	own := reference{}
	if u != nil {
		own = reference{scheme: strings.ToLower(u.Scheme), host: authority(strings.ToLower(u.Scheme), u.Host)}
	}
	return loads{page: own, base: own, scripted: map[checks.Script]bool{}, insecure: map[checks.MixedContent]bool{}}
}

// reference is the origin part of an address, and how it was named.
type reference struct {
	scheme, host string
	relative     string // as checks.Script.Relative
}

// origin names it without the labels of its host that are made anew for each
// answer, as those of some measuring scripts are.
func (r reference) origin() string {
	labels := strings.Split(r.host, ".")
	for i, label := range labels {
		if volatile.Word(label) {
			labels[i] = "*"
		}
	}
	return r.scheme + "://" + strings.Join(labels, ".")
}

// start reads what one element loads.
func (l *loads) start(tag element) {
	switch tag.name {
	case "base":
		l.setBase(tag)
	case "script":
		l.script(tag)
		l.mixes(true, tag.get("src"))
	case "iframe", "frame", "embed", "track":
		l.mixes(true, tag.get("src"))
	case "object":
		l.mixes(true, tag.get("data"))
	case "form":
		l.mixes(true, tag.get("action"))
	case "button":
		l.mixes(true, tag.get("formaction"))
	case "link":
		l.link(tag)
	case "input":
		l.mixes(true, tag.get("formaction"))
		if strings.EqualFold(tag.get("type"), "image") {
			l.mixes(false, tag.get("src"))
		}
	case "img":
		l.mixes(false, tag.get("src"))
		l.imageSet(tag.get("srcset"))
	case "audio", "video":
		l.mixes(false, tag.get("src"), tag.get("poster"))
	case "source":
		l.mixes(false, tag.get("src"))
		l.imageSet(tag.get("srcset"))
	case "body", "table", "td", "th":
		l.mixes(false, tag.get("background"))
	}
	if style := tag.get("style"); style != "" {
		l.styleSheet(style)
	}
}

// setBase reads <base href>: the first one counts (HTML standard 4.2.3).
func (l *loads) setBase(tag element) {
	href := tag.get("href")
	if l.based || !tag.has("href") {
		return
	}
	l.based = true
	target, ok := l.resolve(href)
	if !ok || target.relative == "origin" {
		return
	}
	l.base, l.moved = target, true
}

// script keeps a script's origin. Where <base> names another origin, a
// relative src is named in the way that the base is.
func (l *loads) script(tag element) {
	target, ok := l.resolve(tag.get("src"))
	if !ok || strings.TrimSpace(tag.get("src")) == "" {
		l.inline = true
		return
	}
	if len(l.scripted) >= maxOrigins {
		return
	}
	script := checks.Script{Integrity: strings.TrimSpace(tag.get("integrity")) != "", Relative: target.relative}
	if own := target.scheme == l.page.scheme && target.host == l.page.host; own {
		script.SameSite = true
	} else {
		script.Origin = target.origin()
		script.SameSite = site.Same(hostname(target.host), hostname(l.page.host))
	}
	l.scripted[script] = true
}

func (l *loads) link(tag element) {
	for rel := range strings.FieldsSeq(strings.ToLower(tag.get("rel"))) {
		switch rel {
		case "stylesheet", "modulepreload", "manifest":
			l.mixes(true, tag.get("href"))
		case "preload", "prefetch":
			as := strings.ToLower(tag.get("as"))
			l.mixes(as != "image" && as != "audio" && as != "video", tag.get("href"))
		case "icon", "apple-touch-icon":
			l.mixes(false, tag.get("href"))
		}
	}
}

// imageSet reads srcset. Browsers do not upgrade these (Mixed Content Level 2
// section 4.1), so they are blocked.
func (l *loads) imageSet(set string) {
	for candidate := range strings.SplitSeq(set, ",") {
		if fields := strings.Fields(candidate); len(fields) > 0 {
			l.mixes(true, fields[0])
		}
	}
}

var (
	importShape = regexp.MustCompile(`(?i)@import\s+(?:url\(\s*)?["']?(http://[^"')\s;]+)`)
	cssURLShape = regexp.MustCompile(`(?i)url\(\s*["']?(http://[^"')\s]+)`)
)

// styleSheet reads the addresses in full of a style sheet or attribute:
// imports are active, the rest is taken for pictures.
func (l *loads) styleSheet(css string) {
	if l.page.scheme != "https" || !strings.Contains(css, "://") {
		return
	}
	for _, match := range importShape.FindAllStringSubmatch(css, maxOrigins) {
		l.mixes(true, match[1])
	}
	css = importShape.ReplaceAllString(css, "")
	for _, match := range cssURLShape.FindAllStringSubmatch(css, maxOrigins) {
		l.mixes(false, match[1])
	}
}

// mixes keeps what a page over https loads over http. Loopback is trusted
// whatever the scheme (Secure Contexts section 3.1).
func (l *loads) mixes(active bool, sources ...string) {
	if l.page.scheme != "https" {
		return
	}
	for _, source := range sources {
		if strings.TrimSpace(source) == "" || len(l.insecure) >= maxOrigins {
			continue
		}
		target, ok := l.resolve(source)
		if ok && target.scheme == "http" && !loopback(hostname(target.host)) {
			l.insecure[checks.MixedContent{Origin: target.origin(), Active: active}] = true
		}
	}
}

func (l *loads) scripts() []checks.Script {
	var all []checks.Script
	for script := range l.scripted {
		all = append(all, script)
	}
	slices.SortFunc(all, func(a, b checks.Script) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Relative, b.Relative), boolean(a.Integrity, b.Integrity))
	})
	return all
}

func (l *loads) mixed() []checks.MixedContent {
	var all []checks.MixedContent
	for content := range l.insecure {
		all = append(all, content)
	}
	slices.SortFunc(all, func(a, b checks.MixedContent) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), boolean(a.Active, b.Active))
	})
	return all
}

func boolean(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

var schemeShape = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]{0,30}):`)

// resolve returns where an address leads, as browsers read it (URL standard):
// spaces around it and line ends in it do not count, a backslash is a slash.
// It is false for anything but http and https.
func (l *loads) resolve(address string) (reference, bool) {
	address = strings.Trim(address, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f ")
	address = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(address[:min(len(address), maxAddress)])
	scheme, rest := l.base.scheme, address
	match := schemeShape.FindStringSubmatch(address)
	if match != nil {
		scheme, rest = strings.ToLower(match[1]), address[len(match[0]):]
	}
	if scheme != "http" && scheme != "https" {
		return reference{}, false
	}
	path := strings.ReplaceAll(rest[:min(len(rest), 8)], `\`, "/")
	switch {
	case match != nil && (scheme != l.base.scheme || strings.HasPrefix(path, "//")):
		return named(scheme, strings.TrimLeft(rest, `/\`), "")
	case match == nil && strings.HasPrefix(path, "//"):
		return named(scheme, strings.TrimLeft(rest, `/\`), "protocol")
	case l.base.host == "":
		return reference{}, false
	case l.moved:
		return l.base, true
	}
	return reference{scheme: scheme, host: l.base.host, relative: "origin"}, true
}

// maxAddress bounds how much of an address is read; its origin comes first.
const maxAddress = 2048

func named(scheme, rest, relative string) (reference, bool) {
	if end := strings.IndexAny(rest, `/\?#`); end >= 0 {
		rest = rest[:end]
	}
	host := authority(scheme, rest)
	return reference{scheme, host, relative}, host != ""
}

var hostShape = regexp.MustCompile(`^(?:[a-z0-9._-]+|\[[0-9a-f:.]{2,45}\])$`)

// authority returns host[:port] in canonical form: lower case, ASCII, without
// user information and default port. It is empty for what is no host.
func authority(scheme, text string) string {
	text = text[strings.LastIndexByte(text, '@')+1:]
	host, port := text, ""
	if at := strings.LastIndexByte(text, ':'); at > strings.LastIndexByte(text, ']') {
		host, port = text[:at], strings.TrimLeft(text[at+1:], "0")
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	host = strings.ToLower(host)
	if len(host) > 253 || !hostShape.MatchString(host) || len(port) > 5 || strings.Trim(port, "0123456789") != "" {
		return ""
	}
	if port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return host
	}
	return host + ":" + port
}

func hostname(authority string) string {
	if host, _, err := net.SplitHostPort(authority); err == nil {
		return host
	}
	return strings.Trim(authority, "[]")
}

func loopback(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

package views

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Hosts is the page of a team's hosts.
type Hosts struct {
	Hosts      []store.HostSummary
	Unverified bool // those are listed only
	Count      int  // of the unverified hosts
	Quota      int  // 0: none
	Previous   string
	Next       string
	MayChange  bool
	OptOuts    bool // the reader may record opt-outs
	Host       string
	Faults     Faults
}

// Host is the page of one host.
type Host struct {
	store.HostSummary
	Ownership *monitor.Ownership // nil: the team never said that it is its own
	Groups    []Group            // its URLs
	Domains   []string           // whose DNS may hold the token, the host first; empty: an address
	Wide      bool               // the last of Domains speaks for the names below it
	Now       time.Time
	MayChange bool
	Fault     string // why a check was not asked for; empty: it was, or nobody asked
}

// HostPath is the page of a host.
func HostPath(host string) string { return "/hosts/" + url.PathEscape(host) }

func hostPath(host string) templ.SafeURL { return templ.SafeURL(HostPath(host)) }

// hostMark says in a word whose a host is.
func hostMark(h store.HostSummary) (mark, string) {
	switch {
	case h.State == monitor.OwnershipFailing:
		return mark{"diamond", "unsure"}, "Token missing"
	case h.State == monitor.OwnershipVerified && h.Method == monitor.ByPage:
		return mark{"check", "pass"}, "Page verified"
	case h.Owned:
		return mark{"check", "pass"}, "Verified"
	case h.State == monitor.OwnershipLapsed:
		return mark{"octagon", "fail"}, "Lapsed"
	case h.State == monitor.OwnershipPending:
		return mark{"diamond", "unsure"}, "Not found yet"
	default:
		return mark{"dash", "calm"}, "Not verified"
	}
}

// hostDetail says on what it rests that a host is the team's.
func hostDetail(h store.HostSummary) string {
	switch {
	case h.State == monitor.OwnershipVerified || h.State == monitor.OwnershipFailing:
		return "by " + methodWords(h.Method)
	case h.CoveredBy != "":
		return "by DNS of " + h.CoveredBy
	default:
		return ""
	}
}

func methodWords(method monitor.OwnershipMethod) string {
	switch method {
	case monitor.ByDNS:
		return "DNS"
	case monitor.ByFile:
		return "the well-known file"
	case monitor.ByMeta:
		return "the meta tag of the first page"
	case monitor.ByPage:
		return "the meta tag of a registered page"
	default:
		return "nothing"
	}
}

// ownershipSentence says where an ownership stands.
func ownershipSentence(h Host) string {
	o := h.Ownership
	switch o.State {
	case monitor.OwnershipVerified:
		return verifiedSentence(*o)
	case monitor.OwnershipFailing:
		return fmt.Sprintf("The token is missing since %s. The host still counts as your team's. If at least %d checks in a row miss it, this ends at %s.",
			utc(o.FailingSince), monitor.OwnershipFailures, utc(o.Lapses()))
	case monitor.OwnershipLapsed:
		return fmt.Sprintf("The token was missing for too long, so the host does not count as your team's since %s. Put the token back, then check.", utc(o.CheckedAt))
	}
	if h.CoveredBy != "" {
		return fmt.Sprintf("The host counts as your team's by the DNS of %s. There is nothing to do here.", h.CoveredBy)
	}
	if o.CheckedAt.IsZero() {
		return "Put the token in one of the three places below, then check."
	}
	return "The last check did not find the token."
}

func verifiedSentence(o monitor.Ownership) string {
	switch {
	case o.Domain != "":
		return fmt.Sprintf("Verified by the DNS of %s: it and every name below it count as your team's.", o.Domain)
	case o.Method == monitor.ByPage:
		return "Verified by a page: whoever writes a page need not run the host, so it takes nothing of your quota, and intrusive probes still need one of the other ways."
	default:
		return fmt.Sprintf("Verified by %s: this host counts as your team's. Names below it do not; only DNS covers those.", methodWords(o.Method))
	}
}

// ownershipLine is what the last check saw at one place.
type ownershipLine struct {
	mark mark
	word string
	text string
}

// ownershipLines says place by place what the last check saw.
func ownershipLines(h Host) []ownershipLine {
	look := h.Ownership.Answer
	if look == nil {
		return nil
	}
	lines := []ownershipLine{lineOf(look.DNS, "DNS", dnsPlace(h), "TXT records")}
	if look.DNS.State == checks.Known {
		lines[0].text = "The TXT record of _gradewatch." + look.DNS.Value + " holds the token."
		return lines
	}
	if look.File.State == checks.NotAsked {
		return append(lines, ownershipLine{mark{"dash", "calm"}, "File and meta tag", "Not asked, since none of your URLs is on this host."})
	}
	for _, place := range []struct {
		fact        checks.Fact[string]
		word, place string
	}{
		{look.File, "File", fileURL(h.Host)}, {look.Meta, "Meta tag of the first page", firstURL(h.Host)}, {look.Page, "Meta tag of a registered page", "The page"},
	} {
		if place.fact.State != checks.NotAsked {
			lines = append(lines, lineOf(place.fact, place.word, place.place, "page"))
		}
	}
	return lines
}

func lineOf(fact checks.Fact[string], word, place, what string) ownershipLine {
	line := ownershipLine{mark: mark{"diamond", "unsure"}, word: word, text: place + " " + fact.Reason.Text() + "."}
	switch {
	case fact.State == checks.Known:
		line.mark, line.text = mark{"check", "pass"}, fact.Value+" holds the token."
	case fact.State == checks.Absent && fact.Reason == checks.ReasonHTTPStatus:
		line.mark, line.text = mark{"octagon", "fail"}, place+" does not exist: the server answered 404 or 410."
	case fact.State == checks.Absent && fact.Reason == checks.ReasonNoRecord:
		line.mark, line.text = mark{"octagon", "fail"}, "There are no "+what+" with a token at "+place+"."
	case fact.State == checks.Absent && what == "TXT records":
		line.mark, line.text = mark{"octagon", "fail"}, "A TXT record at "+place+" holds another token. Each team and each host has its own: compare it with the one below."
	case fact.State == checks.Absent:
		line.mark = mark{"octagon", "fail"}
	}
	return line
}

func dnsPlace(h Host) string {
	if len(h.Domains) == 0 {
		return h.Host
	}
	names := make([]string, 0, len(h.Domains))
	for _, domain := range h.Domains {
		names = append(names, "_gradewatch."+domain)
	}
	return strings.Join(names, " or ")
}

// The addresses where a token may stand.
func firstURL(host string) string {
	return (&url.URL{Scheme: "https", Host: bracketed(host), Path: "/"}).String()
}

func fileURL(host string) string {
	return (&url.URL{Scheme: "https", Host: bracketed(host), Path: "/.well-known/gradewatch-verification.txt"}).String()
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func recordValue(token string) string { return "gradewatch-verification=" + token }

func metaTag(token string) string {
	return fmt.Sprintf(`<meta name="gradewatch-verification" content="%s">`, token)
}

func basisWords(basis monitor.LeaveBasis) string {
	if basis == monitor.OnOwnership {
		return "on the team's own word"
	}
	return "on an operator's word"
}

// OptOuts is the page on which operators record who opted out.
type OptOuts struct {
	OptOuts []monitor.OptOut
	Host    string
	Below   bool
	Reason  string
	Contact string
	Faults  Faults
}

func optOutMark(o monitor.OptOut) (mark, string) {
	if o.EndedAt.IsZero() {
		return mark{"check", "look"}, "Not looked at"
	}
	return mark{"dash", "calm"}, "Ended"
}

// listed counts the URLs that the page lists.
func (h Host) listed() (count int) {
	for _, group := range h.Groups {
		for _, environment := range group.Environments {
			count += len(environment.Endpoints)
		}
	}
	return count
}

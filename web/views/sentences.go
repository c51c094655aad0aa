package views

import (
	"fmt"
	"strings"

	"github.com/a-h/templ"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

func verdictsPath(endpoint int64) templ.SafeURL {
	return templ.SafeURL(fmt.Sprintf("/endpoints/%d#verdicts", endpoint))
}

func doOrDoes(count int) string {
	if count == 1 {
		return "does"
	}
	return "do"
}

func hasHops(seen Seen) bool {
	for _, address := range seen.Addresses {
		if len(address.HTTP.Hops) > 0 {
			return true
		}
	}
	return false
}

func dnsSentence(dns checks.DNS) string {
	switch dns.Addresses.State {
	case checks.Known:
		return fmt.Sprintf("%s resolves to %s.", dns.Host, plural(len(dns.Addresses.Value), "address"))
	case checks.Absent:
		return fmt.Sprintf("%s has no address: %s.", dns.Host, reasonWords(dns.Addresses.Reason))
	case checks.Inconclusive:
		return fmt.Sprintf("We could not tell what %s resolves to: %s.", dns.Host, reasonWords(dns.Addresses.Reason))
	default:
		return fmt.Sprintf("%s was not asked for.", dns.Host)
	}
}

func hopSentence(hop checks.Hop) string {
	if hop.Answer.State != checks.Known {
		if hop.Answer.Reason == "" {
			return "Not asked."
		}
		return "No answer: " + reasonWords(hop.Answer.Reason) + "."
	}
	answer := hop.Answer.Value
	text := fmt.Sprintf("Status %d", answer.Status)
	if answer.TLS != "" {
		text += " over " + answer.TLS.Title()
	}
	if answer.Location != "" {
		text += ", redirects to " + answer.Location
	}
	return text + "."
}

func cookieSentence(cookie checks.Cookie) string {
	if cookie.Invalid {
		return "browsers drop it, it is not valid"
	}
	var with, without []string
	for _, attribute := range []struct {
		name string
		set  bool
	}{{"HttpOnly", cookie.HttpOnly}, {"Secure", cookie.Secure}} {
		if attribute.set {
			with = append(with, attribute.name)
		} else {
			without = append(without, attribute.name)
		}
	}
	if cookie.SameSite != "" {
		with = append(with, "SameSite="+cookie.SameSite)
	}
	var parts []string
	if len(with) > 0 {
		parts = append(parts, "with "+strings.Join(with, ", "))
	}
	if len(without) > 0 {
		parts = append(parts, "without "+strings.Join(without, ", "))
	}
	return strings.Join(parts, "; ")
}

func plainSentence(fact checks.Fact[checks.PlainHTTP]) string {
	switch fact.State {
	case checks.Known:
		if fact.Value.RedirectsToHTTPS {
			return fmt.Sprintf("Port 80 redirects to https (status %d).", fact.Value.Status)
		}
		return fmt.Sprintf("Port 80 answers with status %d and does not redirect to https.", fact.Value.Status)
	case checks.Absent:
		return "Port 80 is closed."
	case checks.Inconclusive:
		return "We could not tell what port 80 does: " + reasonWords(fact.Reason) + "."
	default:
		return ""
	}
}

func classWord(class monitor.ChangeClass) string {
	switch class {
	case monitor.Regression:
		return "Worse"
	case monitor.Recovery:
		return "Better"
	default:
		return "Different"
	}
}

func connectionSentence(record checks.ConnectionRecord) string {
	if record.Reason != "" {
		return "Failed: " + reasonWords(record.Reason)
	}
	return "Connected"
}

func auditSentence(action string) string {
	known := map[string]string{
		"sign_in": "Signed in", "sign_out": "Signed out", "person.create": "Created a person",
		"application.create": "Added an application", "application.remove": "Removed an application",
		"endpoint.create": "Added a URL", "endpoint.remove": "Removed a URL", "endpoint.interval": "Changed how often we look", "endpoint.change": "Changed how we look",
		"application.change": "Changed an application", "import.stage": "Uploaded a file to import", "import.apply": "Confirmed an import", "import.discard": "Discarded an import",
		"endpoint.look": "Asked for a look", "channel.create": "Added a channel", "channel.disable": "Paused a channel",
		"channel.enable": "Resumed a channel", "channel.remove": "Removed a channel", "channel.test": "Sent a test",
		"channel.secret": "Saw a signing secret", "endpoint.intrusive.allow": "Allowed intrusive probes",
		"endpoint.intrusive.forbid": "Took back the leave for intrusive probes",
		"waiver.grant":              "Waived a requirement", "waiver.end": "Ended a waiver",
		"profile.add": "Added a second opinion", "profile.remove": "Removed a second opinion",
	}
	if sentence, ok := known[action]; ok {
		return sentence
	}
	return action
}

// auditPath leads to what an entry is about, where that has a page and was not
// removed by this very entry.
func auditPath(record store.AuditRecord) string {
	kind, id, ok := strings.Cut(record.Object, "/")
	if !ok || strings.HasSuffix(record.Action, ".remove") || id == "" {
		return ""
	}
	switch kind {
	case "import":
		if record.Action == "import.apply" { // others are gone sooner or later
			return "/imports/" + id
		}
		return ""
	case "application", "endpoint", "channel":
		return "/" + kind + "s/" + id
	default:
		return ""
	}
}

func transcript(lines []checks.LogLine) string {
	var text strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&text, "%8s  %s\n", milliseconds(line.At), line.Text)
	}
	return text.String()
}

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
		return fmt.Sprintf("%s resolves to %s.", dns.Host, addressCount(len(dns.Addresses.Value)))
	case checks.Absent:
		return fmt.Sprintf("%s has no address: %s.", dns.Host, reasonWords(dns.Addresses.Reason))
	case checks.Inconclusive:
		return fmt.Sprintf("We could not tell what %s resolves to: %s.", dns.Host, reasonWords(dns.Addresses.Reason))
	default:
		return fmt.Sprintf("%s was not asked for.", dns.Host)
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
		"channel.secret": "Saw a signing secret", "channel.rotate": "Rotated a signing secret",
		"channel.previous_secret.end": "Ended the signing secret before the last rotation", "channel.change": "Changed a channel",
		"delivery.resend": "Sent a message again", "route.create": "Added a route", "route.remove": "Removed a route",
		"team.contact": "Named the team's technical contact", "application.contact": "Named an application's technical contact",
		"calendar_feed.create": "Made a calendar address", "calendar_feed.end": "Ended a calendar address",
		"endpoint.intrusive.allow":  "Allowed intrusive probes",
		"endpoint.intrusive.forbid": "Took back the leave for intrusive probes",
		"endpoint.intrusive.lapse":  "Leave for intrusive probes ended with the ownership",
		"host.claim":                "Said that a host is the team's own", "host.check": "Asked for a check of a host", "host.give_up": "Forgot the token of a host",
		"host.verified": "A host is verified", "host.failing": "The token of a host is missing", "host.lapsed": "The ownership of a host lapsed",
		"opt_out.record": "Recorded an opt-out", "opt_out.end": "Ended an opt-out",
		"waiver.grant": "Waived a requirement", "waiver.end": "Ended a waiver",
		"attestation.state": "Stated an attestation", "secret.add": "Added a secret's date",
		"secret.replace": "Replaced a secret's date", "secret.remove": "Removed a secret's date",
		"compromise.record": "Wrote down a compromise", "compromise.notified": "Wrote down who was notified of a compromise",
		"compromise.done": "Wrote down what was done about a compromise", "compromise.closed": "Closed a compromise",
		"incident.acknowledge": "Acknowledged an incident", "incident.unacknowledge": "Took an acknowledgement back",
		"incident.snooze": "Snoozed an incident", "incident.unsnooze": "Ended a snooze", "incident.note": "Wrote a note on an incident",
		"maintenance.plan": "Planned maintenance", "maintenance.end": "Ended maintenance",
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
	case "application", "endpoint", "channel", "incident":
		return "/" + kind + "s/" + id
	case "delivery":
		return "/deliveries/" + id
	case "route":
		return "/routes"
	case "team":
		return "/contacts"
	case "calendar_feed":
		return "/calendar/feeds"
	case "host":
		if strings.HasPrefix(record.Action, "opt_out.") || record.Action == "host.give_up" {
			return ""
		}
		return HostPath(id)
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

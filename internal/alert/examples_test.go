package alert

import (
	"fmt"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// affected returns count endpoints behind one host, of two applications.
func affected(count int) []monitor.AffectedEndpoint {
	var endpoints []monitor.AffectedEndpoint
	for i := range count {
		endpoints = append(endpoints, monitor.AffectedEndpoint{
			EndpointID: int64(42 + i), Application: []string{"Acme CRM", "Acme Sync"}[i%2], Environment: []string{"Production", "Stage"}[i%2],
			Endpoint: fmt.Sprintf("https://crm.acme.example/tenant-%02d/callback", i+1), Requirements: []string{"C-02", "T-02", "T-09"},
			Since: noon, Addresses: []string{"192.0.2.1", "192.0.2.2"}, Looked: 6, Vantages: []string{"helsinki", "oslo"},
			Link: fmt.Sprintf("/endpoints/%d", 42+i),
		})
	}
	return endpoints
}

// forty break together: one incident, one message.
func forty() monitor.Message {
	message := opened()
	message.Sequence, message.Weight, message.EndpointCount, message.Endpoints = 1, monitor.High, 40, affected(40)
	message.Verdicts[0].RemedyID = "protocols-off"
	return message
}

// worsenedForty is one that grew beyond what a message lists, of endpoints that
// differ from one another.
func worsenedForty() monitor.Message {
	message := forty()
	message.Kind, message.Sequence, message.EndpointCount, message.Weight = monitor.IncidentWorsened, 2, 120, monitor.Critical
	message.OccurredAt, message.Endpoints = noon.Add(time.Hour), affected(60)
	message.Title, message.Subject = "120 endpoints of crm.acme.example: SSL 3.0 is accepted", "Acme CRM (Production): SSL 3.0 is accepted"
	for i := range message.Endpoints {
		message.Endpoints[i].Addresses = message.Endpoints[i].Addresses[:1+i%2]
		message.Endpoints[i].Requirements = message.Endpoints[i].Requirements[:1+i%3]
		message.Endpoints[i].Since = noon.Add(time.Duration(i) * time.Minute)
	}
	return message
}

// backends is one endpoint of which 2 of 6 addresses fail, seen from two places.
func backends() monitor.Message {
	message := opened()
	message.Sequence, message.Weight, message.EndpointCount, message.Endpoints = 1, monitor.High, 1, affected(1)
	return message
}

func reopened() monitor.Message {
	message := backends()
	message.Kind, message.Sequence, message.OccurredAt, message.Since = monitor.IncidentReopened, 3, noon.Add(3*time.Hour), noon.Add(2*time.Hour)
	return message
}

func flapping() monitor.Message {
	message := backends()
	message.Kind, message.Sequence, message.OccurredAt, message.Turns = monitor.IncidentFlapping, 4, noon.Add(5*time.Hour), 4
	return message
}

func unacknowledged() monitor.Message {
	message := backends()
	message.Kind, message.Sequence, message.OccurredAt, message.Level = monitor.IncidentUnacknowledged, 2, noon.Add(30*time.Minute), 1
	return message
}

func snoozeEnded() monitor.Message {
	message := backends()
	message.Kind, message.Sequence, message.OccurredAt = monitor.IncidentSnoozeEnded, 2, noon.Add(48*time.Hour)
	message.Reason = "The old appliance leaves on Friday."
	return message
}

func criteriaChanged() monitor.Message {
	message := forty()
	message.Cause, message.Weight, message.Changes = checks.CauseCriteria, monitor.Low, nil
	message.Title = "The requirements superoffice@2026-12 changed"
	return message
}

func resolvedForty() monitor.Message {
	message := resolved()
	message.Sequence, message.Weight, message.EndpointCount, message.Endpoints = 2, monitor.High, 40, affected(40)
	return message
}

func servicePaused() monitor.Message {
	return monitor.Message{
		Kind: monitor.ServicePaused, OccurredAt: noon.Add(2 * time.Minute), Team: "Operators", Since: noon, Link: "/",
		Title: "Alerting pauses: none of the reference targets answers from local", Reason: "None of 3 reference targets answered twice in a row.",
	}
}

func serviceResumed() monitor.Message {
	message := servicePaused()
	message.Kind, message.OccurredAt, message.Title = monitor.ServiceResumed, noon.Add(17*time.Minute), "Alerting resumes at local"
	return message
}

func channelDisabled() monitor.Message {
	return monitor.Message{
		Kind: monitor.ChannelDisabled, OccurredAt: noon, Team: "Acme", Title: "A channel is disabled", Link: "/channels/3",
		Disabled: &monitor.ChannelNotice{
			ChannelID: 3, Channel: "webhook https://hooks.acme.example", Since: noon.Add(-72 * time.Hour), Answer: "HTTP 503",
		},
	}
}

func exampleLines(count int, title string) []monitor.DigestLine {
	var lines []monitor.DigestLine
	for i := range count {
		lines = append(lines, monitor.DigestLine{
			At: noon.Add(-time.Duration(i+1) * time.Hour), Title: fmt.Sprintf(title, i+1), Place: "Acme CRM, Production",
			Link: fmt.Sprintf("/incidents/%d", i+7),
		})
	}
	return lines
}

func digestDaily() monitor.Message {
	return monitor.Message{
		Kind: monitor.DigestDaily, OccurredAt: noon, Team: "Acme", Title: "Daily digest", Link: "/",
		Digest: &monitor.Digest{
			From: noon.AddDate(0, 0, -1), Until: noon, Endpoints: 42, Failing: 3,
			Opened: exampleLines(2, "SSL 3.0 is accepted on host %d"), Open: exampleLines(3, "The certificate of host %d expires soon"),
			Resolved: exampleLines(1, "TLS 1.0 was accepted on host %d"), Changes: exampleLines(2, "Host %d has a new certificate"),
			Upcoming: exampleLines(2, "The certificate of host %d is to be renewed"),
			Grades:   map[string]int{"A+": 12, "A": 27, "B": 2, "F": 1}, More: map[string]int{"changes": 4},
			Counts: map[string]int{"looks": 1008},
		},
	}
}

func digestWeekly() monitor.Message {
	message := digestDaily()
	message.Kind, message.Title = monitor.DigestWeekly, "Weekly digest"
	message.Digest.From = noon.AddDate(0, 0, -7)
	return message
}

// digestQuiet is of a day on which nothing happened.
func digestQuiet() monitor.Message {
	message := digestDaily()
	message.Digest = &monitor.Digest{From: noon.AddDate(0, 0, -1), Until: noon, Endpoints: 1}
	return message
}

func digestBurst() monitor.Message {
	return monitor.Message{
		Kind: monitor.DigestBurst, OccurredAt: noon, Team: "Acme", Title: "Many messages at once", Link: "/incidents", Weight: monitor.High,
		Digest: &monitor.Digest{
			From: noon.Add(-10 * time.Minute), Until: noon, Muted: exampleLines(30, "Host %d shows an untrusted certificate"),
			More: map[string]int{"muted": 9970},
		},
	}
}

func hostileForty() monitor.Message {
	message := forty()
	for i := range message.Endpoints {
		message.Endpoints[i].Application = "App\r\nBcc: victim@example.com\u202e<b>" + fmt.Sprint(i%3)
		message.Endpoints[i].Endpoint = "https://a.example/\"><img src=https://evil.example/x>\n\n-- \nforged" + strings.Repeat("y", 5000)
		message.Endpoints[i].Addresses = []string{"192.0.2.1\r\n", "<script>"}
		message.Endpoints[i].Requirements = []string{"T-02\n", strings.Repeat("x", 500)}
		message.Endpoints[i].Vantages = []string{"oslo\r\nX: 1", "<i>"}
		message.Endpoints[i].Link = "javascript:alert(1)"
	}
	return message
}

func hostileDigest() monitor.Message {
	message := digestDaily()
	message.Team = "Acme\r\nBcc: victim@example.com"
	message.Digest.Grades = map[string]int{"<b>A</b>\n": 1, strings.Repeat("z", 5000): 2}
	for i := range message.Digest.Opened {
		message.Digest.Opened[i] = monitor.DigestLine{Title: "</a><script>alert(1)</script>\n" + strings.Repeat("long ", 5000), Place: "\u202e\x00", Link: "javascript:alert(1)"}
	}
	return message
}

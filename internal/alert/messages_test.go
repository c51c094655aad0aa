package alert

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

var (
	noon       = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	deliveryID = uuid.MustParse("0b8a3c1e-6f1d-4c55-9a52-0d2f8a5c7e11")
)

// newSender returns a Sender for tests; change adapts its settings.
func newSender(t testing.TB, change func(*Config)) *Sender {
	t.Helper()
	config := Config{
		MailFrom: "Gradewatch <alerts@gradewatch.example>", BaseURL: "https://watch.example/",
		WebhookTransport: roundTripper(func(*http.Request) (*http.Response, error) { panic("no webhook is expected") }),
		Version:          "1.2.3", Statement: statement, Source: source,
	}
	if change != nil {
		change(&config)
	}
	sender, err := New(config)
	require.NoError(t, err)
	return sender
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func statement(requirement string) string {
	return map[string]string{
		"T-02": "SSL 3.0 is not supported.", "C-02": "Every cookie has the attribute Secure.",
		"T-09": "The certificate is valid.",
	}[requirement]
}

func source(_, requirement string) string {
	return map[string]string{
		"T-02": "SuperOffice developer portal: standard application requirements, security",
		"C-02": "SuperOffice developer portal: security checklist",
	}[requirement]
}

func of() known { return known{statement: statement, source: source} }

func verdict(requirement string, result checks.Result, severity checks.Severity, remedy string, proof ...checks.Proof) checks.Verdict {
	return checks.Verdict{
		Requirement: requirement, Profile: "superoffice@2026-07", Result: result,
		Severity: severity, Remedy: remedy, Proof: proof,
	}
}

func opened() monitor.Message {
	return monitor.Message{
		Kind: monitor.IncidentOpened, OccurredAt: noon.Add(30 * time.Second), Team: "Acme", Application: "Acme CRM",
		Environment: "Production", EndpointID: 42, Endpoint: "https://crm.acme.example/callback",
		URL: "https://crm.acme.example/callback", IncidentID: 7, Title: "SSL 3.0 is accepted", Since: noon,
		Cause: checks.CauseConfiguration, Link: "/incidents/7",
		Verdicts: []checks.Verdict{
			verdict("T-02", checks.Fail, checks.Must, "Turn SSL 3.0 off in the server's configuration.",
				checks.Proof{Fact: "addresses[192.0.2.1].tls.protocols.SSLv3", Value: "accepted", Text: "SSL 3.0 is accepted with suite 0x0035."},
				checks.Proof{Fact: "addresses[2001:db8::1].tls.protocols.SSLv3", Value: "accepted", Text: "2001:db8::1 accepts SSL 3.0 with suite 0x0035."}),
			verdict("C-02", checks.Fail, checks.Recommended, "Set Secure on the cookie session.",
				checks.Proof{Fact: "addresses[192.0.2.1].http.hops[0].cookies.session", Value: "without Secure", Text: "The cookie session lacks Secure."}),
			verdict("T-09", checks.Fail, checks.Advice, "Renew the certificate.",
				checks.Proof{Fact: "certificates.not_after", Value: "2026-11-20", Text: "The certificate expired on 2026-11-20.", Cause: checks.CauseTime}),
		},
		Changes: []monitor.Change{{
			OccurredAt: noon, Class: monitor.Regression, Cause: checks.CauseConfiguration,
			Subject: "addresses[192.0.2.1].tls.protocols.SSLv3", Before: "absent", After: "accepted",
			Sentence: "192.0.2.1 accepts SSL 3.0; it refused it before.",
		}},
	}
}

func resolved() monitor.Message {
	message := opened()
	message.Kind, message.OccurredAt = monitor.IncidentResolved, noon.Add(26*time.Hour+3*time.Minute)
	message.Verdicts = []checks.Verdict{verdict("T-02", checks.Pass, checks.Must, "",
		checks.Proof{Fact: "addresses[192.0.2.1].tls.protocols.SSLv3", Value: "refused", Text: "SSL 3.0 is refused."})}
	message.Changes = nil
	return message
}

// waived resolves an incident of which one requirement passes and another does not.
func waived() monitor.Message {
	message := resolved()
	fails := verdict("T-03", checks.Fail, checks.Must, "Turn TLS 1.0 off.",
		checks.Proof{Fact: "addresses[192.0.2.1].tls.protocols.TLSv1.0", Value: "accepted", Text: "TLS 1.0 is accepted."})
	fails.Waived = &checks.Waiver{Owner: "Kim", Reason: "The old client leaves in January.", Until: noon.AddDate(0, 2, 0)}
	message.Verdicts = append(message.Verdicts, fails)
	return message
}

func undetermined() monitor.Message {
	return monitor.Message{
		Kind: monitor.EndpointUndetermined, OccurredAt: noon.Add(6 * time.Hour), Team: "Acme", Application: "Acme CRM",
		Environment: "Stage", EndpointID: 42, Endpoint: "https://crm.acme.example/callback",
		Title: "crm.acme.example answers nothing that we can judge", Since: noon.Add(2*time.Hour + 10*time.Minute),
		Reason: string(checks.ReasonTimeout), Link: "https://watch.example/endpoints/42",
		Verdicts: []checks.Verdict{verdict("T-02", checks.ResultInconclusive, checks.Must, "Check that a firewall lets us in.")},
	}
}

func channelTest() monitor.Message {
	return monitor.Message{Kind: monitor.ChannelTest, OccurredAt: noon, Team: "Acme", Title: "Test", Link: "/"}
}

func secretExpiring(days int) monitor.Message {
	return monitor.Message{
		Kind: monitor.SecretExpiring, OccurredAt: noon, Team: "Acme", Application: "Acme CRM", Environment: "Production",
		ApplicationID: 3, Title: "A client secret expires", Link: "/applications/3/secrets",
		Secret: &monitor.SecretDue{
			Kind: monitor.ClientSecret, Description: "Entry CRM of the vault", DaysLeft: days, Owner: "Ada Lovelace",
			ExpiresOn: noon.AddDate(0, 0, days).Format(time.DateOnly),
		},
	}
}

// certificateExpired is one that nobody replaced, with the least that is known of it.
func certificateExpired() monitor.Message {
	message := secretExpiring(-3)
	message.Secret.Kind, message.Secret.Description = monitor.ClientCertificate, ""
	return message
}

func attestationDue(days ...int) monitor.Message {
	message := monitor.Message{
		Kind: monitor.AttestationDue, OccurredAt: noon, Team: "Acme", Application: "Acme CRM", ApplicationID: 3,
		Title: "Statements are to be renewed", Link: "/applications/3/attestations",
	}
	for i, left := range days {
		message.Attestations = append(message.Attestations, monitor.AttestationEnd{
			Requirement: []string{"A-09", "A-21"}[i%2], Severity: []checks.Severity{checks.Must, checks.Recommended}[i%2],
			Text:    []string{"All administrative access asks for a second factor.", "The signature of every webhook is verified."}[i%2],
			RenewBy: noon.AddDate(0, 0, left).Format(time.DateOnly), DaysLeft: left, Owner: "Ada Lovelace",
		})
	}
	return message
}

// hostileReminder comes from somebody who wants to break out of every line and tag.
func hostileReminder() monitor.Message {
	message := attestationDue(make([]int, 60)...)
	message.Application = "Name\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>"
	message.Attestations[0].Owner = "</p><a href=\"https://evil.example\">click</a>\n\n-- \nforged"
	message.Attestations[0].Text = strings.Repeat("very long ", 4000)
	return message
}

// bare is the least that an incident can say.
func bare() monitor.Message {
	return monitor.Message{
		Kind: monitor.IncidentOpened, OccurredAt: noon, Team: "Acme", Application: "Guide", EndpointID: 1,
		Endpoint: "https://acme.example/guide", IncidentID: 8, Link: "/incidents/8",
		Verdicts: []checks.Verdict{verdict("E-01", checks.Fail, checks.Must, "", checks.Proof{Fact: "dns.addresses", Value: "absent"})},
	}
}

// hostile comes from somebody who wants to break out of every line and tag.
func hostile() monitor.Message {
	message := opened()
	message.Application = "Näme 会社\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>"
	message.Team = "Team\u202e\x00\u2028two"
	message.Environment = "Production\nX-Injected: 1"
	message.Endpoint = "https://a.example/\r\nSubject: other\"><img src=x>"
	message.Title = strings.Repeat("very long ", 4000)
	message.Link = "javascript:alert(1)"
	message.Verdicts[0].Proof[0].Text = strings.Repeat("x", 100_000)
	message.Verdicts[0].Remedy = "</p><a href=\"https://evil.example\">click</a>\n\n-- \nforged"
	for range 40 {
		message.Verdicts = append(message.Verdicts, message.Verdicts[1])
		message.Changes = append(message.Changes, message.Changes[0])
	}
	return message
}

// variants are every message with a golden file.
func variants() map[string]monitor.Message {
	return map[string]monitor.Message{
		"opened": opened(), "resolved": resolved(), "waived": waived(), "undetermined": undetermined(),
		"channel_test": channelTest(), "bare": bare(), "hostile": hostile(),
		"secret_expiring": secretExpiring(7), "secret_today": secretExpiring(0), "certificate_expired": certificateExpired(),
		"forty": forty(), "worsened": worsenedForty(), "reopened": reopened(), "flapping": flapping(), "backends": backends(),
		"unacknowledged": unacknowledged(), "snooze_ended": snoozeEnded(), "criteria": criteriaChanged(), "resolved_forty": resolvedForty(),
		"service_paused": servicePaused(), "service_resumed": serviceResumed(), "channel_disabled": channelDisabled(),
		"digest_daily": digestDaily(), "digest_weekly": digestWeekly(), "digest_quiet": digestQuiet(), "digest_burst": digestBurst(),
		"hostile_forty": hostileForty(), "hostile_digest": hostileDigest(),
		"attestation_due": attestationDue(30, 12), "attestation_overdue": attestationDue(-1), "hostile_reminder": hostileReminder(),
	}
}

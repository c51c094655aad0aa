package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// mark is a shape and a class that stand beside a word.
type mark struct{ shape, class string }

func stateMark(state store.EndpointState) (mark, string) {
	switch state {
	case store.Failing:
		return mark{"octagon", "fail"}, "Failing"
	case store.Undetermined:
		return mark{"diamond", "unsure"}, "Could not tell"
	case store.Passing:
		return mark{"check", "pass"}, "Passing"
	case store.WithoutNetwork:
		return mark{"dash", "calm"}, "Monitored without network"
	default:
		return mark{"turn", "look"}, "Being looked at"
	}
}

func resultMark(verdict checks.Verdict) (mark, string) {
	switch verdict.Result {
	case checks.Fail:
		if verdict.Waived != nil {
			return mark{"dash", "unsure"}, "Fails, waived"
		}
		if verdict.Severity == checks.Advice || verdict.Severity == checks.Record {
			return mark{"diamond", "unsure"}, "Not followed"
		}
		return mark{"octagon", "fail"}, "Fails"
	case checks.ResultInconclusive:
		return mark{"diamond", "unsure"}, "Could not tell"
	case checks.Pass:
		return mark{"check", "pass"}, "Passes"
	default:
		return mark{"dash", "calm"}, "Does not apply"
	}
}

func incidentMark(state string) (mark, string) {
	switch state {
	case "resolved":
		return mark{"check", "pass"}, "Resolved"
	case "acknowledged":
		return mark{"diamond", "unsure"}, "Acknowledged"
	case "snoozed":
		return mark{"dash", "calm"}, "Snoozed"
	default:
		return mark{"octagon", "fail"}, "Open"
	}
}

func severityWord(severity checks.Severity) string {
	switch severity {
	case checks.Must:
		return "Must"
	case checks.Recommended:
		return "Recommended"
	case checks.Advice:
		return "Our advice"
	default:
		return "For the record"
	}
}

func typeWord(applicationType policy.ApplicationType) string {
	if applicationType == policy.Standard {
		return "Standard application"
	}
	return "Custom application"
}

// KindWord says what an endpoint is for.
func KindWord(kind policy.Kind) string {
	switch kind {
	case policy.Redirect:
		return "Redirect URL"
	case policy.PostLogout:
		return "Post-logout URL"
	case policy.ERPSync:
		return "ERP sync"
	case policy.CORSOrigin:
		return "CORS origin"
	case policy.SignInStart:
		return "Sign-in start"
	case policy.StoreLink:
		return "App Store link"
	default:
		words := strings.ReplaceAll(string(kind), "_", " ")
		return strings.ToUpper(words[:1]) + words[1:]
	}
}

// ValueKindWord names a kind of value.
func ValueKindWord(kind policy.ValueKind) string {
	switch kind {
	case policy.Literal:
		return "Web URL"
	case policy.Pattern:
		return "Pattern"
	case policy.NativeLoopback:
		return "Native loopback"
	case policy.CustomScheme:
		return "Custom scheme"
	default:
		return string(kind)
	}
}

func purposeWord(purpose monitor.Purpose) string {
	switch purpose {
	case monitor.First:
		return "First look"
	case monitor.Confirm:
		return "Second look, to confirm"
	case monitor.Requested:
		return "Asked for"
	default:
		return "Scheduled"
	}
}

// stageWord says how far a look is, from the runner's stage: tls 1/2.
func stageWord(stage string) string {
	name, count, _ := strings.Cut(stage, " ")
	count = strings.Replace(count, "/", " of ", 1)
	switch name {
	case "", "queued":
		return "Waiting for its turn"
	case checks.StageDNS:
		return "Looking up the name"
	case checks.StageTLS:
		return "Asking which TLS versions are accepted, " + count
	case checks.StageSuites:
		return "Asking which cipher suites are accepted, " + count
	case checks.StageFeatures:
		return "Asking which features are spoken, " + count
	case checks.StageVulnerabilities:
		return "Looking for known vulnerabilities, " + count
	case checks.StageClients:
		return "Simulating clients, " + count
	case checks.StageHTTP:
		return "Requesting the URL and following its redirects, " + count
	case checks.StagePKI:
		return "Asking the certificates' issuers"
	case checks.StageRecords:
		return "Asking DNS for further records"
	default:
		return strings.ToUpper(stage[:1]) + stage[1:]
	}
}

func notificationWord(kind monitor.NotificationKind) string {
	switch kind {
	case monitor.IncidentOpened:
		return "Incident opened"
	case monitor.IncidentResolved:
		return "Incident resolved"
	case monitor.IncidentWorsened:
		return "Incident got worse"
	case monitor.IncidentReopened:
		return "Incident opened again"
	case monitor.IncidentFlapping:
		return "Incident flaps"
	case monitor.IncidentUnacknowledged:
		return "Nobody acknowledged the incident"
	case monitor.IncidentSnoozeEnded:
		return "Snooze ended"
	case monitor.EndpointUndetermined:
		return "We cannot tell"
	case monitor.SecretExpiring:
		return "Secret expires"
	case monitor.AttestationDue:
		return "Attestations due"
	case monitor.ServicePaused:
		return "Alerting paused"
	case monitor.ServiceResumed:
		return "Alerting resumed"
	case monitor.ChannelDisabled:
		return "Channel disabled"
	case monitor.DigestDaily:
		return "Daily digest"
	case monitor.DigestWeekly:
		return "Weekly digest"
	case monitor.DigestBurst:
		return "Summary of many messages"
	case monitor.ChannelTest:
		return "Test"
	default:
		return string(kind)
	}
}

func causeWord(cause checks.Cause) string {
	switch cause {
	case "":
		return "Not known"
	case checks.CauseTime:
		return "Time passed"
	default:
		words := strings.ReplaceAll(string(cause), "_", " ")
		return strings.ToUpper(words[:1]) + words[1:]
	}
}

// causeWhy says what a cause means for whoever runs the endpoint.
func causeWhy(cause checks.Cause) string {
	switch cause {
	case checks.CauseConfiguration:
		return ": something at the server, in its network or in the application, and not the requirements."
	case checks.CauseCriteria:
		return ": the requirements changed, and not the server."
	case checks.CauseEngine:
		return ": Gradewatch judges differently since its upgrade. The server did not change, so nobody of your team is called."
	case checks.CauseTrustData:
		return ": browsers trust other authorities than before."
	case checks.CauseTime:
		return ": something ran out, and nobody changed anything."
	default:
		return "."
	}
}

// placeWords names an application and an environment.
func placeWords(application string, environment policy.Environment) string {
	if environment == "" {
		return application
	}
	return application + ", " + string(environment)
}

func reasonWords(reason checks.Reason) string { return strings.ReplaceAll(string(reason), "_", " ") }

// IntervalWords says an interval: 1 minute, 90 minutes, 6 hours, 1 day.
func IntervalWords(interval time.Duration) string {
	switch {
	case interval >= 24*time.Hour && interval%(24*time.Hour) == 0:
		return plural(int(interval/(24*time.Hour)), "day")
	case interval >= time.Hour && interval%time.Hour == 0:
		return plural(int(interval/time.Hour), "hour")
	default:
		return plural(int(interval/time.Minute), "minute")
	}
}

func plural(count int, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(count) + " " + noun + "s"
}

// UTC is how a time stands in a sentence.
func UTC(at time.Time) string { return utc(at) }

// utc is how a time stands in text and in datetime attributes.
func utc(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

func utcSeconds(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

func machine(at time.Time) string { return at.UTC().Format(time.RFC3339) }

func milliseconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// stepTime is how long a step of a request took, where there was one.
func stepTime(d time.Duration) string {
	if d == 0 {
		return "None"
	}
	return milliseconds(d)
}

func summaryOf(verdicts []checks.Verdict) string {
	var fails, waived, unsure, passes []string
	for _, verdict := range verdicts {
		switch verdict.Result {
		case checks.Fail:
			if verdict.Waived != nil {
				waived = append(waived, verdict.Requirement)
				continue
			}
			fails = append(fails, verdict.Requirement)
		case checks.ResultInconclusive:
			unsure = append(unsure, verdict.Requirement)
		case checks.Pass:
			passes = append(passes, verdict.Requirement)
		case checks.NotApplicable:
		}
	}
	var parts []string
	if len(fails) > 0 {
		parts = append(parts, "Fails "+strings.Join(fails, ", "))
	}
	if len(waived) > 0 {
		parts = append(parts, "waived "+strings.Join(waived, ", "))
	}
	if len(unsure) > 0 {
		parts = append(parts, "could not tell "+strings.Join(unsure, ", "))
	}
	if len(passes) > 0 {
		parts = append(parts, strconv.Itoa(len(passes))+" pass")
	}
	if len(parts) == 0 {
		return "Nothing applied"
	}
	text := strings.Join(parts, "; ")
	return strings.ToUpper(text[:1]) + text[1:]
}

func worst(verdicts []checks.Verdict) store.EndpointState {
	state := store.Passing
	for _, verdict := range verdicts {
		if !binds(verdict.Severity) || verdict.Waived != nil {
			continue
		}
		if verdict.Result == checks.Fail {
			return store.Failing
		}
		if verdict.Result == checks.ResultInconclusive {
			state = store.Undetermined
		}
	}
	return state
}

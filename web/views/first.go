package views

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/store"
)

// task is what to do about an endpoint before anything else.
type task struct {
	class, heading, text string
	because              string // what was seen; empty: nothing needs a reason
	requirement          string // that because is about
	more                 string // what comes after; empty: nothing
	besides              string // what keeps it in proportion; empty: nothing
}

// binds says whether SuperOffice asks for a requirement of this severity. Our
// own advice is never shown as theirs.
func binds(severity checks.Severity) bool {
	return severity == checks.Must || severity == checks.Recommended
}

// firstTask picks the worst verdict and says what to do about it. Verdicts are
// sorted, worst first.
func firstTask(m Endpoint) task {
	fails := m.verdictsThat(func(v VerdictView) bool { return v.required() && v.open() })
	others := m.verdictsThat(func(v VerdictView) bool { return !v.required() && binds(v.Severity) && v.open() })
	unsure := m.verdictsThat(func(v VerdictView) bool { return v.required() && v.Result == checks.ResultInconclusive })
	advice := m.verdictsThat(func(v VerdictView) bool { return v.Severity == checks.Advice && v.open() })
	if host := optedOutHost(m); host != "" {
		return task{
			class: "unsure", heading: "Not looked at",
			text: "Whoever runs " + host + " asked not to be looked at, so nobody connects to it. If it is your own, take the opt-out back: the TXT record at _gradewatch." + host +
				" or its domain, or what Online Operations recorded.",
		}
	}
	const besides = "Nothing that SuperOffice asks for fails here."
	switch {
	case len(fails) > 0:
		return taskOf(fails, "bad", "What to do first", "more", "fail")
	case len(others) > 0:
		t := taskOf(others, "unsure", others[0].Section.Title, "more of second opinions", "fail")
		t.besides = besides
		return t
	case len(unsure) > 0:
		return taskOf(unsure, "unsure", "We could not tell everything", "more", "could not be told")
	case len(advice) > 0:
		t := taskOf(advice, "unsure", "Our advice: what to do first", "more pieces of our advice are", "not followed")
		t.besides = besides
		return t
	case m.State == store.WithoutNetwork:
		return task{class: "good", heading: "Nothing to do", text: "There is nothing to connect to: this URL is judged by its text, and its text is right."}
	case vulnerable(m.Seen) != "":
		return task{
			class: "unsure", heading: "What a full check found", text: "This server has known vulnerabilities. Update its TLS software, or turn off what they need.",
			besides: besides,
		}
	case len(m.verdictsThat(func(v VerdictView) bool { return v.Result == checks.Fail && v.Waived != nil })) > 0:
		return task{class: "good", heading: "Nothing to do", text: "Everything that applies to this URL passes, or is waived."}
	default:
		return task{class: "good", heading: "Nothing to do", text: "Everything that applies to this URL passes."}
	}
}

// optedOutHost names the host where the newest look found that who runs it
// opted out; empty otherwise.
func optedOutHost(m Endpoint) string {
	for _, verdict := range m.Verdicts {
		for _, proof := range verdict.Proof {
			if proof.Fact == "dns.addresses" && proof.Value == string(checks.ReasonOptedOut) {
				return m.Host()
			}
		}
	}
	return ""
}

func (m Endpoint) verdictsThat(are func(VerdictView) bool) []VerdictView {
	return slices.DeleteFunc(slices.Clone(m.Verdicts), func(v VerdictView) bool { return !are(v) })
}

// required says whether SuperOffice's documents ask for it.
func (v VerdictView) required() bool { return binds(v.Severity) && v.Section.Rank == 0 }

// open says whether it fails and nobody answers for that.
func (v VerdictView) open() bool { return v.Result == checks.Fail && v.Waived == nil }

// vulnerable names the vulnerabilities that any address was proved to have;
// empty where there is none.
func vulnerable(seen Seen) string {
	var names []string
	for _, vulnerability := range checks.AllVulnerabilities() {
		if slices.ContainsFunc(seen.Addresses, func(address checks.AddressObservation) bool {
			return address.Full.Vulnerabilities[vulnerability].Result == checks.Vulnerable ||
				address.Full.Intrusive[vulnerability].Result == checks.Vulnerable
		}) {
			names = append(names, vulnerability.Title())
		}
	}
	return strings.Join(names, ", ")
}

func taskOf(verdicts []VerdictView, class, heading, more, what string) task {
	first := verdicts[0]
	t := task{class: class, heading: heading, text: first.Remedy, requirement: first.Requirement}
	if t.text == "" {
		t.text = first.Text + "."
	}
	for _, proof := range first.Proof {
		t.because = proof.Text
		break
	}
	if rest := len(verdicts) - 1; rest > 0 {
		t.more = strconv.Itoa(rest) + " " + more + " " + what
	}
	return t
}

// sourceWords says where a requirement is written. Advice is ours, whatever
// the pages that it draws on.
func sourceWords(verdict VerdictView) string {
	if verdict.Severity == checks.Advice {
		return "our own advice, drawn from " + verdict.Source
	}
	return verdict.Source
}

// incidentHeading stands above what to do about an incident.
func incidentHeading(m Incident) string {
	for _, failing := range m.Failing {
		if failing.Failing > 0 && binds(failing.Severity) {
			return "What to do"
		}
	}
	return "Our advice: what to do"
}

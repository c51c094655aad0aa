package alert

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

func (l *letter) undetermined(message monitor.Message, place string) {
	since := moment(sinceOf(message))
	l.Subject = fmt.Sprintf("%s: we cannot tell since %s: %s", place, since, l.Heading)
	l.Tone, l.Status = toneUnsure, "Cannot tell"
	sentence := "We cannot tell since " + since
	if reason := oneLine(reasonClause(message.Reason), textBytes); reason != "" {
		sentence += ", because " + reason
	}
	l.Lead = []string{
		sentence + ".",
		"This is not a failure: the last results that we could prove still stand. You hear from us again only when one of them changes.",
	}
	l.List, l.LinkText = "What we cannot tell", "Open the endpoint"
}

// service says that we are blind or wrong, or are no longer.
func (l *letter) service(message monitor.Message) {
	l.Place, l.Endpoint, l.LinkText = "", "", "Open Gradewatch"
	l.Subject = "Gradewatch: " + l.Heading
	reason := strings.TrimSuffix(oneLine(reasonClause(message.Reason), textBytes), ".")
	if message.Kind == monitor.ServiceResumed {
		l.Tone, l.Status = toneRecovered, "Alerting resumed"
		l.Lead = []string{fmt.Sprintf("Since %s we can believe again what we see.", moment(message.OccurredAt))}
		if !message.Since.IsZero() {
			l.Lead = append(l.Lead, fmt.Sprintf("Alerting had paused since %s, for %s.", moment(message.Since), span(message.OccurredAt.Sub(message.Since))))
		}
		if reason != "" {
			l.Lead = append(l.Lead, "The reason was: "+reason+".")
		}
		l.Lead = append(l.Lead, "What changed meanwhile is looked at anew and told now. There is nothing to do.")
		return
	}
	l.Tone, l.Status = toneUnsure, "Alerting paused"
	l.Lead = []string{fmt.Sprintf("Since %s we cannot believe what we see.", moment(sinceOf(message)))}
	if reason != "" {
		l.Lead = append(l.Lead, "The reason: "+reason+".")
	}
	l.Lead = append(l.Lead,
		"Until that is over no incident opens or resolves, and no team is told of one. What is seen is still kept.",
		"What to do: look at the network, the resolver and the load of the machine that looks. Alerting resumes by itself.")
}

// channelDisabled says that a channel no longer gets anything through.
func (l *letter) channelDisabled(message monitor.Message) {
	notice := cmp.Or(message.Disabled, &monitor.ChannelNotice{})
	channel := cmp.Or(oneLine(notice.Channel, titleBytes), "a channel")
	l.Place, l.Endpoint, l.LinkText = "", "", "Open the channel"
	l.Tone, l.Status = toneFailing, "Channel disabled"
	l.Heading = "Nothing is sent to " + channel + " any more"
	l.Subject = fmt.Sprintf("%s: %s is disabled", oneLine(message.Team, nameBytes), channel)
	since := notice.Since
	if since.IsZero() {
		since = message.OccurredAt
	}
	l.Lead = []string{fmt.Sprintf("Nothing has got through to it since %s, so it was disabled at %s.", moment(since), moment(message.OccurredAt))}
	if reason := strings.TrimSuffix(oneLine(message.Reason, textBytes), "."); reason != "" {
		l.Lead = append(l.Lead, reason+".")
	}
	if answer := oneLine(notice.Answer, answerBytes); answer != "" {
		l.Lead = append(l.Lead, fmt.Sprintf("Its other side said last: “%s”", answer))
	}
	l.Lead = append(l.Lead, "What to do: correct the address, or repair what it leads to. Then enable the channel on its page, send a test, and send again by hand what it missed.")
}

func (l *letter) test(message monitor.Message) {
	l.Subject = "Test message from Gradewatch for the team " + oneLine(message.Team, nameBytes)
	l.Heading = "This channel works"
	l.Tone, l.Status = toneNeutral, "Test"
	l.Place, l.Endpoint = "", ""
	l.Lead = []string{
		fmt.Sprintf("Somebody asked for this test at %s.", moment(message.OccurredAt)),
		"Alerts of the team reach this address. There is nothing to do.",
	}
	l.LinkText = "Open Gradewatch"
}

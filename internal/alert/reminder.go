package alert

import (
	"cmp"
	"fmt"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// secretExpiring says when a secret expires, and what to do before.
func (l *letter) secretExpiring(message monitor.Message, place string) {
	secret := cmp.Or(message.Secret, &monitor.SecretDue{})
	day := oneLine(secret.ExpiresOn, nameBytes)
	expires, status := "expires "+ahead(secret.DaysLeft), "Expires soon"
	l.Tone = toneUnsure
	switch {
	case secret.DaysLeft == 0:
		status, l.Tone = "Expires today", toneFailing
	case secret.DaysLeft < 0:
		expires, status, l.Tone = "has expired", "Expired", toneFailing
	}
	l.Status = status
	l.Heading = fmt.Sprintf("The %s %s", secret.Kind.Words(), expires)
	l.Subject = fmt.Sprintf("%s: the %s %s, on %s", place, secret.Kind.Words(), expires, day)
	if secret.DaysLeft < 0 {
		l.Subject = fmt.Sprintf("%s: the %s expired on %s", place, secret.Kind.Words(), day)
	}
	lead := fmt.Sprintf("Its last day is %s.", day)
	if description := oneLine(secret.Description, textBytes); description != "" {
		lead += fmt.Sprintf(" It is described as “%s”.", description)
	}
	l.Lead = []string{
		lead + fmt.Sprintf(" %s answers for it.", oneLine(secret.Owner, nameBytes)),
		"Make a new one in the Developer Portal, put it to use, and keep its date in Gradewatch in place of the old one. The portal holds one of each kind for an environment, so the new one takes the old one's place: plan for the moment in between.",
		"Gradewatch knows the date only, never the secret. The portal says of these dates that they are not enforced yet.",
	}
	l.LinkText = "Open the secrets of this application"
}

// attestationDue lists the statements that are to be made anew.
func (l *letter) attestationDue(message monitor.Message, place string) {
	count, overdue := len(message.Attestations), false
	for _, one := range message.Attestations {
		overdue = overdue || one.DaysLeft < 0
	}
	verb, noun := "are", plural(count, "statement")
	if count == 1 {
		verb = "is"
	}
	l.Status, l.Tone, l.Heading = "Due soon", toneUnsure, fmt.Sprintf("%s %s to be renewed soon", noun, verb)
	if overdue {
		l.Status, l.Tone, l.Heading = "Overdue", toneFailing, fmt.Sprintf("%s %s overdue", noun, verb)
	}
	l.Subject = fmt.Sprintf("%s: %s", place, l.Heading)
	l.Lead = []string{"Say anew what still holds. SuperOffice sets no renewal period: these days are what was entered, or Gradewatch's policy."}
	l.List, l.LinkText = "What to state anew", "Open the attestations of this application"
	for i, one := range message.Attestations {
		if i == findingsShown {
			l.More = count - findingsShown
			return
		}
		l.Findings = append(l.Findings, finding{
			ID: oneLine(one.Requirement, nameBytes), Binding: binding(one.Severity), Statement: oneLine(one.Text, textBytes),
			Proofs: []string{fmt.Sprintf("%s until %s. %s answers for it.",
				counts(one.DaysLeft), oneLine(one.RenewBy, nameBytes), oneLine(one.Owner, nameBytes))},
		})
	}
}

func counts(daysLeft int) string {
	if daysLeft < 0 {
		return "It counted"
	}
	return "It counts"
}

// ahead writes how many days are left: 'in 7 days'.
func ahead(days int) string {
	switch days {
	case 0:
		return "today"
	case 1:
		return "tomorrow"
	default:
		return "in " + plural(days, "day")
	}
}

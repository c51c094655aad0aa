package bounce

import (
	"regexp"
	"strings"
)

// statusForm is an enhanced status code (RFC 3463 section 2).
var statusForm = regexp.MustCompile(`(?:^|[\s#(])([245]\.\d{1,3}\.\d{1,3})(?:[\s:,;)]|$)`)

// StatusIn returns the first enhanced status code in text; empty: there is none.
func StatusIn(text string) string {
	if match := statusForm.FindStringSubmatch(text); match != nil {
		return match[1]
	}
	return ""
}

// AtFault says whether a permanent refusal with code (0: unknown) and status
// (empty: unknown) is about the address, rather than about the message, our
// reputation, or the mail servers between: only then must nothing more be sent
// to it. X.1 is about addresses, X.2 about mailboxes, and X.4.4 says that the
// domain leads nowhere (RFC 3463 section 3).
func AtFault(code int, status string) bool {
	switch {
	case strings.HasPrefix(status, "5.1."):
		// 5.1.7 and 5.1.8 are about the sender.
		return status != "5.1.7" && status != "5.1.8"
	case strings.HasPrefix(status, "5.2."):
		// 5.2.3 is about the size of the message.
		return status != "5.2.3"
	case status == "5.4.4":
		return true
	case status == "" || status == "5.0.0":
		return code == 550 || code == 551 || code == 553
	default:
		return false
	}
}

// Unknown says whether the status is that of an address that does not exist
// (5.1.1) or that takes no mail by its own word (5.1.10, RFC 7505): once is enough.
func Unknown(status string) bool { return status == "5.1.1" || status == "5.1.10" }

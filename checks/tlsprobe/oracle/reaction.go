package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
)

// event is one thing that came after a malformed message: a record, or the end.
type event struct {
	kind        conversation.Kind // Data, Alert, FIN, RST, Timeout or Malformed
	level, code uint8             // of an Alert
	size        int               // bytes of the record's fragment, as the network sees them
	// short says of a Timeout that it was not waited for long enough to mean
	// anything by itself.
	short bool
}

// reaction is all that came after a malformed message, until data came, the
// connection ended, or nothing more did.
type reaction struct {
	events []event
	// failed says why there is nothing to judge: the question did not reach the
	// server, or nobody saw what it did.
	failed checks.Reason
}

// maxEvents bounds a reaction: some servers send an alert, a closing alert,
// and end the connection.
const maxEvents = 4

func (r reaction) has(kind conversation.Kind) bool {
	return slices.ContainsFunc(r.events, func(e event) bool { return e.kind == kind })
}

// alert returns the first alert's code.
func (r reaction) alert() (code uint8, ok bool) {
	for _, event := range r.events {
		if event.kind == conversation.Alert {
			return event.code, true
		}
	}
	return 0, false
}

// wordless says whether the connection ended or stayed silent without a record:
// a server may do that, and so does a path that lost a packet.
func (r reaction) wordless() bool {
	return len(r.events) > 0 && r.events[0].kind != conversation.Data && r.events[0].kind != conversation.Alert
}

// impatient says whether a silence was short.
func (r reaction) impatient() bool {
	return slices.ContainsFunc(r.events, func(e event) bool { return e.short })
}

// view is how closely a reaction is looked at.
type view uint8

const (
	exactly  view = iota // FIN and RST are told apart
	coarsely             // how a connection was closed is a race between both ends
)

// words are canonical: they hold nothing that differs between two equal
// reactions.
func (r reaction) words(v view) string {
	if r.failed != "" {
		return "no reaction (" + string(r.failed) + ")"
	}
	return r.each(func(e event) string {
		if v == coarsely && e.closes() {
			return "closed"
		}
		return conversation.Reaction{Kind: e.kind, Level: e.level, Code: e.code}.String()
	})
}

// outside are the words of who sees the network and holds no keys: alerts are
// encrypted, their number and sizes are not.
func (r reaction) outside(v view) string {
	return r.each(func(e event) string {
		switch {
		case e.kind == conversation.Alert:
			return fmt.Sprintf("alert of %d bytes", e.size)
		case v == coarsely && e.closes():
			return "closed"
		default:
			return conversation.Reaction{Kind: e.kind}.String()
		}
	})
}

func (e event) closes() bool { return e.kind == conversation.FIN || e.kind == conversation.RST }

func (r reaction) each(word func(event) string) string {
	words := make([]string, 0, len(r.events))
	for _, event := range r.events {
		words = append(words, word(event))
	}
	return strings.Join(words, ", ")
}

package conversation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Kind is what a reaction is.
type Kind uint8

// What a reaction is. The zero value is Failed.
const (
	Failed    Kind = iota // nothing to judge: Reaction.Reason says why
	Data                  // what was asked for came
	Alert                 // a TLS alert
	FIN                   // the connection was ended without a word
	RST                   // the connection was reset without a word
	Timeout               // silence for as long as was waited
	Foreign               // an answer of some other protocol
	Malformed             // an answer that breaks the protocol
)

// Reaction is how a peer reacted, normalized.
type Reaction struct {
	Kind   Kind
	Level  uint8         // of an Alert
	Code   uint8         // of an Alert
	Bytes  int           // of Data
	Reason checks.Reason // of Failed
	// Unconnected: there was no connection to send anything on.
	Unconnected bool
	detail      string // for the transcript only
}

// String returns canonical words: nothing in them differs between two equal
// reactions.
func (r Reaction) String() string {
	switch r.Kind {
	case Data:
		return "data"
	case Alert:
		return (&wire.Alert{Level: r.Level, Code: r.Code}).Error()
	case FIN:
		return "FIN"
	case RST:
		return "RST"
	case Timeout:
		return "silence"
	case Foreign:
		return "an answer that is no TLS"
	case Malformed:
		return "a malformed answer"
	default:
		return fmt.Sprintf("no reaction (%s)", r.Reason)
	}
}

// Dropped says whether the connection ended without a word; whether by FIN or
// by RST is a race.
func (r Reaction) Dropped() bool { return r.Kind == FIN || r.Kind == RST }

// Why is what a fact says that nothing but this reaction is known of.
func (r Reaction) Why() checks.Reason {
	switch r.Kind {
	case Failed:
		return r.Reason
	case Timeout:
		return checks.ReasonTimeout
	case Foreign:
		return checks.ReasonNotTLS
	case Malformed:
		return checks.ReasonMalformed
	default:
		return checks.ReasonHandshakeFailed
	}
}

// reason is Why for a hello that might be refused: a drop is a refusal only
// with a control that works.
func (r Reaction) reason() checks.Reason {
	if r.Dropped() {
		return checks.ReasonControlFailed
	}
	return r.Why()
}

// Normalize turns an error of reading or writing into a reaction. received is
// how many bytes of the answer came before it.
func Normalize(ctx context.Context, err error, received int) Reaction {
	var alert *wire.Alert
	switch {
	case errors.As(err, &alert):
		return Reaction{Kind: Alert, Level: alert.Level, Code: alert.Code}
	case errors.Is(err, wire.ErrNotTLS):
		return Reaction{Kind: Foreign}
	case errors.Is(err, wire.ErrTooLarge):
		return Reaction{Kind: Failed, Reason: checks.ReasonTooLarge}
	case errors.Is(err, wire.ErrMalformed):
		return Reaction{Kind: Malformed, detail: err.Error()}
	case ctx.Err() != nil:
		return interrupted(ctx)
	}
	return fromNetwork(ReasonOf(err, checks.ReasonClosed), received)
}

// fromNetwork is how a connection ended. What ends within an answer is
// malformed by a FIN, and nothing to judge by silence or an RST.
func fromNetwork(reason checks.Reason, received int) Reaction {
	within := fmt.Sprintf("%s after %d bytes", reason, received)
	switch {
	case reason == checks.ReasonTimeout && received == 0:
		return Reaction{Kind: Timeout}
	case reason == checks.ReasonClosed && received == 0:
		return Reaction{Kind: FIN}
	case reason == checks.ReasonReset && received == 0:
		return Reaction{Kind: RST}
	case reason == checks.ReasonClosed || reason == checks.ReasonReset:
		return Reaction{Kind: Malformed, detail: within}
	default:
		return Reaction{Kind: Failed, Reason: reason, detail: within}
	}
}

func interrupted(ctx context.Context) Reaction {
	if errors.Is(ctx.Err(), context.Canceled) {
		return Reaction{Kind: Failed, Reason: checks.ReasonCanceled}
	}
	return Reaction{Kind: Failed, Reason: checks.ReasonTimeout}
}

// ReasonOf returns the reason of an error of the network, or otherwise.
func ReasonOf(err error, otherwise checks.Reason) checks.Reason {
	var known checks.ReasonError
	var timeout net.Error
	switch {
	case errors.As(err, &known):
		return known.Reason()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return checks.ReasonClosed
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return checks.ReasonReset
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return checks.ReasonTimeout
	case errors.Is(err, context.Canceled):
		return checks.ReasonCanceled
	default:
		return otherwise
	}
}

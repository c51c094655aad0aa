package oracle

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/handshake"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// exchange is one connection with one handshake on it.
type exchange struct {
	conn    *conversation.Conn
	session *session.Session
	// patience is how long each part of an answer is waited for, silence that of
	// the prober.
	patience, silence time.Duration
}

func (e exchange) close() { _ = e.conn.Close() } // nothing was promised to the peer

// start opens a connection and shakes hands in one version with one suite, to
// ServerHelloDone or, if complete, to the server's Finished. A failure is a
// reaction that says why.
func (p prober) start(ctx context.Context, with combination, patience time.Duration, complete bool) (exchange, checks.Reason) {
	made := handshake.Make(ctx, p.peer, handshake.Question{
		Name: with.name, Patience: patience, Partial: !complete,
		Longer: 2 * patience, // for the handshake, and for what follows the first event
		Config: session.Config{MinVersion: with.version, MaxVersion: with.version, Suites: []uint16{with.suite.ID}},
	})
	if made.Err != nil {
		made.Close()
		return exchange{}, handshakeReason(ctx, made.Session, made.Err)
	}
	return exchange{made.Conn, made.Session, patience, p.silence}, ""
}

func handshakeReason(ctx context.Context, shaken *session.Session, err error) checks.Reason {
	var alert *wire.Alert
	switch {
	case ctx.Err() != nil:
		return conversation.Normalize(ctx, ctx.Err(), 0).Reason
	case errors.As(err, &alert) && shaken.CertificateRequest != nil:
		return checks.ReasonClientCertificate
	case errors.As(err, &alert), errors.Is(err, session.ErrUnsupported):
		return checks.ReasonHandshakeFailed
	case errors.Is(err, wire.ErrMalformed):
		return checks.ReasonMalformed
	case errors.Is(err, wire.ErrNotTLS):
		return checks.ReasonNotTLS
	case errors.Is(err, wire.ErrTooLarge):
		return checks.ReasonTooLarge
	default:
		return conversation.ReasonOf(err, checks.ReasonInternal)
	}
}

// maxIdle bounds the records that say nothing here: empty fragments against
// BEAST, handshake messages.
const maxIdle = 16

// read reads a reaction: to the first data, to the end, or until nothing comes
// any more. What the server says is opened where there are keys.
func (e exchange) read(ctx context.Context) reaction {
	var got reaction
	for range maxIdle {
		before := time.Now()
		record, last, ok := e.record(ctx)
		if !ok {
			return got.end(last, time.Since(before) < e.silence)
		}
		event, ok := e.event(record)
		if !ok {
			continue
		}
		got.events = append(got.events, event)
		if event.kind != conversation.Alert || len(got.events) == maxEvents {
			return got
		}
	}
	got.events = append(got.events, event{kind: conversation.Malformed})
	return got
}

// record reads one record, or how the connection ended. The dialer bounds a
// single read by its own timeout, which is shorter than silence has to be:
// silence before a record is waited out in several reads.
func (e exchange) record(ctx context.Context) (wire.Record, conversation.Reaction, bool) {
	began := time.Now()
	var last conversation.Reaction
	for range maxIdle {
		received := e.conn.Reader.Received
		record, err := e.conn.Reader.Record()
		if err == nil {
			return record, conversation.Reaction{}, true
		}
		last = conversation.Normalize(ctx, err, e.conn.Reader.Received-received)
		if last.Kind != conversation.Timeout || time.Since(began) >= e.patience {
			break
		}
	}
	return wire.Record{}, last, false
}

// end adds how a connection ended; short says that nobody waited long for it.
func (r reaction) end(last conversation.Reaction, short bool) reaction {
	if last.Kind == conversation.Failed {
		return reaction{failed: last.Reason}
	}
	r.events = append(r.events, event{kind: last.Kind, short: short && last.Kind == conversation.Timeout})
	return r
}

// event is what one record means; false where it means nothing.
func (e exchange) event(record wire.Record) (event, bool) {
	opened := record
	if reader := e.session.Layer().Reader; reader != nil {
		var err error
		if opened, err = reader.Open(opened); err != nil {
			return event{kind: conversation.Malformed, size: len(record.Content)}, true
		}
	}
	switch {
	case opened.Type == wire.TypeAlert && len(opened.Content) == 2:
		return event{kind: conversation.Alert, level: opened.Content[0], code: opened.Content[1], size: len(record.Content)}, true
	case opened.Type == wire.TypeAlert:
		return event{kind: conversation.Malformed, size: len(record.Content)}, true
	case opened.Type == wire.TypeApplicationData && len(opened.Content) > 0, !e.session.Complete:
		return event{kind: conversation.Data, size: len(record.Content)}, true
	default:
		return event{}, false
	}
}

// send writes bytes in one piece, so that what belongs together comes together.
func (e exchange) send(ctx context.Context, records []byte) (reaction, bool) {
	if _, err := e.conn.Write(records); err != nil {
		return reaction{}.end(e.conn.Reaction(ctx, err), false), false
	}
	return reaction{}, true
}

// isHTTP reads the beginning of an answer whose first part came already.
func (e exchange) isHTTP(ctx context.Context) reaction {
	const prefix = "HTTP/"
	var got []byte
	piece := make([]byte, 512)
	for len(got) < len(prefix) {
		before := time.Now()
		count, err := e.session.Read(piece)
		got = append(got, piece[:count]...)
		if err != nil {
			return e.controlEnd(ctx, err, time.Since(before) < e.silence)
		}
	}
	if string(got[:len(prefix)]) != prefix {
		return reaction{failed: checks.ReasonControlFailed}
	}
	return reaction{events: []event{{kind: conversation.Data}}}
}

// controlEnd is a control that was not answered.
func (e exchange) controlEnd(ctx context.Context, err error, short bool) reaction {
	var alert *wire.Alert
	if errors.As(err, &alert) {
		if e.session.CertificateRequest != nil {
			return reaction{failed: checks.ReasonClientCertificate}
		}
		return reaction{failed: checks.ReasonControlFailed}
	}
	if errors.Is(err, io.EOF) {
		return reaction{failed: checks.ReasonControlFailed}
	}
	last := e.conn.Reaction(ctx, err)
	if last.Kind == conversation.Timeout {
		return reaction{failed: checks.ReasonTimeout} // asked again, more patiently
	}
	return reaction{}.end(last, short)
}

package session

import (
	"errors"
	"fmt"
)

// Phase is the step of a conversation at which it ended.
type Phase string

// The phases, in their order.
const (
	PhaseClientHello       Phase = "sending ClientHello"
	PhaseServerHello       Phase = "waiting for ServerHello"
	PhaseServerFlight      Phase = "reading the server's flight" // to ServerHelloDone, in TLS 1.3 to Finished
	PhaseClientKeyExchange Phase = "sending the client's flight"
	PhaseServerFinished    Phase = "waiting for the server's Finished"
	PhaseApplicationData   Phase = "exchanging application data"
	PhaseRenegotiation     Phase = "asking for a renegotiation"
)

// Error says at which phase a conversation ended and why. Behind it are an
// *AlertError, io.EOF, an error of the connection, or one of this package's.
type Error struct {
	Phase Phase
	Err   error
}

func (e *Error) Error() string { return string(e.Phase) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// AlertError is an alert that the peer sent (RFC 8446 section 6).
type AlertError struct {
	Level uint8 // 1 warning, 2 fatal
	Code  uint8
}

func (e *AlertError) Error() string { return fmt.Sprintf("alert %d of level %d", e.Code, e.Level) }

// Alerts that mean something to a conversation.
const (
	alertCloseNotify     uint8 = 0
	alertNoRenegotiation uint8 = 100

	levelWarning uint8 = 1
)

var (
	// ErrLimit says that a peer passed a bound: bytes, messages or records.
	ErrLimit = errors.New("the peer passed a limit")
	// ErrMalformed says that what came is not what its header says.
	ErrMalformed = errors.New("malformed message")
	// ErrUnexpected says that a message came where it may not come.
	ErrUnexpected = errors.New("unexpected message")
	// ErrUnsupported says that the server picked what this package cannot run
	// or did not offer.
	ErrUnsupported = errors.New("the server picked something unknown")
	// ErrVerifyData says that the peer's Finished does not fit the handshake.
	ErrVerifyData = errors.New("wrong verify data in Finished")
	// ErrState says that the caller asked for something the session cannot do now.
	ErrState = errors.New("not possible in this state of the session")
)

// inPhase adds the phase to an error that has none.
func inPhase(phase Phase, err error) error {
	var already *Error
	if err == nil || errors.As(err, &already) {
		return err
	}
	return &Error{phase, err}
}

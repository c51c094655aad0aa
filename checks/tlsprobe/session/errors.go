package session

import (
	"errors"
	"fmt"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Phase is the step of a conversation at which it ended.
type Phase string

// The phases, in their order.
const (
	PhaseClientHello     Phase = "sending ClientHello"
	PhaseServerHello     Phase = "waiting for ServerHello"
	PhaseServerFlight    Phase = "reading the server's flight" // to ServerHelloDone, in TLS 1.3 to Finished
	PhaseClientFlight    Phase = "sending the client's flight"
	PhaseServerFinished  Phase = "waiting for the server's Finished"
	PhaseApplicationData Phase = "exchanging application data"
	PhaseRenegotiation   Phase = "asking for a renegotiation"
)

// Error says at which phase a conversation ended and why. Behind it are a
// *wire.Alert, io.EOF, an error of the connection, wire.ErrNotTLS,
// wire.ErrTooLarge, wire.ErrMalformed, or one of this package's.
type Error struct {
	Phase Phase
	Err   error
}

func (e *Error) Error() string { return string(e.Phase) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// What a peer can do that no conversation goes on from. All of it breaks the
// protocol, so all of it is wire.ErrMalformed too.
var (
	// ErrUnexpected says that a message came where it may not come.
	ErrUnexpected = fmt.Errorf("unexpected message (%w)", wire.ErrMalformed)
	// ErrUnsupported says that the server picked what this package cannot run
	// or did not offer.
	ErrUnsupported = fmt.Errorf("the server picked something unknown (%w)", wire.ErrMalformed)
	// ErrBadRecord says that a record does not decrypt: MAC, padding or tag.
	// Which of them is nobody's business, but of who uses OpenBlocks.
	ErrBadRecord = fmt.Errorf("the record does not decrypt (%w)", wire.ErrMalformed)
	// ErrVerifyData says that the peer's Finished does not fit the handshake.
	ErrVerifyData = fmt.Errorf("wrong verify data in Finished (%w)", wire.ErrMalformed)
)

// ErrState says that the caller asked for something the session cannot do now.
var ErrState = errors.New("not possible in this state of the session")

// inPhase adds the phase to an error that has none.
func inPhase(phase Phase, err error) error {
	var already *Error
	if err == nil || errors.As(err, &already) {
		return err
	}
	return &Error{phase, err}
}

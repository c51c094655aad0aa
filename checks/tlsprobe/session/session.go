package session

import (
	"context"
	"io"
	"time"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Session is one handshake and what follows it: what the server said, as far
// as the conversation went. It is for one goroutine.
type Session struct {
	Version uint16
	// Suite is the suite's number, and stands here also if it is one that this
	// package cannot run.
	Suite        uint16
	Group        uint16 // of the key exchange, 0 where it has none or DH sends its own numbers
	Compression  uint8
	ClientRandom []byte
	ServerRandom []byte
	SessionID    []byte // as the server sent it
	// ServerExtensions are those of ServerHello, HelloRetryExtensions those of
	// the HelloRetryRequest before it, EncryptedExtensions those of TLS 1.3.
	ServerExtensions     Extensions
	HelloRetry           bool
	HelloRetryExtensions Extensions
	EncryptedExtensions  Extensions
	// Certificates are raw DER, as sent and never parsed;
	// CertificateExtensions belong to the first (TLS 1.3).
	Certificates          [][]byte
	CertificateExtensions Extensions
	OCSPResponse          []byte   // stapled, raw DER
	SCTs                  [][]byte // of the TLS extension, not those in certificate or OCSP response
	ServerKeyExchange     *wire.ServerKeyExchange
	// SignatureScheme is what the server signed with, from TLS 1.2 on.
	SignatureScheme uint16
	// CertificateRequest is the body of that message, nil if none came. It is
	// answered with an empty Certificate.
	CertificateRequest   []byte
	ALPN                 string
	Resumed              bool
	ExtendedMasterSecret bool
	EncryptThenMAC       bool
	// SecureRenegotiation says that the ServerHello had renegotiation_info with
	// the right content.
	SecureRenegotiation bool
	EarlyDataAccepted   bool
	Tickets             []Resumption
	HelloRequests       int // times that the server asked for a renegotiation
	Warnings            []wire.Alert
	// ClientVerifyData and ServerVerifyData are the contents of both Finished.
	ClientVerifyData []byte
	ServerVerifyData []byte
	Complete         bool // both Finished were exchanged

	config     Config
	conn       io.ReadWriter
	layer      *Layer
	hello      offer
	suite      Suite
	master     []byte
	transcript []byte
	flight     []byte // records that flush sends
	messages   int
	ahead      *wire.Record // read too early
	schedule   *Schedule
	traffic    trafficSecrets
	unread     []byte // application data that Read did not return yet
	previous   *Session
}

// Layer gives every control over what follows: records, protection, keys. What
// is written there does not become part of the handshake.
func (s *Session) Layer() *Layer { return s.layer }

// SuiteFacts returns what the negotiated suite means.
func (s *Session) SuiteFacts() Suite { return s.suite }

// Secrets are the session's own up to TLS 1.2, without master secret as long as
// there is none.
func (s *Session) Secrets() Secrets {
	return Secrets{
		Version: s.Version, Suite: s.suite, Master: s.master,
		ClientRandom: s.ClientRandom, ServerRandom: s.ServerRandom,
	}
}

// Resumption returns what offers this session again by its session id (up to
// TLS 1.2), or by its newest ticket. It is nil where the server gave neither.
func (s *Session) Resumption() *Resumption {
	if len(s.Tickets) > 0 {
		newest := s.Tickets[len(s.Tickets)-1]
		return &newest
	}
	if s.Version == wire.TLS13 || len(s.SessionID) == 0 || s.master == nil {
		return nil
	}
	return s.resumption()
}

func (s *Session) resumption() *Resumption {
	return &Resumption{
		Version: s.Version, Suite: s.Suite, Secret: s.master, SessionID: s.SessionID,
		ExtendedMasterSecret: s.ExtendedMasterSecret, received: time.Now(),
	}
}

// bind ends what is read and written on the connection with ctx, where the
// connection has deadlines. The function returned lets go of it again.
func (s *Session) bind(ctx context.Context) func() {
	timed, ok := s.conn.(interface {
		SetDeadline(deadline time.Time) error
	})
	if !ok {
		return func() {}
	}
	if deadline, set := ctx.Deadline(); set {
		_ = timed.SetDeadline(deadline) // a connection that is closed says so when it is read
	}
	stop := context.AfterFunc(ctx, func() { _ = timed.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}

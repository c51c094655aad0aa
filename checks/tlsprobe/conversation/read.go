package conversation

import (
	"context"
	"errors"
	"fmt"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// read reads a ServerHello and, where asked, what comes in the clear after it.
func (a *Answer) read(ctx context.Context, conn *Conn, until Until) {
	message, err := conn.Reader.Message()
	defer func() { a.Warnings = conn.Reader.Alerts }()
	if err != nil {
		a.Reaction = conn.Reaction(ctx, err)
		return
	}
	if message.Type != wire.TypeServerHello {
		a.Reaction = Reaction{Kind: Malformed, detail: fmt.Sprintf("handshake message of type %d", message.Type)}
		return
	}
	hello, err := wire.ParseServerHello(message.Body)
	if err != nil {
		a.Reaction = Reaction{Kind: Malformed, detail: err.Error()}
		return
	}
	a.Hello, a.Reaction = hello, Reaction{Kind: Data, Bytes: conn.Reader.Received}
	if until == UntilDone && hello.Version < wire.TLS13 {
		a.Rest = a.readOn(ctx, conn)
	}
}

// maxMessages bounds a server's first flight: five kinds of messages exist.
const maxMessages = 12

// readOn reads up to ServerHelloDone.
func (a *Answer) readOn(ctx context.Context, conn *Conn) Reaction {
	for range maxMessages {
		message, err := conn.Reader.Message()
		if err != nil {
			return conn.Reaction(ctx, err)
		}
		switch message.Type {
		case wire.TypeCertificate:
			if a.Certificates, err = wire.ParseCertificate(message.Body, a.Hello.Version); err != nil {
				return Reaction{Kind: Malformed, detail: err.Error()}
			}
		case wire.TypeCertificateStatus:
			a.CertificateStatus = message.Body
		case wire.TypeServerKeyExchange:
			a.KeyExchange = message.Body
		case wire.TypeCertificateRequest:
			a.CertificateRequested = true
		case wire.TypeServerHelloDone:
			return Reaction{Kind: Data, Bytes: conn.Reader.Received}
		default:
			return Reaction{Kind: Malformed, detail: fmt.Sprintf("handshake message of type %d", message.Type)}
		}
	}
	return Reaction{Kind: Malformed, detail: "more messages than a handshake has"}
}

func (a *Answer) readSSLv2(ctx context.Context, conn *Conn) {
	body, err := conn.Reader.SSLv2Record()
	if err != nil {
		a.Reaction = conn.Reaction(ctx, err)
		return
	}
	answer, err := wire.ParseSSLv2ServerHello(body)
	switch {
	case errors.Is(err, wire.ErrSSLv2Refused):
		a.Reaction = Reaction{Kind: Alert, Level: wire.LevelFatal, Code: wire.AlertHandshakeFailure, detail: err.Error()}
	case err != nil:
		a.Reaction = Reaction{Kind: Malformed, detail: err.Error()}
	default:
		a.SSLv2, a.Reaction = answer, Reaction{Kind: Data, Bytes: len(body)}
	}
}

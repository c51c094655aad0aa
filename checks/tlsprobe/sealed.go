package tlsprobe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// fetchSealed makes a whole handshake with a server that speaks TLS 1.3 only,
// whose certificates come encrypted. It counts as a control hello too.
func (w *walk) fetchSealed(ctx context.Context) {
	if w.allowance == 0 {
		w.sealedErr = checks.ReasonBudget
		return
	}
	w.allowance--
	began := time.Since(w.started)
	w.sealed, w.sealedErr = w.handshake(ctx)
	met := reaction{kind: accepted, text: "handshake with certificates"}
	if previous, asked := w.outcomes.last(checks.TLSv13); asked {
		met.answer = previous.reaction.answer
	}
	if w.sealed == nil {
		met = reaction{kind: failed, reason: w.sealedErr, text: "no certificates: " + string(w.sealedErr)}
	}
	result := outcome{protocol: checks.TLSv13, began: began, ended: time.Since(w.started), reaction: met}
	w.outcomes = append(w.outcomes, result)
	w.network.Logf("%s %s handshake: %s, after %s", w.address, result.protocol, met.text,
		(result.ended - result.began).Round(time.Millisecond))
}

// handshake returns the certificates as sent. The library parses them on the
// way: those that it cannot parse are lost, and inconclusive.
func (w *walk) handshake(ctx context.Context) ([][]byte, checks.Reason) {
	conn, err := w.network.Dial(ctx, w.address)
	if err != nil {
		return nil, reasonOf(err, checks.ReasonInternal)
	}
	defer func() { _ = conn.Close() }()
	// A handshake is two round trips with work on the server's side.
	ctx, cancel := context.WithTimeout(ctx, 2*w.patience)
	defer cancel()
	var chain [][]byte
	client := tls.Client(&bounded{Conn: conn, left: maxAnswer}, &tls.Config{
		ServerName: w.host,
		MinVersion: tls.VersionTLS13,
		// Nothing is sent but a handshake, and what is fetched is the chain
		// itself: chain.Verify judges it later, also when it is bad.
		InsecureSkipVerify:     true, //nolint:gosec // said above
		SessionTicketsDisabled: true, // each handshake is a whole one
		VerifyPeerCertificate: func(sent [][]byte, _ [][]*x509.Certificate) error {
			chain = sent
			return nil
		},
	})
	err = client.HandshakeContext(ctx)
	if chain != nil { // a handshake may fail later, for want of a client certificate
		return chain, ""
	}
	if ctx.Err() != nil {
		return nil, interrupted(ctx).reason
	}
	return nil, sealedReason(err)
}

func sealedReason(err error) checks.Reason {
	var remote *net.OpError
	if errors.As(err, &remote) && remote.Op == "remote error" { // an alert
		return checks.ReasonHandshakeFailed
	}
	switch reason := reasonOf(err, checks.ReasonMalformed); reason {
	case checks.ReasonClosed, checks.ReasonReset: // which of both is a race
		return checks.ReasonHandshakeFailed
	default:
		return reason
	}
}

// bounded ends reading after a number of bytes.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(piece []byte) (int, error) {
	if b.left <= 0 {
		return 0, tooLarge{}
	}
	count, err := b.Conn.Read(piece[:min(len(piece), b.left)])
	b.left -= count
	return count, err //nolint:wrapcheck // the library compares it with io.EOF
}

// tooLarge is a checks.ReasonError.
type tooLarge struct{}

func (tooLarge) Error() string         { return errTooLarge.Error() }
func (tooLarge) Reason() checks.Reason { return checks.ReasonTooLarge }

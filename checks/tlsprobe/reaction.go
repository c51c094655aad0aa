package tlsprobe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
)

// kind is a server's reaction to a hello, normalized.
type kind uint8

const (
	failed    kind = iota // no reaction to judge: reaction.reason says why
	accepted              // a ServerHello of the version that was asked for
	refused               // said in the protocol: an alert, another version, an error of SSL 2.0
	dropped               // FIN or RST without a word; which of both is a race
	silent                // nothing at all for as long as was waited
	foreign               // an answer of some other protocol
	malformed             // an answer that breaks the protocol
)

// reaction is what one hello met.
type reaction struct {
	kind   kind
	reason checks.Reason // of kind failed
	answer checks.Accepted
	text   string // for the log: how it showed itself

	chain    [][]byte // certificates that came with it
	chainErr checks.Reason

	roundTrip   time.Duration // the longer of connect and first answer
	unconnected bool          // there was no connection to send a hello on
}

// probe is what every exchange of one look at one address has in common.
type probe struct {
	network checks.Network
	address netip.AddrPort
	host    string
	started time.Time
}

// exchange opens one connection, sends one hello and reads the reaction,
// waiting no longer than patience for it.
func (p *probe) exchange(ctx context.Context, protocol checks.Protocol, patience time.Duration) reaction {
	hello, err := buildHello(protocol, p.host)
	if err != nil {
		return reaction{kind: failed, reason: checks.ReasonInternal, text: err.Error()}
	}
	began := time.Now()
	conn, err := p.network.Dial(ctx, p.address)
	if err != nil {
		reason := reasonOf(err, checks.ReasonInternal)
		if reason == checks.ReasonReset { // an RST so early that connect sees it
			return reaction{kind: dropped, text: "RST"}
		}
		return reaction{kind: failed, reason: reason, unconnected: true, text: fmt.Sprintf("no connection (%s)", reason)}
	}
	defer func() { _ = conn.Close() }() // nothing was promised to the peer
	connected := time.Since(began)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	sent := time.Now()
	// This may undo what the line above did; then ctx is done already.
	if err := conn.SetDeadline(sent.Add(patience)); err != nil || ctx.Err() != nil {
		return interrupted(ctx)
	}
	var met reaction
	timed := &firstByte{source: conn}
	if _, err := conn.Write(hello); err != nil {
		met = fromError(ctx, err, 0)
	} else if protocol == checks.SSLv2 {
		met = readSSLv2(ctx, &answerReader{source: timed})
	} else {
		met = readTLS(ctx, &answerReader{source: timed}, protocol)
	}
	met.roundTrip = connected
	if !timed.at.IsZero() {
		met.roundTrip = max(connected, timed.at.Sub(sent))
	}
	return met
}

// readTLS reads a ServerHello and, where it comes in the clear, the certificates.
func readTLS(ctx context.Context, reader *answerReader, protocol checks.Protocol) reaction {
	kind, body, err := reader.next()
	if err != nil {
		return fromError(ctx, err, reader.received)
	}
	hello, err := parseServerHello(body)
	if kind != typeServerHello || err != nil {
		return reaction{kind: malformed, text: "a handshake message that is no ServerHello"}
	}
	version := wireVersion(protocol)
	if hello.version != version {
		return reaction{kind: refused, text: fmt.Sprintf("ServerHello of version %04X", hello.version)}
	}
	if !slices.Contains(offered(version), hello.suite) {
		return reaction{kind: malformed, text: "ServerHello with suite " + suiteValue(hello.suite) + ", which was not offered"}
	}
	met := reaction{
		kind: accepted, answer: checks.Accepted{Suite: suiteValue(hello.suite)},
		text: "ServerHello, " + tlsparameters.SuiteName(hello.suite), chainErr: checks.ReasonHandshakeFailed,
	}
	if hello.retry {
		met.text = "HelloRetryRequest, " + tlsparameters.SuiteName(hello.suite)
	}
	if version != versionTLS13 {
		met.chain, met.chainErr = readChain(ctx, reader)
	}
	return met
}

// readChain reads on to the certificates after a ServerHello.
func readChain(ctx context.Context, reader *answerReader) ([][]byte, checks.Reason) {
	kind, body, err := reader.next()
	if err != nil {
		met := fromError(ctx, err, reader.received)
		if met.kind == failed {
			return nil, met.reason
		}
		return nil, met.kind.reason()
	}
	if kind != typeCertificate {
		return nil, checks.ReasonHandshakeFailed
	}
	chain, err := parseCertificates(body)
	if err != nil || len(chain) == 0 {
		return nil, checks.ReasonMalformed
	}
	return chain, ""
}

func readSSLv2(ctx context.Context, reader *answerReader) reaction {
	body, err := reader.sslv2Record()
	if err != nil {
		return fromError(ctx, err, reader.received)
	}
	if len(body) > 0 && body[0] == sslv2Error {
		return reaction{kind: refused, text: "an error of SSL 2.0"}
	}
	answer, err := parseSSLv2ServerHello(body)
	if err != nil {
		return reaction{kind: malformed, text: "a record of SSL 2.0 that holds no SERVER-HELLO"}
	}
	met := reaction{kind: accepted, chainErr: checks.ReasonMalformed}
	if len(answer.certificate) > 0 {
		met.chain, met.chainErr = [][]byte{answer.certificate}, ""
	}
	if len(answer.specs) == 0 {
		met.answer.WithoutSuites = true
		met.text = "SERVER-HELLO of SSL 2.0 without cipher specs"
		return met
	}
	met.answer.Suite = fmt.Sprintf("0x%06X", answer.specs[0])
	met.text = "SERVER-HELLO of SSL 2.0, cipher spec " + met.answer.Suite
	return met
}

// fromError turns an error of reading or writing into a reaction. received is
// how many bytes came before it.
func fromError(ctx context.Context, err error, received int) reaction {
	var alert alertError
	switch {
	case errors.As(err, &alert):
		return reaction{kind: refused, text: fmt.Sprintf("%s (level %d)", alert, alert.level)}
	case errors.Is(err, errNotTLS):
		return reaction{kind: foreign, text: "an answer that is no TLS"}
	case errors.Is(err, errTooLarge):
		return reaction{kind: failed, reason: checks.ReasonTooLarge, text: errTooLarge.Error()}
	case errors.Is(err, errMalformed):
		return reaction{kind: malformed, text: err.Error()}
	case ctx.Err() != nil:
		return interrupted(ctx)
	}
	reason := reasonOf(err, checks.ReasonClosed)
	switch {
	case reason == checks.ReasonTimeout && received == 0:
		return reaction{kind: silent, text: "silence"}
	case reason == checks.ReasonTimeout:
		return reaction{kind: failed, reason: reason, text: fmt.Sprintf("silence after %d bytes", received)}
	case reason == checks.ReasonClosed && received > 0:
		return reaction{kind: malformed, text: fmt.Sprintf("FIN after %d bytes", received)}
	case reason == checks.ReasonClosed:
		return reaction{kind: dropped, text: "FIN"}
	case reason == checks.ReasonReset && received > 0:
		return reaction{kind: malformed, text: fmt.Sprintf("RST after %d bytes", received)}
	case reason == checks.ReasonReset:
		return reaction{kind: dropped, text: "RST"}
	default:
		return reaction{kind: failed, reason: reason, text: string(reason)}
	}
}

func interrupted(ctx context.Context) reaction {
	reason := checks.ReasonTimeout
	if errors.Is(ctx.Err(), context.Canceled) {
		reason = checks.ReasonCanceled
	}
	return reaction{kind: failed, reason: reason, text: string(reason)}
}

// reasonOf returns the reason of an error of the network, or otherwise.
func reasonOf(err error, otherwise checks.Reason) checks.Reason {
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

// reason is what a fact says that nothing but this reaction is known of.
func (k kind) reason() checks.Reason {
	switch k {
	case refused:
		return checks.ReasonHandshakeFailed
	case silent:
		return checks.ReasonTimeout
	case foreign:
		return checks.ReasonNotTLS
	case malformed:
		return checks.ReasonMalformed
	default:
		return checks.ReasonControlFailed
	}
}

// firstByte notes when the first byte came.
type firstByte struct {
	source io.Reader
	at     time.Time
}

func (f *firstByte) Read(piece []byte) (int, error) {
	count, err := f.source.Read(piece)
	if count > 0 && f.at.IsZero() {
		f.at = time.Now()
	}
	return count, err
}

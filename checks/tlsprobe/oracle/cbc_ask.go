package oracle

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// cbc asks every mode with one suite, and the positions of padding where
// positions is set.
func (p prober) cbc(ctx context.Context, with combination, positions bool) cbcTrial {
	trial := cbcTrial{name: with.name}
	for {
		modes, again := trial.undecided()
		switch {
		case modes:
			questions := []int{modeControl, modeWrongMAC, modeNoMAC, modeWrongPadding, modeAllPadding, modeEmpty}
			answers, unsteady := p.ask(ctx, questions, 1, p.peer.Patience(), p.cbcAsker(with))
			trial.rounds, trial.unsteady = append(trial.rounds, answers), trial.unsteady+unsteady
		case again || positions && len(trial.positions) == 0 && trial.trouble() == "":
			answers, unsteady := p.ask(ctx, []int{modeFirstFiller, modeLastFiller}, 0, p.peer.Patience(), p.cbcAsker(with))
			trial.positions, trial.unsteady = append(trial.positions, answers), trial.unsteady+unsteady
		default:
			return trial
		}
	}
}

func (p prober) cbcAsker(with combination) asker {
	return func(ctx context.Context, mode int, patience time.Duration) reaction {
		exchange, reason := p.start(ctx, with, patience, true)
		if reason != "" {
			return reaction{failed: reason}
		}
		defer exchange.close()
		record, err := cbcRecord(exchange.session.Layer().Writer, mode, exchange.session.SuiteFacts(), p.host())
		if err != nil {
			p.peer.Logf("%s: %v", with.name, err)
			return reaction{failed: checks.ReasonInternal}
		}
		if failed, ok := exchange.send(ctx, record); !ok {
			return failed
		}
		var got reaction
		if mode == modeControl {
			got = exchange.isHTTP(ctx)
		} else {
			got = exchange.read(ctx)
		}
		p.peer.Logf("%s: %s: %s", with.name, modeName(mode), got.words(exactly))
		return got
	}
}

func (p prober) host() string {
	if name := p.peer.ServerName(); name != "" {
		return name
	}
	return "localhost"
}

// cbcRecord is one application record of a mode (rating guide, section 10.10).
func cbcRecord(writer *session.Writer, mode int, suite session.Suite, host string) ([]byte, error) {
	return writer.SealBlocks(wire.TypeApplicationData, cbcBlocks(writer, mode, suite, host)) //nolint:wrapcheck // it says what does not fit
}

// cbcBlocks is what is encrypted in a mode.
func cbcBlocks(writer *session.Writer, mode int, suite session.Suite, host string) []byte {
	block := suite.BlockSize()
	full := bytes.Repeat([]byte{byte(block - 1)}, block) //nolint:gosec // 8 or 16
	// A whole block of padding follows, in mode 1 one byte of it: the request is
	// longer by the rest, and both records have the same size.
	length := requestLength(host, suite.MACSize(), block)
	text := request(host, length)
	switch mode {
	case modeWrongMAC:
		text = request(host, length+block-1)
		return slices.Concat(text, wrong(writer.MAC(wire.TypeApplicationData, text)), []byte{0})
	case modeNoMAC:
		return bytes.Repeat([]byte{0xFF}, 6*block)
	case modeWrongPadding:
		for at := range block - 1 {
			full[at] ^= 0x5A
		}
	case modeAllPadding:
		return bytes.Repeat([]byte{byte(6*block - 1)}, 6*block) //nolint:gosec // 47 or 95
	case modeEmpty:
		return writer.Pad(wrong(writer.MAC(wire.TypeApplicationData, nil)))
	case modeFirstFiller:
		full[0] ^= 0x5A
	case modeLastFiller:
		full[block-2] ^= 0x5A
	}
	return slices.Concat(text, writer.MAC(wire.TypeApplicationData, text), full)
}

// wrong returns a MAC with every byte changed.
func wrong(mac []byte) []byte {
	for at := range mac {
		mac[at] ^= 0xA5
	}
	return mac
}

// userAgent says who asks, as the requests of other families do.
const userAgent = "Gradewatch/1 (+https://gradewatch.dev/probe)"

// requestLength is the shortest length of a request that fills whole blocks
// together with its MAC.
func requestLength(host string, mac, block int) int {
	length := len(requestHead(host)) + len(requestEnd)
	return length + (block-(length+mac)%block)%block
}

// request is a GET of that many bytes.
func request(host string, length int) []byte {
	head := requestHead(host)
	return []byte(head + strings.Repeat("0", max(0, length-len(head)-len(requestEnd))) + requestEnd)
}

const requestEnd = "\r\n\r\n"

func requestHead(host string) string {
	return "GET / HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: " + userAgent + "\r\nConnection: close\r\nX-Padding: 0"
}

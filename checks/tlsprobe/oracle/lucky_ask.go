package oracle

import (
	"bytes"
	"context"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// lucky asks for CVE-2016-2107 with one suite.
func (p prober) lucky(ctx context.Context, with combination) luckyTrial {
	trial := luckyTrial{name: with.name}
	for trial.undecided() {
		answers, _ := p.ask(ctx, []int{luckyOverlong}, 0, p.peer.Patience(), p.luckyAsker(with))
		if answers[luckyOverlong].wordless() {
			answers, _ = p.ask(ctx, []int{luckyOverlong}, 0, p.silence, p.luckyAsker(with))
		}
		if answers.needsReference() {
			reference, _ := p.ask(ctx, []int{luckyWrongMAC}, 0, p.peer.Patience(), p.luckyAsker(with))
			answers = append(answers, reference...)
		}
		trial.rounds = append(trial.rounds, answers)
	}
	return trial
}

func (p prober) luckyAsker(with combination) asker {
	return func(ctx context.Context, question int, patience time.Duration) reaction {
		if question == luckyWrongMAC {
			return p.cbcAsker(with)(ctx, modeWrongMAC, patience)
		}
		exchange, reason := p.start(ctx, with, patience, true)
		if reason != "" {
			return reaction{failed: reason}
		}
		defer exchange.close()
		record, err := luckyRecord(exchange.session.Layer().Writer)
		if err != nil {
			return reaction{failed: checks.ReasonInternal}
		}
		if failed, ok := exchange.send(ctx, record); !ok {
			return failed
		}
		got := exchange.read(ctx)
		p.peer.Logf("%s: padding longer than its record: %s", with.name, got.words(exactly))
		return got
	}
}

// luckyRecord is four blocks of 41, which as padding would be 66 bytes long
// (rating guide, section 10.11).
func luckyRecord(writer *session.Writer) ([]byte, error) {
	return writer.SealBlocks(wire.TypeApplicationData, bytes.Repeat([]byte{0x41}, 4*16)) //nolint:wrapcheck // it says what does not fit
}

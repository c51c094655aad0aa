package oracle

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// robot asks with one suite. Further versions are asked with whole flights
// only: the code that unwraps the premaster secret is the same in all of them.
func (p prober) robot(ctx context.Context, with combination, further bool) robotTrial {
	trial := robotTrial{name: with.name, fullOnly: further}
	trial.control = p.robotControl(ctx, with)
	for {
		full, bare := trial.undecided()
		switch {
		case full:
			answers, unsteady := p.robotRound(ctx, with, true, p.peer.Patience())
			trial.full, trial.unsteady = append(trial.full, answers), trial.unsteady+unsteady
		case bare:
			answers, unsteady := p.robotRound(ctx, with, false, p.barePatience(trial.bare))
			trial.bare, trial.unsteady = append(trial.bare, answers), trial.unsteady+unsteady
		default:
			return trial
		}
	}
}

// barePatience: a healthy server waits for the rest of the flight. That all
// five questions meet silence is confirmed with silence that counts.
func (p prober) barePatience(rounds []round) time.Duration {
	if slices.ContainsFunc(rounds, round.impatient) {
		return p.silence
	}
	return p.peer.Patience()
}

// robotControl says why an honest handshake by RSA key transport fails.
func (p prober) robotControl(ctx context.Context, with combination) checks.Reason {
	control := make(round, 1)
	ask := func(patience time.Duration) reaction {
		exchange, reason := p.start(ctx, with, patience, true)
		if reason == "" {
			exchange.close()
		}
		return reaction{failed: reason}
	}
	control[0] = ask(p.peer.Patience())
	p.retry(ctx, control, func(int) reaction { return ask(p.silence) })
	return control[0].failed
}

func (p prober) robotRound(ctx context.Context, with combination, full bool, patience time.Duration) (round, int) {
	questions := []int{robotCorrect, robotBlockType, robotZeroPosition, robotNoZero, robotVersion}
	return p.ask(ctx, questions, 0, patience, func(ctx context.Context, question int, patience time.Duration) reaction {
		exchange, reason := p.start(ctx, with, patience, false)
		if reason != "" {
			return reaction{failed: reason}
		}
		defer exchange.close()
		flight, err := robotFlight(exchange.session, question, full)
		if err != nil {
			p.peer.Logf("%s: %v", with.name, err)
			return reaction{failed: checks.ReasonInternal}
		}
		if failed, ok := exchange.send(ctx, flight); !ok {
			return failed
		}
		got := exchange.read(ctx)
		p.peer.Logf("%s: ROBOT, %s: %s", with.name, robotName(question), got.words(exactly))
		return got
	})
}

// robotFlight is what follows ServerHelloDone: an empty Certificate where one
// is asked for, the ClientKeyExchange, and if full ChangeCipherSpec and a
// Finished of garbage.
func robotFlight(shaken *session.Session, question int, full bool) ([]byte, error) {
	key, err := shaken.RSAKey()
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what is wrong with the key
	}
	block, err := robotBlock(question, key.Size(), shaken.Version)
	if err != nil {
		return nil, err
	}
	var flight []byte
	if shaken.CertificateRequest != nil {
		flight = wire.Records(wire.TypeHandshake, shaken.Version, wire.Message{Type: wire.TypeCertificate, Body: []byte{0, 0, 0}}.Marshal())
	}
	exchange := wire.Message{Type: wire.TypeClientKeyExchange, Body: shaken.EncodeRSAKeyExchange(key.Encrypt(block))}.Marshal()
	flight = append(flight, wire.Records(wire.TypeHandshake, shaken.Version, exchange)...)
	if full {
		flight = append(flight, wire.Records(wire.TypeChangeCipherSpec, shaken.Version, []byte{1})...)
		flight = append(flight, wire.Records(wire.TypeHandshake, shaken.Version, nonzero(64))...)
	}
	return flight, nil
}

// robotBlock is what is encrypted, as many bytes as the modulus has (rating
// guide, section 10.8). No byte of it is zero but those that mean something.
func robotBlock(question, size int, version uint16) ([]byte, error) {
	const fixed = 2 + 1 + 2 + 46 // block type, zero byte, version, secret
	if size < fixed+8 {
		return nil, fmt.Errorf("an RSA key of %d bytes is too short for a premaster secret", size)
	}
	block := append([]byte{0x00, 0x02}, nonzero(size-2)...)
	zero := size - 46 - 2 - 1
	block[zero], block[zero+1], block[zero+2] = 0x00, byte(version>>8), byte(version) //nolint:gosec // both halves
	switch question {
	case robotBlockType:
		block[0], block[1] = 0x41, 0x17
	case robotZeroPosition:
		copy(block[zero:], nonzero(3))
		block[size-2], block[size-1] = 0x00, 0x11
	case robotNoZero:
		block[zero], block[zero+1], block[zero+2] = 0x11, 0x11, 0x11
	case robotVersion:
		block[zero+1], block[zero+2] = 0x02, 0x02
	}
	return block, nil
}

// nonzero returns random bytes without a zero.
func nonzero(size int) []byte {
	bytes := wire.Random(size)
	for at, value := range bytes {
		bytes[at] = max(value, 1)
	}
	return bytes
}

package oraclepeer

import "github.com/gradewatch/gradewatch/checks/tlsprobe/wire"

// Premaster is what a server sees of an unwrapped ClientKeyExchange.
type Premaster struct {
	Asked     int64 // how many wrong ones the server has seen, this one with them
	BlockType bool  // it begins with 00 02
	Zero      bool  // a zero byte ends the padding
	Length    bool  // 48 bytes follow
	Version   bool  // the first two are the hello's version
	Secret    []byte
}

// Correct says whether nothing is wrong with it.
func (p Premaster) Correct() bool { return p.BlockType && p.Zero && p.Length && p.Version }

// StrongROBOT tells a wrong block type from a padding without end and from a
// wrong length, as stacks that return the error of each step do.
func StrongROBOT(p Premaster) Reaction {
	switch {
	case !p.BlockType:
		return Then(Alert(wire.AlertDecryptError), FIN)
	case !p.Zero, !p.Length:
		return Then(Alert(wire.AlertHandshakeFailure), FIN)
	default:
		return nil
	}
}

// WeakROBOT tells what is correct from what is not, and nothing more.
func WeakROBOT(p Premaster) Reaction {
	if p.Correct() {
		return nil
	}
	return Then(Alert(wire.AlertIllegalParameter), FIN)
}

// ResettingROBOT drops the connection at what is wrong.
func ResettingROBOT(p Premaster) Reaction {
	if p.Correct() {
		return nil
	}
	return RST
}

// EagerROBOT sends the alert that a wrong Finished would bring as soon as it
// sees bad padding: the difference shows only where no Finished follows.
func EagerROBOT(p Premaster) Reaction {
	if p.Correct() {
		return nil
	}
	return Then(Alert(wire.AlertBadRecordMAC), FIN)
}

// SilentROBOT says nothing more to what is wrong.
func SilentROBOT(p Premaster) Reaction {
	if p.Correct() {
		return nil
	}
	return Silence
}

// ErraticROBOT changes its alert with every third wrong question.
func ErraticROBOT(p Premaster) Reaction {
	if p.Asked%3 == 1 {
		return Then(Alert(wire.AlertDecryptError), FIN)
	}
	return nil
}

// Racing meets a wrong Finished, or a wrong record, as healthy servers do, and
// ends the connection by FIN or RST, as it happens.
func Racing(asked int64) Reaction {
	if asked%3 == 0 {
		return Then(Alert(wire.AlertBadRecordMAC), RST)
	}
	return bad
}

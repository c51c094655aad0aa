package oraclepeer

import (
	"bytes"
	"crypto/subtle"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Record is what a server sees of one record in a CBC suite.
type Record struct {
	Asked   int64 // how many wrong records the server has seen, this one with them
	Suite   session.Suite
	Padding bool // the padding is valid
	// Fits: the padding and a MAC have room in the record.
	Fits bool
	MAC  bool // where the length byte says that it is, a valid MAC stands
	// First and Last: the first and the last byte of the padding, its length
	// byte apart, are right.
	First, Last bool
	Empty       bool // there is no data
}

// Correct says whether nothing is wrong with it.
func (r Record) Correct() bool { return r.Padding && r.Fits && r.MAC }

// application reads one record and reacts.
func (c *connection) application() {
	c.layer.Reader = nil // what is wrong with it is to be seen
	record, err := c.layer.ReadRecord()
	if err != nil || record.Type != wire.TypeApplicationData {
		return
	}
	if !c.secrets.Suite.CBC() {
		if _, err := c.read.Open(record); err != nil {
			Then(Alert(wire.AlertBadRecordMAC), FIN)(c)
		} else {
			Answer(c)
		}
		return
	}
	c.server.config.Record(c.look(record))(c)
}

// look decrypts a record and checks everything by itself.
func (c *connection) look(record wire.Record) Record {
	seen := c.examine(record)
	if !seen.Correct() {
		seen.Asked = c.server.asked.Add(1)
	}
	return seen
}

func (c *connection) examine(record wire.Record) Record {
	seen := Record{Suite: c.secrets.Suite}
	sequence := *c.read // the MAC is of the number before OpenBlocks counts it
	blocks, err := c.read.OpenBlocks(record)
	if err != nil || len(blocks) == 0 {
		return seen
	}
	last := blocks[len(blocks)-1]
	padding := int(last) + 1
	if padding > len(blocks) {
		return seen
	}
	content, filler := blocks[:len(blocks)-padding], blocks[len(blocks)-padding:]
	seen.Padding = bytes.Count(filler, []byte{last}) == padding
	seen.First, seen.Last = filler[0] == last, padding < 2 || filler[padding-2] == last
	split := len(content) - c.secrets.Suite.MACSize()
	if split < 0 {
		return seen
	}
	seen.Fits, seen.Empty = true, split == 0
	seen.MAC = subtle.ConstantTimeCompare(sequence.MAC(record.Type, content[:split]), content[split:]) == 1
	return seen
}

// bad is how most servers meet a record that does not decrypt.
func bad(c *connection) { Then(Alert(wire.AlertBadRecordMAC), FIN)(c) }

// answering is Answer for what is correct, and otherwise what differs says for
// what it is not nil, and bad.
func answering(differs func(Record) Reaction) func(Record) Reaction {
	return func(r Record) Reaction {
		if r.Correct() {
			return Answer
		}
		if reaction := differs(r); reaction != nil {
			return reaction
		}
		return bad
	}
}

// Healthy meets whatever is wrong in one way.
func Healthy(r Record) Reaction { return answering(func(Record) Reaction { return nil })(r) }

// POODLE does not look at the padding (CVE-2014-8730).
func POODLE(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if r.Fits && r.MAC {
			return Answer
		}
		return nil
	})(r)
}

// SleepingPOODLE looks at the first byte of the padding alone.
func SleepingPOODLE(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if r.Fits && r.MAC && r.First {
			return Answer
		}
		return nil
	})(r)
}

// SleepingSuitePOODLE is POODLE with keys of 256 bits alone.
func SleepingSuitePOODLE(r Record) Reaction {
	if r.Suite.Cipher == session.CipherAES256CBC {
		return POODLE(r)
	}
	return Healthy(r)
}

// ZombiePOODLE drops the connection where the MAC is right and the padding is
// not (CVE-2019-6485).
func ZombiePOODLE(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if r.Fits && r.MAC {
			return RST
		}
		return nil
	})(r)
}

// QuietZombiePOODLE is that with another alert, which nobody without keys can
// tell from the usual one.
func QuietZombiePOODLE(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if r.Fits && r.MAC {
			return Then(Alert(wire.AlertDecryptionFailed), FIN)
		}
		return nil
	})(r)
}

// GOLDENDOODLE sends another alert, and no FIN, where the padding is right and
// the MAC behind data is not.
func GOLDENDOODLE(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if r.Padding && r.Fits && !r.Empty {
			return Then(Alert(wire.AlertDecryptionFailed), CloseNotify, FIN)
		}
		return nil
	})(r)
}

// PaddingOracle tells every valid padding from every invalid one by its alert,
// as stacks of TLS 1.0 did (RFC 2246 section 7.2.2).
func PaddingOracle(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if !r.Padding {
			return Then(Alert(wire.AlertDecryptionFailed), FIN)
		}
		return nil
	})(r)
}

// NoMAC does not look at the MAC.
func NoMAC(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if r.Padding && r.Fits && !r.Empty {
			return Answer
		}
		return nil
	})(r)
}

// NoChecks looks at nothing.
func NoChecks(Record) Reaction { return Answer }

// ZeroLength ends with a second alert where there is no data
// (CVE-2019-1559: the error is reported twice).
func ZeroLength(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if r.Empty {
			return Then(Alert(wire.AlertBadRecordMAC), CloseNotify, FIN)
		}
		return nil
	})(r)
}

// SilentZeroLength leaves the connection open where there is no data.
func SilentZeroLength(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if r.Empty {
			return Then(Alert(wire.AlertBadRecordMAC), Silence)
		}
		return nil
	})(r)
}

// LuckyMinus20 says record_overflow where padding leaves no room for a MAC
// (CVE-2016-2107: the length wrapped around), as OpenSSL 1.0.1e does.
func LuckyMinus20(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if !r.Fits {
			return Then(Alert(wire.AlertRecordOverflow), FIN)
		}
		return nil
	})(r)
}

// Overflowing says record_overflow to everything that is wrong.
func Overflowing(r Record) Reaction {
	return answering(func(Record) Reaction { return Then(Alert(wire.AlertRecordOverflow), FIN) })(r)
}

// Erratic changes its alert with every third record, whatever is wrong.
func Erratic(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if r.Asked%3 == 1 {
			return Then(Alert(wire.AlertDecodeError), FIN)
		}
		return nil
	})(r)
}

// Dropping ends the connection without a word at every third record.
func Dropping(r Record) Reaction {
	return answering(func(r Record) Reaction {
		if r.Asked%3 == 1 {
			return FIN
		}
		return nil
	})(r)
}

// RacingRecord is Racing for records.
func RacingRecord(r Record) Reaction {
	return answering(func(r Record) Reaction { return Racing(r.Asked) })(r)
}

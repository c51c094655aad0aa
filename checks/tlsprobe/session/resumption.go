package session

import (
	"crypto"
	"encoding/binary"
	"slices"
	"time"
)

// Resumption is what it takes to offer a session again: by session id, by
// ticket, or in TLS 1.3 by PSK.
type Resumption struct {
	Version, Suite uint16
	// Secret is the master secret, in TLS 1.3 the PSK.
	Secret    []byte
	SessionID []byte // up to TLS 1.2
	Ticket    []byte
	// Lifetime is the server's hint how long the ticket is good; 0 says nothing.
	Lifetime             time.Duration
	ExtendedMasterSecret bool
	// MaxEarlyData is max_early_data_size in bytes, 0 where no early data is
	// allowed (TLS 1.3).
	MaxEarlyData uint32

	ageAdd   uint32
	received time.Time
}

func (r *Resumption) hash() crypto.Hash {
	if suite, known := SuiteOf(r.Suite); known {
		return suite.Hash
	}
	return crypto.SHA256
}

// offeredPSK returns the data of pre_shared_key (RFC 8446 section 4.2.11) with
// this binder.
func (r *Resumption) offeredPSK(now time.Time, binder []byte) []byte {
	age := uint32(now.Sub(r.received).Milliseconds()) + r.ageAdd //nolint:gosec // modulo 2^32 is meant
	identity := binary.BigEndian.AppendUint32(vector16(r.Ticket), age)
	return slices.Concat(vector16(identity), vector16(vector8(binder)))
}

// binder proves that the PSK is known, over the hello up to its binders.
func (r *Resumption) binder(truncated []byte) []byte {
	suite := Suite{Hash: r.hash()}
	return FinishedMAC(suite.Hash, NewSchedule(suite, r.Secret).BinderKey(), truncated)
}

package monitor

import (
	"encoding/binary"
	"hash/fnv"
	"time"
)

// jitterFraction and maximumJitter bound by how much a run is moved off its
// grid, so that endpoints registered together do not run together for ever.
const (
	jitterFraction = 10 // a tenth of the interval
	maximumJitter  = 5 * time.Minute
)

// Schedule is when an endpoint is looked at: every Interval since Anchor, each
// time moved by a jitter of its own. Runs are absolute times: how late a run
// was never moves the ones after it.
type Schedule struct {
	EndpointID int64
	Anchor     time.Time // when the endpoint was created, or a time of its own when thousands were at once
	Interval   time.Duration
}

// Next returns the run of the slot after the one that now is in: whatever ran
// at now, on the grid or moved by its jitter, was that slot's run. Slots that
// were missed are skipped: after a pause there is one late run and no burst. An
// interval under MinimumInterval counts as MinimumInterval.
func (s Schedule) Next(now time.Time) time.Time {
	interval := max(s.Interval, MinimumInterval)
	slot := int64(max(now.Sub(s.Anchor), 0)/interval) + 1
	return s.Anchor.Add(time.Duration(slot)*interval + s.jitter(slot, min(interval/jitterFraction, maximumJitter)))
}

// jitter derives from the endpoint and the slot, so that every process
// computes the same one and no state is needed. It is under bound.
func (s Schedule) jitter(slot int64, bound time.Duration) time.Duration {
	var seed [16]byte
	binary.BigEndian.PutUint64(seed[:8], uint64(s.EndpointID)) //nolint:gosec // bits to hash, not a number
	binary.BigEndian.PutUint64(seed[8:], uint64(slot))         //nolint:gosec // likewise
	hash := fnv.New64a()
	hash.Write(seed[:])
	share := mix(hash.Sum64()) % uint64(bound)             //nolint:gosec // an interval is over zero
	return time.Duration(share).Truncate(time.Microsecond) //nolint:gosec // under bound
}

// mix spreads the bits of FNV, whose low bits follow the input's
// (the finalizer of MurmurHash3).
func mix(value uint64) uint64 {
	value ^= value >> 33
	value *= 0xff51afd7ed558ccd
	value ^= value >> 33
	value *= 0xc4ceb9fe1a85ec53
	return value ^ value>>33
}

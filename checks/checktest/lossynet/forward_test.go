package lossynet

import (
	"encoding/binary"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// source gives numbered packets, one each interval, and ends after patience.
type source struct {
	total, next int
	interval    time.Duration
	patience    time.Duration
}

func (s *source) Read(piece []byte) (int, error) {
	if s.next == s.total {
		time.Sleep(s.patience) // fake time of synctest
		return 0, io.EOF
	}
	time.Sleep(s.interval)
	s.next++
	binary.BigEndian.PutUint32(piece, uint32(s.next))
	binary.BigEndian.PutUint64(piece[4:], uint64(time.Now().UnixNano()))
	return 12, nil
}

// sink notes the delay and the number of each packet.
type sink struct {
	delays  []time.Duration
	numbers []int
}

func (s *sink) Write(piece []byte) (int, error) {
	sent := time.Unix(0, int64(binary.BigEndian.Uint64(piece[4:])))
	s.delays = append(s.delays, time.Since(sent))
	s.numbers = append(s.numbers, int(binary.BigEndian.Uint32(piece)))
	return len(piece), nil
}

func TestDirection(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		link       Link
		loss       [2]float64 // at least, at most
		delay      [2]time.Duration
		outOfOrder bool
	}{
		"nothing":        {Link{}, [2]float64{0, 0}, [2]time.Duration{0, 0}, false},
		"delay":          {Link{RoundTrip: 180 * time.Millisecond}, [2]float64{0, 0}, [2]time.Duration{90 * time.Millisecond, 90 * time.Millisecond}, false},
		"jitter":         {Link{RoundTrip: 180 * time.Millisecond, Jitter: 20 * time.Millisecond}, [2]float64{0, 0}, [2]time.Duration{80 * time.Millisecond, 100 * time.Millisecond}, true},
		"loss":           {Link{Loss: 0.02, Seed: 7}, [2]float64{0.015, 0.025}, [2]time.Duration{0, 0}, false},
		"all is lost":    {Link{Loss: 1}, [2]float64{1, 1}, [2]time.Duration{0, 0}, false},
		"a bad distance": {Link{RoundTrip: 180 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.02}, [2]float64{0.015, 0.025}, [2]time.Duration{80 * time.Millisecond, 100 * time.Millisecond}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const total = 10_000
				got := &sink{}
				one := newDirection(test.link, 1, &source{total: total, interval: time.Millisecond, patience: time.Second}, got)
				one.run()
				require.Equal(t, total, one.counts.Delivered+one.counts.Lost)
				require.Len(t, got.numbers, one.counts.Delivered)
				require.Zero(t, one.counts.Overflowed)
				lost := float64(one.counts.Lost) / total
				require.GreaterOrEqual(t, lost, test.loss[0])
				require.LessOrEqual(t, lost, test.loss[1])
				inOrder := true
				for index, delay := range got.delays {
					require.GreaterOrEqual(t, delay, test.delay[0])
					require.LessOrEqual(t, delay, test.delay[1])
					inOrder = inOrder && (index == 0 || got.numbers[index] > got.numbers[index-1])
				}
				require.Equal(t, test.outOfOrder, !inOrder)
			})
		})
	}
}

// The same seed loses the same packets.
func TestSeed(t *testing.T) {
	t.Parallel()
	lost := func(seed uint64) (numbers []int) {
		synctest.Test(t, func(*testing.T) {
			got := &sink{}
			newDirection(Link{Loss: 0.3, Seed: seed}, 1, &source{total: 200, interval: time.Millisecond, patience: time.Second}, got).run()
			numbers = got.numbers
		})
		return numbers
	}
	require.Equal(t, lost(1), lost(1))
	require.NotEqual(t, lost(1), lost(2))
}

package simulator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/simulator"
)

// counted is what came of a storm.
type counted struct {
	incidents int
	kinds     map[monitor.NotificationKind]int
	most      int // messages that one channel got
}

// storm plays a storm and counts what came of it.
func storm(t testing.TB, script simulator.Script) counted {
	t.Helper()
	result, err := script.Run(1)
	require.NoError(t, err)
	c := counted{incidents: result.World.Incidents(), kinds: map[monitor.NotificationKind]int{}}
	channels := map[string]int{}
	for _, told := range result.World.Told {
		c.kinds[told.Kind]++
		channel := fmt.Sprint(told.Team.ID, told.Channel)
		channels[channel]++
		c.most = max(c.most, channels[channel])
	}
	return c
}

// A certificate authority is distrusted: each team has one incident, and each
// channel hears that it opened and once more how wide it is.
func TestStormOfOneCause(t *testing.T) {
	t.Parallel()
	c := storm(t, simulator.Storm(20, 10, true))
	require.Equal(t, 20, c.incidents)
	require.Equal(t, map[monitor.NotificationKind]int{monitor.IncidentOpened: 20, monitor.IncidentWorsened: 20}, c.kinds)
	require.Equal(t, 2, c.most)
}

// As many unrelated problems of one team as there are endpoints: an incident
// each, and never more than ten messages in ten minutes.
func TestStormOfManyCauses(t *testing.T) {
	t.Parallel()
	c := storm(t, simulator.Storm(1, 200, false))
	require.Equal(t, 200, c.incidents)
	require.Positive(t, c.kinds[monitor.DigestBurst])
	require.LessOrEqual(t, c.most, 7*monitor.MostInBurst, "an hour of looks")
}

// BenchmarkStorm is two thousand endpoints that turn bad at once: ten thousand take
// five times as long, and 10 GiB.
func BenchmarkStorm(b *testing.B) {
	for name, script := range map[string]simulator.Script{
		"OneCause":   simulator.Storm(200, 10, true),
		"ManyCauses": simulator.Storm(1, 2000, false),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c := storm(b, script)
				b.ReportMetric(float64(c.incidents), "incidents")
				b.ReportMetric(float64(c.most), "messages/channel")
				b.ReportMetric(float64(c.kinds[monitor.DigestBurst]), "bursts")
			}
		})
	}
}

// BenchmarkFleet is 200 healthy endpoints over 90 days with hourly looks.
func BenchmarkFleet(b *testing.B) {
	for b.Loop() {
		result, err := simulator.Fleet(200, 90*24*time.Hour).Run(1)
		require.NoError(b, err)
		require.Empty(b, result.World.Told)
		b.ReportMetric(float64(result.World.Looks), "looks")
	}
}

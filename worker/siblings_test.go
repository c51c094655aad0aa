package worker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/worker"
)

// forty is how many endpoints break together.
const forty = 40

func TestFortyEndpointsBehindOneHostAreOneMessage(t *testing.T) {
	t.Parallel()
	tests := map[string]func(b *breakable){
		"one of them is looked at": func(b *breakable) { b.look(b.endpoint) },
		"all of them are due": func(b *breakable) {
			b.exec(`UPDATE endpoints SET next_run_at = $1`, b.clock.now())
		},
	}
	for name, look := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBreakable(t, func(c *worker.Config) {
				c.Settings.GatherFor, c.Settings.GatherMost = 2*time.Second, patience
				c.LookWorkers = forty
			})
			for i := range forty - 1 {
				b.register(b.server.URL("app.test", fmt.Sprintf("/cb/%d", i)))
			}
			b.breaks()
			look(b)
			b.waitFor("everything is told", `SELECT count(*) = $1 FROM incident_requirements WHERE resolved_at IS NULL`, forty)
			require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened}, b.told(1))
			b.settle()
			require.Equal(t, []string{"open " + repeated("T-03", forty)}, b.incidents())
			require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened}, b.sender.kinds())
			message := b.sender.messages()[0]
			require.Equal(t, forty, message.EndpointCount)
			require.Len(t, message.Endpoints, forty)
			values := map[string]bool{}
			for _, endpoint := range message.Endpoints {
				require.Equal(t, []string{"T-03"}, endpoint.Requirements)
				values[endpoint.Endpoint] = true
			}
			require.Len(t, values, forty)
			require.Len(t, message.Verdicts, 1)
		})
	}
}

func repeated(word string, times int) string {
	words := slices.Repeat([]string{word}, times)
	joined := words[0]
	for _, next := range words[1:] {
		joined += "," + next
	}
	return joined
}

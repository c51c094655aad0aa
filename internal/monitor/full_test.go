package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func watched(id int64) monitor.Endpoint {
	return monitor.Endpoint{
		ID: id, ValueKind: policy.Literal, Value: "https://app.example/cb", Interval: time.Hour, CreatedAt: start,
	}
}

func TestFullLooksAreDailyAndApart(t *testing.T) {
	t.Parallel()
	hours := map[int]bool{}
	for id := range int64(300) {
		schedule := watched(id).Schedule()
		next := schedule.NextFull(start.Add(time.Minute)) // right after it was registered
		for day := range 30 {
			grid := start.Add(time.Duration(day+1) * monitor.FullInterval)
			require.False(t, next.Before(grid), "endpoint %d, day %d: %s", id, day, next)
			require.Less(t, next.Sub(grid), monitor.FullInterval/10)
			require.Equal(t, next, schedule.NextFull(grid.Add(-time.Second)), "every process computes the same")
			hours[int(next.Sub(grid)/(30*time.Minute))] = true
			next = schedule.NextFull(next.Add(50 * time.Minute)) // claimed late
		}
	}
	require.Len(t, hours, 5, "endpoints that were registered together spread over a tenth of a day")
}

func TestDepthAt(t *testing.T) {
	t.Parallel()
	due := start.Add(24 * time.Hour)
	for name, test := range map[string]struct {
		change func(*monitor.Endpoint)
		now    time.Time
		want   checks.Depth
	}{
		"not due yet":             {nil, due.Add(-time.Second), checks.Quick},
		"due":                     {nil, due, checks.Full},
		"long overdue":            {nil, due.AddDate(0, 1, 0), checks.Full},
		"never had one":           {func(e *monitor.Endpoint) { e.NextFullAt = time.Time{} }, start, checks.Full},
		"http alone has no TLS":   {func(e *monitor.Endpoint) { e.Value = "http://app.example/cb" }, due, checks.Quick},
		"https in capitals":       {func(e *monitor.Endpoint) { e.Value = "HTTPS://app.example/cb" }, due, checks.Full},
		"nothing on the network":  {func(e *monitor.Endpoint) { e.ValueKind, e.Value = policy.CustomScheme, "app:/cb" }, due, checks.Quick},
		"a pattern's probe URL":   {func(e *monitor.Endpoint) { e.ValueKind, e.ProbeURL = policy.Pattern, "https://a.example/" }, due, checks.Full},
		"a pattern probed at 80":  {func(e *monitor.Endpoint) { e.ValueKind, e.ProbeURL = policy.Pattern, "http://a.example/" }, due, checks.Quick},
		"a loopback native value": {func(e *monitor.Endpoint) { e.ValueKind, e.Value = policy.NativeLoopback, "http://127.0.0.1/" }, due, checks.Quick},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := watched(1)
			endpoint.NextFullAt = due
			if test.change != nil {
				test.change(&endpoint)
			}
			require.Equal(t, test.want, endpoint.DepthAt(test.now))
		})
	}
}

func TestPlanFull(t *testing.T) {
	t.Parallel()
	now := start.Add(30 * time.Hour)
	atOnce := monitor.FullPlan{DueAt: now, RunAt: now}
	certificate := []monitor.Change{{Subject: "addresses[192.0.2.1].certificates"}}
	for name, test := range map[string]struct {
		question monitor.FullQuestion
		looked   time.Time // when the last full look was
		want     monitor.FullPlan
	}{
		"a quick look that saw nothing new": {monitor.FullQuestion{Depth: checks.Quick}, time.Time{}, monitor.FullPlan{}},
		"the first quick look":              {monitor.FullQuestion{Depth: checks.Quick, First: true}, time.Time{}, atOnce},
		"the first, and the endpoint is down": {
			monitor.FullQuestion{Depth: checks.Quick, First: true, Verdicts: verdicts(t, "E-01:fail")}, time.Time{}, monitor.FullPlan{},
		},
		"the first, and an error in the query meets status 500": {monitor.FullQuestion{Depth: checks.Quick, First: true, Verdicts: []checks.Verdict{{
			Requirement: monitor.Unreachable, Result: checks.Fail, Proof: []checks.Proof{{Fact: "http[192.0.2.1].provoked.status", Value: "500"}},
		}}}, time.Time{}, atOnce},
		"an incident opened": {monitor.FullQuestion{Depth: checks.Quick, Effects: []monitor.Effect{monitor.OpenIncident{}}}, time.Time{}, atOnce},
		"an incident grew":   {monitor.FullQuestion{Depth: checks.Quick, Effects: []monitor.Effect{monitor.JoinIncident{}}}, time.Time{}, atOnce},
		"it recovered":       {monitor.FullQuestion{Depth: checks.Quick, Effects: []monitor.Effect{monitor.CloseRequirements{}}}, time.Time{}, atOnce},
		"it went down": {monitor.FullQuestion{
			Depth: checks.Quick, Effects: []monitor.Effect{monitor.OpenIncident{}}, Verdicts: verdicts(t, "E-01:fail"),
		}, time.Time{}, monitor.FullPlan{}},
		"a fail that nobody confirmed": {monitor.FullQuestion{Depth: checks.Quick, Effects: []monitor.Effect{monitor.ConfirmLook{}}}, time.Time{}, monitor.FullPlan{}},
		"another certificate":          {monitor.FullQuestion{Depth: checks.Quick, Changes: certificate}, now.Add(-time.Hour), atOnce},
		"another certificate again": {
			monitor.FullQuestion{Depth: checks.Quick, Changes: certificate},
			now.Add(-20 * time.Minute),
			monitor.FullPlan{DueAt: now.Add(40 * time.Minute), RunAt: now.Add(40 * time.Minute)},
		},
		"another protocol": {monitor.FullQuestion{Depth: checks.Quick, Changes: []monitor.Change{{Subject: "addresses[192.0.2.1].protocols.TLSv1.0"}}}, time.Time{}, atOnce},
		"another address":  {monitor.FullQuestion{Depth: checks.Quick, Changes: []monitor.Change{{Subject: "dns.addresses"}}}, time.Time{}, monitor.FullPlan{}},
		"our own network is broken": {monitor.FullQuestion{
			Depth: checks.Quick, First: true, Connectivity: checks.KnownFact(false),
		}, time.Time{}, monitor.FullPlan{}},
		"a full look": {
			monitor.FullQuestion{Depth: checks.Full, Effects: []monitor.Effect{monitor.OpenIncident{}}, Changes: certificate},
			time.Time{},
			monitor.FullPlan{DueAt: watched(1).Schedule().NextFull(now)},
		},
		"a full look over our own broken network": {monitor.FullQuestion{Depth: checks.Full, Connectivity: checks.KnownFact(false)}, time.Time{}, monitor.FullPlan{DueAt: now}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := watched(1)
			endpoint.FullLookedAt = test.looked
			test.question.At = now
			require.Equal(t, test.want, monitor.PlanFull(endpoint, test.question))
			endpoint.Value = "http://app.example/cb"
			require.Zero(t, monitor.PlanFull(endpoint, test.question), "there is no TLS to ask")
		})
	}
}

package walk_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

const (
	// lanesAtOnce is how many runs share one service and its misfortune: twice as
	// many messages are what a channel gets one by one within ten minutes.
	lanesAtOnce = 5
	// rageFor is how long harm is done after something broke or was mended.
	rageFor = 15 * time.Second
	// toldWithin is how long it may take until everything is told once the harm
	// is over: deliveries that failed twice wait for a minute, and a full look
	// whose worker died holds its endpoint until its lease ends.
	toldWithin = 6 * time.Minute
)

// chaosRuns is how many runs there are; GRADEWATCH_TEST_CHAOS asks for more.
func chaosRuns(t *testing.T) int {
	t.Helper()
	wanted := os.Getenv("GRADEWATCH_TEST_CHAOS")
	if wanted == "" {
		return 2 * lanesAtOnce
	}
	count, err := strconv.Atoi(wanted)
	require.NoError(t, err)
	return count
}

// TestChaos kills web, workers and Postgres, and makes the mail server and the
// receiver of webhooks fail, while servers break and are mended. Every
// regression is one incident, and one message opened and one resolved for each
// channel. A message comes twice only under its id, and only where its
// receiver did not say that it had it, or something died that had to note it.
func TestChaos(t *testing.T) {
	t.Parallel()
	for run := 0; run < chaosRuns(t); run += lanesAtOnce {
		seed := uint64(time.Now().UnixNano()) //nolint:gosec // any seed will do, and it is printed
		if wanted := os.Getenv("GRADEWATCH_TEST_CHAOS_SEED"); wanted != "" {
			var err error
			seed, err = strconv.ParseUint(wanted, 10, 64)
			require.NoError(t, err)
		}
		t.Run(fmt.Sprintf("%d runs from seed %d", lanesAtOnce, seed), func(t *testing.T) {
			t.Parallel()
			chaosRound(t, seed)
		})
	}
}

// lane is one endpoint on a host of its own: one run.
type lane struct {
	host     string
	server   *checktest.Nginx
	endpoint string // path of its page
}

func chaosRound(t *testing.T, seed uint64) {
	t.Helper()
	c, lanes, v := arrangeChaos(t, seed)
	for _, broken := range []bool{true, false} {
		for i, lane := range lanes {
			lane.set(c.world, i, broken)
		}
		c.storm(v, lanes)
		want := 1
		if !broken {
			want = 2
		}
		c.calm(v, lanes, want)
	}
	_, owner := c.cluster.urls()
	settled(t, owner, toldWithin)
	c.prove(owner, lanes)
}

// arrangeChaos starts everything, and waits until every endpoint was looked at
// fully and found healthy.
func arrangeChaos(t *testing.T, seed uint64) (*chaos, []*lane, *visitor) {
	t.Helper()
	lanes, names := make([]*lane, lanesAtOnce), map[string][]string{}
	for i := range lanes {
		lanes[i] = &lane{host: fmt.Sprintf("lane-%d.gradewatch.test", i)}
		names[lanes[i].host] = []string{fmt.Sprintf("127.0.7.%d", i+1)}
	}
	w := newWorld(t, "127.0.0.34", names)
	for _, lane := range lanes {
		lane.server = checktest.StartNginx(t, w.config(netip.MustParseAddr(names[lane.host][0]), nil, secureCookie))
	}
	c := &chaos{t: t, world: w, cluster: startCluster(t), random: rand.New(rand.NewPCG(seed, 0)), done: map[string]int{}} //nolint:gosec // a seed
	app, owner := c.cluster.urls()
	listen := freeAddress(t)
	env := []string{
		"DATABASE_URL=" + app, "DATABASE_DIRECT_URL=" + owner, "GRADEWATCH_BASE_URL=http://" + listen,
		"GRADEWATCH_LOOK_TIMEOUT=6s", "GRADEWATCH_RESCUE_AFTER=7s",
	}
	<-w.start(env, "migrate").ended
	web := func() *process { return w.start(append(slices.Clip(env), "GRADEWATCH_LISTEN="+listen), "web") }
	worker := func() *process { return w.start(env, "worker") }
	c.parts = []*part{{name: "web", start: web, running: web()}}
	c.parts[0].running.find(`"address":"(\S+?)"`, time.Minute)
	for range 2 {
		c.parts = append(c.parts, &part{name: "worker", start: worker, running: worker()})
	}
	v := signIn(t, w.start(env, "sign-in-link").find(`Open (http://\S+)`, time.Minute)[1])
	v.addChannels(w)
	for _, lane := range lanes {
		lane.endpoint = v.register(lane.host, lane.server.URL(lane.host, "/callback"))
	}
	eventually(t, 3*time.Minute, "every endpoint is looked at fully", func() bool {
		return counted(t, owner, `SELECT count(*) FROM endpoints e WHERE full_looked_at IS NOT NULL
			AND NOT EXISTS (SELECT FROM assessments a WHERE a.endpoint_id = e.id AND a.finished_at IS NULL)`) == len(lanes)
	})
	require.Zero(t, counted(t, owner, `SELECT count(*) FROM incidents`))
	return c, lanes, v
}

// set breaks the server of lane number i, or mends it.
func (l *lane) set(w *world, i int, broken bool) {
	var protocols []string
	cookie := secureCookie
	switch {
	case broken && i%2 == 0:
		protocols = []string{"TLSv1.3"}
	case broken:
		cookie = `add_header Set-Cookie "session=1; Path=/; Secure" always;`
	}
	l.server.Reconfigure(w.config(l.server.Addr.Addr(), protocols, cookie))
}

// storm does harm while somebody keeps asking for looks.
func (c *chaos) storm(v *visitor, lanes []*lane) {
	ctx, cancel := context.WithTimeout(c.t.Context(), rageFor)
	defer cancel()
	var asking sync.WaitGroup
	asking.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			v.tryLook(ctx, lanes[i%len(lanes)].endpoint)
			<-time.After(200 * time.Millisecond)
		}
	})
	c.rage(ctx)
	asking.Wait()
	c.heal()
}

// calm waits until count messages of each lane reached each channel, and asks
// for looks meanwhile.
func (c *chaos) calm(v *visitor, lanes []*lane, count int) {
	c.t.Helper()
	turn := 0
	defer func() {
		if c.t.Failed() {
			c.explain()
		}
	}()
	eventually(c.t, toldWithin, fmt.Sprintf("%d messages a lane are told", count), func() bool {
		waiting := c.waiting(lanes, count)
		c.supervise()
		if len(waiting) > 0 && turn%10 == 0 {
			v.tryLook(c.t.Context(), waiting[turn/10%len(waiting)].endpoint)
		}
		turn++
		return len(waiting) == 0
	})
}

// explain says how things stand where something was waited for in vain.
func (c *chaos) explain() {
	_, owner := c.cluster.urls()
	for _, query := range []string{
		`SELECT string_agg(concat_ws(' ', id, state, title, tell_at, tell_kind, told_kind, messages), E'\n') FROM incidents`,
		`SELECT string_agg(concat_ws(' ', d.id, n.kind, n.incident_id, d.channel_id, d.state, d.held, d.attempts, d.next_attempt_at), E'\n')
			FROM deliveries d JOIN notifications n ON n.id = d.notification_id WHERE d.state <> 'delivered'`,
		`SELECT string_agg(concat_ws(' ', id, kind, state, attempt, attempted_at, scheduled_at, args), E'\n') FROM river_job WHERE state <> 'completed' AND state <> 'scheduled' OR kind IN ('tell', 'deliver') AND state <> 'completed'`,
		`SELECT string_agg(concat_ws(' ', endpoint_id, slot, purpose, depth, stage), E'\n') FROM assessments WHERE finished_at IS NULL`,
		`SELECT string_agg(concat_ws(' ', endpoint_id, requirement, result, conclusive, failing_since, recovering_since, incident_id), E'\n')
			FROM requirement_status WHERE incident_id IS NOT NULL OR failing_since IS NOT NULL`,
		`SELECT string_agg(concat_ws(' ', name, state, since, reason, seen_at), E'\n') FROM vantages`,
	} {
		found, err := asked[*string](context.WithoutCancel(c.t.Context()), owner, query)
		text := fmt.Sprint(err)
		if err == nil && found != nil {
			text = *found
		}
		c.t.Logf("%.60s\n%s", query, text)
	}
	c.t.Logf("now %s, told %v", time.Now().UTC(), c.told())
}

// waiting lists the lanes of which some channel has fewer than count messages.
func (c *chaos) waiting(lanes []*lane, count int) []*lane {
	told := c.told()
	var waiting []*lane
	for _, lane := range lanes {
		if len(told[lane.host+" mail"]) < count || len(told[lane.host+" webhook"]) < count {
			waiting = append(waiting, lane)
		}
	}
	return waiting
}

// told lists the ids of the messages that reached the receivers, by lane and
// channel.
func (c *chaos) told() map[string]map[string]bool {
	told := map[string]map[string]bool{}
	note := func(key, id string) {
		if told[key] == nil {
			told[key] = map[string]bool{}
		}
		told[key][id] = true
	}
	for _, mail := range c.world.mail.Accepted() {
		note(hostIn(string(mail.Raw))+" mail", mail.MessageID())
	}
	for _, event := range c.world.hook.Accepted() {
		note(hostIn(string(event.Body))+" webhook", event.ID)
	}
	return told
}

// hostIn finds the lane that a message is about.
func hostIn(text string) string {
	_, rest, found := strings.Cut(text, "lane-")
	if !found {
		return ""
	}
	number, _, _ := strings.Cut(rest, ".")
	return "lane-" + number + ".gradewatch.test"
}

// prove holds the end against what the test promises.
func (c *chaos) prove(owner string, lanes []*lane) {
	t := c.t
	t.Helper()
	told := c.told()
	for _, lane := range lanes {
		require.Len(t, told[lane.host+" mail"], 2, "mails about %s: opened and resolved", lane.host)
		require.Len(t, told[lane.host+" webhook"], 2, "webhooks about %s: opened and resolved", lane.host)
	}
	require.Empty(t, c.world.hook.Refused(), "every signature verifies")
	require.Equal(t, len(lanes), counted(t, owner, `SELECT count(*) FROM incidents WHERE state = 'resolved'`), "one incident a regression")
	require.Equal(t, len(lanes), counted(t, owner, `SELECT count(*) FROM incidents`))
	require.Equal(t, len(lanes), counted(t, owner, `SELECT count(DISTINCT endpoint_id) FROM incident_requirements`))
	require.Zero(t, counted(t, owner, `SELECT count(*) FROM deliveries WHERE state <> 'delivered'`), "nothing is lost")
	require.Equal(t, 2*len(lanes), counted(t, owner, `SELECT count(*) FROM notifications`))
	repeats := c.repeats()
	t.Logf("%d lanes, %d deaths, %d repeats with their reason; done: %v", len(lanes), len(c.kills), repeats, c.done)
}

// repeats counts messages that came twice, and asks each for its reason: the
// receiver did not answer the first, or something died in between.
func (c *chaos) repeats() (repeats int) {
	type acceptance struct {
		at       time.Time
		answered bool
	}
	first := map[string]acceptance{}
	prove := func(id string, now acceptance) {
		before, repeated := first[id]
		first[id] = now
		if !repeated {
			return
		}
		repeats++
		reason := !before.answered
		for _, death := range c.kills {
			reason = reason || death.After(before.at.Add(-time.Second)) && death.Before(now.at)
		}
		require.True(c.t, reason, "%s was accepted and answered at %s, and came again at %s", id, before.at, now.at)
	}
	for _, mail := range c.world.mail.Accepted() {
		prove(mail.MessageID(), acceptance{mail.At, mail.Answered})
	}
	for _, event := range c.world.hook.Accepted() {
		prove(event.ID, acceptance{event.At, event.Answered})
	}
	return repeats
}

// tryLook asks for a look. Whoever answers may be dead just now.
func (v *visitor) tryLook(ctx context.Context, endpoint string) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base+endpoint+"/look", strings.NewReader(url.Values{}.Encode()))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if response, err := v.client.Do(request); err == nil {
		_ = response.Body.Close()
	}
}

// freeAddress is one that nothing listens on, for a process that must come back to it.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// counted asks a database past row-level security.
func counted(t *testing.T, owner, query string) int {
	t.Helper()
	found, err := asked[int](t.Context(), owner, query)
	require.NoError(t, err)
	return found
}

func asked[T any](ctx context.Context, owner, query string) (found T, err error) {
	connection, err := pgx.Connect(ctx, owner)
	if err != nil {
		return found, err //nolint:wrapcheck // the test fails with it
	}
	err = connection.QueryRow(ctx, query).Scan(&found)
	return found, errors.Join(err, connection.Close(ctx))
}

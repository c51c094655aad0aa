package walk_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/testdb"
)

// kills is how many workers are killed; GRADEWATCH_TEST_KILLS asks for more.
func kills(t *testing.T) int {
	t.Helper()
	wanted := os.Getenv("GRADEWATCH_TEST_KILLS")
	if wanted == "" {
		return 5
	}
	count, err := strconv.Atoi(wanted)
	require.NoError(t, err)
	return count
}

// fullLease is how long a full look holds its endpoint when its worker is
// killed: its deadline of a minute, and GRADEWATCH_RESCUE_AFTER.
const fullLease = 65 * time.Second

// TestKilledWorkersTellOnce kills a worker (SIGKILL) at a random point of each
// event. There is still one incident, one Message-ID and one webhook-id an
// event; a repeat comes under the same id only, and only where a kill fell
// between the receiver's acceptance and our commit.
func TestKilledWorkersTellOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "127.0.0.32")
	database := testdb.New(t)
	env := []string{
		"DATABASE_URL=" + database.AppURL, "DATABASE_DIRECT_URL=" + database.OwnerURL, "GRADEWATCH_LOOK_TIMEOUT=4s", "GRADEWATCH_RESCUE_AFTER=5s",
		"GRADEWATCH_REOPEN_WITHIN=1s", "GRADEWATCH_FLAP_WITHIN=1s",
	} // each time it breaks is an incident of its own
	web := w.start(env, "web")
	base := web.find(`"address":"(\S+?)"`, time.Minute)[1]
	workers := []*process{w.start(env, "worker"), w.start(env, "worker")}
	link := w.start(append(env, "GRADEWATCH_BASE_URL="+base), "sign-in-link").find(`Open (http://\S+)`, time.Minute)[1]
	v := signIn(t, link)
	v.addChannels(w)
	endpoint := v.register("Kills", w.url("/callback"))
	v.lookUntilJudged(endpoint)

	var killed []time.Time
	steps, events := w.steps(), 0
	for len(killed) < kills(t) {
		told := len(w.mail.Accepted()) + len(w.hook.Accepted())
		steps[events%len(steps)]()
		events++
		v.post(endpoint+"/look", nil)
		victims := w.moment(workers, events, told)
		for _, number := range victims {
			workers[number].kill()
		}
		killed = append(killed, time.Now())
		for _, number := range victims {
			workers[number] = w.start(env, "worker")
		}
		v.lookUntil(w, endpoint, events, enough+fullLease)
	}
	settled(t, database.OwnerURL, 2*enough)

	require.Len(t, distinctMails(w), events, "one Message-ID an event")
	require.Len(t, distinctHooks(w), events, "one webhook-id an event")
	require.Empty(t, w.hook.Refused())
	require.Equal(t, (events+1)/2, counted(t, database.OwnerURL, `SELECT count(*) FROM incidents`), "one incident a regression")
	repeats := repeatsProved(t, w, killed)
	t.Logf("%d kills, %d events, %d incidents, %d repeats, each under its id and around a kill", len(killed), events, (events+1)/2, repeats)
}

// moment waits for the point at which workers are killed, and says which. In
// turn it is any point of looking, confirming, gathering and telling, with one
// victim, or the moment in which a receiver accepted and nobody has committed yet, with all.
func (w *world) moment(workers []*process, event, told int) []int {
	w.t.Helper()
	if event%2 == 1 {
		<-time.After(rand.N(4 * time.Second)) //nolint:gosec // any point will do
		return []int{rand.IntN(len(workers))} //nolint:gosec // any victim will do
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(enough); len(w.mail.Accepted())+len(w.hook.Accepted()) == told && time.Now().Before(limit); {
		<-tick.C
	}
	all := make([]int, len(workers))
	for number := range all {
		all[number] = number
	}
	return all
}

// settled waits until no delivery is on its way any more.
func settled(t *testing.T, owner string, within time.Duration) {
	t.Helper()
	eventually(t, within, "every delivery ends", func() bool {
		return counted(t, owner, `SELECT count(*) FROM deliveries WHERE state = 'pending'`) == 0
	})
}

func (v *visitor) lookUntilJudged(endpoint string) {
	v.t.Helper()
	eventually(v.t, enough, "the first look is judged", func() bool {
		return v.get(endpoint+"/history").Find("main time").Length() > 0 && v.get(endpoint+"/progress").Find("[hx-get]").Length() == 0
	})
}

// repeatsProved counts repeats and checks that a kill lies between the first
// acceptance of an id and each further one.
func repeatsProved(t *testing.T, w *world, killed []time.Time) (repeats int) {
	t.Helper()
	first := map[string]time.Time{}
	prove := func(id string, at time.Time) {
		before, repeated := first[id]
		if !repeated {
			first[id] = at
			return
		}
		repeats++
		between := false
		for _, moment := range killed {
			between = between || moment.After(before) && moment.Before(at)
		}
		require.True(t, between, "%s was accepted at %s and again at %s, without a kill between", id, before, at)
	}
	for _, mail := range w.mail.Accepted() {
		prove(mail.MessageID(), mail.At)
	}
	for _, event := range w.hook.Accepted() {
		prove(event.ID, event.At)
	}
	return repeats
}

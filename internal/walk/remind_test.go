package walk_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/testdb"
)

// TestReminderSurvivesKills keeps secrets and statements whose days are near,
// and kills every worker (SIGKILL) at random points while they are reminded of.
// There is one Message-ID and one webhook-id for each; a repeat comes under the
// same id only, and only where a kill fell between the receiver's acceptance
// and our commit.
func TestReminderSurvivesKills(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "127.0.0.33")
	database := testdb.New(t)
	env := []string{"DATABASE_URL=" + database.AppURL, "DATABASE_DIRECT_URL=" + database.OwnerURL, "GRADEWATCH_LOOK_TIMEOUT=4s", "GRADEWATCH_RESCUE_AFTER=5s"}
	web := w.start(env, "web")
	base := web.find(`"address":"(\S+?)"`, time.Minute)[1]
	link := w.start(append(env, "GRADEWATCH_BASE_URL="+base), "sign-in-link").find(`Open (http://\S+)`, time.Minute)[1]
	v := signIn(t, link)
	v.addChannels(w)
	v.register("Reminders", w.url("/callback"))
	expected := v.enterDays()

	var killed []time.Time
	for range kills(t) {
		before := len(w.mail.Accepted()) + len(w.hook.Accepted())
		worker := w.start(env, "worker")
		if len(killed)%2 == 0 { // in the middle of telling, or wherever
			w.moment([]*process{worker}, 0, before)
		} else {
			<-time.After(rand.N(3 * time.Second)) //nolint:gosec // any point will do
		}
		worker.kill()
		killed = append(killed, time.Now())
	}
	w.start(env, "worker")
	eventually(t, 3*enough, "everything is reminded of", func() bool {
		return len(distinctMails(w)) >= expected && len(distinctHooks(w)) >= expected
	})
	settled(t, database.OwnerURL, 2*enough)

	require.Len(t, distinctMails(w), expected, "one Message-ID for each")
	require.Len(t, distinctHooks(w), expected, "one webhook-id for each")
	require.Empty(t, w.hook.Refused(), "every signature verifies")
	require.Equal(t, expected, counted(t, database.OwnerURL, `SELECT count(*) FROM notifications WHERE application_id IS NOT NULL`))
	kinds := map[string]int{}
	for id, event := range firstHooks(w) {
		require.NotEmpty(t, id)
		for _, kind := range []string{"secret.expiring", "attestation.due"} {
			if strings.HasPrefix(event, `{"type":"`+kind+`"`) {
				kinds[kind]++
			}
		}
	}
	require.Equal(t, map[string]int{"secret.expiring": expected - 2, "attestation.due": 2}, kinds)
	t.Logf("%d kills, %d reminders, %d repeats, each under its id and around a kill", len(killed), expected, repeatsProved(t, w, killed))
}

// enterDays keeps secrets and statements by the forms, and returns how many
// messages are to be expected of them.
func (v *visitor) enterDays() (expected int) {
	v.t.Helper()
	day := func(ahead int) string { return time.Now().UTC().AddDate(0, 0, ahead).Format(time.DateOnly) }
	for i, ahead := range []int{-3, 1, 2, 5, 10, 20, 25, 29, 100} {
		path, page := v.post("/applications/1/secrets", url.Values{
			"kind": {"secret"}, "environment": {"Production"}, "expires_on": {day(ahead)}, "owner": {"Ada"}, "description": {fmt.Sprint("Secret ", i)},
		})
		require.Equal(v.t, "/applications/1/secrets", strings.Split(path, "?")[0], page.Text())
		if ahead < 30 {
			expected++
		}
	}
	for requirement, ahead := range map[string]int{"A-06": 20, "A-07": 10, "A-08": -5, "A-12": 200} {
		path, page := v.post("/applications/1/attestations/"+requirement, url.Values{
			"result": {"pass"}, "owner": {"Ada"}, "stated_on": {day(-100)}, "renew_by": {day(ahead)},
		})
		require.Contains(v.t, path, requirement, page.Text())
	}
	return expected + 2 // those that are due together, and the one that is overdue
}

// firstHooks are the bodies of the webhooks by their ids.
func firstHooks(w *world) map[string]string {
	bodies := map[string]string{}
	for _, event := range w.hook.Accepted() {
		bodies[event.ID] = string(event.Body)
	}
	return bodies
}

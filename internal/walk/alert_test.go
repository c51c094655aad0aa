package walk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// enough is how long an event may take from the look to the receivers.
const enough = 60 * time.Second

// addChannels adds a webhook channel to the mail that every team gets, and
// hands the webhook's secret to its receiver.
func (v *visitor) addChannels(w *world) {
	v.t.Helper()
	secret := strings.TrimSpace(v.channel("webhook", w.hook.URL).Find("#secret").Text())
	require.True(v.t, strings.HasPrefix(secret, "whsec_"), secret)
	w.hook.SetSecret(v.t, secret)
}

// steps are what happens to the watched server: each one is one event.
func (w *world) steps() []func() {
	return []func(){
		func() { w.serve([]string{"TLSv1.3"}, secureCookie) },
		func() { w.serve(nil, secureCookie) },
		func() { w.serve(nil, `add_header Set-Cookie "session=1; Path=/; Secure" always;`) },
		func() { w.serve(nil, secureCookie) },
	}
}

// lookUntil asks for looks until count mails and webhooks were accepted.
func (v *visitor) lookUntil(w *world, endpoint string, count int, limit time.Duration) {
	v.t.Helper()
	pressed := time.Time{}
	eventually(v.t, limit, "the event is told", func() bool {
		if len(distinctMails(w)) >= count && len(distinctHooks(w)) >= count {
			return true
		}
		if time.Since(pressed) > 2*time.Second {
			v.post(endpoint+"/look", nil)
			pressed = time.Now()
		}
		return false
	})
}

func distinctMails(w *world) map[string]int {
	counts := map[string]int{}
	for _, mail := range w.mail.Accepted() {
		counts[mail.MessageID()]++
	}
	return counts
}

func distinctHooks(w *world) map[string]int {
	counts := map[string]int{}
	for _, event := range w.hook.Accepted() {
		counts[event.ID]++
	}
	return counts
}

// TestRegressionAndRecoveryAreToldOnce is the product's main job: TLS 1.2 goes
// and comes back, a cookie loses HttpOnly and gets it back.
func TestRegressionAndRecoveryAreToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "127.0.0.31")
	serve := w.start([]string{"GRADEWATCH_DATA=" + dataFolder(t)}, "serve")
	v := signIn(t, serve.find(`Open (http://\S+)`, time.Minute)[1])
	v.addChannels(w)
	endpoint := v.register("Walk", w.url("/callback"))
	eventually(t, enough, "the first look passes", func() bool {
		return strings.Contains(v.get(endpoint).Text(), "T-03") && !strings.Contains(v.get(endpoint).Text(), "Queued")
	})
	require.Empty(t, w.mail.Accepted())

	for number, step := range w.steps() {
		step()
		v.lookUntil(w, endpoint, number+1, enough)
	}
	v.post(endpoint+"/look", nil) // one more look at the healthy server tells nothing
	eventually(t, enough, "the last look is judged", func() bool {
		return v.get(endpoint+"/progress").Find("[hx-get]").Length() == 0
	})

	mails, hooks := w.mail.Accepted(), w.hook.Accepted()
	require.Len(t, mails, 4)
	require.Len(t, hooks, 4)
	require.Empty(t, w.hook.Refused(), "every signature verifies")
	kinds := []string{"incident.opened", "incident.resolved", "incident.opened", "incident.resolved"}
	for i, event := range hooks {
		require.Contains(t, string(event.Body), `"`+kinds[i]+`"`)
	}
	require.Contains(t, string(hooks[0].Body), `"T-03"`)
	require.Contains(t, string(hooks[2].Body), `"C-01"`)
	require.Len(t, distinctMails(w), 4)
	require.Len(t, distinctHooks(w), 4)

	require.Equal(t, 2, v.get("/incidents?all=yes").Find("[data-incident]").Length())
	require.Equal(t, 0, v.get("/incidents").Find("[data-incident]").Length())
	require.Contains(t, v.get(endpoint+"/history").Text(), "TLS 1.2")
}

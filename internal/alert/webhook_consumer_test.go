package alert

import (
	"bytes"
	"io"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/internal/alert/alerttest"
)

// toConsumer returns a Sender that reaches consumer as the product would, over
// the vetted dialer, at a time that is off by skew.
func toConsumer(t *testing.T, consumer *alerttest.Consumer, skew time.Duration, change func([]byte) []byte) *Sender {
	t.Helper()
	vetted := probe.New(probe.Config{
		Roots: consumer.Roots, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}).HTTPTransport(checks.Limits{})
	return newSender(t, func(c *Config) {
		c.Clock = func() time.Time { return time.Now().Add(skew) }
		c.WebhookTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if change != nil {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				r = r.Clone(r.Context())
				body = change(body)
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			}
			return vetted.RoundTrip(r)
		})
	})
}

// TestConsumersInAnotherLanguageVerify sends to consumers in JavaScript that
// verify with the public library of Standard Webhooks: one that still has the
// secret before a rotation, one that has the new one, and one of a stranger.
func TestConsumersInAnotherLanguageVerify(t *testing.T) {
	t.Parallel()
	before, after := NewSecret(), NewSecret()
	want := "msg_" + deliveryID.String() + " incident.opened " + opened().Title
	for name, test := range map[string]struct {
		knows   string
		channel Channel
		skew    time.Duration
		change  func([]byte) []byte
		refusal string
	}{
		"no rotation":                   {knows: before, channel: Channel{Secret: before}},
		"during it, with the old":       {knows: before, channel: Channel{Secret: after, PreviousSecret: before}},
		"during it, with the new":       {knows: after, channel: Channel{Secret: after, PreviousSecret: before}},
		"after it, with the new":        {knows: after, channel: Channel{Secret: after}},
		"after it, with the old":        {knows: before, channel: Channel{Secret: after}, refusal: "No matching signature found"},
		"another secret":                {knows: NewSecret(), channel: Channel{Secret: after, PreviousSecret: before}, refusal: "No matching signature found"},
		"a little late":                 {knows: before, channel: Channel{Secret: before}, skew: -4 * time.Minute},
		"too old":                       {knows: before, channel: Channel{Secret: before}, skew: -6 * time.Minute, refusal: "Message timestamp too old"},
		"of the future":                 {knows: before, channel: Channel{Secret: before}, skew: 6 * time.Minute, refusal: "Message timestamp too new"},
		"tampered with":                 {knows: before, channel: Channel{Secret: before}, change: tamper, refusal: "No matching signature found"},
		"tampered with during rotation": {knows: before, channel: Channel{Secret: after, PreviousSecret: before}, change: tamper, refusal: "No matching signature found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			consumer := alerttest.StartConsumer(t, test.knows)
			test.channel.Kind, test.channel.Address = Webhook, consumer.URL
			outcome := send(t, toConsumer(t, consumer, test.skew, test.change), test.channel, opened())
			if test.refusal != "" {
				require.Equal(t, test.refusal, consumer.Refused(t))
				require.Equal(t, Outcome{Answer: "HTTP 401"}, outcome)
				return
			}
			require.Equal(t, want, consumer.Verified(t))
			require.Equal(t, Outcome{Accepted: true, Answer: "HTTP 204"}, outcome)
		})
	}
}

func tamper(body []byte) []byte {
	return bytes.Replace(body, []byte("incident.opened"), []byte("incident.closed"), 1)
}

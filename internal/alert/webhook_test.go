package alert

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/alert/alerttest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// receiver starts a receiver, a Sender that reaches it and their channel.
func receiver(t *testing.T) (*alerttest.WebhookServer, *Sender, Channel) {
	t.Helper()
	secret := NewSecret()
	server := alerttest.StartWebhook(t, secret)
	sender := newSender(t, func(c *Config) { c.WebhookTransport = server.Transport() })
	return server, sender, Channel{Kind: Webhook, Address: server.URL, Secret: secret}
}

func TestWebhookArrivesSigned(t *testing.T) {
	t.Parallel()
	server, sender, channel := receiver(t)
	outcome := send(t, sender, channel, opened())
	require.Equal(t, Outcome{Accepted: true, Answer: "HTTP 204"}, outcome)

	event := server.WaitAccepted(t, 1, time.Minute)[0]
	require.NoError(t, event.Signature)
	require.Equal(t, "msg_"+deliveryID.String(), event.ID)
	require.Equal(t, "application/json", event.Header.Get("Content-Type"))
	require.Equal(t, "Gradewatch/1.2.3 (+https://watch.example/)", event.Header.Get("User-Agent"))
	require.True(t, strings.HasPrefix(event.Header.Get("Webhook-Signature"), "v1,"))

	verifier, err := standardwebhooks.NewWebhook(channel.Secret)
	require.NoError(t, err)
	require.NoError(t, verifier.Verify(event.Body, event.Header))
	tampered := bytes.Replace(event.Body, []byte("incident.opened"), []byte("incident.closed"), 1)
	require.NotEqual(t, event.Body, tampered)
	require.Error(t, verifier.Verify(tampered, event.Header))
	require.NotContains(t, string(event.Body), channel.Secret)
}

func TestReceiverRefusesAnotherSecret(t *testing.T) {
	t.Parallel()
	server, sender, channel := receiver(t)
	channel.Secret = NewSecret()
	outcome := send(t, sender, channel, opened())
	require.Equal(t, Outcome{Answer: "HTTP 401"}, outcome)
	require.Empty(t, server.Accepted())
	require.ErrorIs(t, server.Refused()[0].Signature, standardwebhooks.ErrNoMatchingSignature)
}

func TestWebhookIsTheSameAtEveryRetry(t *testing.T) {
	t.Parallel()
	server, sender, channel := receiver(t)
	server.DropAnswers(1)
	first := send(t, sender, channel, opened())
	require.Equal(t, Outcome{Answer: "The receiver closed the connection before it answered."}, first)
	require.True(t, send(t, sender, channel, opened()).Accepted)
	other, err := sender.Send(t.Context(), channel, uuid.New(), opened())
	require.NoError(t, err)
	require.True(t, other.Accepted)

	events := server.WaitAccepted(t, 3, time.Minute)
	require.False(t, events[0].Answered)
	require.True(t, events[1].Answered)
	require.Equal(t, events[0].ID, events[1].ID)
	require.Equal(t, events[0].Body, events[1].Body)
	require.NotEqual(t, events[0].ID, events[2].ID)
}

func TestReceiversAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fault alerttest.Fault
		want  Outcome
	}{
		{"ok", alerttest.Answer(200, nil), Outcome{Accepted: true, Answer: "HTTP 200"}},
		{"accepted", alerttest.Answer(202, nil), Outcome{Accepted: true, Answer: "HTTP 202"}},
		{"not found", alerttest.Answer(404, nil), Outcome{Answer: "HTTP 404"}},
		{"gone", alerttest.Answer(410, nil), Outcome{Permanent: true, Gone: true, Answer: "HTTP 410: the receiver says that it is gone for good."}},
		{"server error", alerttest.Answer(500, map[string]string{"Retry-After": "60"}), Outcome{Answer: "HTTP 500"}},
		{"too many", alerttest.Answer(429, map[string]string{"Retry-After": "60"}), Outcome{Answer: "HTTP 429", RetryAfter: time.Minute}},
		{"unavailable for long", alerttest.Answer(503, map[string]string{"Retry-After": "999999"}), Outcome{Answer: "HTTP 503", RetryAfter: time.Hour}},
		{"unavailable", alerttest.Answer(503, nil), Outcome{Answer: "HTTP 503"}},
		{"redirect", alerttest.Answer(307, map[string]string{"Location": "/elsewhere"}), Outcome{Answer: "HTTP 307: the receiver answers with a redirect, which is not followed. Register the address that it leads to."}},
		{"dropped", alerttest.Drop, Outcome{Answer: "The receiver closed the connection before it answered."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server, sender, channel := receiver(t)
			server.Fail(test.fault)
			require.Equal(t, test.want, send(t, sender, channel, opened()))
			require.Empty(t, server.Accepted(), "a redirect was followed")
		})
	}
}

func TestUntrustedReceiverGetsNothing(t *testing.T) {
	t.Parallel()
	server, _, channel := receiver(t)
	sender := newSender(t, func(c *Config) { c.WebhookTransport = &http.Transport{} })
	outcome := send(t, sender, channel, opened())
	require.False(t, outcome.Accepted || outcome.Permanent)
	require.Contains(t, outcome.Answer, "not trusted")
	require.Empty(t, append(server.Accepted(), server.Refused()...))
}

func TestSlowReceiverEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sender := newSender(t, func(c *Config) {
			c.WebhookTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
		})
		start := time.Now()
		outcome, err := sender.Send(context.Background(), hook(), deliveryID, opened())
		require.NoError(t, err)
		require.Equal(t, Outcome{Answer: "The receiver did not answer in time."}, outcome)
		require.Equal(t, webhookTimeout, time.Since(start))
	})
}

func TestSlowBodyEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sender := newSender(t, func(c *Config) {
			c.WebhookTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
				body, source := io.Pipe()
				context.AfterFunc(r.Context(), func() { source.CloseWithError(r.Context().Err()) })
				return &http.Response{StatusCode: 200, Body: body}, nil
			})
		})
		start := time.Now()
		outcome, err := sender.Send(context.Background(), hook(), deliveryID, opened())
		require.NoError(t, err)
		require.True(t, outcome.Accepted, "it said 200 before it fell silent")
		require.Equal(t, webhookTimeout, time.Since(start))
	})
}

func TestSilentReceiverEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server, sender, channel := receiver(t)
	server.Fail(alerttest.Silence)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	outcome, err := sender.Send(ctx, channel, deliveryID, opened())
	require.ErrorIs(t, err, context.DeadlineExceeded, outcome)
}

func TestHugeAnswerIsBounded(t *testing.T) {
	t.Parallel()
	var written atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		part := bytes.Repeat([]byte("x"), 64<<10)
		for {
			n, err := w.Write(part)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	}))
	body := &countingBody{}
	sender := newSender(t, func(c *Config) {
		c.WebhookTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
			response, err := server.Client().Transport.RoundTrip(r)
			if err == nil {
				body.ReadCloser = response.Body
				response.Body = body
			}
			return response, err
		})
	})
	channel := hook()
	channel.Address = server.URL
	require.True(t, send(t, sender, channel, opened()).Accepted)
	require.LessOrEqual(t, body.read, int64(webhookAnswerRead))
	server.Close() // returns once the handler noticed that nobody reads on
	require.Positive(t, written.Load())
}

type countingBody struct {
	io.ReadCloser
	read int64
}

func (b *countingBody) Read(buffer []byte) (int, error) {
	n, err := b.ReadCloser.Read(buffer)
	b.read += int64(n)
	return n, err //nolint:wrapcheck // io.EOF must stay itself
}

func hook() Channel {
	return Channel{Kind: Webhook, Address: "https://hooks.example/path?token=t0ken", Secret: NewSecret()}
}

func TestTransportErrorsShowNoSecret(t *testing.T) {
	t.Parallel()
	channel := hook()
	sender := newSender(t, func(c *Config) {
		c.WebhookTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("sent %s\nwith a long tail %s", channel.Secret, strings.Repeat("tail ", 500))
		})
	})
	outcome := send(t, sender, channel, opened())
	require.False(t, outcome.Accepted || outcome.Permanent)
	require.Contains(t, outcome.Answer, "sent [removed] with a long tail")
	require.NotContains(t, outcome.Answer, channel.Secret)
	require.NotContains(t, outcome.Answer, "t0ken")
}

func TestUnusableSecretsDoNotShow(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"", "whsec_!!not-base64!!"} {
		channel := hook()
		channel.Secret = secret
		_, err := newSender(t, nil).Send(t.Context(), channel, deliveryID, opened())
		require.ErrorContains(t, err, "secret")
		require.NotContains(t, err.Error(), "not-base64")
	}
}

func TestWebhookAddresses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		address   string
		allowHTTP bool
		want      string
	}{
		{"http://hooks.example/", false, "must begin with https://"},
		{"http://hooks.example/", true, ""},
		{"https://hooks.example/", false, ""},
		{"ftp://hooks.example/", true, "must begin with https://"},
		{"https://", false, "no URL with a host"},
		{"https:hooks.example", false, "no URL with a host"},
		{"https://hooks.example/\r\nX: y", false, "no URL with a host"},
		{"", false, "no URL with a host"},
	} {
		reached := false
		sender := newSender(t, func(c *Config) {
			c.AllowHTTP = test.allowHTTP
			c.WebhookTransport = roundTripper(func(*http.Request) (*http.Response, error) {
				reached = true
				return &http.Response{StatusCode: 204, Body: http.NoBody}, nil
			})
		})
		outcome := send(t, sender, Channel{Kind: Webhook, Address: test.address, Secret: NewSecret()}, opened())
		require.Equal(t, test.want == "", reached, test.address)
		require.Equal(t, test.want != "", outcome.Permanent, test.address)
		if test.want != "" {
			require.Contains(t, outcome.Answer, test.want)
		}
	}
}

func TestNewSecret(t *testing.T) {
	t.Parallel()
	first, second := NewSecret(), NewSecret()
	require.NotEqual(t, first, second)
	encoded, ok := strings.CutPrefix(first, "whsec_")
	require.True(t, ok)
	key, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	require.Len(t, key, 32)
}

func TestSendRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	sender := newSender(t, nil)
	_, err := sender.Send(t.Context(), Channel{Kind: "pigeon"}, deliveryID, opened())
	require.ErrorContains(t, err, "pigeon")
	_, err = sender.Send(t.Context(), hook(), uuid.Nil, opened())
	require.ErrorContains(t, err, "no ID")
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, "3600": time.Hour, "3601": time.Hour, "-5": 0, "1.5": 0, "soon": 0,
		"99999999999999999999":          0,
		"Sat, 21 Nov 2026 12:00:30 GMT": 30 * time.Second,
		"Sat, 21 Nov 2026 11:00:00 GMT": 0,
		"Sun, 21 Nov 2027 12:00:00 GMT": time.Hour,
	} {
		require.Equal(t, want, retryAfter(value, noon), value)
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("60")
	f.Add("Sat, 21 Nov 2026 12:00:30 GMT")
	f.Fuzz(func(t *testing.T, value string) {
		if wait := retryAfter(value, noon); wait < 0 || wait > longestRetryAfter {
			t.Fatalf("%q gives %s", value, wait)
		}
	})
}

// TestWebhookBodiesMatchTheirSchema also demands that the schema names every
// member there is, which it does not demand of later versions.
func TestWebhookBodiesMatchTheirSchema(t *testing.T) {
	t.Parallel()
	schema := strictSchema(t)
	for name, message := range variants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, sender, channel := receiver(t)
			require.True(t, send(t, sender, channel, message).Accepted)
			body := server.WaitAccepted(t, 1, time.Minute)[0].Body
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
			require.NoError(t, err)
			require.NoError(t, schema.Validate(value))
			if !strings.HasPrefix(name, "hostile") || name == "hostile_reminder" {
				var indented bytes.Buffer
				require.NoError(t, json.Indent(&indented, body, "", "  "))
				golden(t, name+".json", indented.String()+"\n")
			}
		})
	}
	for _, wrong := range []string{`{}`, `{"type":"incident.opened","timestamp":"2026-11-21T12:00:00Z","version":2,"data":{}}`} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(wrong))
		require.NoError(t, err)
		require.Error(t, schema.Validate(value))
	}
}

// TestSchemaNamesEveryKind also demands an example of each.
func TestSchemaNamesEveryKind(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("webhook.schema.json")
	require.NoError(t, err)
	var schema struct {
		Defs struct {
			Kind struct {
				Enum []monitor.NotificationKind `json:"enum"`
			} `json:"kind"`
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(content, &schema))
	examples := map[monitor.NotificationKind]bool{}
	for _, message := range variants() {
		examples[message.Kind] = true
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(examples)), schema.Defs.Kind.Enum)
	source, err := os.ReadFile(filepath.Join("..", "monitor", "message.go"))
	require.NoError(t, err)
	require.Equal(t, strings.Count(string(source), "NotificationKind = \""), len(examples))
}

func strictSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	file, err := os.Open("webhook.schema.json")
	require.NoError(t, err)
	defer file.Close()
	document, err := jsonschema.UnmarshalJSON(file)
	require.NoError(t, err)
	require.Positive(t, closeObjects(document))
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("webhook.schema.json", document))
	schema, err := compiler.Compile("webhook.schema.json")
	require.NoError(t, err)
	return schema
}

// closeObjects forbids unknown members in every object schema, and counts them.
func closeObjects(node any) int {
	object, ok := node.(map[string]any)
	if !ok {
		return 0
	}
	closed := 0
	if object["type"] == "object" && object["properties"] != nil {
		object["additionalProperties"] = false
		closed++
	}
	for _, child := range object {
		closed += closeObjects(child)
	}
	return closed
}

func TestSpecialPurposeAddressIsPermanent(t *testing.T) {
	t.Parallel()
	for reason, want := range map[checks.Reason]Outcome{
		checks.ReasonSpecialPurpose: {Permanent: true, Answer: "The receiver is at a special-purpose address, which this service does not connect to."},
		checks.ReasonNameNotFound:   {Answer: "The receiver was not found: its name does not exist."},
		checks.ReasonTimeout:        {Answer: "The receiver did not answer in time."},
		checks.ReasonRefused:        {Answer: "The receiver refused the connection."},
	} {
		sender := newSender(t, func(c *Config) {
			c.WebhookTransport = roundTripper(func(*http.Request) (*http.Response, error) {
				return nil, errors.Join(probeError{reason})
			})
		})
		require.Equal(t, want, send(t, sender, hook(), opened()))
	}
}

// probeError is an error as checks.Network gives it.
type probeError struct{ reason checks.Reason }

func (e probeError) Error() string         { return "10.0.0.1:443: " + string(e.reason) }
func (e probeError) Reason() checks.Reason { return e.reason }

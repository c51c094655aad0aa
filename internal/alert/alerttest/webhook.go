package alerttest

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// Event is one webhook that the receiver accepted.
type Event struct {
	Order    int // of acceptance, from 1
	At       time.Time
	Answered bool   // false: accepted, but the sender did not hear it
	ID       string // webhook-id
	Header   http.Header
	Body     []byte
	// Signature is nil when the signature verified. Such an event alone is
	// answered with 204; any other with 401.
	Signature error
}

// Fault answers a request in place of the receiver. The event is not accepted.
type Fault func(http.ResponseWriter, *http.Request)

// Answer is a fault that answers with a status and headers.
func Answer(status int, header map[string]string) Fault {
	return func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
	}
}

// Drop is a fault that closes the connection without an answer.
func Drop(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// Silence is a fault that never answers, not even when the sender gives up: a
// handler that merely returned would still say 200.
func Silence(w http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	Drop(w, r)
}

// WebhookServer is a running receiver of webhooks, over HTTPS.
type WebhookServer struct {
	URL    string
	CAFile string // PEM of its certificate's authority
	server *httptest.Server
	verify *standardwebhooks.Webhook

	mu       sync.Mutex
	accepted []Event
	refused  []Event
	faults   []Fault // used up from the front
	unheard  int     // how many are accepted and then dropped
	changed  chan struct{}
}

// StartWebhook runs a receiver that knows secret and ends with the test.
func StartWebhook(t testing.TB, secret string) *WebhookServer {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	s := &WebhookServer{verify: verifier, changed: make(chan struct{}), CAFile: filepath.Join(t.TempDir(), "ca.pem")}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(s.receive))
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what some tests want
	s.server.StartTLS()
	t.Cleanup(func() {
		s.server.CloseClientConnections() // ends what Silence holds
		s.server.Close()
	})
	s.URL = s.server.URL + "/hook"
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.server.Certificate().Raw})
	require.NoError(t, os.WriteFile(s.CAFile, certificate, 0o600))
	return s
}

// Transport trusts the receiver's certificate, and reaches any address.
func (s *WebhookServer) Transport() http.RoundTripper { return s.server.Client().Transport }

// TLSConfig is what a client needs to trust the receiver.
func (s *WebhookServer) TLSConfig() *tls.Config {
	if transport, ok := s.server.Client().Transport.(*http.Transport); ok {
		return transport.TLSClientConfig.Clone()
	}
	return nil
}

// Fail makes the next len(faults) requests go wrong, one fault each.
func (s *WebhookServer) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// DropAnswers makes the next count events accepted but the connection closed
// before the answer.
func (s *WebhookServer) DropAnswers(count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unheard += count
}

// Heal takes back every fault that no request met yet.
func (s *WebhookServer) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.unheard = nil, 0
}

// Accepted returns every event accepted so far, in order.
func (s *WebhookServer) Accepted() []Event { return s.copyOf(&s.accepted) }

// Refused returns every event whose signature did not verify.
func (s *WebhookServer) Refused() []Event { return s.copyOf(&s.refused) }

func (s *WebhookServer) copyOf(events *[]Event) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Event(nil), *events...)
}

// WaitAccepted waits until count events are accepted and returns all of them.
func (s *WebhookServer) WaitAccepted(t testing.TB, count int, timeout time.Duration) []Event {
	t.Helper()
	deadline := time.After(timeout)
	for {
		s.mu.Lock()
		accepted, changed := append([]Event(nil), s.accepted...), s.changed
		s.mu.Unlock()
		if len(accepted) >= count {
			return accepted
		}
		select {
		case <-changed:
		case <-deadline:
			require.FailNowf(t, "too few webhooks", "%d of %d within %s", len(accepted), count, timeout)
		}
	}
}

func (s *WebhookServer) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return // the sender went away: nothing was received
	}
	if fault := s.nextFault(); fault != nil {
		fault(w, r)
		return
	}
	switch event := s.record(r, body); {
	case event.Signature != nil:
		w.WriteHeader(http.StatusUnauthorized)
	case !event.Answered:
		Drop(w, r)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *WebhookServer) nextFault() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) == 0 {
		return nil
	}
	fault := s.faults[0]
	s.faults = s.faults[1:]
	return fault
}

// record keeps the event, and decides how it is answered.
func (s *WebhookServer) record(r *http.Request, body []byte) Event {
	event := Event{
		ID: r.Header.Get(standardwebhooks.HeaderWebhookID), Header: r.Header.Clone(),
		Body: body, Signature: s.verify.Verify(body, r.Header), Answered: true,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	event.At = time.Now()
	if event.Signature != nil {
		s.refused = append(s.refused, event)
		return event
	}
	if s.unheard > 0 {
		s.unheard--
		event.Answered = false
	}
	event.Order = len(s.accepted) + 1
	s.accepted = append(s.accepted, event)
	close(s.changed)
	s.changed = make(chan struct{})
	return event
}

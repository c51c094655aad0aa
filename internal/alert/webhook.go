package alert

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Bounds of one webhook.
const (
	webhookTimeout    = 15 * time.Second // from the connection to the end of the answer
	webhookAnswerRead = 4 << 10
	longestRetryAfter = time.Hour
)

// webhookVersion counts the incompatible changes of webhook.schema.json.
const webhookVersion = 1

// webhookBody is what webhook.schema.json describes. It is the same at every
// retry of a delivery.
type webhookBody struct {
	Type      monitor.NotificationKind `json:"type"`
	Timestamp time.Time                `json:"timestamp"` // of what happened, not of sending
	Version   int                      `json:"version"`
	Data      monitor.Message          `json:"data"`
}

// NewSecret makes the secret of a webhook: 'whsec_' and 32 random bytes in
// base64, as Standard Webhooks writes a symmetric secret.
func NewSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

func newWebhookClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: transport,
		// A redirect would carry the signed body to a place nobody registered.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// sendWebhook makes one attempt to post message.
func (s *Sender) sendWebhook(ctx context.Context, channel Channel, deliveryID uuid.UUID, message monitor.Message) (Outcome, error) {
	address, fault := s.webhookAddress(channel.Address)
	if fault != "" {
		return Outcome{Permanent: true, Answer: fault}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	request, err := s.webhookRequest(ctx, address, channel, deliveryID, message)
	if err != nil {
		return Outcome{}, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		var reason checks.ReasonError
		refused := errors.As(err, &reason) && reason.Reason() == checks.ReasonSpecialPurpose
		return Outcome{Permanent: refused, Answer: answer(reachSentence("The receiver", err), channel.Secret, channel.PreviousSecret)}, nil
	}
	defer response.Body.Close()
	// Read to its end, a short answer lets the receiver finish in peace.
	_, _ = io.CopyN(io.Discard, response.Body, webhookAnswerRead)
	return s.judge(response.StatusCode, response.Header), nil
}

// webhookAddress returns the URL, or a sentence on why it cannot be one.
func (s *Sender) webhookAddress(value string) (address *url.URL, fault string) {
	address, err := url.Parse(value)
	switch {
	case err != nil || address.Host == "" || address.Opaque != "":
		return nil, "The channel's address is no URL with a host."
	case address.Scheme == "https", address.Scheme == "http" && s.config.AllowHTTP:
		return address, ""
	default:
		return nil, "The channel's address must begin with https://."
	}
}

// webhookRequest signs and wraps message as Standard Webhooks 1.0 says.
func (s *Sender) webhookRequest(ctx context.Context, address *url.URL, channel Channel, deliveryID uuid.UUID, message monitor.Message) (*http.Request, error) {
	body, err := json.Marshal(webhookBody{
		Type: message.Kind, Timestamp: message.OccurredAt.UTC(), Version: webhookVersion, Data: message,
	})
	if err != nil {
		return nil, fmt.Errorf("write the webhook's body: %w", err)
	}
	id, now := "msg_"+deliveryID.String(), s.config.Clock()
	signatures, err := sign(channel, id, now, body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the webhook's request: %w", innermost(err))
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", s.userAgent())
	request.Header.Set(standardwebhooks.HeaderWebhookID, id)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signatures)
	return request, nil
}

// sign returns the signatures of body, separated by spaces: that of the secret,
// and while a rotation lasts that of the one before it ('webhook-signature' of
// Standard Webhooks 1.0).
func sign(channel Channel, id string, at time.Time, body []byte) (string, error) {
	if channel.Secret == "" {
		return "", errors.New("the webhook has no secret")
	}
	var signatures []string
	for _, secret := range []string{channel.Secret, channel.PreviousSecret} {
		if secret == "" {
			continue
		}
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return "", errors.New("the webhook's secret is not base64")
		}
		signature, err := signer.Sign(id, at, body)
		if err != nil {
			return "", fmt.Errorf("sign the webhook: %w", err)
		}
		signatures = append(signatures, signature)
	}
	return strings.Join(signatures, " "), nil
}

// judge reads only status and headers: what a receiver writes into its body is
// for its own people, and may come from a place that must not be shown.
func (s *Sender) judge(status int, header http.Header) Outcome {
	outcome := Outcome{Answer: fmt.Sprintf("HTTP %d", status)}
	switch {
	case status >= 200 && status < 300:
		outcome.Accepted = true
	case status >= 300 && status < 400:
		outcome.Answer += ": the receiver answers with a redirect, which is not followed. Register the address that it leads to."
	case status == http.StatusGone:
		outcome.Permanent, outcome.Gone = true, true
		outcome.Answer += ": the receiver says that it is gone for good."
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		outcome.RetryAfter = retryAfter(header.Get("Retry-After"), s.config.Clock())
	}
	return outcome
}

// retryAfter reads a Retry-After header (RFC 9110 section 10.2.3), a number of
// seconds or a date. Nonsense counts as absent; an hour is the most we wait.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, longestRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longestRetryAfter)
}

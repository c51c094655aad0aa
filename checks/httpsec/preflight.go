package httpsec

import (
	"context"
	"net/http"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// maxOriginBytes bounds Preflight.AllowOrigin.
const maxOriginBytes = 256

// preflight asks what a script of another site may read of where the walk
// ended (Fetch standard, CORS-preflight fetch).
func (w *walker) preflight(ctx context.Context, main trail) checks.Fact[checks.Preflight] {
	if main.end.State != checks.Known {
		return checks.Fact[checks.Preflight]{}
	}
	got, reason := w.ask(ctx, besides, request{
		method: http.MethodOptions, url: main.last, read: w.ownSite(main.last),
		fields: []string{"Origin: " + checks.PreflightOrigin, "Access-Control-Request-Method: " + http.MethodGet},
	})
	if reason != "" {
		return checks.InconclusiveFact[checks.Preflight](reason)
	}
	return checks.KnownFact(checks.Preflight{
		Status:           got.status,
		AllowOrigin:      checks.Clean(strings.Join(got.fields["access-control-allow-origin"], ", "), maxOriginBytes),
		AllowCredentials: got.first("access-control-allow-credentials") == "true",
	})
}

package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/testdb"
	"github.com/gradewatch/gradewatch/web"
)

func TestSecureInstallation(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	jobs, err := river.NewClient(riverpgxv5.New(database.Pool), &river.Config{})
	require.NoError(t, err)
	registry := prometheus.NewRegistry()
	configuration := web.Config{
		Store: database.Store, Jobs: jobs, BaseURL: "https://gradewatch.example.com/",
		Registerer: registry, Metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
	}
	handler, err := web.New(configuration)
	require.NoError(t, err)
	serve := func(method, path string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		for _, cookie := range cookies {
			request.AddCookie(cookie)
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		return answer
	}
	asked := serve(http.MethodGet, "/incidents")
	require.Equal(t, http.StatusSeeOther, asked.Code)
	require.Equal(t, "max-age=31536000", asked.Header().Get("Strict-Transport-Security"))
	require.True(t, asked.Result().Cookies()[0].Secure)

	person, _, err := auth.EnsureFirstAdministrator(t.Context(), database.Store, "ada@example.com", present())
	require.NoError(t, err)
	token, err := auth.NewSignInLink(t.Context(), database.Store, person, present())
	require.NoError(t, err)
	signedIn := serve(http.MethodPost, "/sign-in/"+token, &http.Cookie{Name: "gradewatch_next", Value: "%2F%2Fevil.example"})
	require.Equal(t, "/", signedIn.Header().Get("Location"), "no other host")
	session := signedIn.Result().Cookies()[0]
	require.Equal(t, "__Host-gradewatch", session.Name)
	require.True(t, session.Secure && session.HttpOnly && session.Path == "/")

	metrics := serve("BREW", "/nowhere")
	require.Equal(t, http.StatusNotFound, metrics.Code)
	metrics = serve(http.MethodGet, "/metrics")
	require.Contains(t, metrics.Body.String(), `gradewatch_http_request_duration_seconds_count{method="GET",route="GET /incidents",status="303"} 1`)
	require.Contains(t, metrics.Body.String(), `{method="other",route="/",status="404"} 1`)

	_, err = web.New(configuration)
	require.ErrorContains(t, err, "register the metrics", "a second one on the same registry")
	for _, broken := range []web.Config{{}, {BaseURL: "/relative"}, {BaseURL: "http://127.0.0.1:8080"}} {
		_, err := web.New(broken)
		require.Error(t, err)
	}
}

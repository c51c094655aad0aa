package static_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/web/static"
)

func TestOnlyHashedNamesAreServed(t *testing.T) {
	t.Parallel()
	assets, err := static.New()
	require.NoError(t, err)
	require.Empty(t, assets.URL("nothing.css"))
	require.Empty(t, static.Assets{}.URL("app.css"))
	for path, want := range map[string]int{
		assets.URL("app.css"): http.StatusOK, assets.URL("app.js"): http.StatusOK, assets.URL("icon.svg"): http.StatusOK,
		assets.URL("htmx-2.0.11.min.js"): http.StatusOK, "/static/app.css": http.StatusNotFound,
		"/static/static.go": http.StatusNotFound, "/static/": http.StatusNotFound, "/static/../static.go": http.StatusNotFound,
	} {
		answer := httptest.NewRecorder()
		assets.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		require.Equal(t, want, answer.Code, path)
	}
}

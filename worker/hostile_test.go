package worker_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// A server writes into its cookies and certificates whatever it likes. Postgres
// takes no NUL in text: one must not keep a look from being judged, and so an
// incident from being opened.
func TestTextThatPostgresRefusesHidesNoIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.names.point("app.test", "127.0.0.1")
	var cookie atomic.Value
	cookie.Store("plain=1; HttpOnly; Secure")
	server := checktest.StartGoServer(t, checktest.GoServerConfig{
		Certificate: checktest.Issue(t, w.ca, pki.Leaf{Names: []string{"other\x00" + strings.Repeat("x", 5000) + ".test"}}),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer connection.Close()
			_, _ = connection.Write([]byte("HTTP/1.1 200 OK\r\nConnection: close\r\nSet-Cookie: " + cookie.Load().(string) + "\r\n\r\n"))
		}),
	})
	w.start()
	endpoint := w.register("https://app.test:" + server.String()[strings.LastIndexByte(server.String(), ':')+1:] + "/cb")
	w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"open T-06,T-09"}, w.incidents())
	require.Less(t, one[int](w, `SELECT max(length(body)) FROM components WHERE kind = 'verdicts'`), 20_000)

	cookie.Store("sess\x00ion\x1b[2J=1")
	w.look(endpoint)
	w.settle()
	require.NotEmpty(t, all[string](w, `SELECT sentence FROM changes WHERE subject LIKE '%cookies%'`))
}

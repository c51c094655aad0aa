package httpsec_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec"
)

// A caller may connect elsewhere than the URL says, and name another host in
// TLS. The Host header is the URL's all the same, and so at each hop.
func TestWalkConnectsWhereTheCallerSays(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, fmt.Sprintf("%s %s of %q named %q", r.Method, r.URL.Path, r.Host, r.TLS.ServerName))
		if r.URL.Path == "/first" {
			http.Redirect(w, r, "/second", http.StatusFound)
		}
	})
	target, err := checks.ParseTarget("https://app.example.com:7443/first", checks.Quick, checks.Limits{})
	require.NoError(t, err)
	target.Port, target.SNI = other.Port(), "named.example.com"
	n := network(t)
	got := httpsec.Walk(t.Context(), n, target, netip.AddrPortFrom(other.Addr(), target.Port)).HTTP
	require.Equal(t, checks.KnownFact(http.StatusOK), got.End)
	require.Equal(t, "https://app.example.com:7443/second", got.Hops[1].URL)
	require.Equal(t, []string{
		`GET /first of "app.example.com:7443" named "named.example.com"`,
		`GET /second of "app.example.com:7443" named "named.example.com"`,
		`OPTIONS /second of "app.example.com:7443" named "named.example.com"`,
	}, asked)
	for _, dialed := range n.dialed {
		require.NotEqual(t, uint16(7443), dialed.Port())
	}
}

// Another host is named as itself.
func TestWalkNamesOtherHostsAsTheyAre(t *testing.T) {
	t.Parallel()
	var named string
	login := serve(t, func(_ http.ResponseWriter, r *http.Request) { named = r.TLS.ServerName })
	app := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, fmt.Sprintf("https://login.example.com:%d/", login.Port()), http.StatusFound)
	})
	target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d/", app.Port()), checks.Quick, checks.Limits{})
	require.NoError(t, err)
	target.SNI = "named.example.com"
	got := httpsec.Walk(t.Context(), network(t), target, app).HTTP
	require.Equal(t, checks.KnownFact(http.StatusOK), got.End)
	require.Equal(t, "login.example.com", named)
}

package sidebyside_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/hsts"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/observatory"
)

// packageVersion is that of install.sh.
const packageVersion = "1.4.8"

// rule is one test and its outcome, without words.
type rule struct {
	Name, Result string
	Modifier     int
	Pass         *bool
}

// outcome is what one side says of one host. Error: there is no score.
type outcome struct {
	Host, Grade, Error string
	Algorithm, Score   int
	Rules              []rule
}

// The MDN HTTP Observatory and ours look at the same servers and agree on every
// rule, the score and the grade, or differ as differences explains.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	sites := allSites()
	require.GreaterOrEqual(t, len(sites), 60)
	f := startFarm(t, sites)
	theirs := scan(t, f)
	results := map[string]bool{}
	used := map[string]bool{}
	for _, one := range sites {
		host := one.hostname()
		their, our := theirs[host], look(t, f, one)
		for _, rule := range their.Rules {
			results[rule.Result] = true
		}
		require.Regexp(t, `^$|unexpected HTTP status code|site seems to be down`, their.Error, one.name)
		their.Error = ""
		if one.differs == "" {
			require.Equal(t, their, our, one.name)
			continue
		}
		used[one.differs] = true
		differ, found := differences()[one.differs]
		require.True(t, found, one.differs)
		require.NotEqual(t, their, our, "%s does not differ", one.name)
		require.Equal(t, differ(their), our, one.name)
	}
	for name := range differences() {
		require.True(t, used[name], "no site shows the difference %q", name)
	}
	for _, result := range reachable() {
		require.True(t, results[result], "no site has the result %s", result)
	}
}

// look has our side walk a site and score it.
func look(t *testing.T, f *farm, one site) outcome {
	t.Helper()
	host := one.hostname()
	scheme, port := "https", uint16(443)
	if one.closed == "443" {
		scheme, port = "http", 80
	}
	target, err := checks.ParseTarget(scheme+"://"+host+"/", checks.Quick, checks.Limits{ReadTimeout: time.Minute})
	require.NoError(t, err)
	address := netip.AddrPortFrom(f.addresses[host], port)
	walked := httpsec.Walk(t.Context(), f.network(t), target, address)
	observed := checks.AddressObservation{Address: address.Addr(), Port: port, HTTP: walked.HTTP}
	score := observatory.Score
	if one.untrusted {
		score = observatory.ScoreUntrusted
	}
	result := outcome{Host: host}
	scored := score(observed, host)
	if scored == nil {
		return result
	}
	result.Algorithm, result.Score, result.Grade = scored.Algorithm, scored.Score, scored.Grade
	for _, one := range scored.Rules {
		result.Rules = append(result.Rules, rule{Name: one.Name, Result: one.Result, Modifier: one.Modifier, Pass: one.Pass})
		require.NotEmpty(t, one.Text, one.Result)
	}
	return result
}

// scan has the Observatory scan every site.
func scan(t *testing.T, f *farm) map[string]outcome {
	t.Helper()
	roots := filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(roots, f.roots, 0o600))
	hosts := slices.Sorted(maps.Keys(f.sites))
	const patience = "120000" // milliseconds: other tests want the processor too
	environment := []string{"NODE_EXTRA_CA_CERTS=" + roots, "ABORT_TIMEOUT=" + patience, "CLIENT_TIMEOUT=" + patience}
	printed := run(t, "scan.mjs", environment, map[string]any{
		"places": f.places, "closed": f.closed, "preload": preloadOf(hosts), "hosts": hosts,
	})
	outcomes := map[string]outcome{}
	lines := bufio.NewScanner(bytes.NewReader(printed))
	for lines.Scan() {
		var one outcome
		require.NoError(t, json.Unmarshal(lines.Bytes(), &one), lines.Text())
		outcomes[one.Host] = one
	}
	require.NoError(t, lines.Err())
	require.Len(t, outcomes, len(hosts))
	return outcomes
}

// run runs a script of testdata in Node and returns what it prints. input gets
// the folder of the Observatory's package.
func run(t *testing.T, script string, environment []string, input map[string]any) []byte {
	t.Helper()
	tools := checktest.ToolsFolder(t)
	folder := filepath.Join(tools, "mdn-http-observatory-"+packageVersion, "node_modules", "@mdn", "mdn-http-observatory")
	require.DirExists(t, folder, "the npm package @mdn/mdn-http-observatory is missing: run make deps (checks/observatory/sidebyside/install.sh)")
	input["package"] = folder
	text, err := json.Marshal(input)
	require.NoError(t, err)
	node := filepath.Join(tools, "node-"+string(checktest.Node24), "bin", "node")
	command := exec.CommandContext(t.Context(), node, filepath.Join("testdata", script)) //nolint:gosec // the tests' own
	command.Env = append(os.Environ(), environment...)
	command.Stdin = bytes.NewReader(text)
	var faults bytes.Buffer
	command.Stderr = &faults
	printed, err := command.Output()
	require.NoError(t, err, faults.String())
	return printed
}

// preloadOf writes what our list has of hosts in the form that the Observatory
// keeps its own in.
func preloadOf(hosts []string) map[string]any {
	list := map[string]any{}
	for _, host := range hosts {
		if entry, found := hsts.Preloaded(host); found {
			list[entry.Name] = map[string]any{"includeSubDomains": entry.IncludeSubDomains, "mode": "force-https"}
		}
	}
	return list
}

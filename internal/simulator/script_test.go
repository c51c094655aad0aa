package simulator_test

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/gradewatch/gradewatch/internal/simulator"
)

// update writes the messages of every script, and the table of docs/alerts.md, anew.
var update = flag.Bool("update", false, "write testdata and docs/alerts.md anew")

// random is how many random scripts are played.
var random = flag.Int("random", 10, "random scripts to play")

const (
	heard     = "testdata/heard.md"
	document  = "../../docs/alerts.md"
	tableFrom = "<!-- the simulator's table: go test ./internal/simulator -update -->\n"
	tableTo   = "<!-- end of the simulator's table -->\n"
)

// play runs every script, each with the seed of its place.
func play(t *testing.T) []simulator.Result {
	t.Helper()
	scripts := simulator.Scripts()
	results := make([]simulator.Result, len(scripts))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, script := range scripts {
		group.Go(func() (err error) {
			results[i], err = script.Run(uint64(i))
			return err
		})
	}
	require.NoError(t, group.Wait())
	return results
}

func TestScripts(t *testing.T) {
	t.Parallel()
	results := play(t)
	require.GreaterOrEqual(t, len(results), 40)
	text := "# What people hear\n\nEach script of the simulator, and every message that it gives: the time, the channel, the kind, the incident with its weight and requirements, the endpoints. Day 0 is a Monday; times are those of UTC.\n\n"
	names := map[string]bool{}
	for _, result := range results {
		require.False(t, names[result.Script.Name], "two scripts are called %s", result.Script.Name)
		names[result.Script.Name] = true
		text += result.Write()
	}
	t.Run("table", func(t *testing.T) { holds(t, document, tableFrom, tableTo, simulator.Table(results)) })
	t.Run("messages", func(t *testing.T) { holds(t, heard, "", "", strings.TrimSpace(text)+"\n") })
	for _, result := range results {
		t.Run(result.Script.Name, func(t *testing.T) {
			require.Empty(t, result.Missed, result.Write())
			require.Empty(t, result.Duplicate, result.Write())
			require.Empty(t, result.False, result.Write())
		})
	}
}

// holds requires that a file says text between two marks, or throughout.
func holds(t *testing.T, path, from, to, text string) {
	t.Helper()
	stored, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil && !(*update && os.IsNotExist(err)) {
		require.NoError(t, err)
	}
	before, rest, found := strings.Cut(string(stored), from)
	_, after, ends := strings.Cut(rest, to)
	if from == "" {
		before, after = "", ""
	} else {
		require.True(t, found && ends, "%s has no place for the table", path)
	}
	want := before + from + text + to + after
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(stored))
}

// TestRandom plays what nobody thought of: each fault that lasts is told once when
// it opens and once when it resolves, and nothing else is.
func TestRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(*random) {
		result, err := simulator.Random(seed).Run(seed)
		require.NoError(t, err)
		require.Empty(t, result.Missed, "seed %d: %s", seed, result.Write())
		require.Empty(t, result.Duplicate, "seed %d: %s", seed, result.Write())
		require.Empty(t, result.False, "seed %d: %s", seed, result.Write())
	}
}

package pgembed

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
	"github.com/stretchr/testify/require"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	found := []binaries{{"/a", 14}, {"/b", 16}, {"/c", 15}, {"/d", 17}, {"/e", 17}}
	for name, test := range map[string]struct {
		found  []binaries
		wanted int
		folder string // "" none
	}{
		"newest, the first of equals":   {found, 0, "/d"},
		"that of the data":              {found, 15, "/c"},
		"too old for the schema":        {found[:1], 0, ""},
		"too old, and it made the data": {found, 14, ""},
		"data of a missing version":     {found, 18, ""},
		"nothing installed":             {nil, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chosen, ok := choose(test.found, test.wanted)
			require.Equal(t, test.folder != "", ok)
			require.Equal(t, test.folder, chosen.folder)
		})
	}
}

func TestInspectBelievesNoName(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script  string
		missing string
		version int // 0: refused
	}{
		"Debian's":         {`echo "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"`, "", 15},
		"a beta":           {`echo "postgres (PostgreSQL) 19beta1"`, "", 19},
		"another program":  {`echo "postgres, the mail sorter 15"`, "", 0},
		"one that fails":   {`exit 3`, "", 0},
		"without initdb":   {`echo "postgres (PostgreSQL) 15.1"`, "initdb", 0},
		"without pg_ctl":   {`echo "postgres (PostgreSQL) 15.1"`, "pg_ctl", 0},
		"without postgres": {`echo "postgres (PostgreSQL) 15.1"`, "postgres", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for _, program := range []string{"postgres", "initdb", "pg_ctl"} {
				if program != test.missing {
					require.NoError(t, os.WriteFile(filepath.Join(folder, program), []byte("#!/bin/sh\n"+test.script+"\n"), 0o755))
				}
			}
			version, err := inspect(t.Context(), folder, account{})
			require.Equal(t, test.version, version)
			require.Equal(t, test.version == 0, err != nil)
		})
	}
}

// The library's repository cannot be reached from everywhere, so a server of
// ours plays it: the download, the unpacking and the stop before a server of
// its own are the library's real code.
func TestFetchKeepsBinariesAndStartsNothing(t *testing.T) {
	t.Parallel()
	jar := repositoryFile(t)
	repository := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".sha256") {
			fmt.Fprintf(w, "%x", sha256.Sum256(jar))
			return
		}
		_, _ = w.Write(jar)
	}))
	t.Cleanup(func() { repository.Close(); http.DefaultClient.CloseIdleConnections() })
	l := layout{folder: t.TempDir()}
	config := embeddedpostgres.DefaultConfig().BinaryRepositoryURL(repository.URL)
	got, err := fetch(t.Context(), l, account{}, config, 18)
	require.NoError(t, err)
	require.Equal(t, binaries{folder: filepath.Join(l.folder, "binaries", "18", "bin"), version: 18}, got)
	require.NoDirExists(t, filepath.Join(l.folder, "binaries.new"))
	require.Contains(t, candidates(l), got.folder, "the next start must find them")
}

func TestFetchSaysWhatFailed(t *testing.T) {
	t.Parallel()
	repository := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(repository.Close)
	config := embeddedpostgres.DefaultConfig().BinaryRepositoryURL(repository.URL)
	_, err := fetch(t.Context(), layout{folder: t.TempDir()}, account{}, config, 18)
	require.ErrorContains(t, err, "no version found matching")
}

// repositoryFile is a jar as the library's repository has it, with programs
// that do nothing: testdata/binaries.txz holds bin/{postgres,initdb,pg_ctl}.
func repositoryFile(t *testing.T) []byte {
	t.Helper()
	archive, err := os.ReadFile("testdata/binaries.txz")
	require.NoError(t, err)
	var jar bytes.Buffer
	writer := zip.NewWriter(&jar)
	entry, err := writer.Create("postgres.txz")
	require.NoError(t, err)
	_, err = entry.Write(archive)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return jar.Bytes()
}

func TestReachesNamesTheFolderInTheWay(t *testing.T) {
	t.Parallel()
	outer := reachableFolder(t)
	closed := filepath.Join(outer, "closed")
	inner := filepath.Join(closed, "data")
	require.NoError(t, os.MkdirAll(inner, 0o755))
	stranger := account{name: "stranger", credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
	require.NoError(t, stranger.reaches(inner))
	require.NoError(t, os.Chmod(closed, 0o700))
	err := stranger.reaches(inner)
	require.ErrorContains(t, err, closed+" does not let that user pass")
	require.ErrorContains(t, err, "chmod o+x "+closed)
}

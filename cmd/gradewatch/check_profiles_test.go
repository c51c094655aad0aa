package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// ownProfile is a profile that no release holds: no test server keeps to it.
const ownProfile = `id: own
version: 2026-01
title: Our own
owner: Operations
source: https://example.com/
requirements:
  - id: OWN-01
    text: Port 1 serves TLS
    source: section 1
    severity: must
    each: address
    applies: endpoint.tls
    pass: address.port == 1
    remedy: Serve TLS on port 1.
`

func profileFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// profilesOf lists the profiles that verdicts are of, each once.
func profilesOf(report checks.Report) (names []string) {
	for _, verdict := range report.Verdicts {
		id, _, _ := strings.Cut(verdict.Profile, "@")
		if len(names) == 0 || names[len(names)-1] != id {
			names = append(names, id)
		}
	}
	return names
}

func TestCheckProfiles(t *testing.T) {
	t.Parallel()
	url := goServerURL(t)
	for name, test := range map[string]struct {
		profiles []string
		want     []string
	}{
		"those by default":    {nil, []string{"superoffice", "gradewatch"}},
		"a second opinion":    {[]string{"mozilla-intermediate"}, []string{"mozilla-intermediate"}},
		"several":             {[]string{"mozilla-intermediate", "nist-sp-800-52r2"}, []string{"mozilla-intermediate", "nist-sp-800-52r2"}},
		"one named twice":     {[]string{"pci-dss-4", "pci-dss-4"}, []string{"pci-dss-4"}},
		"a file of one's own": {[]string{profileFile(t, "own.yaml", ownProfile), "superoffice"}, []string{"own", "superoffice"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arguments := []string{"check", "--json", "--server-only"}
			for _, profile := range test.profiles {
				arguments = append(arguments, "--profile", profile)
			}
			_, out, faults := typed(t, append(arguments, url)...)
			require.Empty(t, faults)
			require.Equal(t, test.want, profilesOf(reports(t, out)[0]))
		})
	}
}

// A must of a file decides the code as one of ours does; advice does not.
func TestCheckProfileOfAFileDecides(t *testing.T) {
	t.Parallel()
	url := goServerURL(t)
	code, out, faults := typed(t, "check", "--server-only", "--profile", profileFile(t, "own.yaml", ownProfile), url)
	require.Empty(t, faults)
	require.Equal(t, exitFails, code)
	require.Regexp(t, `fails +must +OWN-01`, out)
	require.Contains(t, out, "Serve TLS on port 1.")

	advice := profileFile(t, "own.yml", strings.Replace(ownProfile, "severity: must", "severity: advice", 1))
	for _, failOn := range []string{"must", "recommended"} {
		code, _, _ = typed(t, "check", "--server-only", "--profile", advice, "--fail-on", failOn, url)
		require.Equal(t, exitGood, code, failOn)
	}
	code, _, _ = typed(t, "check", "--server-only", "--profile", advice, "--fail-on", "advice", url)
	require.Equal(t, exitFails, code)
}

func TestCheckProfileUsage(t *testing.T) {
	t.Parallel()
	broken := profileFile(t, "broken.yaml", strings.NewReplacer("each: address", "each: planet", "address.port == 1", "address.prt == 1").Replace(ownProfile))
	for name, test := range map[string]struct {
		profile string
		says    []string
	}{
		"one that is not known": {"mozilla-ancient", []string{`no profile "mozilla-ancient"`, "superoffice", "mozilla-intermediate", "pci-dss-4"}},
		"no such file":          {"./missing.yaml", []string{"missing.yaml"}},
		"a broken file":         {broken, []string{"broken.yaml", "line 11: ", `each "planet"`}},
		"a broken condition":    {profileFile(t, "odd.yaml", strings.Replace(ownProfile, "address.port == 1", "address.prt == 1", 1)), []string{"odd.yaml", "line 13: ", "prt"}},
		"an empty file":         {profileFile(t, "empty.yaml", ""), []string{"empty.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, faults := typed(t, "check", "--profile", test.profile, "https://127.0.0.1:1/")
			require.Equal(t, exitUsage, code)
			require.Empty(t, out)
			for _, part := range test.says {
				require.Contains(t, faults, part)
			}
		})
	}
	code, _, faults := typed(t, "check", "--fail-on", "record", "https://127.0.0.1:1/")
	require.Equal(t, exitUsage, code)
	require.Contains(t, faults, "--fail-on")
}

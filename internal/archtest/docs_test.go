package archtest

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gradewatch/gradewatch/internal/config"
)

func document(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// settings returns the environment variables of the program with their defaults.
func settings() map[string]string {
	found := map[string]string{}
	for field := range reflect.TypeFor[config.Config]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("env"), ","); name != "" {
			found[name] = field.Tag.Get("envDefault")
		}
	}
	return found
}

func TestSettingsTableIsComplete(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile("(?m)^\\| `([A-Z][A-Z0-9_]+)` \\| *(?:`([^`]*)`)? *\\| .+ \\|$")
	documented := map[string]string{}
	for _, match := range row.FindAllStringSubmatch(document(t, "docs/operations.md"), -1) {
		documented[match[1]] = match[2]
	}
	if difference := cmp.Diff(settings(), documented); difference != "" {
		t.Errorf("docs/operations.md, settings (-config +documented):\n%s", difference)
	}
}

// A setting that a page names and the program does not read misleads.
func TestDocumentsNameRealSettings(t *testing.T) {
	t.Parallel()
	known := settings()
	known["GRADEWATCH_TEST_TOOLS"] = ""        // the tests', set by the Makefile
	known["GRADEWATCH_TEST_FALSE_ALARMS"] = "" // how many assessments checks/tlsprobe makes across a bad network
	known["GRADEWATCH_TEST_EVERY_OFFSET"] = "" // cuts the answers of a server at every byte there
	known["GRADEWATCH_TEST_REGRADE"] = ""      // a million assessments in worker/regrade's benchmark
	known["GRADEWATCH_TEST_CHAOS"] = ""        // how many regressions go through chaos in internal/walk
	known["GRADEWATCH_TEST_CHAOS_SEED"] = ""   // which chaos
	name := regexp.MustCompile(`\b(GRADEWATCH_[A-Z_]+|DATABASE_[A-Z_]*URL)\b`)
	for _, path := range documents(t) {
		for _, found := range name.FindAllString(document(t, path), -1) {
			if _, real := known[found]; !real {
				t.Errorf("%s names %s, which internal/config does not read", path, found)
			}
		}
	}
}

func TestDocumentsNameRealTargets(t *testing.T) {
	t.Parallel()
	targets := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(document(t, "Makefile"), -1) {
		targets[match[1]] = true
	}
	command := regexp.MustCompile("(?m)(?:`|^    )make ([a-z-]+)")
	named := 0
	for _, path := range documents(t) {
		for _, match := range command.FindAllStringSubmatch(document(t, path), -1) {
			named++
			if !targets[match[1]] {
				t.Errorf("%s names make %s, which is no target", path, match[1])
			}
		}
	}
	if named == 0 {
		t.Error("no document names a make target")
	}
}

// Links to pages and files of the repository lead somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	for _, path := range documents(t) {
		for _, match := range link.FindAllStringSubmatch(document(t, path), -1) {
			if _, err := os.Stat(filepath.Join(repository, filepath.Dir(path), match[1])); err != nil {
				t.Errorf("%s links to %s: %v", path, match[1], err)
			}
		}
	}
}

func documents(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(repository, "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("find docs/*.md: %v", err)
	}
	found := []string{"README.md"}
	for _, page := range pages {
		found = append(found, "docs/"+filepath.Base(page))
	}
	return found
}

// Command preloadlist writes the embedded HSTS preload list of checks/hsts from
// Chromium's: from its source file net/http/transport_security_state_static.json,
// or from an installed Chromium, which has it in a table of its own.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/gradewatch/gradewatch/checks/hsts"
)

func main() {
	chromium := flag.String("chromium", "", "an installed Chromium to read the list from")
	source := flag.String("json", "", "transport_security_state_static.json to read the list from instead")
	version := flag.String("version", "", "of which Chromium that file is")
	out := flag.String("out", "preload.bin", "file to write")
	flag.Parse()
	if err := run(*chromium, *source, *version, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(chromium, source, version, out string) error {
	var entries []hsts.Entry
	var err error
	if chromium != "" {
		entries, version, err = ofChromium(chromium)
	} else {
		entries, err = ofSource(source)
	}
	if err != nil {
		return err
	}
	if version == "" {
		return errors.New("say of which Chromium the list is, with -version")
	}
	content, err := encode("Chromium "+version, entries)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, content, 0o600); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	fmt.Printf("%s: %d names of Chromium %s, %d bytes\n", out, len(entries), version, len(content))
	return nil
}

// ofChromium reads the list and the version of an installed Chromium.
func ofChromium(path string) ([]hsts.Entry, string, error) {
	program, err := os.ReadFile(path) //nolint:gosec // the caller names it
	if err != nil {
		return nil, "", fmt.Errorf("read Chromium: %w", err)
	}
	entries, err := decodeProgram(program)
	if err != nil {
		return nil, "", err
	}
	printed, err := exec.Command(path, "--version").Output() //nolint:noctx // it prints and ends
	if err != nil {
		return nil, "", fmt.Errorf("ask Chromium for its version: %w", err)
	}
	words := strings.Fields(string(printed))
	if len(words) < 2 {
		return nil, "", fmt.Errorf("no version in %q", printed)
	}
	return entries, words[1], nil
}

func ofSource(path string) ([]hsts.Entry, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the caller names it
	if err != nil {
		return nil, fmt.Errorf("read the source file: %w", err)
	}
	return decodeSource(text)
}

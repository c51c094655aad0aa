package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Bounds of what one run of check is given.
const (
	listLines     = 10_000   // URLs; more is a mistake, or a job for the service
	listLineBytes = 16 << 10 // twice the longest URL
)

// standardInput is how a list on standard input is typed.
const standardInput = "-"

// givenURL is a URL or host as it was typed or read.
type givenURL struct {
	text  string
	where string // "hosts.txt:3"; empty: typed
}

func (g givenURL) fault(err error) error {
	if g.where == "" {
		return err
	}
	return fmt.Errorf("%s: %w", g.where, err)
}

// given is what is to be looked at: what was typed, then the files, in order.
func (c *checkCommand) given(in io.Reader) ([]givenURL, error) {
	var all []givenURL
	files := c.File
	for _, text := range c.URLs {
		if text == standardInput {
			files = append(files, standardInput)
			continue
		}
		all = append(all, givenURL{text: text})
	}
	for _, file := range files {
		listed, err := readFile(file, in)
		if err != nil {
			return nil, err
		}
		all = append(all, listed...)
	}
	if len(all) > listLines {
		return nil, fmt.Errorf("%d URLs are more than the %d that one run looks at", len(all), listLines)
	}
	return all, nil
}

func readFile(name string, in io.Reader) ([]givenURL, error) {
	if name == standardInput {
		if in == nil {
			return nil, errors.New("there is no standard input to read a list from")
		}
		return readList("standard input", in)
	}
	file, err := os.Open(name) //nolint:gosec // who runs this names the file
	if err != nil {
		return nil, fmt.Errorf("read the list of URLs: %w", err)
	}
	defer file.Close()
	return readList(name, file)
}

// readList reads one URL or host a line. Empty lines do not count, nor does
// what follows a # at the start of a line or behind white space: elsewhere it
// begins a fragment.
func readList(name string, from io.Reader) ([]givenURL, error) {
	var all []givenURL
	scanner := bufio.NewScanner(from)
	scanner.Buffer(nil, listLineBytes)
	line := 0
	for scanner.Scan() {
		line++
		text := strings.TrimSpace(withoutComment(strings.TrimPrefix(scanner.Text(), "\ufeff")))
		if text == "" {
			continue
		}
		if len(all) == listLines {
			return nil, fmt.Errorf("%s:%d: more than the %d URLs that one run looks at", name, line, listLines)
		}
		all = append(all, givenURL{text: text, where: fmt.Sprintf("%s:%d", name, line)})
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("%s:%d: the line has more than %d characters", name, line+1, listLineBytes)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return all, nil
}

func withoutComment(line string) string {
	for at, letter := range line {
		if letter == '#' && (at == 0 || line[at-1] == ' ' || line[at-1] == '\t') {
			return line[:at]
		}
	}
	return line
}

package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// progress shows one changing line on the error stream where that is a
// terminal, and nothing elsewhere.
type progress struct {
	total int

	mu   sync.Mutex
	out  io.Writer // nil: show nothing; guarded by mu
	done int       // URLs; guarded by mu
}

func newProgress(t *terminal, total int) *progress {
	if !isTerminal(t.err) || t.env("TERM") == "dumb" {
		return &progress{total: total}
	}
	return &progress{total: total, out: t.err}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

const clearLine = "\r\x1b[K"

func (p *progress) show(host, stage string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil {
		_, _ = fmt.Fprintf(p.out, "%s%d of %d looked at. %s: %s, %d of %d", clearLine, p.done, p.total, printable(host), stage, done, total)
	}
}

// finish counts one URL.
func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
}

// aside takes the line away while print writes, so that the two never mix.
func (p *progress) aside(print func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil {
		_, _ = io.WriteString(p.out, clearLine)
	}
	return print()
}

package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"golang.org/x/term"

	"github.com/gradewatch/gradewatch/checks"
)

// progress shows one changing line on the error stream where that is a
// terminal, and nothing elsewhere.
type progress struct {
	total int

	mu     sync.Mutex
	out    io.Writer                    // nil: show nothing; guarded by mu
	done   int                          // URLs; guarded by mu
	stages map[string]map[string][2]int // of URLs under way: done and total by stage; guarded by mu
}

func newProgress(t *terminal, total int) *progress {
	if !isTerminal(t.err) || t.env("TERM") == "dumb" {
		return &progress{total: total}
	}
	return &progress{total: total, out: t.err, stages: map[string]map[string][2]int{}}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// terminalWidth is how many columns w has; 0 where it is no terminal, or one
// that does not say.
func terminalWidth(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

const clearLine = "\r\x1b[K"

// show names the first stage of url that is not done yet: those of a full look
// all begin at once.
func (p *progress) show(url, host, stage string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil {
		return
	}
	stages := p.stages[url]
	if stages == nil {
		stages = map[string][2]int{}
		p.stages[url] = stages
	}
	stages[stage] = [2]int{done, total}
	for _, each := range stageOrder() {
		if count, begun := stages[each]; begun && count[0] < count[1] {
			stage, done, total = each, count[0], count[1]
			break
		}
	}
	line := fmt.Sprintf("%d of %d looked at. %s: %s, %d of %d", p.done, p.total, printable(host), stage, done, total)
	if width := terminalWidth(p.out); width > 0 && len(line) >= width { // a second line could not be cleared
		line = string([]rune(line)[:min(width-1, len([]rune(line)))])
	}
	_, _ = io.WriteString(p.out, clearLine+line)
}

func stageOrder() []string {
	return slices.Concat([]string{checks.StageDNS}, checks.FullStages(), []string{checks.StageHTTP})
}

// finish counts one URL.
func (p *progress) finish(url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	delete(p.stages, url)
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

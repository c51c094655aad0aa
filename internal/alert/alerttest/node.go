package alerttest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const processTimeout = 20 * time.Second // to start, to obey, to end

// nodeProcess is a Node process that is told things on its standard input and
// ends when that closes.
type nodeProcess struct {
	command *exec.Cmd
	input   io.WriteCloser
	replies chan nodeEvent // everything but accepted mail
	stderr  bytes.Buffer   // read only after the process ended
	ended   chan struct{}
}

// startNode runs script, which needs the npm package named; every event goes to
// listen, in order.
func startNode(t testing.TB, name, script string, listen func(nodeEvent)) *nodeProcess {
	t.Helper()
	tools, err := toolsFolder()
	require.NoError(t, err)
	modules := filepath.Join(tools, name, "node_modules")
	require.DirExists(t, modules, "the npm package "+name+" is missing: run make deps (internal/alert/alerttest/install.sh)")
	node, err := exec.LookPath("node")
	require.NoError(t, err, "node is missing: install the package nodejs")

	p := &nodeProcess{command: exec.Command(node, script), replies: make(chan nodeEvent, 16), ended: make(chan struct{})} //nolint:gosec,noctx // our own script; it ends with its input
	p.command.Env = append(os.Environ(), "NODE_PATH="+modules)
	p.command.Stderr = &p.stderr
	p.input, err = p.command.StdinPipe()
	require.NoError(t, err)
	output, err := p.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.command.Start())
	go p.read(output, listen)
	t.Cleanup(func() { p.stop(t) })
	return p
}

// read passes events on until the process ends, and waits for it.
func (p *nodeProcess) read(output io.Reader, listen func(nodeEvent)) {
	defer close(p.ended)
	lines := bufio.NewReader(output)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		event, err := parseEvent(line)
		if err != nil {
			event = nodeEvent{Event: "error", Text: err.Error()}
		}
		listen(event)
		if event.Event != "accepted" {
			select {
			case p.replies <- event:
			default: // nobody waits for so many
			}
		}
	}
	_ = p.command.Wait()
}

func (p *nodeProcess) send(t testing.TB, value any) {
	t.Helper()
	line, err := json.Marshal(value)
	require.NoError(t, err)
	_, err = p.input.Write(append(line, '\n'))
	require.NoError(t, err)
}

// await returns the next event of that name.
func (p *nodeProcess) await(t testing.TB, name string) nodeEvent {
	t.Helper()
	deadline := time.After(processTimeout)
	for {
		select {
		case event := <-p.replies:
			if event.Event == name {
				return event
			}
		case <-p.ended:
			require.FailNow(t, "the server ended", p.stderr.String())
		case <-deadline:
			require.FailNow(t, "the server does not report "+name)
		}
	}
}

func (p *nodeProcess) stop(t testing.TB) {
	t.Helper()
	_ = p.input.Close()
	select {
	case <-p.ended:
		return
	case <-time.After(processTimeout):
	}
	_ = p.command.Process.Kill()
	<-p.ended
}

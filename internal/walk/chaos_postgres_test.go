package walk_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/pgembed"
)

// cluster is a Postgres of its own that writes its log to disk as a real one
// does, so that what was committed survives its death.
type cluster struct {
	t      *testing.T
	folder string

	mu     sync.Mutex
	server *pgembed.Server // guarded by mu
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	folder, err := os.MkdirTemp("", "chaos")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o755)) //nolint:gosec // another user serves it
	c := &cluster{t: t, folder: folder}
	c.server, err = pgembed.Start(t.Context(), pgembed.Config{DataFolder: folder})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		c.mu.Lock()
		defer c.mu.Unlock()
		require.NoError(t, c.server.Stop(ctx))
		require.NoError(t, os.RemoveAll(folder))
	})
	return c
}

// urls are the same over restarts: the socket's folder is.
func (c *cluster) urls() (app, owner string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.server.AppURL(), c.server.OwnerURL()
}

// crash kills one process of a session, as the kernel does when memory is
// short: the server ends every session and recovers by itself.
func (c *cluster) crash() {
	postmaster := c.postmaster()
	children, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(postmaster), "task", strconv.Itoa(postmaster), "children"))
	for _, child := range strings.Fields(string(children)) {
		title, _ := os.ReadFile(filepath.Join("/proc", child, "cmdline"))
		if pid, err := strconv.Atoi(child); err == nil && strings.Contains(string(title), "gradewatch gradewatch [local]") {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
			return
		}
	}
}

// restart kills the whole server, and starts it again on its data.
func (c *cluster) restart(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := syscall.Kill(c.postmaster(), syscall.SIGKILL); err != nil {
		return err //nolint:wrapcheck // the test fails with it
	}
	<-c.server.Done()
	if err := c.server.Stop(ctx); err != nil {
		return err //nolint:wrapcheck // as above
	}
	var err error
	for ctx.Err() == nil { // its orphans hold the shared memory for a moment
		if c.server, err = pgembed.Start(ctx, pgembed.Config{DataFolder: c.folder}); err == nil {
			return nil
		}
		<-time.After(100 * time.Millisecond)
	}
	return err //nolint:wrapcheck // as above
}

// postmaster is the id of the server's first process.
func (c *cluster) postmaster() int {
	content, err := os.ReadFile(filepath.Join(c.folder, "postgres", "postmaster.pid"))
	if err != nil {
		c.t.Errorf("read the id of Postgres: %v", err)
		return 0
	}
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil || pid <= 1 {
		c.t.Errorf("the id of Postgres is %q", line)
		return 0
	}
	return pid
}

package lossynet

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// What a process of the test is, and where it finds what the servers told.
const (
	roleVariable    = "LOSSYNET_ROLE"
	messageVariable = "LOSSYNET_MESSAGE"
	roleServers     = "servers"
	roleProber      = "prober"
)

// insideID is the user inside the namespace. Not 0, since servers started by
// root change to users that the namespace does not have.
const insideID = 1000

// earlier is by how much a process that is started ends before its starter.
const earlier = 5 * time.Second

// Across runs serve in one network namespace and probe in another, with link
// between them, each in a process of its own: the test binary again, running
// the same test. So it must be the first thing that a test does, once a test,
// and a test that uses it has no other state. serve is given the address that
// its servers must listen on, and reaches it itself without the link; what it
// returns is passed to probe as JSON. The servers end when probe has.
func Across[T any](t *testing.T, link Link, serve func(t *testing.T, address netip.Addr) T, probe func(t *testing.T, told T)) {
	t.Helper()
	switch os.Getenv(roleVariable) {
	case roleServers:
		tun, err := openTun(serverAddress)
		require.NoError(t, err, forbidden)
		told, err := json.Marshal(serve(t, serverAddress))
		require.NoError(t, err)
		join(t, link, tun, told)
	case roleProber:
		content, err := os.ReadFile(os.Getenv(messageVariable))
		require.NoError(t, err)
		var told T
		require.NoError(t, json.Unmarshal(content, &told))
		probe(t, told)
	default:
		command := again(t, roleServers)
		command.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: insideID, HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: insideID, HostID: os.Getgid(), Size: 1}}
		command.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN, unix.CAP_SYS_ADMIN} // within the namespace
		require.NoError(t, command.Start(), forbidden)
		require.NoError(t, command.Wait(), "the process of the servers, whose log is above")
	}
}

const forbidden = "this test needs network namespaces that an ordinary user may make, and /dev/net/tun: " +
	"allow them with the kernel settings user.max_user_namespaces, kernel.unprivileged_userns_clone=1 or " +
	"kernel.apparmor_restrict_unprivileged_userns=0, load the module tun, or give a container the device"

// join runs the prober behind the link, and returns when it has ended.
func join(t *testing.T, link Link, servers *os.File, told []byte) {
	t.Helper()
	message := filepath.Join(t.TempDir(), "told.json")
	require.NoError(t, os.WriteFile(message, told, 0o600))
	command := again(t, roleProber, messageVariable+"="+message)
	var failed error
	var stop func() (Counts, Counts)
	var apart sync.WaitGroup
	apart.Go(func() {
		// The thread moves to the second namespace, starts the prober there, stays
		// until it has ended (Pdeathsig looks at threads) and is never used again.
		runtime.LockOSThread()
		if failed = unix.Unshare(unix.CLONE_NEWNET); failed != nil {
			return
		}
		var prober *os.File
		if prober, failed = openTun(proberAddress); failed != nil {
			return
		}
		stop = forward(link, servers, prober)
		failed = command.Run()
	})
	apart.Wait()
	if stop != nil {
		to, from := stop()
		t.Logf("%s: to the servers %+v, from them %+v", link, to, from)
	} else {
		_ = servers.Close()
	}
	require.NoError(t, failed, "the process of the prober, whose log is above")
}

// again returns this test binary, about to run this test in a role.
func again(t *testing.T, role string, environment ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	arguments := []string{"-test.run=" + pattern(t.Name()), "-test.v", "-test.count=1"}
	if deadline, limited := t.Deadline(); limited {
		left := max(time.Until(deadline)-earlier, time.Second)
		arguments = append(arguments, fmt.Sprintf("-test.timeout=%s", left))
	}
	command := exec.CommandContext(t.Context(), binary, arguments...)
	command.Env = append(os.Environ(), append(environment, roleVariable+"="+role)...)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	command.Stdout, command.Stderr = t.Output(), t.Output()
	return command
}

// pattern matches one test and nothing else.
func pattern(name string) string {
	var levels []string
	for level := range strings.SplitSeq(name, "/") {
		levels = append(levels, "^"+regexp.QuoteMeta(level)+"$")
	}
	return strings.Join(levels, "/")
}

//go:build peers

package bench

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// intermediate is Mozilla's configuration of that name, guideline 5.7, for nginx.
const intermediate = `ssl_session_timeout 1d;
    ssl_session_cache shared:MozSSL:10m;
    ssl_ecdh_curve X25519:prime256v1:secp384r1;
    ssl_prefer_server_ciphers off;
    ssl_dhparam %s;
    add_header Strict-Transport-Security "max-age=63072000" always;`

const intermediateCiphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:" +
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:" +
	"DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"

// looks is how often each row of TestFull looks at each server.
const looks = 5

// counted lets nginx count the connections that it accepts.
const counted = "location = /status { access_log off; stub_status; }"

// TestFull prints what a full look and sslscan cost on the same two servers,
// and what each finds. It fails where ours misses what sslscan finds.
func TestFull(t *testing.T) {
	binary := build(t)
	for _, server := range []struct {
		name   string
		config checktest.NginxConfig
	}{
		{"Mozilla's intermediate configuration", checktest.NginxConfig{
			Ciphers: intermediateCiphers, Server: fmt.Sprintf(intermediate, ffdhe2048(t)), Plain: counted,
		}},
		{"nginx's default configuration", checktest.NginxConfig{Defaults: true, Plain: counted}},
	} {
		nginx := checktest.StartNginx(t, server.config)
		port := strconv.Itoa(int(nginx.Addr.Port()))
		address := nginx.URL("127.0.0.1", "/")
		fmt.Printf("\n%s\n\n| command | median | fastest | slowest | connections | processor time | memory |\n|---|---|---|---|---|---|---|\n", server.name)
		rows := []row{
			program("sslscan", "--no-colour", "127.0.0.1:"+port),
			inProcess("`tlsprobe.Full`", nginx.Addr, false),
			program(binary, "check", "--json", "--full", "--ip", "127.0.0.1", address),
			inProcess("`tlsprobe.Full`, intrusive", nginx.Addr, true),
			program(binary, "check", "--json", "--full", "--intrusive", "--ip", "127.0.0.1", address),
		}
		for range looks { // in turn, so that a busy moment meets all
			for index := range rows {
				rows[index].measure(t, nginx)
			}
		}
		for _, one := range rows {
			one.print()
		}
		printFound(t, nginx.Addr)
	}
}

// row is one way to look, and what it cost.
type row struct {
	name      string
	run       func(t *testing.T) (processor time.Duration, memory int64) // KiB; 0: not measured
	walls     []time.Duration
	accepted  []int
	processor time.Duration
	memory    int64
}

func program(command ...string) row {
	name := "`" + strings.Join(append([]string{filepath.Base(command[0])}, command[1:]...), " ") + "`"
	return row{name: name, run: func(t *testing.T) (time.Duration, int64) {
		process := exec.CommandContext(t.Context(), command[0], command[1:]...)
		var output bytes.Buffer
		process.Stdout, process.Stderr = &output, &output
		err := process.Run()
		require.NotNil(t, process.ProcessState, "%s cannot be started: install its package: %v", command[0], err)
		require.Contains(t, []int{0, 1, 3}, process.ProcessState.ExitCode(), "%s", &output) // 1: a must fails; 3: something is inconclusive
		memory := int64(0)
		if usage, ok := process.ProcessState.SysUsage().(*syscall.Rusage); ok {
			memory = usage.Maxrss
		}
		return process.ProcessState.UserTime() + process.ProcessState.SystemTime(), memory
	}}
}

func inProcess(name string, address netip.AddrPort, intrusive bool) row {
	return row{name: name, run: func(t *testing.T) (time.Duration, int64) {
		fullLook(t, address, intrusive)
		return 0, 0
	}}
}

func fullLook(t testing.TB, address netip.AddrPort, intrusive bool) (checks.FullLook, checks.Measurements) {
	limits := checks.LimitsFor(checks.Full, intrusive)
	ctx, cancel := context.WithTimeout(t.Context(), limits.Deadline)
	defer cancel()
	network := probe.New(probe.Config{AllowAny: true}).Network(limits)
	target := checks.Target{Host: "localhost", Port: address.Port(), Depth: checks.Full, Limits: limits, Intrusive: intrusive}
	return tlsprobe.Full(ctx, network, target, address, func(string) {}), network.Measurements()
}

func (r *row) measure(t *testing.T, nginx *checktest.Nginx) {
	before := accepted(t, nginx)
	began := time.Now()
	processor, memory := r.run(t)
	r.walls = append(r.walls, time.Since(began))
	r.accepted = append(r.accepted, accepted(t, nginx)-before-1) // the second question is a connection too
	r.processor += processor
	r.memory = max(r.memory, memory)
}

func (r *row) print() {
	slices.Sort(r.walls)
	slices.Sort(r.accepted)
	middle := len(r.walls) / 2
	round := func(d time.Duration) string { return d.Round(time.Millisecond).String() }
	processor, memory := "", ""
	if r.memory > 0 {
		processor = round(r.processor / time.Duration(len(r.walls)))
		memory = fmt.Sprintf("%d MiB", r.memory/1024)
	}
	connections := strconv.Itoa(r.accepted[middle])
	if first, last := r.accepted[0], r.accepted[len(r.accepted)-1]; first != last {
		connections += fmt.Sprintf(" (%d to %d)", first, last)
	}
	fmt.Printf("| %s | %s | %s | %s | %s | %s | %s |\n",
		r.name, round(r.walls[middle]), round(r.walls[0]), round(r.walls[len(r.walls)-1]), connections, processor, memory)
}

// accepted asks nginx how many connections it has accepted, this one included.
func accepted(t *testing.T, nginx *checktest.Nginx) int {
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("http://" + nginx.PlainAddr.String() + "/status")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	// "Active connections: 1 \nserver accepts handled requests\n 3 3 3 \n..."
	fields := strings.Fields(string(text))
	at := slices.Index(fields, "requests")
	require.Positive(t, at, "this nginx has no stub_status: %s", text)
	total, err := strconv.Atoi(fields[at+1])
	require.NoError(t, err)
	return total
}

// ffdhe2048 writes the group of RFC 7919 as nginx reads it.
func ffdhe2048(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "ffdhe2048.pem")
	text, err := exec.CommandContext(t.Context(), "openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", path).CombinedOutput()
	require.NoError(t, err, "openssl: %s", text)
	return path
}

// build returns the program, as users get it.
func build(t *testing.T) string {
	binary := filepath.Join(t.TempDir(), "gradewatch")
	command := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./cmd/gradewatch")
	command.Dir, command.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	text, err := command.CombinedOutput()
	require.NoError(t, err, "%s", text)
	return binary
}

// sslscanDocument is what sslscan says, as far as ours is held against it.
type sslscanDocument struct {
	Tests []struct {
		Protocols []struct {
			Type    string `xml:"type,attr"`
			Version string `xml:"version,attr"`
			Enabled string `xml:"enabled,attr"`
		} `xml:"protocol"`
		Ciphers []struct {
			Protocol string `xml:"sslversion,attr"`
			ID       string `xml:"id,attr"`
			Name     string `xml:"cipher,attr"`
		} `xml:"cipher"`
		Groups []struct {
			Protocol string `xml:"sslversion,attr"`
			ID       string `xml:"id,attr"`
			Name     string `xml:"name,attr"`
		} `xml:"group"`
	} `xml:"ssltest"`
}

// printFound prints how much each finds, and fails for what we miss.
func printFound(t *testing.T, address netip.AddrPort) {
	output, err := exec.CommandContext(t.Context(), "sslscan", "--xml=-", address.String()).Output()
	require.NoError(t, err)
	var document sslscanDocument
	require.NoError(t, xml.Unmarshal(output, &document), "%s", output)
	require.Len(t, document.Tests, 1, "%s", output)
	theirs := map[string]bool{}
	for _, protocol := range document.Tests[0].Protocols {
		if protocol.Enabled == "1" {
			theirs["protocol "+strings.ToUpper(protocol.Type)+"v"+protocol.Version] = true
		}
	}
	for _, cipher := range document.Tests[0].Ciphers {
		theirs["suite "+cipher.Protocol+" "+strings.ToUpper(cipher.ID[2:])] = true
	}
	for _, group := range document.Tests[0].Groups {
		theirs["group "+kind(group.Protocol)+" "+strings.ToUpper(group.ID[2:])] = true
	}
	look, _ := fullLook(t, address, false)
	ours := found(look)
	var missed, more []string
	for what := range theirs {
		if !ours[what] {
			missed = append(missed, what)
		}
	}
	for what := range ours {
		if !theirs[what] {
			more = append(more, what)
		}
	}
	slices.Sort(missed)
	slices.Sort(more)
	fmt.Printf("\nprotocols, suites and groups: %d found by sslscan, %d by us; missed by us: %v; by sslscan: %v\n", len(theirs), len(ours), missed, more)
	fmt.Printf("besides: %s\n", besides(look))
	require.Empty(t, missed, "what sslscan finds and we do not")
}

// kind is which of our two lists of groups a protocol's are in.
func kind(protocol string) string {
	if protocol == "TLSv1.3" {
		return "1.3"
	}
	return "legacy"
}

// found lists in the same words what a look found.
func found(look checks.FullLook) map[string]bool {
	all := map[string]bool{}
	for protocol, fact := range look.TLS.Protocols {
		if fact.State == checks.Known {
			all["protocol "+string(protocol)] = true
		}
	}
	for protocol, fact := range look.Full.Suites.Accepted {
		for _, suite := range fact.Value {
			all["suite "+string(protocol)+" "+suite.ID[2:]] = true
		}
	}
	for _, group := range look.Full.Suites.Groups.Value {
		all["group 1.3 "+group.ID[2:]] = true
	}
	for _, group := range look.Full.Suites.LegacyGroups.Value {
		all["group legacy "+group.ID[2:]] = true
	}
	return all
}

// besides says what else a look tells.
func besides(look checks.FullLook) string {
	told := 0
	for _, finding := range look.Full.Vulnerabilities {
		if finding.Result != checks.VulnerabilityInconclusive && finding.Result != checks.VulnerabilityNotAsked {
			told++
		}
	}
	return fmt.Sprintf("%d vulnerabilities, %d clients, %d chains, features", told, len(look.Full.Simulations.Clients), len(look.Full.Chains.Served.Value))
}

package simulation

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// recorded is what a client's real ClientHello says.
type recorded struct {
	version                    uint16
	suites                     values
	compression                []byte
	kinds                      values
	groups, shares, signatures values
	versions                   values
	alpn                       []string
}

// program is a client that is installed, and how it asks a URL.
type program struct {
	name      string
	arguments []string // what it is asked with; PORT is replaced
	version   []string // what it says its version with
	// profiles: the first whose pattern is in the version is the client's.
	profiles []versionProfile
	// optional: no part of what the tests need; asked where it is installed.
	optional bool
}

type versionProfile struct{ pattern, name string }

func programs() []program {
	return []program{
		{name: "openssl", arguments: []string{"s_client", "-connect", "localhost:PORT", "-servername", "localhost"}, version: []string{"version"}, profiles: []versionProfile{
			{`^OpenSSL 3\.0\.`, "OpenSSL 3.0"}, {`^OpenSSL 3\.[5-9]\.`, "OpenSSL 3.5"},
		}},
		{name: "curl", arguments: []string{"-sk", "https://localhost:PORT/"}, version: []string{"--version"}, profiles: []versionProfile{
			{`OpenSSL/3\.0\.`, "curl 7.88 (OpenSSL 3.0)"},
		}},
		{name: "node", arguments: []string{"-e", `require("https").get("https://localhost:PORT/").on("error", () => {})`}, version: []string{"--version"}, profiles: []versionProfile{
			{`^v18\.`, "Node.js 18"}, {`^v20\.`, "Node.js 20"}, {`^v24\.`, "Node.js 24"},
		}},
		{
			name: "python3", arguments: []string{"-c", `import urllib.request as u; u.urlopen("https://localhost:PORT/")`},
			version: []string{"-c", "import ssl, sys; print(sys.version.split()[0], ssl.OPENSSL_VERSION)"}, optional: true, profiles: []versionProfile{
				{`^3\.1[0-2].* OpenSSL 3\.0\.`, "Python 3.11 (OpenSSL 3.0)"},
			},
		},
		{name: "wget", arguments: []string{"-q", "--tries=1", "-O", "/dev/null", "https://localhost:PORT/"}, version: []string{"--version"}, optional: true, profiles: []versionProfile{
			{`(?s)Wget 1\.21.*\+ssl/gnutls`, "wget 1.21 (GnuTLS 3.7)"},
		}},
		{name: "java", arguments: []string{"HelloClient.java", "https://localhost:PORT/"}, version: []string{"-version"}, optional: true, profiles: []versionProfile{
			{`version "17\.`, "Java 17"}, {`version "21\.`, "Java 21"},
		}},
	}
}

// helloClient is a client of Java, run from its source.
const helloClient = `
import java.net.URI;
import java.net.http.*;
public class HelloClient {
  public static void main(String[] a) throws Exception {
    HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(a[0])).build(), HttpResponse.BodyHandlers.ofString());
  }
}`

// TestProfilesAreWhatRealClientsSend records the ClientHello of clients that are
// installed and compares it with their profile.
func TestProfilesAreWhatRealClientsSend(t *testing.T) {
	t.Parallel()
	for _, one := range programs() {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(one.name)
			if err != nil && one.optional {
				return
			}
			require.NoError(t, err, "%s is not installed: install the package %s", one.name, one.name)
			profile, found := one.profile(t, path)
			if !found && one.optional {
				return
			}
			require.True(t, found, "no profile is of this version of %s: record its ClientHello and add one", one.name)
			requireSends(t, profile, record(t, path, one.arguments...))
		})
	}
}

func (p program) profile(t *testing.T, path string) (Profile, bool) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), path, p.version...).CombinedOutput()
	require.NoError(t, err)
	for _, candidate := range p.profiles {
		if regexp.MustCompile(candidate.pattern).Match(said) {
			return byName(t, candidate.name), true
		}
	}
	return Profile{}, false
}

func byName(t testing.TB, name string) Profile {
	t.Helper()
	at := slices.IndexFunc(Profiles(), func(p Profile) bool { return p.Name == name })
	require.GreaterOrEqual(t, at, 0, name)
	return Profiles()[at]
}

func TestGoSendsItsProfile(t *testing.T) {
	t.Parallel()
	address, hellos := recorder(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address.String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	client := tls.Client(conn, &tls.Config{ServerName: host, NextProtos: []string{"h2", "http/1.1"}})
	require.Error(t, client.HandshakeContext(t.Context()))
	requireSends(t, byName(t, "Go 1.26"), <-hellos)
}

// TestChromiumSendsItsProfile holds what decides: a newer Chromium that offers
// the same is fine.
func TestChromiumSendsItsProfile(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("chromium")
	require.NoError(t, err, "chromium is not installed: install the package chromium, or run make deps")
	arguments := []string{
		"--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-dev-shm-usage", "--disable-quic", "--user-data-dir=" + t.TempDir(), "--dump-dom", "https://localhost:PORT/",
	}
	if os.Geteuid() == 0 {
		arguments = append([]string{"--no-sandbox"}, arguments...) // Chromium refuses its sandbox to root
	}
	got := record(t, path, arguments...)
	want := byName(t, "Chrome 156 on Windows 11")
	slices.Sort(got.kinds) // Chromium shuffles its extensions
	require.Equal(t, withoutGREASE(want.Suites), got.suites)
	require.Equal(t, withoutGREASE(want.Groups), got.groups)
	require.Equal(t, withoutGREASE(want.Shares), got.shares)
	require.Equal(t, withoutGREASE(want.Versions), got.versions)
	require.Equal(t, withoutGREASE(want.Signatures), got.signatures)
	require.Equal(t, want.ALPN, got.alpn)
	require.Subset(t, got.kinds, withoutGREASE(kindsOf(want)))
}

// TestOpenSSL101SendsItsProfile records the OpenSSL 1.0.1e of Node 0.10.0. Later
// 1.0.1 offers SRP only when set up, no MD5, and pads.
func TestOpenSSL101SendsItsProfile(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("GRADEWATCH_TEST_TOOLS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", ".cache", "tools")
	}
	path, err := filepath.Abs(filepath.Join(folder, "node-0.10.0", "bin", "node"))
	require.NoError(t, err)
	require.FileExists(t, path, "run make deps, which fetches Node 0.10.0")
	got := record(t, path, "-e", `require("tls").connect({port: PORT, host: "127.0.0.1", servername: "localhost", ciphers: "DEFAULT"}).on("error", function () {})`)
	want := byName(t, "OpenSSL 1.0.1l")
	require.Equal(t, want.Suites, slices.DeleteFunc(got.suites, func(v uint16) bool { return v >= 0xC01A && v <= 0xC022 }))
	require.Equal(t, want.Groups, got.groups)
	require.Equal(t, want.Signatures, slices.DeleteFunc(got.signatures, func(v uint16) bool { return v == 0x0101 }))
	require.Subset(t, got.kinds, slices.DeleteFunc(kindsOf(want), func(v uint16) bool { return v == wire.ExtensionPadding }))
}

func requireSends(t *testing.T, want Profile, got recorded) {
	t.Helper()
	require.Equal(t, min(known.WireVersion(want.Max), wire.TLS12), got.version)
	require.Equal(t, want.Suites, got.suites)
	require.Equal(t, want.Groups, got.groups)
	require.Equal(t, want.Shares, got.shares)
	require.Equal(t, want.Versions, got.versions)
	require.Equal(t, want.Signatures, got.signatures)
	require.Equal(t, []byte{0}, got.compression)
	ignored := func(v uint16) bool { return v == wire.ExtensionPadding || v == wire.ExtensionALPN }
	require.Equal(t, slices.DeleteFunc(kindsOf(want), ignored), slices.DeleteFunc(got.kinds, ignored))
}

func kindsOf(profile Profile) values {
	var kinds values
	for _, extension := range profile.Extensions {
		kinds = append(kinds, extension.Type)
	}
	return kinds
}

func withoutGREASE(list values) values { return slices.DeleteFunc(slices.Clone(list), isGREASE) }

// recorder refuses every ClientHello, and passes it on.
func recorder(t *testing.T) (netip.AddrPort, <-chan recorded) {
	t.Helper()
	hellos := make(chan recorded, 16)
	address := checktest.StartPeer(t, func(conn net.Conn) {
		reader := wire.Reader{Source: conn}
		var messages wire.Messages
		for {
			record, err := reader.Record()
			if err != nil {
				return
			}
			messages.Add(record.Content)
			message, complete, err := messages.Next()
			if err != nil {
				return
			}
			if !complete {
				continue
			}
			if hello, ok := parseClientHello(message.Body); ok {
				select {
				case hellos <- hello:
				default: // enough of them
				}
			}
			_, _ = conn.Write([]byte{wire.TypeAlert, 3, 1, 0, 2, wire.LevelFatal, wire.AlertHandshakeFailure})
			_, _ = io.Copy(io.Discard, conn)
			return
		}
	})
	return address, hellos
}

// record runs a client until its first ClientHello is there.
func record(t *testing.T, path string, arguments ...string) recorded {
	t.Helper()
	address, hellos := recorder(t)
	port := strconv.Itoa(int(address.Port()))
	arguments = slices.Clone(arguments)
	for i := range arguments {
		arguments[i] = strings.ReplaceAll(arguments[i], "PORT", port)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, path, arguments...)
	command.Dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(command.Dir, "HelloClient.java"), []byte(helloClient), 0o600))
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = 5 * time.Second
	var printed bytes.Buffer
	command.Stdout, command.Stderr = &printed, &printed
	require.NoError(t, command.Start())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	defer func() {
		cancel()
		<-ended
	}()
	select {
	case hello := <-hellos:
		return hello
	case <-ctx.Done():
		require.FailNow(t, "no ClientHello came", "%s:\n%s", path, printed.String())
		return recorded{}
	}
}

func parseClientHello(body []byte) (hello recorded, ok bool) {
	message := cryptobyte.String(body)
	var session, suites, compression, block cryptobyte.String
	if !message.ReadUint16(&hello.version) || !message.Skip(32) || !message.ReadUint8LengthPrefixed(&session) ||
		!message.ReadUint16LengthPrefixed(&suites) || !message.ReadUint8LengthPrefixed(&compression) {
		return hello, false
	}
	hello.compression = compression
	hello.suites = withoutOwnGREASE(suites)
	if !message.ReadUint16LengthPrefixed(&block) {
		return hello, message.Empty()
	}
	for !block.Empty() {
		var kind uint16
		var data cryptobyte.String
		if !block.ReadUint16(&kind) || !block.ReadUint16LengthPrefixed(&data) {
			return hello, false
		}
		if !isGREASE(kind) {
			hello.kinds = append(hello.kinds, kind)
			hello.extension(kind, data)
		}
	}
	return hello, true
}

func (r *recorded) extension(kind uint16, data cryptobyte.String) {
	var list cryptobyte.String
	switch kind {
	case wire.ExtensionSupportedGroups:
		r.groups = withoutOwnGREASE(data[2:])
	case wire.ExtensionSignatureAlgorithms:
		r.signatures = withoutOwnGREASE(data[2:])
	case wire.ExtensionSupportedVersions:
		r.versions = withoutOwnGREASE(data[1:])
	case wire.ExtensionKeyShare:
		for data.ReadUint16LengthPrefixed(&list); !list.Empty(); {
			var group uint16
			var key cryptobyte.String
			if !list.ReadUint16(&group) || !list.ReadUint16LengthPrefixed(&key) {
				return
			}
			if !isGREASE(group) {
				r.shares = append(r.shares, group)
			}
		}
	case wire.ExtensionALPN:
		for data.ReadUint16LengthPrefixed(&list); !list.Empty(); {
			var name cryptobyte.String
			if !list.ReadUint8LengthPrefixed(&name) {
				return
			}
			r.alpn = append(r.alpn, string(name))
		}
	}
}

func withoutOwnGREASE(list cryptobyte.String) values {
	all := values{}
	for !list.Empty() {
		var value uint16
		if !list.ReadUint16(&value) {
			break
		}
		all = append(all, value)
	}
	return withoutGREASE(all)
}

package checktest

import (
	_ "embed"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// JavaConfig is what a Java 17 server (SunJSSE) serves. The zero value has
// Java's own defaults, less what the machine's java.security turns off: SSL
// 3.0, TLS 1.0, RC4, 3DES, NULL and the like come when they are named.
type JavaConfig struct {
	Protocols   []string      // SSLServerSocket.setEnabledProtocols: SSLv3, TLSv1 ...; default: Java's
	Suites      []string      // setEnabledCipherSuites, by Java's names; default: Java's; "ALL": every one supported
	Certificate *pki.Issued   // default: one for localhost of a CA nobody knows
	More        []*pki.Issued // served beside Certificate; each of another key type
	ClientOrder bool          // setUseCipherSuitesOrder(false): the client's order decides
	ClientAuth  string        // "want" or "need"; default: no certificate is asked for
}

//go:embed java/Server.java
var javaSource []byte

// StartJava runs one Java 17 with a server for each of configs until the end
// of the test, and returns their addresses (Debian: openjdk-17-jdk-headless).
// properties are system properties for all of them: "jdk.tls.namedGroups=secp384r1".
func StartJava(t testing.TB, properties []string, configs ...JavaConfig) []netip.AddrPort {
	t.Helper()
	binary := java17(t)
	folder := t.TempDir()
	source := filepath.Join(folder, "Server.java")
	require.NoError(t, os.WriteFile(source, javaSource, 0o600))
	// One thread of each kind: a JVM else starts as many as there are processors.
	arguments := []string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx128m"}
	for _, property := range properties {
		arguments = append(arguments, "-D"+property)
	}
	arguments = append(arguments, source)
	for _, config := range configs {
		if config.Certificate == nil {
			config.Certificate = localhost(t)
		}
		var pairs []string
		for _, issued := range append([]*pki.Issued{config.Certificate}, config.More...) {
			cert, key := writePair(t, issued)
			pairs = append(pairs, cert, key)
		}
		arguments = append(arguments, strings.Join(pairs, ":"), strings.Join(config.Protocols, ","),
			strings.Join(config.Suites, ","), map[bool]string{true: "client", false: "server"}[config.ClientOrder], config.ClientAuth)
	}
	process := startProcess(t, binary, arguments...)
	var ports []uint16
	require.NoError(t, process.until("Java listens", func() bool {
		_, list, found := strings.Cut(process.printed(), "listening ")
		list, _, ended := strings.Cut(list, "\n")
		return found && ended && json.Unmarshal([]byte(list), &ports) == nil && len(ports) == len(configs)
	}))
	addresses := make([]netip.AddrPort, len(ports))
	for index, port := range ports {
		addresses[index] = netip.AddrPortFrom(loopback, port)
	}
	return addresses
}

// java17 finds a Java 17 with a compiler: the server is run from its source.
func java17(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/jvm/*17*/bin/javac")
	require.NoError(t, err)
	require.NotEmpty(t, found, "Java 17 with its compiler is not installed: install the package openjdk-17-jdk-headless, or run make deps.")
	return filepath.Join(filepath.Dir(found[0]), "java")
}

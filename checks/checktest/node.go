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

// NodeVersion is a Node that 'make deps' fetches, for the OpenSSL within.
type NodeVersion string

// The Nodes that are there.
const (
	Node010 NodeVersion = "0.10.0"   // OpenSSL 1.0.1e: SSL 2.0 to TLS 1.2, export and NULL suites; no Diffie-Hellman
	Node011 NodeVersion = "0.11.14"  // OpenSSL 1.0.1i: SSL 3.0 to TLS 1.2, Diffie-Hellman of any size, anonymous suites
	Node8   NodeVersion = "8.17.0"   // OpenSSL 1.0.2s: TLS 1.0 to 1.2
	Node12  NodeVersion = "12.22.12" // OpenSSL 1.1.1n: TLS 1.0 to 1.3
	Node24  NodeVersion = "24.21.0"  // OpenSSL 3.5.8: post-quantum groups
)

// NodeConfig is what a Node serves. The zero value accepts what the Node
// knows, but 0.10.0 and 0.11.14, which accept every version they know.
type NodeConfig struct {
	SecureProtocol string        // default before Node 8: SSLv23_server_method, every version
	Ciphers        string        // OpenSSL's syntax; default ALL before Node 8, later Node's own
	Certificate    *pki.Issued   // default: one for localhost of a CA nobody knows; 0.10.0 takes RSA alone
	More           []*pki.Issued // served beside Certificate; each of another key type; from Node 12 on
	DHParameters   []byte        // PEM; from 0.11.14 on; default: none, and no DHE
	// Options go to https.createServer as they are: honorCipherOrder,
	// ecdhCurve, minVersion, requestCert, rejectUnauthorized.
	Options map[string]any
	// Headers are sent with every answer, which is 200.
	Headers map[string]string
}

// StartNode010 runs an HTTPS server in Node 0.10.0 until the end of the test
// and returns its address. 'make deps' fetches that Node.
func StartNode010(t testing.TB, config NodeConfig) netip.AddrPort {
	t.Helper()
	return StartNode(t, Node010, config)[0]
}

// StartNode runs one Node with an HTTPS server for each of configs until the
// end of the test, and returns their addresses.
func StartNode(t testing.TB, version NodeVersion, configs ...NodeConfig) []netip.AddrPort {
	t.Helper()
	binary := filepath.Join(ToolsFolder(t), "node-"+string(version), "bin", "node")
	_, err := os.Stat(binary)
	require.NoError(t, err, "Node %s is not there: run make deps.", version)
	servers := make([]map[string]any, len(configs))
	for index, config := range configs {
		servers[index] = nodeServer(t, version, config)
	}
	settings, err := json.Marshal(servers)
	require.NoError(t, err)
	script := filepath.Join(t.TempDir(), "server.js")
	require.NoError(t, os.WriteFile(script, append([]byte("var servers = "+string(settings)+";\n"), nodeScript...), 0o600))
	process := startProcess(t, binary, script)
	var ports []uint16
	require.NoError(t, process.until("Node listens", func() bool {
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

func nodeServer(t testing.TB, version NodeVersion, config NodeConfig) map[string]any {
	t.Helper()
	options := map[string]any{}
	if version == Node010 || version == Node011 {
		options["secureProtocol"], options["ciphers"] = "SSLv23_server_method", "ALL"
	}
	if config.SecureProtocol != "" {
		options["secureProtocol"] = config.SecureProtocol
	}
	if config.Ciphers != "" {
		options["ciphers"] = config.Ciphers
	}
	for name, value := range config.Options {
		options[name] = value
	}
	if config.Certificate == nil {
		config.Certificate = localhost(t)
	}
	var certificates, keys []string
	for _, issued := range append([]*pki.Issued{config.Certificate}, config.More...) {
		certificates, keys = append(certificates, string(issued.CertPEM)), append(keys, string(issued.KeyPEM))
	}
	return map[string]any{
		"options": options, "certificates": certificates, "keys": keys,
		"dhparam": string(config.DHParameters), "headers": config.Headers,
	}
}

//go:embed node/server.js
var nodeScript []byte

// ToolsFolder is where 'make deps' puts the programs that no distribution
// packages: GRADEWATCH_TEST_TOOLS, or .cache/tools in the repository.
func ToolsFolder(t testing.TB) string {
	t.Helper()
	if folder := os.Getenv("GRADEWATCH_TEST_TOOLS"); folder != "" {
		return folder
	}
	folder, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return filepath.Join(folder, ".cache", "tools")
		}
		parent := filepath.Dir(folder)
		require.NotEqual(t, folder, parent, "no go.mod above the working directory")
		folder = parent
	}
}

package checktest

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// NodeConfig is what a Node 0.10.0 serves, whose OpenSSL 1.0.1e knows SSL 2.0
// to TLS 1.2. The zero value accepts all of them.
type NodeConfig struct {
	SecureProtocol string      // default SSLv23_server_method: every version
	Ciphers        string      // default ALL
	Certificate    *pki.Issued // default: one for localhost of a CA nobody knows; must be RSA
	// Headers are sent with every answer, which is 200.
	Headers map[string]string
}

// StartNode010 runs an HTTPS server in Node 0.10.0 until the end of the test
// and returns its address. 'make deps' fetches that Node.
func StartNode010(t testing.TB, config NodeConfig) netip.AddrPort {
	t.Helper()
	binary := filepath.Join(ToolsFolder(t), "node-0.10.0", "bin", "node")
	_, err := os.Stat(binary)
	require.NoError(t, err, "Node 0.10.0 is not there: run make deps.")
	if config.SecureProtocol == "" {
		config.SecureProtocol = "SSLv23_server_method"
	}
	if config.Ciphers == "" {
		config.Ciphers = "ALL"
	}
	if config.Certificate == nil {
		config.Certificate = localhost(t)
	}
	cert, key := writePair(t, config.Certificate)
	settings, err := json.Marshal(map[string]any{
		"cert": cert, "key": key, "secureProtocol": config.SecureProtocol, "ciphers": config.Ciphers, "headers": config.Headers,
	})
	require.NoError(t, err)
	script := filepath.Join(t.TempDir(), "server.js")
	require.NoError(t, os.WriteFile(script, append([]byte("var settings = "+string(settings)+";\n"), nodeScript...), 0o600))
	process := startProcess(t, binary, script)
	var port uint64
	require.NoError(t, process.until("Node listens", func() bool {
		if found := nodeListens.FindStringSubmatch(process.printed()); found != nil {
			port, err = strconv.ParseUint(found[1], 10, 16)
			return err == nil
		}
		return false
	}))
	return netip.AddrPortFrom(loopback, uint16(port))
}

var nodeListens = regexp.MustCompile(`listening (\d+)\n`)

// The chain is split by hand: Node 0.10 takes only the first certificate of a
// file as 'cert' and wants the others as 'ca'.
const nodeScript = `
var fs = require('fs'), https = require('https');
var chain = fs.readFileSync(settings.cert, 'ascii').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g);
var options = {
  cert: chain[0], ca: chain.slice(1), key: fs.readFileSync(settings.key),
  secureProtocol: settings.secureProtocol, ciphers: settings.ciphers
};
var server = https.createServer(options, function (request, response) {
  for (var name in settings.headers || {}) response.setHeader(name, settings.headers[name]);
  response.end('ok\n');
});
server.on('clientError', function (error) { console.log('client error: ' + error); });
server.listen(0, '127.0.0.1', function () { console.log('listening ' + server.address().port); });
`

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

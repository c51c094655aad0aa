//go:build record

package oracle

import (
	"testing"
	"testing/cryptotest"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/checktest/transcript"
)

// TestRecord asks a healthy OpenSSL and keeps what it answers.
func TestRecord(t *testing.T) {
	issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{"localhost"}, Key: pki.RSA1024})
	address := checktest.StartOpenSSL(t, issued, "-cipher", "AES128-SHA:@SECLEVEL=0")
	for mode, name := range recordedReactions() {
		cryptotest.SetGlobalRandom(t, recordedSeed)
		network := &checktest.Tapped{Network: checktest.Loopback(t)}
		got := reactionTo(t, network, address, mode)
		require.Empty(t, got.failed)
		transcript.Recorded{Name: name, Answer: network.Received()}.Write(t, "../../checktest/transcript/testdata")
	}
}

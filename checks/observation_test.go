package checks_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestProtocolTitle(t *testing.T) {
	t.Parallel()
	var titles []string
	for _, protocol := range checks.Protocols() {
		titles = append(titles, protocol.Title())
	}
	require.Equal(t, []string{"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"}, titles)
	require.Equal(t, "QUIC", checks.Protocol("QUIC").Title())
}

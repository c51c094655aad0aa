package content

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEmbeddedDataIsRight(t *testing.T) {
	t.Parallel()
	_, err := allData()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(Signatures()), 40)
}

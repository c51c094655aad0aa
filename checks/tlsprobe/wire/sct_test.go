package wire

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/transcript"
)

func TestParseSCTs(t *testing.T) {
	t.Parallel()
	timestamps, err := ParseSCTs([]byte{0, 7, 0, 2, 1, 2, 0, 1, 3})
	require.NoError(t, err)
	require.Equal(t, [][]byte{{1, 2}, {3}}, timestamps)
	for name, data := range map[string][]byte{
		"nothing": {}, "a short list": {0, 5, 0, 2, 1}, "bytes behind": {0, 3, 0, 1, 3, 9}, "an empty entry": {0, 2, 0, 0},
	} {
		_, err := ParseSCTs(data)
		require.ErrorIs(t, err, ErrMalformed, name)
	}
}

func FuzzParseSCTs(f *testing.F) {
	f.Add([]byte{0, 7, 0, 2, 1, 2, 0, 1, 3})
	for _, recorded := range transcript.All(f) {
		for _, body := range recorded.Bodies(TypeServerHello) {
			hello, err := ParseServerHello(body)
			require.NoError(f, err, recorded.Name)
			if list, found := hello.Extension(ExtensionSCT); found {
				f.Add(list)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		timestamps, err := ParseSCTs(data)
		size := 2
		for _, timestamp := range timestamps {
			size += 2 + len(timestamp)
		}
		if err == nil && size != len(data) {
			t.Fatalf("read %d of %d bytes", size, len(data))
		}
	})
}

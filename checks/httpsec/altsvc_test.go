package httpsec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAlternativePort(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]uint16{
		`h3=":443"`:                              443,
		`h3=":8443"; ma=86400`:                   8443,
		`h3-29=":443", h3=":444"; ma=1, h2=":1"`: 444,
		`h2=":443"`:                              0,
		`h3="app.example.com:443"`:               443,
		`h3="other.example.com:443"`:             0,
		`h3="other.example.com:443", h3=":443"`:  443,
		`h3=":0"`:                                0,
		`h3=":70000"`:                            0,
		`h3=443`:                                 0,
		`clear`:                                  0,
		``:                                       0,
		`quic=":443"; v="43"`:                    0,
		`h3="[::1]:443"`:                         0,
	} {
		port, offered := alternativePort([]string{value}, "app.example.com")
		require.Equal(t, want, port, value)
		require.Equal(t, want != 0, offered, value)
	}
}

// The first answers are those of RFC 9460 appendix D, with another ALPN.
func TestServiceOffer(t *testing.T) {
	t.Parallel()
	const own = "\x03app\x07example\x03com\x00"
	for name, test := range map[string]struct {
		data string
		want uint16
	}{
		"own":          {"\x00\x01\x00" + "\x00\x01\x00\x06\x02h3\x02h2", 443},
		"by name":      {"\x00\x01" + own + "\x00\x01\x00\x03\x02h3", 443},
		"port":         {"\x00\x01\x00" + "\x00\x01\x00\x03\x02h3" + "\x00\x03\x00\x02\x20\xfb", 8443},
		"port 0":       {"\x00\x01\x00" + "\x00\x01\x00\x03\x02h3" + "\x00\x03\x00\x02\x00\x00", 0},
		"h2 only":      {"\x00\x01\x00" + "\x00\x01\x00\x03\x02h2", 0},
		"nothing":      {"\x00\x01\x00", 0},
		"other host":   {"\x00\x01" + "\x05other\x07example\x03com\x00" + "\x00\x01\x00\x03\x02h3", 0},
		"alias":        {"\x00\x00" + own + "\x00\x01\x00\x03\x02h3", 0},
		"cut":          {"\x00\x01\x00" + "\x00\x01\x00\x06\x02h3", 0},
		"cut protocol": {"\x00\x01\x00" + "\x00\x01\x00\x02\x02h", 0},
		"empty":        {"", 0},
		"long label":   {"\x00\x01\x40" + own, 0},
	} {
		port, offered := serviceOffer([]byte(test.data), "app.example.com", 443)
		require.Equal(t, test.want != 0, offered, name)
		if offered {
			require.Equal(t, test.want, port, name)
		}
	}
}

func FuzzServiceOffer(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x00\x01\x00\x06\x02h3\x02h2"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if port, offered := serviceOffer(data, "app.example.com", 443); offered && port == 0 {
			t.Error("port 0")
		}
		alternativePort([]string{string(data)}, "app.example.com")
	})
}

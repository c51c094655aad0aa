package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/transcript"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	require.NoError(t, err)
	return raw
}

const (
	thirtyTwo  = "0101010101010101010101010101010101010101010101010101010101010101"
	plainHello = "0303" + thirtyTwo + "00" + "c02f" + "00"
	newHello   = "0303" + thirtyTwo + "20" + thirtyTwo + "1301" + "00" + "0006" + "002b" + "0002" + "0304"
	retryHello = "0303" + "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c" + "00" + "1302" + "00" + "000c" + "002b00020304" + "003300020018"
)

// brief is what tells ServerHellos apart.
type brief struct {
	version, suite uint16
	retry          bool
}

func TestParseServerHello(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want brief
		bad  bool
	}{
		"TLS 1.2 without extensions": {body: plainHello, want: brief{TLS12, 0xC02F, false}},
		"TLS 1.2 with extensions":    {body: plainHello + "0005ff01000100", want: brief{TLS12, 0xC02F, false}},
		"TLS 1.3":                    {body: newHello, want: brief{TLS13, 0x1301, false}},
		"HelloRetryRequest":          {body: retryHello, want: brief{TLS13, 0x1302, true}},
		"SSL 3.0":                    {body: "0300" + thirtyTwo + "00" + "0005" + "00", want: brief{SSL30, 5, false}},
		"empty":                      {bad: true},
		"cut":                        {body: plainHello[:len(plainHello)-2], bad: true},
		"long session":               {body: "0303" + thirtyTwo + "21" + thirtyTwo + "01" + "c02f00", bad: true},
		"bytes after extensions":     {body: newHello + "00", bad: true},
		"a cut extension":            {body: plainHello + "0004" + "002b0002", bad: true},
		"two versions":               {body: plainHello + "0008" + "002b0004" + "03040303", bad: true},
	} {
		hello, err := ParseServerHello(unhex(t, test.body))
		require.Equal(t, test.bad, err != nil, name)
		if err == nil {
			require.Equal(t, test.want, brief{hello.Version, hello.Suite, hello.Retry}, name)
		}
	}
}

func ders(entries []CertificateEntry) [][]byte {
	var list [][]byte
	for _, entry := range entries {
		list = append(list, entry.DER)
	}
	return list
}

func TestParseCertificate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want [][]byte
		bad  bool
	}{
		"two":          {body: "00000a" + "000003" + "aabbcc" + "000001" + "dd", want: [][]byte{{0xAA, 0xBB, 0xCC}, {0xDD}}},
		"none":         {body: "000000"},
		"empty":        {bad: true},
		"an empty one": {body: "000003" + "000000", bad: true},
		"cut":          {body: "00000a" + "000003" + "aabb", bad: true},
		"too much":     {body: "000004" + "000001" + "aa" + "00", bad: true},
	} {
		entries, err := ParseCertificate(unhex(t, test.body), TLS12)
		require.Equal(t, test.bad, err != nil, name)
		if err == nil {
			require.Equal(t, test.want, ders(entries), name)
		}
	}
}

func TestParseSSLv2ServerHello(t *testing.T) {
	t.Parallel()
	good := "04" + "00" + "01" + "0002" + "0002" + "0006" + "0001" + "cafe" + "010080" + "0700c0" + "99"
	answer, err := ParseSSLv2ServerHello(unhex(t, good))
	require.NoError(t, err)
	require.Equal(t, &SSLv2Answer{Specs: []uint32{0x010080, 0x0700C0}, Certificate: []byte{0xCA, 0xFE}, ConnectionID: []byte{0x99}}, answer)
	for name, body := range map[string]string{
		"empty": "", "cut": good[:len(good)-2], "TLS": "04000103030000" + "00000000",
		"another message": "05" + good[2:], "a third of a spec": "04000100020000" + "0002" + "0000" + "0100",
	} {
		_, err := ParseSSLv2ServerHello(unhex(t, body))
		require.Error(t, err, name)
	}
}

func record(kind byte, content string) string {
	return string([]byte{kind, 3, 3, byte(len(content) >> 8), byte(len(content))}) + content
}

func TestReader(t *testing.T) {
	t.Parallel()
	message := "\x02\x00\x00\x05hello" + "\x0b\x00\x00\x02ok"
	var split strings.Builder
	for _, letter := range []byte(message) {
		split.WriteString(record(TypeHandshake, string(letter)))
	}
	warning := record(TypeAlert, "\x01\x70")
	for name, stream := range map[string]string{
		"one record":               record(TypeHandshake, message),
		"a record a byte":          split.String(),
		"after a warning":          warning + record(TypeHandshake, message),
		"with bytes left in front": record(TypeHandshake, message+"\x0e\x00"),
	} {
		for _, source := range []io.Reader{strings.NewReader(stream), iotest.OneByteReader(strings.NewReader(stream))} {
			reader := &Reader{Source: source}
			message, err := reader.Message()
			require.NoError(t, err, name)
			require.Equal(t, Message{Type: TypeServerHello, Body: []byte("hello")}, message, name)
			message, err = reader.Message()
			require.NoError(t, err, name)
			require.Equal(t, Message{Type: TypeCertificate, Body: []byte("ok")}, message, name)
		}
	}
	for name, test := range map[string]struct {
		stream string
		want   error
	}{
		"nothing":               {"", io.EOF},
		"HTTP":                  {"HTTP/1.1 400 Bad Request\r\n", ErrNotTLS},
		"two letters":           {"no", ErrNotTLS},
		"an alert":              {record(TypeAlert, "\x02\x46"), &Alert{2, 70}},
		"close_notify":          {record(TypeAlert, "\x01\x00"), &Alert{1, 0}},
		"warnings without end":  {strings.Repeat(warning, 10), &Alert{1, 0x70}},
		"a record too long":     {"\x16\x03\x03\xff\xff", ErrMalformed},
		"an empty record":       {record(TypeHandshake, ""), ErrMalformed},
		"application data":      {record(23, "x"), ErrMalformed},
		"a cut record":          {record(TypeHandshake, message)[:9], io.ErrUnexpectedEOF},
		"a message of 16 MiB":   {record(TypeHandshake, "\x0b\xff\xff\xff"), ErrTooLarge},
		"records without limit": {strings.Repeat(record(TypeHandshake, "\x0b\x03\xff\xff"+strings.Repeat("x", 16000)), 20), ErrTooLarge},
	} {
		reader := &Reader{Source: strings.NewReader(test.stream)}
		_, err := reader.Message()
		if alert, ok := test.want.(*Alert); ok { //nolint:errorlint // the table's own
			require.Equal(t, alert, err, name)
		} else {
			require.ErrorIs(t, err, test.want, name)
		}
		require.LessOrEqual(t, reader.Received, MaxAnswer, name)
	}
}

func TestSSLv2Record(t *testing.T) {
	t.Parallel()
	read := func(stream string) ([]byte, error) {
		return (&Reader{Source: strings.NewReader(stream)}).SSLv2Record()
	}
	body, err := read("\x80\x03abc")
	require.NoError(t, err)
	require.Equal(t, "abc", string(body))
	_, err = read("\x15\x03\x01\x00\x02\x02\x46")
	require.Equal(t, &Alert{2, 70}, err)
	_, err = read("HTTP/1.1 400")
	require.ErrorIs(t, err, ErrNotTLS)
	_, err = read("\x80\x10abc")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func FuzzParseServerHello(f *testing.F) {
	for _, body := range []string{plainHello, newHello, retryHello} {
		f.Add(unhex(f, body))
	}
	for _, recorded := range transcript.All(f) {
		for _, body := range recorded.Bodies(TypeServerHello) {
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		hello, err := ParseServerHello(body)
		if err == nil && (len(hello.Random) != 32 || len(hello.SessionID) > 32) {
			t.Fatal("a ServerHello with a random or session id of another length")
		}
	})
}

func FuzzParseCertificate(f *testing.F) {
	f.Add(unhex(f, "00000a000003aabbcc000001dd"), false)
	f.Add(unhex(f, "0000000a000003aabbcc00020000"), true)
	for _, recorded := range transcript.All(f) {
		for _, body := range recorded.Bodies(TypeCertificate) {
			f.Add(body, strings.Contains(recorded.Name, "tls13"))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, modern bool) {
		version := TLS12
		if modern {
			version = TLS13
		}
		entries, err := ParseCertificate(body, version)
		if err != nil || modern {
			return
		}
		again := []byte{}
		for _, der := range ders(entries) {
			again = append(append(again, byte(len(der)>>16), byte(len(der)>>8), byte(len(der))), der...)
		}
		if !bytes.Equal(again, body[3:]) {
			t.Fatal("the chain is not what was sent")
		}
	})
}

func FuzzParseSSLv2ServerHello(f *testing.F) {
	f.Add(unhex(f, "04000100020002000600"+"01cafe0100800700c099"))
	for _, recorded := range transcript.All(f) {
		if body, err := (&Reader{Source: bytes.NewReader(recorded.Answer)}).SSLv2Record(); err == nil {
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		answer, err := ParseSSLv2ServerHello(body)
		if err == nil && 11+len(answer.Certificate)+3*len(answer.Specs)+len(answer.ConnectionID) > len(body) {
			t.Fatal("more than was sent")
		}
	})
}

// FuzzServerMessages reads a body as each message that a server sends.
func FuzzServerMessages(f *testing.F) {
	f.Add(unhex(f, "03001d20"+thirtyTwo+"08040004deadbeef"), uint8(KeyExchangeECDHE), false, true)
	f.Add(unhex(f, "00020017"+"000105"+"000200ff"+"08040002dead"), uint8(KeyExchangeDHE), false, true)
	f.Add(unhex(f, "0000012c"+"00000000"+"0101"+"0002beef"+"0008002a000400004000"), uint8(KeyExchangeNone), true, false)
	f.Add(unhex(f, "01000003abcdef"), uint8(KeyExchangePSK), true, false)
	for _, recorded := range transcript.All(f) {
		for _, body := range recorded.Bodies(TypeServerKeyExchange) {
			for kind := range uint8(KeyExchangePSK) {
				f.Add(body, kind+1, false, !strings.Contains(recorded.Name, "anon"))
			}
		}
		for _, kind := range []uint8{TypeNewSessionTicket, TypeCertificateStatus, TypeEncryptedExtensions, TypeCertificateRequest} {
			for _, body := range recorded.Bodies(kind) {
				f.Add(body, uint8(0), false, false)
			}
		}
		for _, body := range recorded.Bodies(TypeServerHello) {
			hello, err := ParseServerHello(body)
			require.NoError(f, err, recorded.Name)
			if alpn, found := hello.Extension(ExtensionALPN); found {
				f.Add(alpn, uint8(0), false, false)
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, kind uint8, psk, signed bool) {
		form := KeyExchangeForm{Kind: KeyExchangeKind(kind % 5), PSK: psk, Signed: signed}
		for _, version := range []uint16{SSL30, TLS12} {
			exchange, err := ParseServerKeyExchange(body, form, version)
			if err == nil && len(exchange.P)+len(exchange.G)+len(exchange.Public)+len(exchange.Signature)+len(exchange.Hint) > len(body) {
				t.Fatal("more than was sent")
			}
		}
		for _, version := range []uint16{TLS12, TLS13} {
			if ticket, err := ParseNewSessionTicket(body, version); err == nil && len(ticket.Ticket)+len(ticket.Nonce) > len(body) {
				t.Fatal("more than was sent")
			}
		}
		_, _ = ParseCertificateStatus(body)
		_, _ = ParseEncryptedExtensions(body)
		_, _ = ParseALPN(body)
	})
}

// FuzzReader reads everything a peer may send, in both framings.
func FuzzReader(f *testing.F) {
	f.Add([]byte(record(TypeHandshake, "\x02\x00\x00\x02ok")))
	f.Add([]byte(record(TypeAlert, "\x02\x46")))
	f.Add([]byte("\x80\x03abc"))
	for _, recorded := range transcript.All(f) {
		f.Add(recorded.Answer)
		f.Add(Records(TypeHandshake, TLS12, recorded.Messages))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		reader := &Reader{Source: bytes.NewReader(stream)}
		var err error
		for messages := 0; err == nil; messages++ {
			if messages > len(stream) {
				t.Fatal("more messages than bytes")
			}
			_, err = reader.Message()
		}
		if reader.Received > len(stream) || errors.Is(err, io.ErrNoProgress) {
			t.Fatal("more than was sent")
		}
		_, _ = (&Reader{Source: bytes.NewReader(stream)}).SSLv2Record()
	})
}

func TestServerName(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"app.test": "app.test", "app.test.": "app.test", "192.0.2.1": "", "2001:db8::1": "", "[2001:db8::1]": "",
		"": "", strings.Repeat("a", 300): "",
	} {
		extension, named := ServerName(host)
		require.Equal(t, want != "", named, host)
		if named {
			require.Equal(t, want, string(extension.Data[5:]), host)
		}
	}
}

// A hello of 256 to 511 bytes is padded to 512, and no other.
func TestPad(t *testing.T) {
	t.Parallel()
	for suites := range 300 {
		hello := ClientHello{Version: TLS12, Suites: make([]uint16, suites+1), Extensions: []Extension{PointFormats()}}
		before, err := hello.Marshal()
		require.NoError(t, err)
		after, err := hello.Pad().Marshal()
		require.NoError(t, err)
		if len(before) < 256 || len(before) >= 512 {
			require.Len(t, after, len(before))
			continue
		}
		require.GreaterOrEqual(t, len(after), 512)
		require.LessOrEqual(t, len(after), 516)
	}
}

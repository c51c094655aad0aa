package tlsprobe

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
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

func TestParseServerHello(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want serverHello
		bad  bool
	}{
		"TLS 1.2 without extensions": {body: plainHello, want: serverHello{version: versionTLS12, suite: 0xC02F}},
		"TLS 1.2 with extensions":    {body: plainHello + "0005ff01000100", want: serverHello{version: versionTLS12, suite: 0xC02F}},
		"TLS 1.3":                    {body: newHello, want: serverHello{version: versionTLS13, suite: 0x1301}},
		"HelloRetryRequest":          {body: retryHello, want: serverHello{version: versionTLS13, suite: 0x1302, retry: true}},
		"SSL 3.0":                    {body: "0300" + thirtyTwo + "00" + "0005" + "00", want: serverHello{version: versionSSL3, suite: 5}},
		"empty":                      {bad: true},
		"cut":                        {body: plainHello[:len(plainHello)-2], bad: true},
		"long session":               {body: "0303" + thirtyTwo + "21" + thirtyTwo + "01" + "c02f00", bad: true},
		"bytes after extensions":     {body: newHello + "00", bad: true},
		"a cut extension":            {body: plainHello + "0004" + "002b0002", bad: true},
		"two versions":               {body: plainHello + "0008" + "002b0004" + "03040303", bad: true},
	} {
		hello, err := parseServerHello(unhex(t, test.body))
		require.Equal(t, test.bad, err != nil, name)
		require.Equal(t, test.want, hello, name)
	}
}

func TestParseCertificates(t *testing.T) {
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
		chain, err := parseCertificates(unhex(t, test.body))
		require.Equal(t, test.bad, err != nil, name)
		require.Equal(t, test.want, chain, name)
	}
}

func TestParseSSLv2ServerHello(t *testing.T) {
	t.Parallel()
	good := "04" + "00" + "01" + "0002" + "0002" + "0006" + "0001" + "cafe" + "010080" + "0700c0" + "99"
	answer, err := parseSSLv2ServerHello(unhex(t, good))
	require.NoError(t, err)
	require.Equal(t, sslv2Answer{specs: []uint32{0x010080, 0x0700C0}, certificate: []byte{0xCA, 0xFE}}, answer)
	for name, body := range map[string]string{
		"empty": "", "cut": good[:len(good)-2], "TLS": "04000103030000" + "00000000",
		"another message": "05" + good[2:], "a third of a spec": "04000100020000" + "0002" + "0000" + "0100",
	} {
		_, err := parseSSLv2ServerHello(unhex(t, body))
		require.Error(t, err, name)
	}
}

func record(kind byte, content string) string {
	return string([]byte{kind, 3, 3, byte(len(content) >> 8), byte(len(content))}) + content
}

func TestAnswerReader(t *testing.T) {
	t.Parallel()
	message := "\x02\x00\x00\x05hello" + "\x0b\x00\x00\x02ok"
	var split strings.Builder
	for _, letter := range []byte(message) {
		split.WriteString(record(recordHandshake, string(letter)))
	}
	warning := record(recordAlert, "\x01\x70")
	for name, stream := range map[string]string{
		"one record":               record(recordHandshake, message),
		"a record a byte":          split.String(),
		"after a warning":          warning + record(recordHandshake, message),
		"with bytes left in front": record(recordHandshake, message+"\x0e\x00"),
	} {
		for _, source := range []io.Reader{strings.NewReader(stream), iotest.OneByteReader(strings.NewReader(stream))} {
			reader := &answerReader{source: source}
			kind, body, err := reader.next()
			require.NoError(t, err, name)
			require.Equal(t, "hello", string(body), name)
			require.Equal(t, uint8(typeServerHello), kind)
			kind, body, err = reader.next()
			require.NoError(t, err, name)
			require.Equal(t, "ok", string(body), name)
			require.Equal(t, uint8(typeCertificate), kind)
		}
	}
	for name, test := range map[string]struct {
		stream string
		want   error
	}{
		"nothing":               {"", io.EOF},
		"HTTP":                  {"HTTP/1.1 400 Bad Request\r\n", errNotTLS},
		"two letters":           {"no", errNotTLS},
		"an alert":              {record(recordAlert, "\x02\x46"), alertError{2, 70}},
		"close_notify":          {record(recordAlert, "\x01\x00"), alertError{1, 0}},
		"warnings without end":  {strings.Repeat(warning, 10), alertError{1, 0x70}},
		"a record too long":     {"\x16\x03\x03\xff\xff", errMalformed},
		"an empty record":       {record(recordHandshake, ""), errMalformed},
		"application data":      {record(23, "x"), errMalformed},
		"a cut record":          {record(recordHandshake, message)[:9], io.ErrUnexpectedEOF},
		"a message of 16 MiB":   {record(recordHandshake, "\x0b\xff\xff\xff"), errTooLarge},
		"records without limit": {strings.Repeat(record(recordHandshake, "\x0b\x03\xff\xff"+strings.Repeat("x", 16000)), 20), errTooLarge},
	} {
		reader := &answerReader{source: strings.NewReader(test.stream)}
		_, _, err := reader.next()
		require.ErrorIs(t, err, test.want, name)
		require.LessOrEqual(t, reader.received, maxAnswer, name)
	}
}

func TestSSLv2Record(t *testing.T) {
	t.Parallel()
	read := func(stream string) ([]byte, error) {
		return (&answerReader{source: strings.NewReader(stream)}).sslv2Record()
	}
	body, err := read("\x80\x03abc")
	require.NoError(t, err)
	require.Equal(t, "abc", string(body))
	_, err = read("\x15\x03\x01\x00\x02\x02\x46")
	require.ErrorIs(t, err, alertError{2, 70})
	_, err = read("HTTP/1.1 400")
	require.ErrorIs(t, err, errNotTLS)
	_, err = read("\x80\x10abc")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func FuzzServerHello(f *testing.F) {
	for _, body := range []string{plainHello, newHello, retryHello} {
		f.Add(unhex(f, body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if hello, err := parseServerHello(body); err != nil && hello != (serverHello{}) {
			t.Fatal("a malformed ServerHello says something")
		}
	})
}

func FuzzCertificates(f *testing.F) {
	f.Add(unhex(f, "00000a000003aabbcc000001dd"))
	f.Fuzz(func(t *testing.T, body []byte) {
		chain, err := parseCertificates(body)
		if err != nil {
			return
		}
		again := []byte{}
		for _, der := range chain {
			again = append(append(again, byte(len(der)>>16), byte(len(der)>>8), byte(len(der))), der...)
		}
		if !bytes.Equal(again, body[3:]) {
			t.Fatal("the chain is not what was sent")
		}
	})
}

func FuzzSSLv2ServerHello(f *testing.F) {
	f.Add(unhex(f, "04000100020002000600"+"01cafe0100800700c099"))
	f.Fuzz(func(t *testing.T, body []byte) {
		answer, err := parseSSLv2ServerHello(body)
		if err == nil && 11+len(answer.certificate)+3*len(answer.specs) > len(body) {
			t.Fatal("more than was sent")
		}
	})
}

// FuzzAnswer reads everything a peer may send, in both framings.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(record(recordHandshake, "\x02\x00\x00\x02ok")))
	f.Add([]byte(record(recordAlert, "\x02\x46")))
	f.Add([]byte("\x80\x03abc"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		reader := &answerReader{source: bytes.NewReader(stream)}
		var err error
		for messages := 0; err == nil; messages++ {
			if messages > len(stream) {
				t.Fatal("more messages than bytes")
			}
			_, _, err = reader.next()
		}
		if reader.received > len(stream) || errors.Is(err, io.ErrNoProgress) {
			t.Fatal("more than was sent")
		}
		_ = readTLS(t.Context(), &answerReader{source: bytes.NewReader(stream)}, "TLSv1.2")
		_ = readSSLv2(t.Context(), &answerReader{source: bytes.NewReader(stream)})
	})
}

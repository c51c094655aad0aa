package httpsec

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func coded(t testing.TB, coding, text string) string {
	t.Helper()
	var b bytes.Buffer
	writer := map[string]func() io.WriteCloser{
		"gzip":    func() io.WriteCloser { return gzip.NewWriter(&b) },
		"deflate": func() io.WriteCloser { return zlib.NewWriter(&b) },
		"bare":    func() io.WriteCloser { w, _ := flate.NewWriter(&b, 9); return w },
		"br":      func() io.WriteCloser { return brotli.NewWriter(&b) },
	}[coding]()
	_, err := io.WriteString(writer, text)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return b.String()
}

func chunked(text string) string {
	return strconv.FormatInt(int64(len(text)), 16) + "\r\n" + text + "\r\n0\r\n\r\n"
}

type fieldLines = map[string][]string

func TestReadBody(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxBodyBytes)
	bomb := coded(t, "gzip", strings.Repeat("\x00", 8<<20))
	for name, test := range map[string]struct {
		status int
		fields fieldLines
		sent   string
		want   body
	}{
		"length":             {200, fieldLines{"content-length": {"5"}}, "hello", body{bytes: []byte("hello"), ended: true}},
		"no content":         {204, fieldLines{"content-length": {"5"}}, "", body{ended: true}},
		"not modified":       {304, nil, "", body{ended: true}},
		"length 0":           {200, fieldLines{"content-length": {"0"}}, "", body{bytes: []byte{}, ended: true}},
		"same lengths":       {200, fieldLines{"content-length": {"5, 5", "5"}}, "hello", body{bytes: []byte("hello"), ended: true}},
		"two lengths":        {200, fieldLines{"content-length": {"5", "6"}}, "hello!", body{reason: checks.ReasonMalformed}},
		"no length":          {200, fieldLines{"content-length": {"five"}}, "hello", body{bytes: []byte("hello")}},
		"short":              {200, fieldLines{"content-length": {"10"}}, "hello", body{bytes: []byte("hello"), truncated: true}},
		"10 GB":              {200, fieldLines{"content-length": {"10737418240"}}, long + "more", body{bytes: []byte(long), truncated: true}},
		"exactly the limit":  {200, fieldLines{"content-length": {strconv.Itoa(maxBodyBytes)}}, long, body{bytes: []byte(long), ended: true}},
		"to the end":         {200, nil, "hello", body{bytes: []byte("hello")}},
		"chunked":            {200, fieldLines{"transfer-encoding": {"chunked"}, "content-length": {"1"}}, chunked("hello"), body{bytes: []byte("hello"), ended: true}},
		"Chunked":            {200, fieldLines{"transfer-encoding": {"gzip , Chunked"}}, chunked("hello"), body{bytes: []byte("hello"), ended: true}},
		"trailers":           {200, fieldLines{"transfer-encoding": {"chunked"}}, "1\r\nx\r\n0\r\nA: b\r\n\r\n", body{bytes: []byte("x"), ended: true}},
		"endless trailers":   {200, fieldLines{"transfer-encoding": {"chunked"}}, "1\r\nx\r\n0\r\n" + strings.Repeat("A: b\r\n", maxTrailerBytes), body{bytes: []byte("x"), truncated: true}},
		"cut chunk":          {200, fieldLines{"transfer-encoding": {"chunked"}}, "5\r\nhel", body{bytes: []byte("hel"), truncated: true}},
		"not chunked":        {200, fieldLines{"transfer-encoding": {"chunked, gzip"}}, "hello", body{bytes: []byte("hello")}},
		"gzip":               {200, fieldLines{"content-encoding": {"gzip"}}, coded(t, "gzip", "hello"), body{bytes: []byte("hello")}},
		"deflate":            {200, fieldLines{"content-encoding": {"deflate"}}, coded(t, "deflate", "hello"), body{bytes: []byte("hello")}},
		"bare deflate":       {200, fieldLines{"content-encoding": {"deflate"}}, coded(t, "bare", "hello"), body{bytes: []byte("hello")}},
		"brotli":             {200, fieldLines{"content-encoding": {"br"}, "transfer-encoding": {"chunked"}}, chunked(coded(t, "br", "hello")), body{bytes: []byte("hello"), ended: true}},
		"both":               {200, fieldLines{"content-encoding": {"gzip", "br"}}, coded(t, "br", coded(t, "gzip", "hello")), body{bytes: []byte("hello")}},
		"three codings":      {200, fieldLines{"content-encoding": {"gzip, gzip, gzip"}}, "", body{reason: checks.ReasonMalformed}},
		"zstd":               {200, fieldLines{"content-encoding": {"zstd"}}, "(\xb5/\xfd", body{reason: checks.ReasonMalformed}},
		"made-up coding":     {200, fieldLines{"content-encoding": {"utf-8"}}, "hello", body{bytes: []byte("hello")}},
		"gzip that is none":  {200, fieldLines{"content-encoding": {"gzip"}}, "hello hello hello", body{reason: checks.ReasonMalformed}},
		"long and no gzip":   {200, fieldLines{"content-encoding": {"gzip"}}, long, body{reason: checks.ReasonMalformed}},
		"cut gzip":           {200, fieldLines{"content-encoding": {"gzip"}, "content-length": {"100"}}, coded(t, "gzip", "hello")[:14], body{bytes: []byte("hel"), truncated: true}},
		"gzip of nothing":    {200, fieldLines{"content-encoding": {"gzip"}}, "", body{bytes: []byte{}}},
		"gzip bomb":          {200, fieldLines{"content-encoding": {"gzip"}, "content-length": {strconv.Itoa(len(bomb))}}, bomb, body{bytes: make([]byte, maxBodyBytes), truncated: true}},
		"bomb in a bomb":     {200, fieldLines{"content-encoding": {"gzip, gzip"}}, coded(t, "gzip", bomb), body{bytes: make([]byte, maxBodyBytes), truncated: true}},
		"incompressible":     {200, fieldLines{"content-length": {"10737418240"}, "content-encoding": {"br"}}, coded(t, "br", "hello"), body{bytes: []byte("hello"), truncated: true}},
		"chunk extensions":   {200, fieldLines{"transfer-encoding": {"chunked"}}, strings.Repeat("1;"+strings.Repeat("e", 4000)+"\r\nx\r\n", 400), body{reason: checks.ReasonMalformed}},
		"endless small ones": {200, fieldLines{"transfer-encoding": {"chunked"}}, strings.Repeat("1\r\nx\r\n", maxTransferBytes), body{bytes: bytes.Repeat([]byte("x"), maxTransferBytes/6), truncated: true}},
	} {
		got, err := readBody(bufio.NewReader(strings.NewReader(test.sent)), head{status: test.status, fields: test.fields})
		if test.want.reason != "" && err != nil { // whoever asked gives the reason of an error
			require.Equal(t, test.want.reason, reasonOf(t.Context(), err), name)
			continue
		}
		require.NoError(t, err, name)
		test.want.read = true
		if name == "endless small ones" { // the limit may fall within a chunk
			require.InDelta(t, len(test.want.bytes), len(got.bytes), 2)
			got.bytes = test.want.bytes
		}
		require.Equal(t, string(test.want.bytes), string(got.bytes), name)
		got.bytes, test.want.bytes = nil, nil
		require.Equal(t, test.want, got, name)
	}
}

// What a connection that fails has brought is no content.
func TestReadBodyOverAFailingConnection(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string]fieldLines{
		"length": {"content-length": {"10"}}, "chunked": {"transfer-encoding": {"chunked"}}, "end": nil, "gzip": {"content-encoding": {"gzip"}},
	} {
		sent := "5\r\nhello\r\n"
		if name == "gzip" {
			sent = coded(t, "gzip", "hello")[:8]
		}
		reader := bufio.NewReader(io.MultiReader(strings.NewReader(sent), iotest.ErrReader(syscall.ECONNRESET)))
		if name == "length" {
			reader = bufio.NewReader(io.MultiReader(strings.NewReader("5"), iotest.ErrReader(syscall.ECONNRESET)))
		}
		got, err := readBody(reader, head{status: 200, fields: fields})
		require.Equal(t, body{read: true}, got, name)
		require.Equal(t, checks.ReasonReset, reasonOf(t.Context(), err), name)
	}
}

func FuzzReadBody(f *testing.F) {
	f.Add("chunked", "", "", chunked("hello"))
	f.Add("", "5", "gzip", coded(f, "gzip", "hello"))
	f.Add("", "", "br, deflate", coded(f, "deflate", coded(f, "br", "hello")))
	f.Add("chunked", "", "br", "5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n")
	f.Fuzz(func(t *testing.T, transfer, length, coding, sent string) {
		fields := fieldLines{}
		for name, value := range map[string]string{"transfer-encoding": transfer, "content-length": length, "content-encoding": coding} {
			if value != "" {
				fields[name] = []string{value}
			}
		}
		got, err := readBody(bufio.NewReader(strings.NewReader(sent)), head{status: 200, fields: fields})
		if len(got.bytes) > maxBodyBytes || got.ended && got.truncated || got.reason != "" && got.bytes != nil {
			t.Errorf("%d bytes, ended %t, truncated %t, %s", len(got.bytes), got.ended, got.truncated, got.reason)
		}
		if err != nil && reasonOf(t.Context(), err) == "" {
			t.Errorf("no reason for %v", err)
		}
	})
}

package content

import (
	"bytes"
	"encoding/binary"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
)

// form is how a body is read.
type form int

const (
	other  form = iota // not text: nothing is read in it
	markup             // HTML and XHTML
	jsonText
	xmlText
	plainText
)

// mediaType returns the media type of the first Content-Type value, in lower
// case and without parameters (RFC 9110 section 8.3.1).
func mediaType(values []string) string {
	if len(values) == 0 {
		return ""
	}
	media, _, _ := strings.Cut(values[0], ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// formOf says how to read a body of a media type. Without one it looks at the
// body, as browsers do (MIME Sniffing section 7.1).
func formOf(media string, body []byte) form {
	switch {
	case media == "text/html", media == "application/xhtml+xml":
		return markup
	case media == "application/json", media == "text/json", strings.HasSuffix(media, "+json"), media == "application/x-ndjson":
		return jsonText
	case media == "application/xml", media == "text/xml", strings.HasSuffix(media, "+xml"):
		return xmlText
	case strings.HasPrefix(media, "text/"), media == "application/javascript":
		return plainText
	case media != "":
		return other
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case bytes.HasPrefix(start, []byte("<?xml")):
		return xmlText
	case bytes.HasPrefix(start, []byte("<")), wideASCII(body) != nil:
		return markup
	case bytes.HasPrefix(start, []byte("{")), bytes.HasPrefix(start, []byte("[")):
		return jsonText
	case bytes.IndexByte(body, 0) >= 0:
		return other
	}
	return plainText
}

// decode returns body as UTF-8: by byte order mark, then the charset of
// contentType, then the meta element (Encoding and HTML standards). Text that
// is valid UTF-8 and does not say otherwise is UTF-8; anything else is
// windows-1252. UTF-16 is recognized without a mark too.
func decode(f form, body []byte, contentType []string) string {
	if order := wideASCII(body); order != nil {
		return decodeWide(body, order)
	}
	if f == jsonText { // RFC 8259 section 8.1
		return clean(string(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	}
	declared := ""
	if len(contentType) > 0 {
		declared = parsable(contentType[0])
	}
	encoding, name, certain := charset.DetermineEncoding(body[:min(len(body), 1024)], declared)
	if name == "utf-8" || !certain && utf8.Valid(trimRune(body)) {
		return clean(string(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	}
	decoded, err := encoding.NewDecoder().Bytes(body)
	if err != nil {
		return clean(string(body))
	}
	return clean(string(decoded))
}

// parsable returns a Content-Type whose charset can be read, although servers
// write other parameters that cannot.
func parsable(contentType string) string {
	if _, _, err := mime.ParseMediaType(contentType); err == nil {
		return contentType
	}
	lower := strings.ToLower(contentType)
	_, rest, found := strings.Cut(lower, "charset=")
	if !found {
		return ""
	}
	name := strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(`;, "'`, r) })
	if len(name) == 0 {
		return ""
	}
	return "text/html; charset=" + name[0]
}

// wideASCII returns the byte order of text that is UTF-16, by its mark or by
// the zero bytes in its first characters; nil if it is not.
func wideASCII(body []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		return binary.LittleEndian
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		return binary.BigEndian
	case len(body) < 8:
		return nil
	}
	even, odd := 0, 0
	for i := range 4 {
		if body[2*i] == 0 {
			even++
		}
		if body[2*i+1] == 0 {
			odd++
		}
	}
	switch {
	case even == 0 && odd == 4:
		return binary.LittleEndian
	case even == 4 && odd == 0:
		return binary.BigEndian
	}
	return nil
}

func decodeWide(body []byte, order binary.ByteOrder) string {
	endianness := unicode.LittleEndian
	if order == binary.ByteOrder(binary.BigEndian) {
		endianness = unicode.BigEndian
	}
	decoded, err := unicode.UTF16(endianness, unicode.UseBOM).NewDecoder().Bytes(body)
	if err != nil {
		return clean(string(body))
	}
	return clean(string(decoded))
}

// trimRune cuts a character that the limit of bytes cut in two.
func trimRune(body []byte) []byte {
	for i := 1; i <= min(utf8.UTFMax, len(body)); i++ {
		if at := len(body) - i; utf8.RuneStart(body[at]) {
			if !utf8.FullRune(body[at:]) {
				return body[:at]
			}
			return body
		}
	}
	return body
}

func clean(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	return strings.ReplaceAll(text, "\r\n", "\n")
}

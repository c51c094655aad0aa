package monitor_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// What servers write is hostile: whatever it is, a change can be stored and
// shown, and no comparison fails.
func FuzzCompare(f *testing.F) {
	f.Add(whole().leaf.DER, "session", "default-src 'self'", "https://app.example/cb", "app.example")
	f.Add([]byte{0x30, 0x80}, "a\x00b", "\u202escript-src ;;,,\xff", "https://app.example/\n", "")
	f.Add([]byte(nil), "", strings.Repeat("a ", 5000), "://", strings.Repeat("x", 5000))
	f.Fuzz(func(t *testing.T, der []byte, name, value, address, host string) {
		before, after := lookAt(t, whole().leaf, whole().intermediate), lookAt(t, whole().leaf, whole().intermediate)
		after.leaf(checks.NewCertificate(der))
		after.o.DNS.Host = checks.Clean(host, 255) // a host is checked before it is looked at
		after.r.Cookies = []checks.Cookie{{Name: name, Domain: host, SameSite: value}}
		after.r.HSTS = checks.KnownFact([]string{value, name})
		after.r.Server = name
		for field := range after.r.Fields {
			after.r.Fields[field] = []string{value, name}
		}
		after.r.Content.Value.MediaType = value
		after.r.Content.Value.Mixed = []checks.MixedContent{{Origin: address}}
		after.h.Hops = append(after.h.Hops, checks.Hop{URL: address, SameSite: true, Answer: after.h.Hops[0].Answer})
		after.h.SignIn.Value.Scope = value
		after.o.Records.Aliases.Value = []string{name}
		after.o.Records.CAA.Value.Records = []checks.CAARecord{{Tag: "issue", Value: value}}
		for _, change := range append(monitor.Compare(*before.s, *after.s), monitor.Compare(*after.s, *before.s)...) {
			for _, text := range []string{change.Subject, change.Before, change.After, change.Sentence} {
				readable(t, text)
			}
		}
		for _, sentence := range monitor.Diff(*before.s, *after.s).Sentences {
			readable(t, sentence)
		}
	})
}

func readable(t *testing.T, text string) {
	t.Helper()
	control := strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
	if !utf8.ValidString(text) || control || len(text) > 8192 {
		t.Fatalf("%d bytes that people cannot read: %.200q", len(text), text)
	}
}

package httpsec_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/httpsec"
)

func TestParseCookieDate(t *testing.T) {
	t.Parallel()
	day := time.Date(2015, 10, 21, 7, 28, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"Wed, 21 Oct 2015 07:28:00 GMT":      day,
		"Wednesday, 21-Oct-15 07:28:00 GMT":  day,
		"Wed Oct 21 07:28:00 2015":           day,
		"2015 Oct 21 07:28:00":               day,
		"07:28:00 2015 21 Oct":               day,
		"07:28:00 21 2015 Oct":               day,
		"21 Oct 2015 07:28:00junk":           day,
		"21Oct 2015x 07:28:00.5 Oct":         day,
		"21\x80x Oct\xff 2015\xfe 07:28:00é": day,
		"21 Oct 2015 7:28:0":                 day,
		"21 Oct 2015 07:28:00:99":            day,
		"21 7:28:00 oct 15":                  day,
		"31 Dec 9999 23:59:59":               time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		"1 Jan 1601 00:00:00":                time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC),
		"1 Jan 00 00:00:00":                  time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		"29 Feb 2000 00:00:00":               time.Date(2000, 2, 29, 0, 0, 0, 0, time.UTC),
		"29 Feb 1900 00:00:00":               {},
		"21 Oct 2015 07:28":                  {},
		"21 Oct 2015 07:28:":                 {},
		"21 Oct 2015 :07:28:00":              {},
		"21 Oct 2015 07:028:00":              {},
		"21 Oct 2015 07:28:000":              {},
		"021 Oct 2015 07:28:00":              {},
		"":                                   {},
	} {
		got, ok := httpsec.ParseCookieDate(text)
		require.Equal(t, !want.IsZero(), ok, "%q", text)
		if ok {
			require.Equal(t, want, got, "%q", text)
		}
	}
}

func FuzzParseCookieDate(f *testing.F) {
	f.Add("Wed, 21 Oct 2015 07:28:00 GMT")
	f.Add("Wednesday, 21-Oct-15 07:28:00 GMT")
	f.Add("29 feb 96 1:2:3x\xff\x00")
	f.Fuzz(func(t *testing.T, text string) {
		date, ok := httpsec.ParseCookieDate(text)
		if !ok {
			return
		}
		if date.Year() < 1601 || date.Year() > 9999 {
			t.Errorf("%q is %s", text, date)
		}
		again, ok := httpsec.ParseCookieDate(date.Format(time.RFC1123))
		if !ok || !again.Equal(date) {
			t.Errorf("%q is %s, and that is %s", text, date, again)
		}
		if other, ok := httpsec.ParseCookieDate("\t;" + text + " ~"); !ok || !other.Equal(date) {
			t.Errorf("%q with separators around is %s", text, other)
		}
	})
}

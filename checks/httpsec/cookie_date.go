package httpsec

import (
	"strings"
	"time"
)

// parseCookieDate is the algorithm of RFC 6265bis section 5.1.1: the first
// token that looks like a time, a day of month, a month and a year counts, in
// any order and between any separators.
func parseCookieDate(text string) (time.Time, bool) {
	var date cookieDate
	for token := range strings.FieldsFuncSeq(text, isDateDelimiter) {
		date.take(token)
	}
	return date.time()
}

// isDateDelimiter is the rule 'delimiter'. Bytes of no UTF-8 are none, and come
// here as U+FFFD.
func isDateDelimiter(r rune) bool {
	return r == 0x09 || r >= 0x20 && r <= 0x2f || r >= 0x3b && r <= 0x40 || r >= 0x5b && r <= 0x60 || r >= 0x7b && r <= 0x7e
}

// cookieDate is what was found so far.
type cookieDate struct {
	hasTime, hasDay, hasMonth, hasYear bool
	hour, minute, second               int
	day, month, year                   int
}

// take is step 2: the first thing that token can be, and that is still missing.
func (d *cookieDate) take(token string) {
	if !d.hasTime {
		if d.hour, d.minute, d.second, d.hasTime = timeOfDay(token); d.hasTime {
			return
		}
	}
	if !d.hasDay {
		if d.day, d.hasDay = leadingNumber(token, 1, 2); d.hasDay {
			return
		}
	}
	if !d.hasMonth {
		if d.month, d.hasMonth = monthOf(token); d.hasMonth {
			return
		}
	}
	if !d.hasYear {
		d.year, d.hasYear = leadingNumber(token, 2, 4)
	}
}

// time is steps 3 to 7. A day that its month does not have is no date.
func (d *cookieDate) time() (time.Time, bool) {
	if !d.hasTime || !d.hasDay || !d.hasMonth || !d.hasYear {
		return time.Time{}, false
	}
	year := d.year
	switch {
	case year >= 70 && year <= 99:
		year += 1900
	case year <= 69:
		year += 2000
	}
	if d.day < 1 || d.day > 31 || year < 1601 || d.hour > 23 || d.minute > 59 || d.second > 59 {
		return time.Time{}, false
	}
	date := time.Date(year, time.Month(d.month), d.day, d.hour, d.minute, d.second, 0, time.UTC)
	return date, date.Day() == d.day
}

// timeOfDay is the rule 'time': three fields of one or two digits between
// colons, and anything behind them that does not start with a digit.
func timeOfDay(token string) (hour, minute, second int, ok bool) {
	first, rest, _ := strings.Cut(token, ":")
	middle, last, found := strings.Cut(rest, ":")
	if !found || len(first) > 2 || len(middle) > 2 || !allDigits(first) || !allDigits(middle) {
		return 0, 0, 0, false
	}
	if second, ok = leadingNumber(last, 1, 2); !ok {
		return 0, 0, 0, false
	}
	hour, _ = leadingNumber(first, 1, 2)
	minute, _ = leadingNumber(middle, 1, 2)
	return hour, minute, second, true
}

func allDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// leadingNumber reads the digits that text starts with, if there are at least
// least and at most most of them.
func leadingNumber(text string, least, most int) (int, bool) {
	number, digits := 0, 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		if digits == most {
			return 0, false
		}
		number = number*10 + int(text[digits]-'0')
		digits++
	}
	return number, digits >= least
}

// monthOf is the rule 'month': the first three letters, in any case, and
// anything behind them.
func monthOf(token string) (int, bool) {
	if len(token) < 3 {
		return 0, false
	}
	for month := time.January; month <= time.December; month++ {
		if strings.EqualFold(token[:3], month.String()[:3]) {
			return int(month), true
		}
	}
	return 0, false
}

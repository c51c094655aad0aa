package httpsec_test

func dateCases() []setCookieCase {
	return []setCookieCase{
		{name: "as HTTP writes it (attributes/expires.html)", line: "sid=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT", want: "sid deleted"},
		{name: "in 30 days", line: "sid=1; Expires={+30d}", want: "sid persistent"},
		{name: "in 399 days", line: "sid=1; Expires={+399d}", want: "sid persistent"},
		{name: "in 400 days, as far as clocks agree", line: "sid=1; Expires={+400d}", want: "sid persistent"},
		{name: "in 401 days", line: "sid=1; Expires={+401d}", want: "sid over_400_days"},
		{name: "as far as it goes", line: "sid=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT", want: "sid over_400_days"},
		{name: "the epoch", line: "sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", want: "sid deleted"},
		{name: "RFC 850 with two digits", line: "sid=1; Expires=Wednesday, 21-Oct-15 07:28:00 GMT", want: "sid deleted"},
		{name: "two digits, 69 is 2069", line: "sid=1; Expires=Mon, 21 Oct 69 07:28:00 GMT", want: "sid over_400_days"},
		{name: "two digits, 70 is 1970", line: "sid=1; Expires=Wed, 21 Oct 70 07:28:00 GMT", want: "sid deleted"},
		{name: "two digits, 99 is 1999", line: "sid=1; Expires=Thu, 21 Oct 99 07:28:00 GMT", want: "sid deleted"},
		{name: "as asctime writes it", line: "sid=1; Expires=Wed Oct 21 07:28:00 2099", want: "sid over_400_days"},
		{name: "time first", line: "sid=1; Expires=07:28:00 21 Oct 2099", want: "sid over_400_days"},
		{name: "month first", line: "sid=1; Expires=Oct 21 2099 07:28:00", want: "sid over_400_days"},
		{name: "odd separators", line: "sid=1; Expires=21/Oct\"2099!07:28:00", want: "sid over_400_days"},
		{name: "the month in full", line: "sid=1; Expires=21 october 2099 07:28:00", want: "sid over_400_days"},
		{name: "letters behind the month", line: "sid=1; Expires=21 octopus 2099 07:28:00", want: "sid over_400_days"},
		{name: "the month in capitals", line: "sid=1; Expires=21 OCT 2099 07:28:00", want: "sid over_400_days"},
		{name: "fields of one digit", line: "sid=1; Expires=1 Oct 2099 7:2:0", want: "sid over_400_days"},
		{
			name: "letters behind the time", line: "sid=1; Expires=21 Oct 2099 07:28:00Z", want: "sid over_400_days",
			chromium: "reads no date with letters behind its time", kept: "sid app.example.com /",
		},
		{name: "another time zone counts for nothing", line: "sid=1; Expires=21 Oct 2099 07:28:00 +0200", want: "sid over_400_days"},
		{
			name: "letters behind the day", line: "sid=1; Expires=21st Oct 2099 07:28:00", want: "sid over_400_days",
			chromium: "reads no day with letters behind it", kept: "sid app.example.com /",
		},
		{name: "the first day and time count", line: "sid=1; Expires=21 Oct 2099 07:28:00 22 08:00:00", want: "sid over_400_days"},
		{name: "a leap day", line: "sid=1; Expires=29 Feb 2096 00:00:00", want: "sid over_400_days"},
		{name: "the year 1601", line: "sid=1; Expires=01 Jan 1601 00:00:00", want: "sid deleted"},
		{name: "in another case of Expires", line: "sid=1; eXPIRES=21 Oct 2015 07:28:00 GMT", want: "sid deleted"},
	}
}

func dateFaultCases() []setCookieCase {
	return []setCookieCase{
		{name: "empty", line: "sid=1; Expires=", want: "sid"},
		{name: "without a value", line: "sid=1; Expires", want: "sid"},
		{name: "words", line: "sid=1; Expires=never", want: "sid"},
		{name: "a number", line: "sid=1; Expires=0", want: "sid"},
		{name: "minus one, as ASP writes", line: "sid=1; Expires=-1", want: "sid"},
		{name: "seconds since the epoch", line: "sid=1; Expires=1445412480", want: "sid"},
		{name: "ISO 8601", line: "sid=1; Expires=2099-10-21T07:28:00Z", want: "sid"},
		{name: "a time alone", line: "sid=1; Expires=07:28:00", want: "sid"},
		{name: "no time", line: "sid=1; Expires=Wed, 21 Oct 2015", want: "sid"},
		{name: "no year", line: "sid=1; Expires=21 Oct 07:28:00", want: "sid"},
		{name: "no month", line: "sid=1; Expires=21 10 2015 07:28:00", want: "sid"},
		{name: "no seconds", line: "sid=1; Expires=21 Oct 2015 07:28", want: "sid"},
		{name: "hour 24", line: "sid=1; Expires=21 Oct 2015 24:00:00", want: "sid"},
		{name: "minute 60", line: "sid=1; Expires=21 Oct 2015 07:60:00", want: "sid"},
		{name: "a leap second", line: "sid=1; Expires=31 Dec 2016 23:59:60", want: "sid"},
		{
			name: "three digits in an hour", line: "sid=1; Expires=21 Oct 2015 007:28:00", want: "sid",
			chromium: "reads the hour all the same", kept: "",
		},
		{name: "day 0", line: "sid=1; Expires=00 Oct 2015 07:28:00", want: "sid"},
		{name: "day 32", line: "sid=1; Expires=32 Oct 2015 07:28:00", want: "sid"},
		{name: "a day that the month does not have", line: "sid=1; Expires=31 Apr 2015 07:28:00", want: "sid"},
		{name: "no leap year", line: "sid=1; Expires=29 Feb 2015 07:28:00", want: "sid"},
		{
			name: "the year 1600", line: "sid=1; Expires=21 Oct 1600 07:28:00", want: "sid",
			chromium: "takes it for the earliest date that it knows", kept: "",
		},
		{
			name: "five digits in a year", line: "sid=1; Expires=21 Oct 20150 07:28:00", want: "sid",
			chromium: "reads years of five digits", kept: "sid app.example.com / persistent",
		},
		{
			name: "three digits in a year", line: "sid=1; Expires=21 Oct 201 07:28:00", want: "sid",
			chromium: "takes the year 201 for the earliest date that it knows", kept: "",
		},
		{name: "an unknown month", line: "sid=1; Expires=21 Okt 2015 07:28:00", want: "sid"},
	}
}

func maxAgeCases() []setCookieCase {
	return []setCookieCase{
		{name: "a minute (attributes/max-age.html)", line: "sid=1; Max-Age=60", want: "sid persistent"},
		{name: "zero", line: "sid=1; Max-Age=0", want: "sid deleted"},
		{name: "negative", line: "sid=1; Max-Age=-1", want: "sid deleted"},
		{name: "negative, and long", line: "sid=1; Max-Age=-99999999999999999999", want: "sid deleted"},
		{name: "minus zero", line: "sid=1; Max-Age=-0", want: "sid deleted"},
		{name: "400 days", line: "sid=1; Max-Age=34560000", want: "sid persistent"},
		{name: "a second more", line: "sid=1; Max-Age=34560001", want: "sid over_400_days"},
		{name: "more than fits 64 bits", line: "sid=1; Max-Age=99999999999999999999999999", want: "sid over_400_days"},
		{name: "zeros first", line: "sid=1; Max-Age=00060", want: "sid persistent"},
		{
			name: "a plus", line: "sid=1; Max-Age=+60", want: "sid",
			chromium: "reads a plus; the draft and Firefox do not", kept: "sid app.example.com / persistent",
		},
		{name: "a fraction", line: "sid=1; Max-Age=60.5", want: "sid"},
		{name: "a unit", line: "sid=1; Max-Age=60s", want: "sid"},
		{name: "hexadecimal", line: "sid=1; Max-Age=0x3c", want: "sid"},
		{name: "empty", line: "sid=1; Max-Age=", want: "sid"},
		{name: "without a value", line: "sid=1; Max-Age", want: "sid"},
		{name: "a minus alone", line: "sid=1; Max-Age=-", want: "sid"},
		{name: "words", line: "sid=1; Max-Age=forever", want: "sid"},
		{name: "white space around", line: "sid=1; Max-Age = 60 ", want: "sid persistent"},
		{name: "beats Expires before it", line: "sid=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Max-Age=60", want: "sid persistent"},
		{name: "beats Expires behind it", line: "sid=1; Max-Age=0; Expires=Fri, 31 Dec 9999 23:59:59 GMT", want: "sid deleted"},
		{name: "leaves it to Expires where it cannot be read", line: "sid=1; Max-Age=soon; Expires=Wed, 21 Oct 2015 07:28:00 GMT", want: "sid deleted"},
		{name: "digits of another script", line: "sid=1; Max-Age=\u0666\u0660", want: "sid"},
	}
}

package certificates

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// eraCase is a certificate that is issued on a day at midnight until end, both
// of which it includes, and judged the day after it was issued. It has
// timestamps enough for every policy there was.
func eraCase(name, why string, issued, end time.Time, answers ...checks.Question) Case {
	return Case{
		Name: name, Why: why, At: issued.Add(day),
		Make: func(m *Maker) Served {
			return Served{Issued: m.leafOf(func(l *leaf) {
				l.issuer, l.NotBefore, l.NotAfter = m.OldIssuer, issued, end.Add(-time.Second)
				l.OCSP = []string{l.issuer.Services.OCSPURL()} // as section 7.1.2.3 wanted until 2024
				l.logs = []*Log{m.Logs.A1, m.Logs.B, m.Logs.C, m.Logs.D, m.Logs.E}
			})}
		},
		Want: Want{Yes: answers},
	}
}

func on(year int, month time.Month, date int) time.Time {
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
}

func days(start time.Time, count int) time.Time { return start.Add(time.Duration(count) * day) }

// lifetimeCases are the last day of each era of Baseline Requirements section
// 6.3.2 and the first of the next. zlint's errors about them are left out: the
// question of its own says it for every era.
func lifetimeCases() []Case {
	const tooLong = checks.LifetimeTooLong
	spring2015, march2018, march2018Next := on(2015, 3, 31), on(2018, 2, 28), on(2018, 3, 1)
	august2020, september2020 := on(2020, 8, 31), on(2020, 9, 1)
	march2026, march2026Next := on(2026, 3, 14), on(2026, 3, 15)
	march2027, march2027Next := on(2027, 3, 14), on(2027, 3, 15)
	march2029, march2029Next := on(2029, 3, 14), on(2029, 3, 15)
	return []Case{
		eraCase("60 months in March 2015", "60 months were allowed until 31 March 2015", spring2015, spring2015.AddDate(0, 60, 0)),
		eraCase("60 months in August 2016", "39 months since 1 April 2015", on(2016, 8, 1), on(2016, 8, 1).AddDate(0, 60, 0), tooLong),
		eraCase("39 months in February 2018", "39 months until 28 February 2018", march2018, march2018.AddDate(0, 39, 0)),
		eraCase("39 months and a day in February 2018", "a day more than allowed", march2018, march2018.AddDate(0, 39, 1), tooLong),
		eraCase("39 months in March 2018", "825 days since 1 March 2018", march2018Next, march2018Next.AddDate(0, 39, 0), tooLong),
		eraCase("825 days in March 2018", "825 days since 1 March 2018", march2018Next, days(march2018Next, 825)),
		eraCase("826 days in March 2018", "a day more than allowed", march2018Next, days(march2018Next, 826), tooLong),
		eraCase("825 days in August 2020", "825 days until 31 August 2020", august2020, days(august2020, 825)),
		eraCase("399 days in August 2020", "825 days until 31 August 2020", august2020, days(august2020, 399)),
		eraCase("398 days in September 2020", "398 days since 1 September 2020", september2020, days(september2020, 398)),
		eraCase("399 days in September 2020", "a day more than allowed", september2020, days(september2020, 399), tooLong),
		eraCase("398 days in March 2026", "398 days until 14 March 2026", march2026, days(march2026, 398)),
		eraCase("200 days in March 2026", "200 days since 15 March 2026", march2026Next, days(march2026Next, 200)),
		eraCase("201 days in March 2026", "a day more than allowed", march2026Next, days(march2026Next, 201), tooLong),
		eraCase("200 days in March 2027", "200 days until 14 March 2027", march2027, days(march2027, 200)),
		eraCase("100 days in March 2027", "100 days since 15 March 2027", march2027Next, days(march2027Next, 100)),
		eraCase("101 days in March 2027", "a day more than allowed", march2027Next, days(march2027Next, 101), tooLong),
		eraCase("100 days in March 2029", "100 days until 14 March 2029", march2029, days(march2029, 100)),
		eraCase("47 days in March 2029", "47 days since 15 March 2029", march2029Next, days(march2029Next, 47)),
		eraCase("48 days in March 2029", "a day more than allowed", march2029Next, days(march2029Next, 48), tooLong),
		{
			Name: "6 days", Why: "a short-lived certificate needs no revocation information (Baseline Requirements section 7.1.2.11.2)",
			Make: issue(sixDays),
		},
		{
			Name: "10 years of a private root", Why: "the Baseline Requirements bind public authorities only",
			Make: func(m *Maker) Served {
				issuer := m.issuerBelow(m.PrivateRoot, nil)
				return Served{Issued: m.leafOf(func(l *leaf) {
					l.issuer, l.logs = issuer, nil
					l.NotAfter = time.Now().Add(3650 * day)
				})}
			},
			Want: Want{Path: Private},
		},
	}
}

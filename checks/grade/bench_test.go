package grade_test

import (
	"testing"

	"github.com/gradewatch/gradewatch/checks/grade"
)

// One core gives far more than the 2,000 a second that the whole of judging
// must keep.
func BenchmarkAddress(b *testing.B) {
	criteria := grade.CriteriaAt(now)
	quick := serving()
	quick.observed.Full = serving().observed.Full
	quick.observed.Full.Simulations.Clients = nil
	many := rsa(aes128, aes256, 0x003C, 0x003D, 0x0041, 0x0084, 0x0096, 0x009C, 0x009D, des3, rc4, 0x0004, 0x0033, 0x0039, 0xC013, 0xC014, 0xC027, 0xC028, 0xC02F, 0xC030)
	for name, s := range map[string]*server{
		"A+":       serving(longHSTS),
		"B":        serving(accepts(v10, suite(0xC013)), accepts(v11, suite(0xC013))),
		"of a lot": serving(only(many, v3, v10, v11, v12, v13), fault("expired"), refuses(v2)),
		"missing":  quick,
	} {
		b.Run(name, func(b *testing.B) {
			for range 10 { // as many clients as there are profiles
				s.observed.Full.Simulations.Clients = append(s.observed.Full.Simulations.Clients, s.observed.Full.Simulations.Clients[:min(6, len(s.observed.Full.Simulations.Clients))]...)
			}
			b.ReportAllocs()
			for b.Loop() {
				_ = grade.Address(s.observed, s.appraised, now, criteria)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "grades/s")
		})
	}
}

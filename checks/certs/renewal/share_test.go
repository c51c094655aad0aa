package renewal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/certs/renewal"
)

const day = 24 * time.Hour

var issued = time.Date(2026, 11, 22, 5, 17, 0, 0, time.UTC)

// until returns the notAfter of a certificate of this lifetime.
func until(lifetime time.Duration) time.Time { return issued.Add(lifetime - time.Second) }

func TestDueAndOverdueByShareOfLifetime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		lifetime  time.Duration
		due, from time.Duration // after notBefore
		left      time.Duration // to act, once it alarms
	}{
		{"6 days", 6 * day, 72 * time.Hour, 96 * time.Hour, 48 * time.Hour},
		{"160 hours, as Let's Encrypt's", 160 * time.Hour, 80 * time.Hour, 106*time.Hour + 40*time.Minute, 53*time.Hour + 20*time.Minute},
		{"a second under ten days", 10*day - time.Second, 432000*time.Second - time.Second, 576000*time.Second - time.Second, 288000 * time.Second},
		{"10 days", 10 * day, 160 * time.Hour, 160*time.Hour + 96000*time.Second, 192000 * time.Second},
		{"45 days", 45 * day, 30 * day, 35 * day, 240 * time.Hour},
		{"47 days", 47 * day, 752 * time.Hour, 752*time.Hour + 451200*time.Second, 902400 * time.Second},
		{"90 days", 90 * day, 60 * day, 70 * day, 480 * time.Hour},
		{"199 days", 199 * day, 3184 * time.Hour, 3184*time.Hour + 1910400*time.Second, 3820800 * time.Second},
		{"398 days", 398 * day, 6368 * time.Hour, 6368*time.Hour + 3820800*time.Second, 7641600 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			notAfter := until(test.lifetime)
			require.Equal(t, issued.Add(test.due), renewal.Due(issued, notAfter))
			from := renewal.OverdueFrom(issued, notAfter)
			require.Equal(t, issued.Add(test.from), from)
			require.Equal(t, test.left, notAfter.Add(time.Second).Sub(from))
			require.False(t, renewal.Overdue(issued, notAfter, from.Add(-time.Second)))
			require.True(t, renewal.Overdue(issued, notAfter, from))
			require.True(t, renewal.Overdue(issued, notAfter, notAfter.Add(day)), "after it expired")
		})
	}
}

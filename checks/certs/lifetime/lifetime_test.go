package lifetime_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/certs/lifetime"
)

// The last second counts: a certificate that ends with the first second beyond
// what its era allows lives too long.
func TestTooLong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		issued       string
		months, days int
	}{
		{"2012-07-01", 60, 0},
		{"2015-03-31", 60, 0},
		{"2015-04-01", 39, 0},
		{"2018-02-28", 39, 0},
		{"2018-03-01", 0, 825},
		{"2020-08-31", 0, 825},
		{"2020-09-01", 0, 398},
		{"2026-03-14", 0, 398},
		{"2026-03-15", 0, 200},
		{"2027-03-14", 0, 200},
		{"2027-03-15", 0, 100},
		{"2029-03-14", 0, 100},
		{"2029-03-15", 0, 47},
		{"2040-01-01", 0, 47},
	} {
		issued, err := time.Parse(time.DateOnly, test.issued)
		require.NoError(t, err)
		end := issued.AddDate(0, test.months, test.days)
		_, tooLong := lifetime.TooLong(issued, end.Add(-time.Second))
		require.False(t, tooLong, test.issued)
		era, tooLong := lifetime.TooLong(issued, end)
		require.True(t, tooLong, test.issued)
		require.Equal(t, []int{test.months, test.days}, []int{era.Months, era.Days}, test.issued)
		_, tooLong = lifetime.TooLong(issued.Add(24*time.Hour-time.Second), end.Add(24*time.Hour-2*time.Second))
		require.False(t, tooLong, "%s, at the end of the day", test.issued)
	}
	_, tooLong := lifetime.TooLong(time.Date(2012, 6, 30, 23, 59, 59, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	require.False(t, tooLong, "before the first rule")
}

func TestErasAreInOrder(t *testing.T) {
	t.Parallel()
	eras := lifetime.Eras()
	for index, era := range eras {
		require.NotEmpty(t, era.Source)
		require.NotEqual(t, era.Months == 0, era.Days == 0)
		if index > 0 {
			require.True(t, era.From.After(eras[index-1].From))
		}
	}
}

package grade_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/grade"
)

func gradesOf(list ...*server) []checks.Grade {
	var grades []checks.Grade
	for i, s := range list {
		s.observed.Address = netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})
		grades = append(grades, s.grade())
	}
	return grades
}

func TestEndpointIsTheWorstAddress(t *testing.T) {
	t.Parallel()
	b := func() *server { return serving(accepts(v10, suite(0xC013))) }
	plus := func() *server { return serving(longHSTS) }
	expired := func() *server { return serving(fault(checks.Expired)) }
	mismatch := func() *server { return serving(fault(checks.NameMismatch)) }
	broken := func() *server { return serving(found(checks.Heartbleed, checks.Vulnerable, 2)) }
	unseen := func() *server { return &server{} }
	refused := func() *server { return serving(refuses(checks.Protocols()...)) }
	for name, test := range map[string]struct {
		servers     []*server
		want        checks.Letter
		provisional bool
	}{
		"one":                      {[]*server{b()}, "B", false},
		"the worse":                {[]*server{plus(), b()}, "B", false},
		"T is worse than B":        {[]*server{expired(), b()}, "T", false},
		"T is worse than M":        {[]*server{mismatch(), expired()}, "T", false},
		"F is worse than T":        {[]*server{expired(), broken(), mismatch()}, "F", false},
		"one could not be seen":    {[]*server{unseen(), b()}, "B", true},
		"F with one untold is F":   {[]*server{unseen(), broken()}, "F", false},
		"none could be seen":       {[]*server{unseen(), unseen()}, "", true},
		"one speaks no TLS at all": {[]*server{refused(), plus()}, "A+", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := grade.Endpoint(gradesOf(test.servers...))
			require.Equal(t, test.want, got.Letter)
			require.Equal(t, test.provisional, got.Provisional)
			require.Equal(t, test.provisional, len(got.Missing) > 0)
			require.Equal(t, "2009r", got.Criteria)
			require.NotNil(t, got.Rules)
			require.NotNil(t, got.Next)
		})
	}
	none := grade.Endpoint(nil)
	require.Empty(t, none.Letter)
	require.True(t, none.Provisional)
}

func TestEndpointJoinsRulesAndSteps(t *testing.T) {
	t.Parallel()
	old, without13 := serving(accepts(v10, suite(0xC013)), longHSTS), serving(refuses(v13), accepts(v10, suite(0xC013)), longHSTS)
	fine := serving(longHSTS)
	got := grade.Endpoint(gradesOf(old, without13, fine))
	require.Equal(t, []string{"B-TLS10", "W-NO-TLS13"}, ids(got.Rules))
	require.Len(t, got.Rules[0].Proof, 2, "both addresses prove it")
	require.Contains(t, got.Rules[0].Proof[1].Fact, "192.0.2.2")
	require.True(t, got.HasWarnings)
	require.Equal(t, []checks.GradeStep{
		{Letter: "A-", Without: []string{"B-TLS10"}, Text: "A-, if you turn TLS 1.0 off."},
		{Letter: "A+", Without: []string{"B-TLS10", "W-NO-TLS13"}, Text: "A+, if you turn TLS 1.0 off and turn TLS 1.3 on."},
	}, got.Next)

	var grades []checks.Grade
	for _, s := range []*server{serving(refuses(v13)), serving()} {
		grades = append(grades, s.gradeBy(day(2025, 3, 1), "2009q"))
	}
	got = grade.Endpoint(grades)
	require.Equal(t, checks.GradeA, got.Letter)
	require.Equal(t, checks.GradeAMinus, got.Future)
	require.Equal(t, "A+", string(grade.Endpoint(gradesOf(fine)).Letter))
	require.Contains(t, ids(grade.Endpoint(gradesOf(fine)).Rules), "BONUS-HSTS")
}

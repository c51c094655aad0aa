package grade_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/grade"
)

// FuzzAddress grades whatever can be written as an observation: facts that
// contradict each other give some letter, and never a panic.
func FuzzAddress(f *testing.F) {
	w := world{rand.New(rand.NewPCG(5, 5))}
	for range 20 {
		for _, s := range []*server{w.server(), w.hide(w.server())} {
			observed, err := json.Marshal(s.observed)
			require.NoError(f, err)
			appraised, err := json.Marshal(s.appraised)
			require.NoError(f, err)
			f.Add(observed, appraised)
		}
	}
	f.Add([]byte(`{}`), []byte(`{"chains":[{"sni":true}]}`))
	f.Add([]byte(`{"tls":{"protocols":{"TLSv1.2":{"state":"known"}}},"full":{"suites":{"accepted":{"TLSv1.2":{"state":"known","value":[{}]}}}}}`), []byte(`{}`))
	all := grade.AllCriteria()
	f.Fuzz(func(t *testing.T, observation, appraisal []byte) {
		var observed checks.AddressObservation
		var appraised checks.AddressAppraisal
		if json.Unmarshal(observation, &observed) != nil || json.Unmarshal(appraisal, &appraised) != nil {
			return
		}
		for _, criteria := range all {
			got := grade.Address(observed, appraised, criteria.Announced, criteria)
			_, err := json.Marshal(grade.Endpoint([]checks.Grade{got, got}))
			require.NoError(t, err)
			require.Equal(t, got, grade.Address(observed, appraised, criteria.Announced, criteria), "the same facts give the same grade")
			if got.Letter == "" {
				continue
			}
			best, worst := grade.Range(observed, appraised, criteria)
			require.Less(t, got.Letter.Rank(), len(checks.Letters()))
			require.LessOrEqual(t, best.Rank(), got.Letter.Rank())
			require.LessOrEqual(t, got.Letter.Rank(), worst.Rank())
			require.Equal(t, best != worst, got.Provisional)
			require.Equal(t, got.Provisional, len(got.Missing) > 0)
		}
	})
}

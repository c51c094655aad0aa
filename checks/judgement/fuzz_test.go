package judgement_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// Whatever is stored is judged without a panic, and the same way twice.
func FuzzJudge(f *testing.F) {
	w := newWorld(f)
	for _, observation := range []*checks.Observation{
		{},
		w.observation(), w.observation(w.address("192.0.2.1")),
		w.observation(silent("192.0.2.1"), w.address("2001:db8::1", checks.TLSv10, checks.SSLv3)),
	} {
		seed, err := json.Marshal(observation)
		require.NoError(f, err)
		f.Add(seed, "https://app.test/", int64(0))
	}
	f.Add([]byte(`{"addresses":[{"tls":{"chain":{"state":"known","value":[""]}}},{}],"certificates":[{"sha256":"","der":"AA=="}]}`), "https://", int64(-1<<40))
	f.Add([]byte(`{"addresses":[{"full":{"chains":{"served":{"state":"known","value":[{"sni":true}]}}}}],"pki":{"renewal_info":{"x":{"state":"known"}}}}`), "", int64(1<<50))
	f.Fuzz(func(t *testing.T, data []byte, url string, later int64) {
		var observation checks.Observation
		if json.Unmarshal(data, &observation) != nil {
			return
		}
		at := now.Add(time.Duration(later))
		of := subject(policy.Literal, url)
		judged := w.judge.Judge(&observation, of, at)
		require.Len(t, judged.Appraisal.Addresses, len(observation.Addresses))
		if judged.Grade != nil {
			require.Len(t, judged.Grades, len(observation.Addresses))
		}
		first, _, err := checks.Canonical(judged)
		require.NoError(t, err)
		second, _, err := checks.Canonical(w.judge.Judge(&observation, of, at))
		require.NoError(t, err)
		require.Equal(t, string(first), string(second), "the same facts at the same time have the same judgement")
		_, boundaries := w.judge.Grade(&observation, at)
		for i := range boundaries {
			require.False(t, i > 0 && !boundaries[i-1].Before(boundaries[i]), "sorted, each once")
		}
	})
}

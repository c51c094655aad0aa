package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/config"
)

func TestMetricsAreTrueOrFalse(t *testing.T) {
	t.Parallel()
	loaded, err := config.Load(map[string]string{"GRADEWATCH_METRICS": "true"})
	require.NoError(t, err)
	require.True(t, loaded.Metrics)
	_, err = config.Load(map[string]string{"GRADEWATCH_METRICS": "perhaps"})
	require.ErrorContains(t, err, `GRADEWATCH_METRICS must be true or false, not "perhaps"`)
}

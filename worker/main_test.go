package worker_test

import (
	"os"
	"testing"

	"github.com/gradewatch/gradewatch/internal/testdb"
)

// TestMain is also the worker process of TestTwoProcesses: that test runs its
// own binary again, to kill it.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(runChild())
	}
	testdb.Main(m)
}

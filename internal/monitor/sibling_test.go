package monitor_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// A sibling says what is registered, as it is written, and the host that is
// looked at: E-05 compares the one, L-06 the other.
func TestSiblingOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		other monitor.Endpoint
		host  string
	}{
		{"a URL", monitor.Endpoint{Kind: policy.Redirect, ValueKind: policy.Literal, Value: "https://App.example.com/LoginRedirect.aspx"}, "app.example.com"},
		{"a pattern", monitor.Endpoint{Kind: policy.Redirect, ValueKind: policy.Pattern, Value: `^https://[a-z]+\.example\.com/$`, ProbeURL: "https://a.example.com/"}, "a.example.com"},
		{"a web panel", monitor.Endpoint{Kind: policy.WebPanel, ValueKind: policy.Literal, Value: "https://app.example.com/?c=<uctx>"}, "app.example.com"},
		{"a native application", monitor.Endpoint{Kind: policy.Redirect, ValueKind: policy.NativeLoopback, Value: "http://127.0.0.1:{port}/cb"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.other.Environment = policy.SOD
			require.Equal(t, policy.Sibling{
				Environment: policy.SOD, Kind: test.other.Kind, ValueKind: test.other.ValueKind, Value: test.other.Value, Host: test.host, ClientID: "client",
			}, monitor.SiblingOf(test.other, "client"))
		})
	}
}

package web_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/web"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header string
		values []string
		want   string
	}{
		"no proxy":              {"", []string{"203.0.113.9"}, "192.0.2.1"},
		"one address":           {"Fly-Client-IP", []string{"203.0.113.9"}, "203.0.113.9"},
		"IPv6":                  {"Fly-Client-IP", []string{" 2001:db8::1 "}, "2001:db8::1"},
		"IPv4 in IPv6":          {"Fly-Client-IP", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		"absent":                {"Fly-Client-IP", nil, "192.0.2.1"},
		"twice, so not a proxy": {"Fly-Client-IP", []string{"203.0.113.9", "203.0.113.10"}, "192.0.2.1"},
		"a list":                {"Fly-Client-IP", []string{"203.0.113.9, 203.0.113.10"}, "192.0.2.1"},
		"a zone":                {"Fly-Client-IP", []string{"fe80::1%eth0"}, "192.0.2.1"},
		"nonsense":              {"Fly-Client-IP", []string{"somebody"}, "192.0.2.1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil) // from 192.0.2.1
			for _, value := range test.values {
				request.Header.Add("Fly-Client-Ip", value)
			}
			require.Equal(t, test.want, web.ClientAddress(test.header)(request).String())
		})
	}
}

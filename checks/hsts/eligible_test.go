package hsts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/hsts"
)

func TestObstacles(t *testing.T) {
	t.Parallel()
	leads := func(places ...string) checks.Fact[checks.PlainHTTP] {
		return checks.KnownFact(checks.PlainHTTP{Status: 301, Route: places})
	}
	const good = "max-age=31536000; includeSubDomains; preload"
	closed := checks.AbsentFact[checks.PlainHTTP](checks.ReasonRefused)
	for _, test := range []struct {
		name, host, value string
		plain             checks.Fact[checks.PlainHTTP]
		want              []hsts.Obstacle
		known             bool
	}{
		{"nothing", "example.com", good, leads("https://example.com/"), nil, true},
		{"port 80 is closed", "Example.COM.", good, closed, nil, true},
		{"nobody knows about port 80", "example.com", good, checks.InconclusiveFact[checks.PlainHTTP](checks.ReasonTimeout), nil, false},
		{"a subdomain", "www.example.com", good, closed, []hsts.Obstacle{hsts.NotBaseDomain}, true},
		{"a public suffix", "co.uk", good, closed, []hsts.Obstacle{hsts.NotBaseDomain}, true},
		{"an address", "192.0.2.1", good, closed, []hsts.Obstacle{hsts.NotBaseDomain}, true},
		{"a second short", "example.com", "max-age=31535999; includeSubDomains; preload", closed, []hsts.Obstacle{hsts.MaxAgeTooShort}, true},
		{"everything short", "example.com", "max-age=1", closed, []hsts.Obstacle{hsts.MaxAgeTooShort, hsts.NoIncludeSubDomains, hsts.NoPreload}, true},
		{"no policy", "example.com", "preload", closed, []hsts.Obstacle{hsts.NoPolicy}, true},
		{"no redirect", "example.com", good, leads(), []hsts.Obstacle{hsts.NoRedirect}, true},
		{"to www first", "example.com", good, leads("https://www.example.com/"), []hsts.Obstacle{hsts.RedirectElsewhere}, true},
		{"over http first", "example.com", good, leads("http://example.com/a", "https://example.com/"), []hsts.Obstacle{hsts.RedirectElsewhere}, true},
	} {
		got, known := hsts.Obstacles(test.host, hsts.Parse([]string{test.value}), test.plain)
		require.Equal(t, test.want, got, test.name)
		require.Equal(t, test.known, known, test.name)
	}
	got, _ := hsts.Obstacles("example.com", hsts.Parse(nil), closed)
	require.Equal(t, []hsts.Obstacle{hsts.NoPolicy}, got)
}

package remedies

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

const host = "app.example.com"

func answered(server string, cookies ...string) checks.Hop {
	response := checks.Response{Status: 200, Server: server}
	for _, name := range cookies {
		response.Cookies = append(response.Cookies, checks.Cookie{Name: name})
	}
	return checks.Hop{Scheme: "https", Host: host, Answer: checks.KnownFact(response)}
}

func seen(hops ...checks.Hop) *checks.Observation {
	return &checks.Observation{
		DNS:       checks.DNS{Host: host},
		Addresses: []checks.AddressObservation{{Address: netip.MustParseAddr("192.0.2.1"), HTTP: checks.HTTP{Hops: hops}}},
	}
}

func TestProduct(t *testing.T) {
	t.Parallel()
	elsewhere := answered("Apache")
	elsewhere.Host = "login.example.net"
	plain := answered("Apache")
	plain.Scheme = "http"
	two := seen(answered("nginx"))
	two.Addresses = append(two.Addresses, seen(answered("Apache")).Addresses...)
	silent := seen(answered("nginx"))
	silent.Addresses = append(silent.Addresses, checks.AddressObservation{Address: netip.MustParseAddr("192.0.2.2")})
	behind := seen(answered("nginx"))
	behind.Records.Aliases = checks.KnownFact([]string{"app.example.net.", "d111111abcdef8.CloudFront.net."})
	inconclusive := seen(checks.Hop{Scheme: "https", Host: host, Answer: checks.InconclusiveFact[checks.Response](checks.Reason("timeout"))})
	tests := []struct {
		name        string
		observation *checks.Observation
		want        string
	}{
		{"nothing", nil, Unknown},
		{"no answer", inconclusive, Unknown},
		{"nginx", seen(answered("nginx")), "nginx"},
		{"with a version", seen(answered("Apache/2.4.62")), "apache"},
		{"IIS", seen(answered("Microsoft-IIS")), "iis"},
		{"HTTP.sys", seen(answered("Microsoft-HTTPAPI")), "iis"},
		{"Kestrel", seen(answered("Kestrel")), "aspnet"},
		{"Cloudflare", seen(answered("cloudflare")), "cloudflare"},
		{"CloudFront", seen(answered("CloudFront")), "cloudfront"},
		{"Akamai", seen(answered("AkamaiGHost")), "akamai"},
		{"Caddy", seen(answered("Caddy")), "caddy"},
		{"ALB", seen(answered("awselb")), "aws-alb"},
		{"ALB by its cookie", seen(answered("", "AWSALBCORS")), "aws-alb"},
		{"App Service by its cookie", seen(answered("", "ARRAffinity")), "azure-app-service"},
		{"F5 by its cookie", seen(answered("", "BIGipServerpool_app")), "f5"},
		{"somebody's name", seen(answered("my-server")), Unknown},
		{"what a redirect leads to", seen(elsewhere), Unknown},
		{"before a redirect", seen(answered("nginx"), elsewhere), "nginx"},
		{"port 80", seen(plain), Unknown},
		{"two products", two, Unknown},
		{"one silent address", silent, "nginx"},
		{"an alias goes before", behind, "cloudfront"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := Product(test.observation)
			require.Equal(t, test.want, got)
			require.True(t, got == Unknown || slices.Contains(Servers(), got))
		})
	}
}

func FuzzProduct(f *testing.F) {
	for _, seed := range []string{"nginx", "Apache/2.4", "", "/", "AkamaiGHost/x/y"} {
		f.Add(seed, seed, seed)
	}
	f.Fuzz(func(t *testing.T, server, cookie, alias string) {
		observation := seen(answered(server, cookie))
		observation.Records.Aliases = checks.KnownFact([]string{alias})
		got := Product(observation)
		require.True(t, got == Unknown || slices.Contains(Servers(), got), got)
	})
}

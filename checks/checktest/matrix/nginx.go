package matrix

import (
	"net/netip"
	"testing"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// Mozilla's recommendations, guidelines 5.7: suites up to TLS 1.2.
const (
	mozillaIntermediate = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:" +
		"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:" +
		"DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
	mozillaOld = mozillaIntermediate + ":ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:" +
		"ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA:" +
		"ECDHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA256:DHE-RSA-AES256-SHA256:AES128-GCM-SHA256:AES256-GCM-SHA384:" +
		"AES128-SHA256:AES256-SHA256:AES128-SHA:AES256-SHA:DES-CBC3-SHA"
)

func allTLS() []string { return []string{"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"} }

// nginxRow is an nginx with the keys and parameters that it is given.
type nginxRow struct {
	config checktest.NginxConfig
	key    string
	more   []string
	dh     string
}

func (row nginxRow) start(t testing.TB) netip.AddrPort {
	t.Helper()
	config := row.config
	config.Certificate, config.More = pair(t, row.key, row.more)
	if row.dh != "" {
		config.Files = map[string][]byte{"dh.pem": dhParameters(t, row.dh)}
		config.Server += "\n    ssl_dhparam dh.pem;"
	}
	return checktest.StartNginx(t, config).Addr
}

// pair issues a certificate for every key; the first is RSA 2048 where not said.
func pair(t testing.TB, first string, others []string) (*pki.Issued, []*pki.Issued) {
	t.Helper()
	if first == "" {
		first = "rsa2048"
	}
	var more []*pki.Issued
	for _, key := range others {
		more = append(more, issue(t, key))
	}
	return issue(t, first), more
}

func nginx(name string, row nginxRow) definition { return definition{name: name, start: row.start} }

// nginxServers are nginx 1.22 with OpenSSL 3.0 (Debian 12).
func nginxServers() []definition {
	tls12 := []string{"TLSv1.2"}
	return []definition{
		nginx("nginx, Mozilla intermediate, RSA and ECDSA", nginxRow{more: []string{"P-256"}, dh: "2048", config: checktest.NginxConfig{
			Ciphers: mozillaIntermediate, Server: "ssl_session_tickets off; ssl_prefer_server_ciphers off;",
		}}),
		nginx("nginx, Mozilla modern", nginxRow{key: "P-256", config: checktest.NginxConfig{
			Protocols: []string{"TLSv1.3"}, Server: "ssl_prefer_server_ciphers off;",
		}}),
		nginx("nginx, Mozilla old", nginxRow{dh: "1024", config: checktest.NginxConfig{
			Protocols: allTLS(), Ciphers: "@SECLEVEL=0:" + mozillaOld, Server: "ssl_prefer_server_ciphers on;",
		}}),
		nginx("nginx, default suites", nginxRow{config: checktest.NginxConfig{Ciphers: "HIGH:!aNULL:!MD5"}}),
		nginx("nginx, TLS 1.0 alone, RSA 1024", nginxRow{key: "rsa1024", config: checktest.NginxConfig{Protocols: []string{"TLSv1"}}}),
		nginx("nginx, TLS 1.1 alone", nginxRow{config: checktest.NginxConfig{Protocols: []string{"TLSv1.1"}}}),
		nginx("nginx, TLS 1.1 and 1.3", nginxRow{config: checktest.NginxConfig{
			Protocols: []string{"TLSv1.1", "TLSv1.3"}, Ciphers: "AES256-SHA:ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0",
			Server: "ssl_prefer_server_ciphers on;",
		}}),
		nginx("nginx, server order, ChaCha20 first for who wants it", nginxRow{config: checktest.NginxConfig{
			Ciphers: "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256",
			Server:  "ssl_prefer_server_ciphers on; ssl_conf_command Options PrioritizeChaCha,ServerPreference;",
		}}).beyondNmap("it takes an order that makes way for ChaCha20 for the client's"),
		nginx("nginx, DHE 4096 alone, RSA 4096", nginxRow{key: "rsa4096", dh: "4096", config: checktest.NginxConfig{Protocols: tls12, Ciphers: "kDHE:!aNULL:!ARIA:!CAMELLIA"}}),
		nginx("nginx, DHE 1024, home-made", nginxRow{dh: "1024", config: checktest.NginxConfig{
			Protocols: tls12, Ciphers: "DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA:@SECLEVEL=0",
		}}),
		nginx("nginx, Ed25519", nginxRow{key: "Ed25519", config: checktest.NginxConfig{Ciphers: "ECDHE+AESGCM"}}).beyondNmap("it offers no EdDSA"),
		nginx("nginx, P-384 key, secp384r1 alone", nginxRow{key: "P-384", config: checktest.NginxConfig{
			Ciphers: "ECDHE+AESGCM:ECDHE+CHACHA20", Server: "ssl_ecdh_curve secp384r1;",
		}}).beyondNmap("it answers no HelloRetryRequest"),
		nginx("nginx, x25519 alone", nginxRow{config: checktest.NginxConfig{Ciphers: "ECDHE+AESGCM", Server: "ssl_ecdh_curve X25519;"}}),
		nginx("nginx, five groups", nginxRow{config: checktest.NginxConfig{
			Ciphers: "ECDHE+AESGCM", Server: "ssl_ecdh_curve secp521r1:X448:secp384r1:X25519:prime256v1; ssl_prefer_server_ciphers on;",
		}}),
		nginx("nginx, name required", nginxRow{config: checktest.NginxConfig{
			Names: []string{Host}, Ciphers: "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384",
		}}),
		nginx("nginx, client certificate asked for, tickets off", nginxRow{config: checktest.NginxConfig{
			Ciphers: "ECDHE-RSA-AES128-GCM-SHA256", Server: "ssl_client_certificate cert.pem; ssl_verify_client on; ssl_session_tickets off;",
		}}),
		nginx("nginx, every suite, server order", nginxRow{more: []string{"P-256"}, dh: "2048", config: checktest.NginxConfig{
			Protocols: allTLS(), Ciphers: "ALL:COMPLEMENTOFALL:@SECLEVEL=0", Server: "ssl_prefer_server_ciphers on;",
		}}),
		nginx("nginx, every suite, client order", nginxRow{more: []string{"P-256"}, dh: "2048", config: checktest.NginxConfig{
			Protocols: allTLS(), Ciphers: "ALL:COMPLEMENTOFALL:@SECLEVEL=0", Server: "ssl_prefer_server_ciphers off;",
		}}),
		nginx("nginx, Camellia and ARIA", nginxRow{config: checktest.NginxConfig{
			Protocols: tls12, Ciphers: "CAMELLIA:ARIA:!aNULL:!kPSK", Server: "ssl_prefer_server_ciphers on;",
		}}),
		nginx("nginx, CCM", nginxRow{dh: "2048", config: checktest.NginxConfig{
			Ciphers: "AESCCM8:AESCCM:!kPSK", Server: "ssl_conf_command Ciphersuites TLS_AES_128_CCM_8_SHA256:TLS_AES_128_CCM_SHA256; ssl_prefer_server_ciphers on;",
		}}),
		nginx("nginx, NULL alone", nginxRow{config: checktest.NginxConfig{
			Protocols: []string{"TLSv1", "TLSv1.1", "TLSv1.2"}, Ciphers: "eNULL:!kPSK:@SECLEVEL=0",
		}}),
		nginx("nginx, anonymous alone", nginxRow{dh: "1024", config: checktest.NginxConfig{
			Protocols: []string{"TLSv1", "TLSv1.1", "TLSv1.2"}, Ciphers: "aNULL:!eNULL:!SRP:@SECLEVEL=0", Server: "ssl_prefer_server_ciphers on;",
		}}),
		nginx("nginx, one suite", nginxRow{config: checktest.NginxConfig{Protocols: tls12, Ciphers: "ECDHE-RSA-CHACHA20-POLY1305"}}),
	}
}

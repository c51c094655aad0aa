package matrix

import (
	"net/netip"
	"testing"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

// javaRow is one server in a JVM.
type javaRow struct {
	name   string
	key    string
	more   []string
	config checktest.JavaConfig
	nmap   string
}

// javaGroups are Java 17 (SunJSSE), whose order decides where nothing else is
// said. DHE is in a group of RFC 7919 that the client offers, else of 2048 bits.
func javaGroups() []Group {
	older := []string{"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"}
	every := []string{"ALL"}
	rows := []javaRow{
		{name: "Java, default"},
		{name: "Java, every suite, RSA", config: checktest.JavaConfig{Protocols: append([]string{"TLSv1.3"}, older...), Suites: every}},
		{name: "Java, every suite, P-256, client order", key: "P-256", config: checktest.JavaConfig{Protocols: older, Suites: every, ClientOrder: true}},
		{name: "Java, SSL 3.0 alone", config: checktest.JavaConfig{Protocols: []string{"SSLv3"}, Suites: []string{
			"SSL_RSA_WITH_3DES_EDE_CBC_SHA", "SSL_RSA_WITH_RC4_128_MD5", "SSL_RSA_WITH_RC4_128_SHA",
		}}},
		{name: "Java, export alone", config: checktest.JavaConfig{Protocols: older, Suites: []string{
			"SSL_RSA_EXPORT_WITH_RC4_40_MD5", "SSL_RSA_EXPORT_WITH_DES40_CBC_SHA", "SSL_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",
		}}},
		{name: "Java, anonymous and NULL", config: checktest.JavaConfig{Protocols: []string{"TLSv1.2"}, Suites: []string{
			"TLS_DH_anon_WITH_AES_128_GCM_SHA256", "TLS_ECDH_anon_WITH_NULL_SHA", "TLS_RSA_WITH_NULL_SHA256",
		}}},
		{name: "Java, client certificate required", config: checktest.JavaConfig{ClientAuth: "need", Protocols: []string{"TLSv1.2", "TLSv1.3"}, Suites: []string{
			"TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		}}},
		{name: "Java, TLS 1.3 alone, RSA and P-384", more: []string{"P-384"}, config: checktest.JavaConfig{Protocols: []string{"TLSv1.3"}}},
	}
	return []Group{
		javaGroup("Java", nil, rows),
		javaGroup("Java, groups set", []string{"jdk.tls.namedGroups=secp521r1,ffdhe3072,x448", "jdk.tls.server.enableSessionTicketExtension=false"}, []javaRow{
			{name: "Java, three groups, no tickets", config: checktest.JavaConfig{Suites: []string{
				"TLS_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
			}}},
		}),
	}
}

func javaGroup(name string, properties []string, rows []javaRow) Group {
	group := Group{Name: name}
	for _, row := range rows {
		group.Servers = append(group.Servers, Server{Name: row.name, Nmap: row.nmap})
	}
	group.Start = func(t testing.TB) []netip.AddrPort {
		configs := make([]checktest.JavaConfig, len(rows))
		for index, row := range rows {
			configs[index] = row.config
			configs[index].Certificate, configs[index].More = pair(t, row.key, row.more)
		}
		return checktest.StartJava(t, properties, configs...)
	}
	return group
}

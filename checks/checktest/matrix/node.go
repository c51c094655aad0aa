package matrix

import (
	"net/netip"
	"testing"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

// nodeRow is one server in a Node.
type nodeRow struct {
	name   string
	key    string
	more   []string
	dh     string
	config checktest.NodeConfig
	nmap   string
}

func nodeGroup(name string, version checktest.NodeVersion, rows ...nodeRow) Group {
	group := Group{Name: name}
	for _, row := range rows {
		group.Servers = append(group.Servers, Server{Name: name + ", " + row.name, Nmap: row.nmap})
	}
	group.Start = func(t testing.TB) []netip.AddrPort {
		configs := make([]checktest.NodeConfig, len(rows))
		for index, row := range rows {
			configs[index] = row.config
			configs[index].Certificate, configs[index].More = pair(t, row.key, row.more)
			if row.dh != "" {
				configs[index].DHParameters = dhParameters(t, row.dh)
			}
		}
		return checktest.StartNode(t, version, configs...)
	}
	return group
}

const everySuite = "ALL:COMPLEMENTOFALL"

// nodeGroups are Nodes for the OpenSSL within: 1.0.1e, 1.0.1i, 1.0.2s, 1.1.1n
// and 3.5.8.
func nodeGroups() []Group {
	ownOrder := map[string]any{"honorCipherOrder": true}
	type options = map[string]any
	return []Group{
		nodeGroup("Node 0.10", checktest.Node010,
			nodeRow{name: "every suite, client order", config: checktest.NodeConfig{Ciphers: everySuite}},
			nodeRow{name: "every suite and export, RSA 512, server order", key: "rsa512", config: checktest.NodeConfig{Ciphers: everySuite, Options: ownOrder}},
			nodeRow{name: "SSL 2.0 alone, RSA 1024", key: "rsa1024", config: checktest.NodeConfig{SecureProtocol: "SSLv2_server_method"}},
			nodeRow{name: "SSL 2.0 alone, one suite", config: checktest.NodeConfig{SecureProtocol: "SSLv2_server_method", Ciphers: "RC4-MD5"}},
			nodeRow{name: "SSL 3.0 alone, RC4 and 3DES", config: checktest.NodeConfig{
				SecureProtocol: "SSLv3_server_method", Ciphers: "RC4-SHA:RC4-MD5:DES-CBC3-SHA", Options: ownOrder,
			}},
			nodeRow{name: "TLS 1.0 alone", config: checktest.NodeConfig{SecureProtocol: "TLSv1_server_method", Ciphers: "HIGH:MEDIUM"}},
			nodeRow{name: "no suites of SSL 2.0", config: checktest.NodeConfig{Ciphers: "AES256-SHA:AES128-SHA:!SSLv2", Options: ownOrder}},
			nodeRow{name: "one suite of TLS 1.2", config: checktest.NodeConfig{Ciphers: "AES128-GCM-SHA256"}},
			nodeRow{name: "export alone, RSA 512", key: "rsa512", config: checktest.NodeConfig{Ciphers: "EXP", Options: ownOrder}},
			nodeRow{name: "NULL alone", config: checktest.NodeConfig{Ciphers: "eNULL", SecureProtocol: "TLSv1_server_method"}},
		),
		nodeGroup("Node 0.11", checktest.Node011,
			nodeRow{name: "every suite, DH 512, secp521r1, server order", dh: "512", config: checktest.NodeConfig{
				Ciphers: everySuite, Options: options{"honorCipherOrder": true, "ecdhCurve": "secp521r1"},
			}},
			nodeRow{name: "sect571r1", config: checktest.NodeConfig{
				SecureProtocol: "TLSv1_server_method", Ciphers: "ECDHE-RSA-AES256-SHA:AES256-SHA:ECDHE-RSA-RC4-SHA",
				Options: options{"honorCipherOrder": true, "ecdhCurve": "sect571r1"},
			}, nmap: "it does not offer sect571r1"},
			nodeRow{name: "every suite, P-256, client order", key: "P-256", dh: "1024", config: checktest.NodeConfig{Ciphers: everySuite}},
			nodeRow{name: "anonymous alone, DH 768", dh: "768", config: checktest.NodeConfig{Ciphers: "aNULL", Options: ownOrder}},
			nodeRow{name: "DHE 4096, RSA 4096", key: "rsa4096", dh: "4096", config: checktest.NodeConfig{Ciphers: "kEDH:!aNULL:!eNULL:!EXP", Options: ownOrder}},
			nodeRow{name: "export of DHE alone, DH 512", dh: "512", config: checktest.NodeConfig{Ciphers: "EXP+kEDH:!aNULL", Options: ownOrder}},
			nodeRow{name: "DSA", key: "DSA", dh: "1024", config: checktest.NodeConfig{Ciphers: "aDSS", Options: ownOrder}},
			nodeRow{name: "SSL 3.0 alone, ECDHE secp224r1", config: checktest.NodeConfig{
				SecureProtocol: "SSLv3_server_method", Ciphers: "ECDHE-RSA-AES256-SHA:ECDHE-RSA-RC4-SHA:AES256-SHA",
				Options: options{"honorCipherOrder": true, "ecdhCurve": "secp224r1"},
			}},
		),
		nodeGroup("Node 8", checktest.Node8,
			nodeRow{name: "default"},
			nodeRow{name: "every suite, server order", dh: "2048", config: checktest.NodeConfig{Ciphers: everySuite}},
			nodeRow{name: "every suite, P-384, client order", key: "P-384", config: checktest.NodeConfig{
				Ciphers: everySuite, Options: options{"honorCipherOrder": false, "ecdhCurve": "secp384r1"},
			}},
			nodeRow{name: "client certificate required", config: checktest.NodeConfig{
				Ciphers: "ECDHE-RSA-AES256-SHA384:AES128-SHA256", Options: options{"requestCert": true, "rejectUnauthorized": true},
			}},
		),
		nodeGroup("Node 12", checktest.Node12,
			nodeRow{name: "every suite, RSA and ECDSA", more: []string{"P-256"}, dh: "2048", config: checktest.NodeConfig{
				Ciphers: everySuite + ":@SECLEVEL=0", Options: options{"minVersion": "TLSv1"},
			}},
			nodeRow{name: "TLS 1.3 alone, five suites, secp521r1", config: checktest.NodeConfig{
				Ciphers: "TLS_AES_128_CCM_8_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
				Options: options{"minVersion": "TLSv1.3", "ecdhCurve": "secp521r1"},
			}},
		),
		nodeGroup("Node 24", checktest.Node24,
			nodeRow{name: "default"},
			nodeRow{name: "hybrid groups alone", config: checktest.NodeConfig{
				Options: options{"minVersion": "TLSv1.3", "ecdhCurve": "X25519MLKEM768:SecP256r1MLKEM768:SecP384r1MLKEM1024"},
			}, nmap: "it knows no hybrid groups"},
			nodeRow{name: "ML-KEM alone", config: checktest.NodeConfig{
				Options: options{"minVersion": "TLSv1.3", "ecdhCurve": "MLKEM1024:MLKEM768:MLKEM512"},
			}, nmap: "it knows no post-quantum groups"},
			nodeRow{name: "brainpool of TLS 1.3", config: checktest.NodeConfig{
				Options: options{"minVersion": "TLSv1.3", "ecdhCurve": "brainpoolP256r1tls13:brainpoolP384r1tls13:brainpoolP512r1tls13"},
			}, nmap: "it does not offer these groups"},
			nodeRow{name: "classical before hybrid", key: "P-256", config: checktest.NodeConfig{
				Ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256", Options: options{"ecdhCurve": "P-256:X25519MLKEM768"},
			}},
		),
	}
}

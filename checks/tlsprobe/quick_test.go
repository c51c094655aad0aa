package tlsprobe_test

import (
	"crypto/tls"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

const host = "app.test"

// quick looks once and returns the answers as 'SSLv2=known TLSv1.0=absent'.
func quick(t *testing.T, address netip.AddrPort, limits checks.Limits) (checks.TLS, []checks.Certificate, *checktest.LoopbackNetwork) {
	t.Helper()
	network := checktest.Loopback(t)
	component, certificates := tlsprobe.Quick(t.Context(), network, checks.Target{Host: host, Port: address.Port(), Limits: limits}, address)
	require.Len(t, component.Protocols, 6)
	require.LessOrEqual(t, len(network.Measurements().Connections), 8, "HTTP needs 4 of 12")
	return component, certificates, network
}

// on returns the protocols that are known, and requires the others to be absent.
func on(t *testing.T, component checks.TLS) string {
	t.Helper()
	var known []string
	for _, protocol := range checks.Protocols() {
		switch fact := component.Protocols[protocol]; fact.State {
		case checks.Known:
			known = append(known, string(protocol))
		default:
			require.Equal(t, checks.AbsentFact[checks.Accepted](""), fact, protocol)
		}
	}
	return strings.Join(known, " ")
}

func requireChain(t *testing.T, issued *pki.Issued, component checks.TLS, certificates []checks.Certificate) {
	t.Helper()
	var want []checks.Fingerprint
	for _, der := range issued.Certificate.Certificate {
		want = append(want, checks.NewCertificate(der).SHA256)
	}
	require.Equal(t, checks.KnownFact(want), component.Chain)
	require.Len(t, certificates, len(want))
	for _, certificate := range certificates {
		require.Contains(t, want, certificate.SHA256)
		require.Equal(t, checks.NewCertificate(certificate.DER), certificate)
	}
}

func TestNginx(t *testing.T) {
	t.Parallel()
	issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{host}})
	for protocols, want := range map[string]string{
		"TLSv1.2 TLSv1.3":         "TLSv1.2 TLSv1.3",
		"TLSv1 TLSv1.1 TLSv1.2":   "TLSv1.0 TLSv1.1 TLSv1.2",
		"TLSv1.3":                 "TLSv1.3",
		"TLSv1":                   "TLSv1.0",
		"TLSv1.1 TLSv1.3":         "TLSv1.1 TLSv1.3",
		"TLSv1 TLSv1.1":           "TLSv1.0 TLSv1.1",
		"TLSv1 TLSv1.1 TLSv1.3":   "TLSv1.0 TLSv1.1 TLSv1.3",
		"TLSv1.1 TLSv1.2 TLSv1.3": "TLSv1.1 TLSv1.2 TLSv1.3",
	} {
		t.Run(protocols, func(t *testing.T) {
			t.Parallel()
			server := checktest.StartNginx(t, checktest.NginxConfig{Protocols: strings.Fields(protocols), Certificate: issued})
			component, certificates, _ := quick(t, server.Addr, checks.Limits{})
			require.Equal(t, want, on(t, component))
			requireChain(t, issued, component, certificates)
		})
	}
}

func TestApache(t *testing.T) {
	t.Parallel()
	server := checktest.StartApache(t, checktest.ApacheConfig{})
	component, _, _ := quick(t, server.Addr, checks.Limits{})
	require.Equal(t, "TLSv1.2 TLSv1.3", on(t, component))
	server.Reconfigure(checktest.ApacheConfig{Protocols: []string{"TLSv1", "TLSv1.1"}})
	component, _, _ = quick(t, server.Addr, checks.Limits{})
	require.Equal(t, "TLSv1.0 TLSv1.1", on(t, component))
	require.Equal(t, checks.Known, component.Chain.State, "taken from the newest version that works")
}

func TestNode010(t *testing.T) {
	t.Parallel()
	issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{host}, Key: pki.RSA})
	for method, want := range map[string]string{
		"SSLv23_server_method": "SSLv2 SSLv3 TLSv1.0 TLSv1.1 TLSv1.2",
		"SSLv3_server_method":  "SSLv3",
		"SSLv2_server_method":  "SSLv2",
		"TLSv1_server_method":  "TLSv1.0",
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			address := checktest.StartNode010(t, checktest.NodeConfig{SecureProtocol: method, Certificate: issued})
			component, certificates, _ := quick(t, address, checks.Limits{})
			require.Equal(t, want, on(t, component))
			requireChain(t, issued, component, certificates)
			if fact := component.Protocols[checks.SSLv2]; fact.State == checks.Known {
				require.Len(t, fact.Value.Suite, len("0x010080"))
			}
		})
	}
}

// CVE-2015-3197: SSL 2.0 without cipher specs counts as SSL 2.0.
func TestSSLv2WithoutSuites(t *testing.T) {
	t.Parallel()
	address := checktest.StartNode010(t, checktest.NodeConfig{Ciphers: "AES128-SHA:RC4-SHA"})
	component, _, _ := quick(t, address, checks.Limits{})
	require.Equal(t, checks.KnownFact(checks.Accepted{WithoutSuites: true}), component.Protocols[checks.SSLv2])
	require.Equal(t, checks.Known, component.Protocols[checks.SSLv3].State)
}

func TestOldAndRareSuites(t *testing.T) {
	t.Parallel()
	for _, cipher := range []string{"RC4-SHA", "RC4-MD5", "DES-CBC-SHA", "DES-CBC3-SHA", "CAMELLIA256-SHA", "SEED-SHA", "IDEA-CBC-SHA", "NULL-SHA"} {
		t.Run(cipher, func(t *testing.T) {
			t.Parallel()
			address := checktest.StartNode010(t, checktest.NodeConfig{Ciphers: cipher})
			component, _, network := quick(t, address, checks.Limits{})
			require.Equal(t, checks.Known, component.Protocols[checks.SSLv3].State, network.Measurements().Log)
			require.Equal(t, checks.Known, component.Protocols[checks.TLSv10].State)
		})
	}
}

func TestOpenSSL(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments []string
		key       pki.Key
		want      string
	}{
		"TLS 1.3 only":            {arguments: []string{"-tls1_3"}, want: "TLSv1.3"},
		"TLS 1.3 asks to retry":   {arguments: []string{"-tls1_3", "-groups", "P-521"}, want: "TLSv1.3"},
		"one odd suite":           {arguments: []string{"-tls1_2", "-cipher", "ECDHE-ECDSA-ARIA256-GCM-SHA384"}, want: "TLSv1.2"},
		"DHE only":                {arguments: []string{"-tls1_2", "-cipher", "DHE-RSA-AES128-SHA256"}, key: pki.RSA, want: "TLSv1.2"},
		"asks for a certificate":  {arguments: []string{"-tls1_3", "-Verify", "1"}, want: "TLSv1.3"},
		"TLS 1.0 to 1.3":          {arguments: []string{"-cipher", "DEFAULT@SECLEVEL=0"}, want: "TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3"},
		"extended master secrets": {arguments: []string{"-tls1_2", "-cipher", "AES128-SHA"}, key: pki.RSA, want: "TLSv1.2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{host}, Key: test.key})
			address := checktest.StartOpenSSL(t, issued, test.arguments...)
			component, certificates, _ := quick(t, address, checks.Limits{})
			require.Equal(t, test.want, on(t, component))
			requireChain(t, issued, component, certificates)
		})
	}
}

// Every suite of TLS 1.3 brings its chain, also those that libraries lack.
func TestTLS13WithARareSuite(t *testing.T) {
	t.Parallel()
	issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{host}})
	address := checktest.StartOpenSSL(t, issued, "-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_8_SHA256")
	component, certificates, _ := quick(t, address, checks.Limits{})
	require.Equal(t, "TLSv1.3", on(t, component))
	requireChain(t, issued, component, certificates)
}

func TestGoServers(t *testing.T) {
	t.Parallel()
	issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{host}, Key: pki.RSA})
	names := []string{"TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
	for low := range names {
		for high := low; high < len(names); high++ {
			want := strings.Join(names[low:high+1], " ")
			t.Run(want, func(t *testing.T) {
				t.Parallel()
				address := checktest.StartGoServer(t, checktest.GoServerConfig{
					MinVersion: uint16(tls.VersionTLS10 + low), MaxVersion: uint16(tls.VersionTLS10 + high), Certificate: issued,
				})
				component, certificates, _ := quick(t, address, checks.Limits{})
				require.Equal(t, want, on(t, component))
				requireChain(t, issued, component, certificates)
			})
		}
	}
}

// Chains come as sent: ten intermediates, a message over several records, the
// wrong order, certificates that nothing can parse.
func TestChainAsSent(t *testing.T) {
	t.Parallel()
	long := checktest.NewCA(t, "Root")
	for range 10 {
		next, err := long.Intermediate("Intermediate")
		require.NoError(t, err)
		long = next
	}
	deep := checktest.Issue(t, long, pki.Leaf{Names: []string{host}, Padding: 20 << 10})
	require.Len(t, deep.Certificate.Certificate, 11)
	odd := deep.WithChain(deep.Certificate.Certificate[0], []byte("no certificate"), deep.Certificate.Certificate[3], deep.Certificate.Certificate[1])
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS12, tls.VersionTLS13} {
		address := checktest.StartGoServer(t, checktest.GoServerConfig{MinVersion: version, MaxVersion: version, Certificate: deep})
		component, certificates, _ := quick(t, address, checks.Limits{})
		requireChain(t, deep, component, certificates)
	}
	nginx := checktest.StartNginx(t, checktest.NginxConfig{Certificate: deep})
	component, certificates, _ := quick(t, nginx.Addr, checks.Limits{})
	requireChain(t, deep, component, certificates)

	address := checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: odd})
	component, certificates, _ = quick(t, address, checks.Limits{})
	requireChain(t, odd, component, certificates)

	address = checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: odd, MinVersion: tls.VersionTLS13})
	component, certificates, _ = quick(t, address, checks.Limits{})
	requireChain(t, odd, component, certificates)
	require.Equal(t, "TLSv1.3", on(t, component))
}

func TestChainSentTwiceIsStoredOnce(t *testing.T) {
	t.Parallel()
	issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{host}})
	der := issued.Certificate.Certificate[0]
	address := checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: issued.WithChain(der, der)})
	component, certificates, _ := quick(t, address, checks.Limits{})
	require.Len(t, component.Chain.Value, 2)
	require.Len(t, certificates, 1)
}

func TestSmallBudget(t *testing.T) {
	t.Parallel()
	address := checktest.StartGoServer(t, checktest.GoServerConfig{})
	component, _, network := quick(t, address, checks.Limits{ConnectionsPerAddress: 6})
	require.Len(t, network.Measurements().Connections, 2)
	require.Equal(t, checks.Known, component.Protocols[checks.TLSv12].State)
	require.Equal(t, checks.InconclusiveFact[checks.Accepted](checks.ReasonBudget), component.Protocols[checks.SSLv2])
}

// A hundred looks at an unchanged server are one component.
func TestComponentIsStable(t *testing.T) {
	t.Parallel()
	nginx := checktest.StartNginx(t, checktest.NginxConfig{})
	apache := checktest.StartApache(t, checktest.ApacheConfig{})
	for name, address := range map[string]netip.AddrPort{"nginx": nginx.Addr, "Apache": apache.Addr, "Go": checktest.StartGoServer(t, checktest.GoServerConfig{})} {
		t.Run(name, func(t *testing.T) {
			forms := map[string]int{}
			for range 25 {
				component, _, _ := quick(t, address, checks.Limits{})
				form, err := json.Marshal(component)
				require.NoError(t, err)
				forms[string(form)]++
			}
			require.Len(t, forms, 1)
		})
	}
}

package appraisal_test

import (
	"crypto/x509"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestNames(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	trust, key := trusting(t, root), newKey(t)
	for _, test := range []struct {
		host      string
		names     []string
		addresses []string
		fits      bool
	}{
		{host: "app.test", names: []string{"app.test"}, fits: true},
		{host: "APP.test.", names: []string{"app.test"}, fits: true},
		{host: "app.test", names: []string{"APP.TEST"}, fits: true},
		{host: "app.test", names: []string{"other.test", "app.test"}, fits: true},
		{host: "app.test", names: []string{"other.test"}},
		{host: "app.test", names: nil}, // the common name does not count
		{host: "a.app.test", names: []string{"*.app.test"}, fits: true},
		{host: "app.test", names: []string{"*.app.test"}},
		{host: "a.b.app.test", names: []string{"*.app.test"}},
		{host: "a.b.app.test", names: []string{"*.*.app.test"}},
		{host: "abc.app.test", names: []string{"a*.app.test"}},
		{host: "abc.app.test", names: []string{"*c.app.test"}},
		{host: "a.app.test", names: []string{"a.*.test"}},
		{host: "app.test", names: []string{"*"}},
		{host: "bücher.test", names: []string{"xn--bcher-kva.test"}, fits: true},
		{host: "xn--bcher-kva.app.test", names: []string{"*.app.test"}, fits: true},
		{host: "192.0.2.1", addresses: []string{"192.0.2.1"}, fits: true},
		{host: "192.0.2.1", names: []string{"192.0.2.1"}},
		{host: "192.0.2.2", addresses: []string{"192.0.2.1"}},
		{host: "[2001:db8::1]", addresses: []string{"2001:db8:0::1"}, fits: true},
		{host: "2001:db8::1", addresses: []string{"2001:db8::2"}},
	} {
		certificate := leaf(t, root, key, func(c *x509.Certificate) {
			c.DNSNames = test.names
			for _, address := range test.addresses {
				c.IPAddresses = append(c.IPAddresses, net.ParseIP(address))
			}
		})
		got := only(t, observe(test.host, certificate.Raw), now, trust).Findings[checks.NameMismatch]
		want := checks.FaultFound
		if test.fits {
			want = checks.FaultNotFound
		}
		require.Equal(t, want, got.Answer, "%s against %q and %q", test.host, test.names, test.addresses)
	}
}

// What a certificate is called comes from a stranger.
func TestSentencesHoldNoControlCharacters(t *testing.T) {
	t.Parallel()
	certificate := leaf(t, nil, newKey(t), func(c *x509.Certificate) {
		c.Subject.CommonName = "evil\x00\x1b[2J\u202e"
		c.DNSNames = []string{"a\x00.test", "\x1b]0;title\x07.test"}
	})
	got := only(t, observe("app.test", certificate.Raw), now, trusting(t))
	require.Equal(t, []checks.Question{checks.SelfSigned, checks.NameMismatch}, found(got))
}

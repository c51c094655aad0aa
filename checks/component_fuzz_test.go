package checks_test

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// FuzzComponent reads components back as the database may give them, from any
// build: what is read has a canonical form, reads the same again, and can be
// reported.
func FuzzComponent(f *testing.F) {
	for _, component := range []any{
		checks.TLS{
			Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{
				checks.SSLv2: checks.KnownFact(checks.Accepted{Suite: "0x010080", WithoutSuites: true}), checks.TLSv13: checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout),
			},
			Chain: checks.KnownFact([]checks.Fingerprint{checks.NewCertificate([]byte("no DER")).SHA256}),
		},
		checks.HTTP{Hops: []checks.Hop{{URL: "https://a.test/?*=*", Answer: checks.KnownFact(checks.Response{Status: 302, Cookies: []checks.Cookie{{Name: "�"}}})}}},
		checks.DNS{Host: "a.test", Addresses: checks.KnownFact([]netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")})},
		checks.NewCertificate([]byte("no DER")),
	} {
		form, _, err := checks.Canonical(component)
		require.NoError(f, err)
		f.Add(form)
	}
	f.Fuzz(func(t *testing.T, form []byte) {
		var observation checks.Observation
		address := checks.AddressObservation{}
		sameTwice(t, form, &address.TLS)
		sameTwice(t, form, &address.HTTP)
		sameTwice(t, form, &observation.DNS)
		var certificate checks.Certificate
		sameTwice(t, form, &certificate)
		observation.Addresses = []checks.AddressObservation{address}
		observation.Certificates = []checks.Certificate{certificate}
		report := checks.NewReport(checks.ReportConfig{Observation: &observation})
		if _, err := json.Marshal(report); err != nil {
			t.Errorf("the report cannot be written: %v", err)
		}
	})
}

func sameTwice[T any](t *testing.T, form []byte, component *T) {
	t.Helper()
	if json.Unmarshal(form, component) != nil {
		*component = *new(T)
		return
	}
	written, _, err := checks.Canonical(component)
	if err != nil {
		t.Fatalf("%T has no canonical form: %v", component, err)
	}
	// What no build of ours writes (an empty list that is there) may change once.
	var read, again T
	if err := json.Unmarshal(written, &read); err != nil {
		t.Fatalf("%T cannot be read back: %v", component, err)
	}
	once, sum, _ := checks.Canonical(read)
	if err := json.Unmarshal(once, &again); err != nil {
		t.Fatalf("%T cannot be read back: %v", component, err)
	}
	if twice, second, _ := checks.Canonical(again); second != sum {
		t.Errorf("%s reads back as %s", once, twice)
	}
}

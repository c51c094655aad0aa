package appraisal_test

import (
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

// FuzzAppraise reads a whole chain of DER, certificates one after the other, of
// which the last was fetched; and a timestamp that came beside it.
func FuzzAppraise(f *testing.F) {
	root := authority(f, "Root", nil, rsaKey(), nil)
	issuer := authority(f, "Issuer", root, newKey(f), nil)
	a, b := newLog(f, "A"), newLog(f, "B")
	certificate := logged(f, issuer, nil, now.AddDate(0, 0, -1), a, b)
	trust := newTrust(f, appraisal.Config{
		Public: []chain.Anchor{{Certificate: root.Certificate}}, PrivateRoots: inPEM(authority(f, "Private", nil, newKey(f), nil)),
		Logs: list(a.entry("usable", now), b.entry("retired", now)), DebianKeys: map[int][]byte{1024: nil},
	})
	join := func(ders ...[]byte) (bytes []byte) {
		for _, der := range ders {
			bytes = append(bytes, der...)
		}
		return bytes
	}
	f.Add(join(certificate.Raw, issuer.Raw, root.Raw), []byte{0}, "app.test")
	f.Add(join(leaf(f, nil, newKey(f), critical).Raw), []byte{}, "192.0.2.1")
	for _, name := range []string{"explicit", "dsa", "psssha1", "md4", "brainpoolP256r1", "ed448"} {
		f.Add(fixture(f, name), []byte{1}, "*.test")
	}
	f.Fuzz(func(t *testing.T, bytes, sct []byte, host string) {
		var ders [][]byte
		for len(bytes) > 0 && len(ders) < 80 {
			var element asn1.RawValue
			rest, err := asn1.Unmarshal(bytes, &element)
			if err != nil {
				rest, element.FullBytes = nil, bytes
			}
			ders, bytes = append(ders, element.FullBytes), rest
		}
		if len(ders) == 0 {
			return
		}
		observation := observe(host, ders...)
		first, last := fingerprint(ders[0]), fingerprint(ders[len(ders)-1])
		observation.PKI.Issuers = map[checks.Fingerprint]checks.Fact[[]checks.Fingerprint]{first: checks.KnownFact([]checks.Fingerprint{last})}
		observation.Addresses[0].Full.Stapled.SCTs = checks.KnownFact([]checks.StapledSCT{{Leaf: first, SCT: sct}})
		observation.Records.CAA = checks.KnownFact(checks.CAA{Domain: host, Records: []checks.CAARecord{{Tag: "issue", Value: host}}})
		got := appraisal.Appraise(observation, now, trust)
		requireWhole(t, got)
		require.Equal(t, got.Addresses, appraisal.Appraise(observation, now, trust).Addresses, "the same again, from the caches")
		for _, chain := range got.Addresses[0].Chains {
			if len(chain.Path) > 0 && chain.Findings[checks.UnknownIssuer].Answer == checks.FaultFound {
				t.Error("a path to an unknown issuer")
			}
		}
	})
}

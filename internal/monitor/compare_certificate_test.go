package monitor_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gradewatch/gradewatch/checks"
)

func TestCompareCertificates(t *testing.T) {
	t.Parallel()
	compared(t, map[string]comparison{
		"renewed with a new key": {
			func(l *looked) {
				l.sends(func(i *issued) { i.from, i.until, i.key = "2026-11-01", "2027-01-30", keys().second })
			},
			[]string{"drift low certificate: The server sends a renewed certificate, valid until 2027-01-30, with a new key."},
			[]string{"regression medium certificate: The server sends an older certificate again, valid until 2026-11-30 instead of 2027-01-30."},
		},
		"renewed with the same key": {
			func(l *looked) { l.sends(func(i *issued) { i.from, i.until = "2026-11-01", "2027-01-30" }) },
			[]string{"drift low certificate: The server sends a renewed certificate, valid until 2027-01-30, with the same key."},
			[]string{"regression medium certificate: The server sends an older certificate again, valid until 2026-11-30 instead of 2027-01-30."},
		},
		"renewed by another intermediate of the issuer": {
			func(l *looked) {
				l.sends(func(i *issued) {
					i.from, i.until, i.key, i.intermediate = "2026-11-01", "2027-01-30", keys().second, "E6"
				})
			},
			[]string{"drift low certificate: The server sends a renewed certificate, valid until 2027-01-30, with a new key."},
			[]string{"regression medium certificate: The server sends an older certificate again, valid until 2026-11-30 instead of 2027-01-30."},
		},
		"renewed with names in another order and case": {
			func(l *looked) {
				l.sends(func(i *issued) {
					i.from, i.until, i.names = "2026-11-01", "2027-01-30", []string{"WWW.app.example", "app.example"}
				})
			},
			[]string{"drift low certificate: The server sends a renewed certificate, valid until 2027-01-30, with the same key."},
			[]string{"regression medium certificate: The server sends an older certificate again, valid until 2026-11-30 instead of 2027-01-30."},
		},
		"renewed for half as long": {
			func(l *looked) {
				l.sends(func(i *issued) { i.from, i.until, i.key = "2026-11-01", "2026-12-18", keys().second })
			},
			[]string{
				"drift low certificate: The server sends a renewed certificate, valid until 2026-12-18, with a new key.",
				"drift low certificate: The lifetime of the certificate changed from 90 days to 47 days.",
			},
			[]string{
				"regression medium certificate: The server sends an older certificate again, valid until 2026-11-30 instead of 2026-12-18.",
				"drift low certificate: The lifetime of the certificate changed from 47 days to 90 days.",
			},
		},
		"another issuer": {
			func(l *looked) {
				l.sends(func(i *issued) { i.organization, i.intermediate, i.key = "DigiCert Inc", "G1", keys().second })
			},
			[]string{"drift low certificate: The server sends another certificate: issued by DigiCert Inc instead of Let's Encrypt, with a new key, valid until 2026-11-30."},
			[]string{"drift low certificate: The server sends another certificate: issued by Let's Encrypt instead of DigiCert Inc, with a new key, valid until 2026-11-30."},
		},
		"an issuer without an organization": {
			func(l *looked) {
				l.sends(func(i *issued) { i.organization, i.intermediate, i.key = "", "My own CA", keys().second })
			},
			[]string{"drift low certificate: The server sends another certificate: issued by My own CA instead of Let's Encrypt, with a new key, valid until 2026-11-30."},
			[]string{"drift low certificate: The server sends another certificate: issued by Let's Encrypt instead of My own CA, with a new key, valid until 2026-11-30."},
		},
		"another kind of key": {
			func(l *looked) { l.sends(func(i *issued) { i.key = keys().rsa }) },
			[]string{"drift low certificate: The server sends another certificate: with an RSA key of 2048 bits instead of an ECDSA key on P-256, valid until 2026-11-30."},
			[]string{"drift low certificate: The server sends another certificate: with an ECDSA key on P-256 instead of an RSA key of 2048 bits, valid until 2026-11-30."},
		},
		"a name less": {
			func(l *looked) { l.sends(func(i *issued) { i.names = i.names[:1] }) },
			[]string{
				"drift low certificate: The server sends another certificate: for other names, with the same key, valid until 2026-11-30.",
				"regression medium certificate: The certificate no longer covers www.app.example.",
			},
			[]string{
				"drift low certificate: The server sends another certificate: for other names, with the same key, valid until 2026-11-30.",
				"drift low certificate: The certificate now also covers www.app.example.",
			},
		},
		"without the host's own name": {
			func(l *looked) { l.sends(func(i *issued) { i.names = i.names[1:] }) },
			[]string{
				"drift low certificate: The server sends another certificate: for other names, with the same key, valid until 2026-11-30.",
				"regression critical certificate: The certificate no longer covers app.example.",
			},
			[]string{
				"drift low certificate: The server sends another certificate: for other names, with the same key, valid until 2026-11-30.",
				"recovery critical certificate: The certificate now also covers app.example.",
			},
		},
		"a wildcard takes the place of names": {
			func(l *looked) { l.sends(func(i *issued) { i.names = []string{"app.example", "*.app.example"} }) },
			[]string{
				"drift low certificate: The server sends another certificate: for other names, with the same key, valid until 2026-11-30.",
				"drift low certificate: The certificate now also covers *.app.example.",
			},
			[]string{
				"drift low certificate: The server sends another certificate: for other names, with the same key, valid until 2026-11-30.",
				"regression medium certificate: The certificate no longer covers *.app.example.",
			},
		},
		"renewed for so short that it ends before": {
			func(l *looked) {
				l.sends(func(i *issued) { i.from, i.until, i.key = "2026-11-01", "2026-11-20", keys().second })
			},
			[]string{
				"drift low certificate: The server sends a renewed certificate, valid until 2026-11-20, with a new key.",
				"drift low certificate: The lifetime of the certificate changed from 90 days to 19 days.",
			},
			[]string{
				"regression medium certificate: The server sends an older certificate again, valid until 2026-11-30 instead of 2026-11-20.",
				"drift low certificate: The lifetime of the certificate changed from 19 days to 90 days.",
			},
		},
		"an earlier certificate": {
			func(l *looked) {
				l.sends(func(i *issued) { i.from, i.until, i.key = "2026-07-01", "2026-09-29", keys().second })
			},
			[]string{"regression medium certificate: The server sends an older certificate again, valid until 2026-09-29 instead of 2026-11-30."},
			[]string{"drift low certificate: The server sends a renewed certificate, valid until 2026-11-30, with a new key."},
		},
		"a name more": {
			func(l *looked) { l.sends(func(i *issued) { i.names = append(i.names, "shop.app.example") }) },
			[]string{
				"drift low certificate: The server sends another certificate: for other names, with the same key, valid until 2026-11-30.",
				"drift low certificate: The certificate now also covers shop.app.example.",
			},
			[]string{
				"drift low certificate: The server sends another certificate: for other names, with the same key, valid until 2026-11-30.",
				"regression medium certificate: The certificate no longer covers shop.app.example.",
			},
		},
		"many names more": {
			func(l *looked) {
				l.sends(func(i *issued) {
					for n := range 10 {
						i.names = append(i.names, fmt.Sprintf("n%d.app.example", n))
					}
				})
			},
			[]string{
				"drift low certificate: The server sends another certificate: for other names, with the same key, valid until 2026-11-30.",
				"drift low certificate: The certificate now also covers n0.app.example, n1.app.example, n2.app.example, n3.app.example, n4.app.example, n5.app.example and 4 more.",
			},
			[]string{
				"drift low certificate: The server sends another certificate: for other names, with the same key, valid until 2026-11-30.",
				"regression medium certificate: The certificate no longer covers n0.app.example, n1.app.example, n2.app.example, n3.app.example, n4.app.example, n5.app.example and 4 more.",
			},
		},
		"a certificate that nobody can read": {
			func(l *looked) { l.leaf(checks.NewCertificate([]byte("no certificate"))) },
			[]string{"drift low certificate: The server sends another certificate."},
			[]string{"drift low certificate: The server sends another certificate."},
		},
		"no certificate could be told": {
			func(l *looked) { l.a.TLS.Chain = checks.InconclusiveFact[[]checks.Fingerprint](checks.ReasonTimeout) },
			nil,
			nil,
		},
		"no intermediate": {
			func(l *looked) { l.a.TLS.Chain.Value = l.a.TLS.Chain.Value[:1] },
			[]string{"drift low certificate: The server no longer sends the intermediate \"E5\"."},
			[]string{"drift low certificate: The server now also sends the intermediate \"E5\"."},
		},
		"another intermediate": {
			func(l *looked) { l.a.TLS.Chain.Value = []checks.Fingerprint{l.a.TLS.Chain.Value[0], l.also("E9")} },
			[]string{"drift low certificate: The server sends the same certificate with the intermediate \"E9\" instead of \"E5\"."},
			[]string{"drift low certificate: The server sends the same certificate with the intermediate \"E5\" instead of \"E9\"."},
		},
		"the root too": {
			func(l *looked) { l.a.TLS.Chain.Value = append(slices.Clone(l.a.TLS.Chain.Value), l.also("Root X1")) },
			[]string{"drift low certificate: The server now also sends the intermediate \"Root X1\"."},
			[]string{"drift low certificate: The server no longer sends the intermediate \"Root X1\"."},
		},
		"two more": {
			func(l *looked) {
				l.a.TLS.Chain.Value = append(slices.Clone(l.a.TLS.Chain.Value), l.also("Root X1"), l.also("Root X2"))
			},
			[]string{"drift low certificate: The server now also sends the intermediates \"Root X1\" and \"Root X2\"."},
			[]string{"drift low certificate: The server no longer sends the intermediates \"Root X1\" and \"Root X2\"."},
		},
		"the same twice": {
			func(l *looked) {
				l.a.TLS.Chain.Value = append(slices.Clone(l.a.TLS.Chain.Value), l.a.TLS.Chain.Value[1])
			},
			[]string{"drift low certificate: The server sends the same certificates in another order or number."},
			[]string{"drift low certificate: The server sends the same certificates in another order or number."},
		},
		"an RSA certificate besides": {
			func(l *looked) {
				l.f.Chains.Served.Value = append(slices.Clone(l.f.Chains.Served.Value), checks.ServedChain{Key: "RSA", SNI: true, Certificates: []checks.Fingerprint{"aa"}})
			},
			[]string{"drift low certificate: The server now also serves a certificate of type RSA."},
			[]string{"drift low certificate: The server no longer serves a certificate of type RSA."},
		},
		"another certificate without SNI": {
			func(l *looked) {
				l.f.Chains.Served.Value = slices.Clone(l.f.Chains.Served.Value)
				l.f.Chains.Served.Value[1].Certificates = []checks.Fingerprint{"bb"}
			},
			[]string{"drift low certificate: The server serves another certificate of type ECDSA without SNI."},
			[]string{"drift low certificate: The server serves another certificate of type ECDSA without SNI."},
		},
		"SNI required": {
			func(l *looked) { l.f.Chains.SNIRequired = checks.KnownFact(true) },
			[]string{"drift low configuration: The server now requires SNI."},
			[]string{"drift low configuration: The server no longer requires SNI."},
		},
		"chains that could not be told": {
			func(l *looked) {
				l.f.Chains.Served = checks.InconclusiveFact[[]checks.ServedChain](checks.ReasonDegraded)
			},
			nil,
			nil,
		},
		"the staple has expired": {
			func(l *looked) { l.f.Stapled.OCSP.Value.Fault = checks.StapleExpired },
			[]string{"regression medium certificate: The stapled OCSP response changed from good to expired."},
			[]string{"recovery medium certificate: The stapled OCSP response changed from expired to good."},
		},
		"the staple says revoked": {
			func(l *looked) { l.f.Stapled.OCSP.Value.Status.State = checks.RevocationRevoked },
			[]string{"regression critical certificate: The stapled OCSP response changed from good to revoked."},
			[]string{"recovery critical certificate: The stapled OCSP response changed from revoked to good."},
		},
		"no staple this time": {
			func(l *looked) { l.f.Stapled.OCSP = checks.AbsentFact[checks.Staple]("") },
			nil,
			nil,
		},
		"revoked": {
			func(l *looked) {
				l.o.PKI.Revocation[l.o.Certificates[0].SHA256] = checks.Revocation{OCSP: checks.KnownFact(checks.RevocationStatus{State: checks.RevocationRevoked})}
			},
			[]string{"regression critical certificate: The certificate \"app.example\" is now revoked by its issuer."},
			[]string{"recovery critical certificate: The certificate \"app.example\" is no longer revoked by its issuer."},
		},
		"no answer about revocation": {
			func(l *looked) {
				l.o.PKI.Revocation[l.o.Certificates[0].SHA256] = checks.Revocation{CRL: checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonTimeout)}
			},
			nil,
			nil,
		},
	})
}

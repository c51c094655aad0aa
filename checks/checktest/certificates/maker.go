package certificates

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// Maker makes what one case serves. What it starts ends with the case's test.
type Maker struct {
	*Hierarchy

	t    testing.TB
	host string
}

// Maker returns one for a case's test.
func (h *Hierarchy) Maker(t testing.TB, host string) *Maker {
	t.Helper()
	return &Maker{Hierarchy: h, t: t, host: host}
}

// leaf is an end-entity certificate to make.
type leaf struct {
	pki.Leaf
	issuer *Issuer
	logs   []*Log // that sign for it; nil: none
	// breakTimestamp is the index of a timestamp to spoil; -1: none.
	breakTimestamp int
	keyName        string // of a checked-in key
}

// leafOf makes a certificate as the Baseline Requirements want it (section
// 7.1.2.7), but for changes, and returns it with its chain.
func (m *Maker) leafOf(changes ...func(*leaf)) *pki.Issued {
	m.t.Helper()
	now := time.Now()
	l := &leaf{
		Leaf: pki.Leaf{
			Names: []string{m.host}, Serial: randomSerial(m.t),
			NotBefore: now.Add(-5 * day), NotAfter: now.Add(40 * day),
		},
		issuer: m.Issuer, logs: []*Log{m.Logs.A1, m.Logs.B}, breakTimestamp: -1,
	}
	for _, change := range changes {
		change(l)
	}
	m.fill(l)
	issued, err := l.issuer.Issue(l.Leaf)
	require.NoError(m.t, err)
	if len(l.logs) > 0 {
		l.Extensions = append(l.Extensions, timestampList(m.t, m.timestamps(l, issued)))
		issued, err = l.issuer.Issue(l.Leaf)
		require.NoError(m.t, err)
	}
	if l.keyName != "" && hasPrivate(l.keyName) {
		issued.KeyPEM = keyPEM(m.t, l.keyName)
	}
	return issued
}

// fill sets what changes left open.
func (m *Maker) fill(l *leaf) {
	m.t.Helper()
	if l.CRL == nil {
		l.CRL = []string{l.issuer.Services.CRLURL()}
	}
	if l.AIA == nil {
		l.AIA = []string{l.issuer.Services.AIAURL()}
	}
	if l.keyName != "" {
		m.useKey(l)
	}
	if l.PrivateKey == nil {
		l.PrivateKey = newKey(m.t, l.Key)
	}
	change := l.Template
	l.Template = func(template *x509.Certificate) {
		if !l.OnlyCommonName {
			template.Subject = pkix.Name{}
		}
		template.KeyUsage = x509.KeyUsageDigitalSignature
		if _, isRSA := l.PrivateKey.Public().(*rsa.PublicKey); isRSA {
			template.KeyUsage |= x509.KeyUsageKeyEncipherment
		}
		template.Policies = []x509.OID{domainValidated()}
		if change != nil {
			change(template)
		}
	}
}

// useKey puts a checked-in key into the certificate, as bytes: crypto/x509 does
// not know them all.
func (m *Maker) useKey(l *leaf) {
	m.t.Helper()
	spki := publicKey(m.t, l.keyName)
	change := l.Rewrite
	l.Rewrite = func(tbs *pki.TBS) {
		tbs.SetPublicKey(spki)
		if change != nil {
			change(tbs)
		}
	}
}

// timestamps has the logs sign for a certificate that has none yet.
func (m *Maker) timestamps(l *leaf, issued *pki.Issued) [][]byte {
	m.t.Helper()
	tbs := signedPart(m.t, issued.Certificate.Certificate[0])
	scts := make([][]byte, 0, len(l.logs))
	for index, log := range l.logs {
		sct := log.Precertificate(m.t, tbs, l.issuer.Certificate.RawSubjectPublicKeyInfo, l.NotBefore.Add(-time.Hour))
		if index == l.breakTimestamp {
			sct[len(sct)-1] ^= 1
		}
		scts = append(scts, sct)
	}
	return scts
}

func signedPart(t testing.TB, der []byte) []byte {
	t.Helper()
	var whole struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	_, err := asn1.Unmarshal(der, &whole)
	require.NoError(t, err)
	return whole.TBS.FullBytes
}

// ownIssuer makes an intermediate of Root for this case alone, with its own
// servers.
func (m *Maker) ownIssuer(change func(*pki.Authority)) *Issuer {
	m.t.Helper()
	return m.issuerBelow(m.Root, change)
}

func (m *Maker) issuerBelow(parent *Issuer, change func(*pki.Authority)) *Issuer {
	m.t.Helper()
	wanted := pki.Authority{Name: "Example Issuer " + rand.Text()[:8]}
	if change != nil {
		change(&wanted)
	}
	return parent.below(m.t, wanted)
}

// faulty is an issuer of its own, one of whose servers misbehaves.
func (m *Maker) faulty(service authority.Service, fault authority.Fault) *Issuer {
	m.t.Helper()
	issuer := m.ownIssuer(nil)
	issuer.Services.Misbehave(service, fault)
	return issuer
}

func newKey(t testing.TB, kind pki.Key) crypto.Signer {
	t.Helper()
	issued, err := pki.SelfSigned(pki.Leaf{Key: kind})
	require.NoError(t, err)
	signer, ok := issued.Certificate.PrivateKey.(crypto.Signer)
	require.True(t, ok)
	return signer
}

func randomSerial(t testing.TB) *big.Int {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	require.NoError(t, err)
	return serial.SetBit(serial, 120, 1)
}

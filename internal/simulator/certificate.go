package simulator

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// Certificate is one that a server sends, with its chain.
type Certificate struct {
	Names               []string
	NotBefore, NotAfter time.Time
	Chain               []checks.Certificate // leaf first
}

// fingerprints are those of the chain, leaf first.
func (c *Certificate) fingerprints() []checks.Fingerprint {
	var all []checks.Fingerprint
	for _, one := range c.Chain {
		all = append(all, one.SHA256)
	}
	return all
}

// Authority issues certificates whose browsers trust it until it is distrusted.
type Authority struct {
	ca     *pki.CA
	key    crypto.Signer
	serial int64
}

// NewAuthority makes an authority whose root is good from a year before to ten
// years after at.
func NewAuthority(name string, at time.Time) (*Authority, error) {
	ca, err := pki.NewRoot(pki.Authority{Name: name, NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(10, 0, 0)})
	if err != nil {
		return nil, fmt.Errorf("make the authority %s: %w", name, err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key for the certificates of %s: %w", name, err)
	}
	return &Authority{ca: ca, key: key}, nil
}

// Issue issues a certificate for names, good for lifetime from an hour before at.
func (a *Authority) Issue(at time.Time, lifetime time.Duration, names ...string) (*Certificate, error) {
	a.serial++
	from := at.Add(-time.Hour).UTC().Truncate(time.Second)
	certificate := &Certificate{Names: names, NotBefore: from, NotAfter: from.Add(lifetime - time.Second)}
	issued, err := a.ca.Issue(pki.Leaf{
		Names: names, NotBefore: certificate.NotBefore, NotAfter: certificate.NotAfter, PrivateKey: a.key,
		Serial: big.NewInt(a.serial),
	})
	if err != nil {
		return nil, fmt.Errorf("issue a certificate for %v: %w", names, err)
	}
	for _, der := range issued.Certificate.Certificate {
		certificate.Chain = append(certificate.Chain, checks.NewCertificate(der))
	}
	return certificate, nil
}

// Package pki makes certificate authorities and certificates in memory, good
// and bad ones, for tests and for the demo. It must not import testing, read
// or write files, or ever make a certificate that anybody outside trusts.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Key is the kind of key a certificate gets. The zero value is ECDSA.
type Key uint8

// The kinds of key.
const (
	ECDSA     Key = iota // P-256
	RSA                  // 2048 bits
	RSA1024              // 1024 bits: too short for today, fine for faults
	ECDSAP384            // P-384
	Ed25519
)

// Leaf says what an end-entity certificate holds. The zero value of every
// field but Names has a sensible meaning.
type Leaf struct {
	Names     []string  // DNS names and IP address literals; the first is the common name too
	NotBefore time.Time // default: an hour before now
	NotAfter  time.Time // default: 90 days after now
	Key       Key
	// PrivateKey is used instead of a new key of the kind Key: making one takes
	// seconds where it is long. It is *rsa.PrivateKey, *ecdsa.PrivateKey or
	// ed25519.PrivateKey.
	PrivateKey crypto.Signer
	Signature  x509.SignatureAlgorithm // default: what fits the issuer's key, with SHA-256
	// OnlyCommonName leaves the subject alternative names out.
	OnlyCommonName bool
	// Padding adds a private extension of this many bytes, to make it large.
	Padding int
	// Serial is used instead of a random one of 16 bytes.
	Serial *big.Int
	// CRL, OCSP and AIA are the URLs of revocation lists, of responders and of
	// the issuer's certificate. They need not be http.
	CRL, OCSP, AIA []string
	// MustStaple asks for an OCSP staple (RFC 7633).
	MustStaple bool
	// Extensions are added as they are, after all others.
	Extensions []pkix.Extension
	// Template, where set, changes what crypto/x509 is asked to write.
	Template func(*x509.Certificate)
	// Rewrite, where set, changes what came of it, before the issuer signs again:
	// to what crypto/x509 refuses to write.
	Rewrite func(*TBS)
}

// Issued is a certificate with its key and the chain a server sends.
type Issued struct {
	Certificate tls.Certificate // leaf first, then intermediates; never the root
	CertPEM     []byte          // the same chain in PEM
	KeyPEM      []byte          // PKCS #8
}

// WithChain returns a copy of i whose server sends exactly chain (DER, in this
// order), which may be incomplete, in the wrong order or no certificate at all.
func (i *Issued) WithChain(chain ...[]byte) *Issued {
	changed := *i
	changed.Certificate.Certificate = chain
	changed.CertPEM = encodeCertificates(chain)
	return &changed
}

// CA is a certificate authority: a root, or an intermediate below one.
type CA struct {
	Certificate *x509.Certificate
	key         crypto.Signer
	path        [][]byte // DER from this CA up to, without, the root
}

// Authority says what a CA certificate holds. Zero values mean the defaults.
type Authority struct {
	Name      string
	NotBefore time.Time // default: a day before now
	NotAfter  time.Time // default: ten years after now
	Key       Key
	// PrivateKey, Template and Rewrite are as in Leaf. Two authorities of one name
	// and one key are one that was cross-signed.
	PrivateKey crypto.Signer
	Signature  x509.SignatureAlgorithm
	Serial     *big.Int // default: a random one of 16 bytes
	// CRL, OCSP, AIA and Extensions are as in Leaf.
	CRL, OCSP, AIA []string
	Extensions     []pkix.Extension
	Template       func(*x509.Certificate)
	Rewrite        func(*TBS)
}

// NewCA makes a root with the default dates and an ECDSA key.
func NewCA(name string) (*CA, error) { return NewRoot(Authority{Name: name}) }

// NewRoot makes a root as authority says.
func NewRoot(authority Authority) (*CA, error) {
	key, err := authority.key()
	if err != nil {
		return nil, err
	}
	template := authority.template()
	certificate, err := sign(signing{template: template, parent: template, public: key.Public(), key: key, rewrite: authority.Rewrite})
	if err != nil {
		return nil, fmt.Errorf("making root %q: %w", authority.Name, err)
	}
	return &CA{Certificate: certificate, key: key}, nil
}

// Intermediate makes a CA below ca with the default dates and an ECDSA key.
func (ca *CA) Intermediate(name string) (*CA, error) {
	return ca.NewIntermediate(Authority{Name: name})
}

// NewIntermediate makes a CA below ca as authority says.
func (ca *CA) NewIntermediate(authority Authority) (*CA, error) {
	key, err := authority.key()
	if err != nil {
		return nil, err
	}
	certificate, err := sign(signing{template: authority.template(), parent: ca.Certificate, public: key.Public(), key: ca.key, rewrite: authority.Rewrite})
	if err != nil {
		return nil, fmt.Errorf("making intermediate %q: %w", authority.Name, err)
	}
	return &CA{
		Certificate: certificate, key: key,
		path: append([][]byte{certificate.Raw}, ca.path...),
	}, nil
}

// Issue makes a leaf signed by ca, with the intermediates that belong to it.
func (ca *CA) Issue(leaf Leaf) (*Issued, error) {
	key, err := leaf.key()
	if err != nil {
		return nil, err
	}
	certificate, err := create(signing{template: leaf.template(), parent: ca.Certificate, public: key.Public(), key: ca.key, rewrite: leaf.Rewrite})
	if err != nil {
		return nil, fmt.Errorf("issuing for %q: %w", leaf.Names, err)
	}
	return issued(key, append([][]byte{certificate}, ca.path...))
}

// Signer returns ca's private key, to sign what is no certificate: revocation
// lists and OCSP responses.
func (ca *CA) Signer() crypto.Signer { return ca.key }

// PEM returns ca's own certificate in PEM, for files of private roots.
func (ca *CA) PEM() []byte { return encodeCertificates([][]byte{ca.Certificate.Raw}) }

// Pool returns a pool that holds only ca.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.Certificate)
	return pool
}

// SelfSigned makes a leaf that is signed by its own key.
func SelfSigned(leaf Leaf) (*Issued, error) {
	key, err := leaf.key()
	if err != nil {
		return nil, err
	}
	template := leaf.template()
	certificate, err := create(signing{template: template, parent: template, public: key.Public(), key: key, rewrite: leaf.Rewrite})
	if err != nil {
		return nil, fmt.Errorf("self-signing for %q: %w", leaf.Names, err)
	}
	return issued(key, [][]byte{certificate})
}

func (a Authority) key() (crypto.Signer, error) {
	if a.PrivateKey != nil {
		return a.PrivateKey, nil
	}
	return newKey(a.Key)
}

func (a Authority) template() *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber:          orRandom(a.Serial),
		Subject:               pkix.Name{CommonName: a.Name, Organization: []string{"Gradewatch test authority"}},
		NotBefore:             orNow(a.NotBefore, -24*time.Hour),
		NotAfter:              orNow(a.NotAfter, 10*365*24*time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		SignatureAlgorithm:    a.Signature,
		CRLDistributionPoints: a.CRL,
		OCSPServer:            a.OCSP,
		IssuingCertificateURL: a.AIA,
		ExtraExtensions:       a.Extensions,
	}
	if a.Template != nil {
		a.Template(template)
	}
	return template
}

func (l Leaf) template() *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber:          orRandom(l.Serial),
		NotBefore:             orNow(l.NotBefore, -time.Hour),
		NotAfter:              orNow(l.NotAfter, 90*24*time.Hour),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		SignatureAlgorithm:    l.Signature,
		CRLDistributionPoints: l.CRL,
		OCSPServer:            l.OCSP,
		IssuingCertificateURL: l.AIA,
		ExtraExtensions:       l.extensions(),
	}
	if len(l.Names) > 0 {
		template.Subject.CommonName = l.Names[0]
	}
	if !l.OnlyCommonName {
		template.DNSNames, template.IPAddresses = l.alternativeNames()
	}
	if l.Template != nil {
		l.Template(template)
	}
	return template
}

func (l Leaf) alternativeNames() (names []string, addresses []net.IP) {
	for _, name := range l.Names {
		if ip := net.ParseIP(name); ip != nil {
			addresses = append(addresses, ip)
		} else {
			names = append(names, name)
		}
	}
	return names, addresses
}

// extensions lists what x509.Certificate has no field for.
func (l Leaf) extensions() []pkix.Extension {
	var extensions []pkix.Extension
	if l.Padding > 0 {
		extensions = append(extensions, pkix.Extension{
			Id: []int{1, 3, 6, 1, 4, 1, 32473, 1}, Value: make([]byte, l.Padding), // RFC 5612: the arc for examples
		})
	}
	if l.MustStaple {
		extensions = append(extensions, pkix.Extension{
			Id: []int{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: []byte{0x30, 3, 2, 1, 5}, // SEQUENCE of status_request
		})
	}
	return append(extensions, l.Extensions...)
}

// signing is one certificate to make.
type signing struct {
	template, parent *x509.Certificate
	public           crypto.PublicKey
	key              crypto.Signer // the issuer's
	rewrite          func(*TBS)
}

// sign makes a certificate that crypto/x509 can read back.
func sign(s signing) (*x509.Certificate, error) {
	der, err := create(s)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading back: %w", err)
	}
	return certificate, nil
}

func create(s signing) ([]byte, error) {
	wanted := s.template.SignatureAlgorithm
	if !obsolete(wanted) {
		wanted = 0
	} else {
		s.template.SignatureAlgorithm = 0
	}
	der, err := x509.CreateCertificate(rand.Reader, s.template, s.parent, s.public, s.key)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	if wanted == 0 && s.rewrite == nil {
		return der, nil
	}
	return resign(der, s.key, wanted, s.rewrite)
}

func issued(key crypto.Signer, chain [][]byte) (*Issued, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding the private key: %w", err)
	}
	return &Issued{
		Certificate: tls.Certificate{Certificate: chain, PrivateKey: key},
		CertPEM:     encodeCertificates(chain),
		KeyPEM:      pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	}, nil
}

func (l Leaf) key() (crypto.Signer, error) {
	if l.PrivateKey != nil {
		return l.PrivateKey, nil
	}
	return newKey(l.Key)
}

func newKey(kind Key) (crypto.Signer, error) {
	var key crypto.Signer
	var err error
	switch kind {
	case ECDSA:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case RSA1024:
		key, err = rsa.GenerateKey(rand.Reader, 1024)
	case ECDSAP384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case Ed25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = fmt.Errorf("unknown kind %d", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return key, nil
}

func encodeCertificates(chain [][]byte) []byte {
	var text []byte
	for _, der := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return text
}

func orRandom(serial *big.Int) *big.Int {
	if serial != nil {
		return serial
	}
	number := make([]byte, 16)
	_, _ = rand.Read(number) // never fails since Go 1.24
	number[0] &= 0x7F
	return new(big.Int).SetBytes(number)
}

func orNow(at time.Time, offset time.Duration) time.Time {
	if at.IsZero() {
		return time.Now().Add(offset)
	}
	return at
}

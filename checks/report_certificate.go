package checks

import (
	"crypto/dsa" //nolint:staticcheck // certificates with such keys are still met
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"time"
)

// ReportCertificate is one certificate as people name it. Only SHA256 is set
// when it cannot be parsed.
type ReportCertificate struct {
	SHA256    Fingerprint `json:"sha256"`
	Subject   string      `json:"subject,omitempty"`
	Issuer    string      `json:"issuer,omitempty"`
	Names     []string    `json:"names,omitempty"` // DNS names, then addresses
	NotBefore time.Time   `json:"not_before,omitzero"`
	NotAfter  time.Time   `json:"not_after,omitzero"`
	Serial    string      `json:"serial,omitempty"` // hexadecimal
	Key       string      `json:"key,omitempty"`    // RSA, ECDSA, Ed25519 or DSA
	KeyBits   int         `json:"key_bits,omitempty"`
	Signature string      `json:"signature,omitempty"` // how the issuer signed it: SHA256-RSA
}

// ReportChain is one chain that the address can be made to serve.
type ReportChain struct {
	Key          string              `json:"key"` // the leaf's: RSA, RSASSA-PSS, ECDSA, Ed25519, Ed448, DSA
	SNI          bool                `json:"sni"` // sent to a client that names the host
	Certificates []ReportCertificate `json:"certificates"`
}

func (o *Observation) reportCertificates(chain []Fingerprint) []ReportCertificate {
	certificates := []ReportCertificate{}
	for _, fingerprint := range chain {
		certificates = append(certificates, newReportCertificate(o.Certificate(fingerprint), fingerprint))
	}
	return certificates
}

func newReportCertificate(der []byte, fingerprint Fingerprint) ReportCertificate {
	report := ReportCertificate{SHA256: fingerprint}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return report
	}
	report.Subject, report.Issuer = certificate.Subject.String(), certificate.Issuer.String()
	report.NotBefore, report.NotAfter = certificate.NotBefore.UTC(), certificate.NotAfter.UTC()
	report.Names = slices.Clone(certificate.DNSNames)
	for _, address := range certificate.IPAddresses {
		report.Names = append(report.Names, address.String())
	}
	report.Serial = certificate.SerialNumber.Text(16)
	report.Key, report.KeyBits = keyOf(certificate.PublicKey)
	report.Signature = certificate.SignatureAlgorithm.String()
	return report
}

func keyOf(public any) (name string, bits int) {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return "RSA", key.N.BitLen()
	case *ecdsa.PublicKey:
		return "ECDSA", key.Curve.Params().BitSize
	case ed25519.PublicKey:
		return "Ed25519", 256
	case *dsa.PublicKey:
		return "DSA", key.P.BitLen()
	}
	return "", 0
}

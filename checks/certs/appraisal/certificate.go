package appraisal

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"strconv"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/certs/key"
	"github.com/gradewatch/gradewatch/checks/certs/outline"
)

const (
	maxDER        = 1 << 17 // bytes; a larger certificate is not looked into
	maxCachedDER  = 1 << 14 // bytes; larger ones are parsed again each time
	maxNames      = 5_000   // subject alternative names; more are not looked into
	maxNameLength = 80      // bytes of a certificate's name in a sentence
)

// certificate is one certificate, read once. It never changes.
type certificate struct {
	fingerprint checks.Fingerprint
	outline     *outline.Certificate // nil: nothing can parse it
	standard    *x509.Certificate    // nil: crypto/x509 does not parse it
	candidate   *chain.Candidate     // nil: cannot be part of a path that crypto/x509 builds
	err         error                // why standard is nil
	key         key.Public
	keyErr      error
	signature   outline.Algorithm
	name        string // for sentences, with its quotes
	compromised string // where its private key is published; empty: nowhere known
}

func readCertificate(fingerprint checks.Fingerprint, der []byte) (read *certificate) {
	read = &certificate{fingerprint: fingerprint, name: shortFingerprint(fingerprint), keyErr: errors.New("the certificate cannot be parsed")}
	defer func() {
		if recovered := recover(); recovered != nil {
			read.standard, read.candidate = nil, nil
			read.err = fmt.Errorf("parsing the certificate: %v", recovered)
		}
	}()
	if len(der) == 0 || len(der) > maxDER {
		read.err = fmt.Errorf("parsing the certificate: %d bytes", len(der))
		return read
	}
	if read.outline, read.err = outline.Read(der); read.err != nil {
		read.outline = nil
		return read
	}
	read.signature = read.outline.SignatureAlgorithm()
	read.key, read.keyErr = key.Read(read.outline.RawSPKI)
	if read.name = subjectName(read.outline.RawSubject); read.name == "" {
		read.name = shortFingerprint(fingerprint)
	}
	read.standard, read.err = x509.ParseCertificate(der)
	if read.err != nil {
		read.standard = nil
		return read
	}
	if read.name == shortFingerprint(fingerprint) && len(read.standard.DNSNames) > 0 {
		read.name = quoted(read.standard.DNSNames[0])
	}
	if len(read.standard.DNSNames)+len(read.standard.IPAddresses) <= maxNames {
		read.candidate = chain.NewCandidate(read.standard)
	}
	return read
}

// usableIssuer says whether signatures may be checked with its key.
func (c *certificate) usableIssuer() bool {
	return c.candidate != nil && !chain.Heavy(c.standard)
}

func (c *certificate) selfIssued() bool {
	return c.outline != nil && bytes.Equal(c.outline.RawSubject, c.outline.RawIssuer)
}

// strength is a key's size as sentences write it: "1024 bits", "secp160r1".
func (c *certificate) strength() string {
	if c.key.Curve != "" && c.key.Curve != "explicit" {
		return c.key.Curve
	}
	return strconv.Itoa(c.key.Bits) + " bits"
}

// unknownCurve says whether the key's curve is all that crypto/x509, and with it
// most clients, cannot read.
func (c *certificate) unknownCurve() bool {
	if c.standard != nil || c.key.Algorithm != "ECDSA" {
		return false
	}
	switch c.key.Curve {
	case "secp224r1", "secp256r1", "secp384r1", "secp521r1":
		return false
	}
	return true
}

func shortFingerprint(fingerprint checks.Fingerprint) string {
	return "with SHA-256 " + string(fingerprint[:min(len(fingerprint), 16)])
}

func quoted(text string) string { return `"` + checks.Clean(text, maxNameLength) + `"` }

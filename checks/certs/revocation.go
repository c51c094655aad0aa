package certs

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// skew is how far an issuer's clock may be ahead of ours.
const skew = 5 * time.Minute

// revocation asks the lists that a certificate names, and its responder where
// they could not tell.
func (l *look) revocation(ctx context.Context, certificate *x509.Certificate) checks.Revocation {
	issuer := l.issuerOf(certificate)
	found := checks.Revocation{CRL: l.listed(ctx, certificate, issuer)}
	switch {
	case len(certificate.OCSPServer) == 0:
		found.OCSP = checks.AbsentFact[checks.RevocationStatus]("")
	case found.CRL.State != checks.Known:
		found.OCSP = l.responded(ctx, certificate, issuer)
	}
	return found
}

// causes are the CRLReasons by name (RFC 5280 section 5.3.1). unspecified is
// what giving no reason means.
func causes() map[int]string {
	return map[int]string{
		1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded", 5: "cessationOfOperation",
		6: "certificateHold", 8: "removeFromCRL", 9: "privilegeWithdrawn", 10: "aACompromise",
	}
}

// identity names an issuer by its name and key, which all its certificates share.
func identity(issuer *x509.Certificate) [sha256.Size]byte {
	sum := sha256.New()
	sum.Write(issuer.RawSubject)
	sum.Write(issuer.RawSubjectPublicKeyInfo)
	return [sha256.Size]byte(sum.Sum(nil))
}

// sensible returns a time that others publish in UTC, and the zero time for one
// that no calendar can show: some years cannot be written as JSON.
func sensible(at time.Time) time.Time {
	at = at.UTC()
	if at.Year() < 1970 || at.Year() > 9998 {
		return time.Time{}
	}
	return at
}

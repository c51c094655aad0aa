package certs

import (
	"crypto/x509"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// What fuzz tests read directly.
var (
	ReadCertificates = readCertificates
	ReadWindow       = readWindow
	RetryAfter       = retryAfter
	RenewalID        = renewalID
	BuiltIn          = directories
)

// ReadResponse says what an OCSP response is worth at a time.
func ReadResponse(der []byte, certificate, issuer *x509.Certificate, now time.Time) (checks.RevocationStatus, [][]byte, error) {
	response, err := readResponse(der, certificate, issuer, now)
	if response == nil {
		return checks.RevocationStatus{}, nil, err
	}
	return statusOf(response), embeddedSCTs(response), err
}

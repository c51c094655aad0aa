package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io"
	"math/big"
	"net/http"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// Staple returns the OCSP response for a serial number as the responder would
// send it now with this fault, for a server to staple. extensions are put into
// its single response.
func (a *Authority) Staple(serial *big.Int, fault Fault, extensions ...pkix.Extension) ([]byte, error) {
	return a.respond(serial, fault, extensions)
}

// StapleWith is Staple with a delegate's certificate in it that did not sign it.
func (a *Authority) StapleWith(serial *big.Int, delegate *x509.Certificate) ([]byte, error) {
	template := a.status(serial)
	template.Certificate = delegate
	return ocsp.CreateResponse(a.ca.Certificate, delegate, template, a.ca.Signer())
}

func (a *Authority) serveOCSP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if encoded := r.PathValue("request"); encoded != "" {
		body, err = base64.StdEncoding.DecodeString(encoded)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	request, err := ocsp.ParseRequest(body)
	if err != nil {
		_, _ = w.Write(ocsp.MalformedRequestErrorResponse)
		return
	}
	der, err := a.respond(request.SerialNumber, a.fault(OCSP), nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	_, _ = w.Write(der)
}

func (a *Authority) respond(serial *big.Int, fault Fault, extensions []pkix.Extension) ([]byte, error) {
	template := a.status(serial)
	template.ExtraExtensions = extensions
	issuer := a.ca.Certificate
	switch fault {
	case TryLater:
		return ocsp.TryLaterErrorResponse, nil
	case Unknown:
		template.Status = ocsp.Unknown
	case OtherSerial:
		template.SerialNumber = new(big.Int).Add(serial, big.NewInt(1))
	case Expired:
		template.ThisUpdate, template.NextUpdate = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	case NotYetValid:
		template.ThisUpdate, template.NextUpdate = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
	case OtherName:
		renamed := *issuer
		renamed.RawSubject = append([]byte{0x30}, issuer.RawSubject...)
		issuer = &renamed
	}
	responder, key, err := a.responder(fault)
	if err != nil {
		return nil, err
	}
	if responder != a.ca.Certificate {
		template.Certificate = responder
	}
	der, err := ocsp.CreateResponse(issuer, responder, template, key)
	if err == nil && fault == BadSignature {
		der[len(der)-1] ^= 1
	}
	return der, err
}

func (a *Authority) status(serial *big.Int) ocsp.Response {
	template := ocsp.Response{
		Status: ocsp.Good, SerialNumber: serial,
		ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(24 * time.Hour),
	}
	for _, entry := range a.entries() {
		if entry.SerialNumber.Cmp(serial) == 0 {
			template.Status, template.RevokedAt, template.RevocationReason = ocsp.Revoked, entry.RevocationTime, entry.ReasonCode
		}
	}
	return template
}

// responder returns who signs responses.
func (a *Authority) responder(fault Fault) (*x509.Certificate, crypto.Signer, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "responder"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
	}
	ca := a.ca
	switch fault {
	case Delegated:
	case DelegatedNoUsage:
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	case DelegatedExpired:
		template.NotAfter = time.Now().Add(-time.Hour)
	case DelegatedStranger, OtherIssuer:
		stranger, err := pki.NewRoot(pki.Authority{Name: ca.Certificate.Subject.CommonName})
		if err != nil {
			return nil, nil, err
		}
		ca = stranger
	default:
		return ca.Certificate, ca.Signer(), nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.Certificate, key.Public(), ca.Signer())
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return certificate, key, err
}

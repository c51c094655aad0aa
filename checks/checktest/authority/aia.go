package authority

import (
	"encoding/asn1"
	"net/http"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func (a *Authority) serveAIA(w http.ResponseWriter, r *http.Request) {
	ca := a.ca
	if a.fault(AIA) == OtherIssuer {
		stranger, err := pki.NewRoot(pki.Authority{Name: ca.Certificate.Subject.CommonName})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		ca = stranger
	}
	switch r.PathValue("file") {
	case "issuer.cer":
		w.Header().Set("Content-Type", "application/pkix-cert")
		_, _ = w.Write(ca.Certificate.Raw)
	case "issuer.p7c":
		w.Header().Set("Content-Type", "application/pkcs7-mime")
		_, _ = w.Write(PKCS7(ca.Certificate.Raw))
	case "issuer.pem":
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write(ca.PEM())
	default:
		http.NotFound(w, r)
	}
}

// PKCS7 returns certificates as a certs-only message (RFC 2315 section 9.1, RFC
// 5280 section 4.2.2.1).
func PKCS7(certificates ...[]byte) []byte {
	var all []byte
	for _, certificate := range certificates {
		all = append(all, certificate...)
	}
	sequence := func(inner []byte) []byte {
		return marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: inner})
	}
	context := func(inner []byte) []byte {
		return marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner})
	}
	empty := []byte{0x31, 0}
	data := []byte{6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1}
	signedData := []byte{6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2}
	body := append([]byte{2, 1, 1}, empty...)
	body = append(body, sequence(data)...)
	body = append(body, context(all)...)
	body = append(body, empty...)
	return sequence(append(signedData, context(sequence(body))...))
}

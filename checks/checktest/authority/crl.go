package authority

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// NewCRL signs a revocation list of ca with the given entries, for now and one
// more day, as template says otherwise. template may be nil.
func NewCRL(ca *pki.CA, entries []x509.RevocationListEntry, template *x509.RevocationList) ([]byte, error) {
	list := x509.RevocationList{}
	if template != nil {
		list = *template
	}
	list.RevokedCertificateEntries = entries
	if list.Number == nil {
		list.Number = big.NewInt(1)
	}
	if list.ThisUpdate.IsZero() {
		list.ThisUpdate = time.Now().Add(-time.Hour)
	}
	if list.NextUpdate.IsZero() {
		list.NextUpdate = time.Now().Add(24 * time.Hour)
	}
	return x509.CreateRevocationList(rand.Reader, &list, ca.Certificate, ca.Signer())
}

func (a *Authority) serveCRL(w http.ResponseWriter, r *http.Request) {
	fault, entries := a.fault(CRL), a.entries()
	tag := `"` + strconv.Itoa(len(entries)) + string(fault) + `"`
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		a.count("304")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	der, err := a.crl(fault, entries, a.plain.URL+r.URL.Path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/pkix-crl")
	_, _ = w.Write(der)
}

func (a *Authority) crl(fault Fault, entries []x509.RevocationListEntry, url string) ([]byte, error) {
	ca := a.ca
	template := &x509.RevocationList{}
	if !strings.HasSuffix(url, "/all.crl") {
		template.ExtraExtensions = []pkix.Extension{distributionPoint(url)}
	}
	switch fault {
	case Expired:
		template.ThisUpdate, template.NextUpdate = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	case NotYetValid:
		template.ThisUpdate, template.NextUpdate = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
	case OtherIssuer:
		stranger, err := pki.NewRoot(pki.Authority{Name: ca.Certificate.Subject.CommonName})
		if err != nil {
			return nil, err
		}
		ca = stranger
	}
	if extension, found := crlExtension(fault); found {
		template.ExtraExtensions = []pkix.Extension{extension}
	}
	der, err := NewCRL(ca, entries, template)
	if err == nil && fault == BadSignature {
		der[len(der)-1] ^= 1
	}
	return der, err
}

// crlExtension returns the extension that makes a list what the fault says.
func crlExtension(fault Fault) (pkix.Extension, bool) {
	flag := func(tag int) []byte {
		return marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: marshal(
			asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte{0xFF}})})
	}
	issuingDistributionPoint := asn1.ObjectIdentifier{2, 5, 29, 28}
	switch fault {
	case OtherShard:
		return distributionPoint("http://192.0.2.1/other.crl"), true
	case OnlyUser:
		return pkix.Extension{Id: issuingDistributionPoint, Critical: true, Value: flag(1)}, true
	case OnlyCA:
		return pkix.Extension{Id: issuingDistributionPoint, Critical: true, Value: flag(2)}, true
	case SomeReasons:
		return pkix.Extension{Id: issuingDistributionPoint, Critical: true, Value: []byte{0x30, 4, 0x83, 2, 6, 0x40}}, true
	case Indirect:
		return pkix.Extension{Id: issuingDistributionPoint, Critical: true, Value: flag(4)}, true
	case UnknownCritical:
		return pkix.Extension{Id: []int{1, 3, 6, 1, 4, 1, 32473, 2}, Critical: true, Value: []byte{5, 0}}, true
	case Delta:
		return pkix.Extension{Id: []int{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}, true
	}
	return pkix.Extension{}, false
}

// distributionPoint is an issuing distribution point with one URL (RFC 5280
// section 5.2.5).
func distributionPoint(url string) pkix.Extension {
	context := func(tag int, inner []byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: inner}
	}
	name := marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(url)})
	point := marshal(context(0, marshal(context(0, name))))
	return pkix.Extension{
		Id: []int{2, 5, 29, 28}, Critical: true,
		Value: marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: point}),
	}
}

// marshal encodes what always can be encoded.
func marshal(value asn1.RawValue) []byte {
	der, err := asn1.Marshal(value)
	if err != nil {
		panic(err)
	}
	return der
}

package feature

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"

	"golang.org/x/crypto/ocsp"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Extensions that hold signed certificate timestamps (RFC 6962 section 3.3).
func sctInCertificate() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}
}

func sctInOCSP() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 5}
}

// Where signed certificate timestamps can come.
const (
	sctsInCertificate = "certificate"
	sctsInExtension   = "tls_extension"
	sctsInOCSP        = "ocsp_response"
)

// scts says in which of the three places timestamps came. A certificate or a
// response that cannot be parsed shows none.
func scts(answers []conversation.Answer, made *modern) checks.Fact[[]string] {
	places := []string{}
	known := false
	add := func(found bool, place string) {
		if found && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	for _, answer := range answers {
		if !answer.Accepted() || len(answer.Certificates) == 0 {
			continue
		}
		known = true
		_, found := answer.Hello.Extension(wire.ExtensionSCT)
		add(found, sctsInExtension)
		add(certificateHasSCT(answer.Certificates[0].DER), sctsInCertificate)
		if response, err := wire.ParseCertificateStatus(answer.CertificateStatus); err == nil {
			add(responseHasSCT(response), sctsInOCSP)
		}
	}
	if made != nil && len(made.first.Certificates) > 0 {
		known = true
		add(len(made.first.SCTs) > 0, sctsInExtension)
		add(certificateHasSCT(made.first.Certificates[0]), sctsInCertificate)
		add(responseHasSCT(made.first.OCSPResponse), sctsInOCSP)
	}
	if !known {
		return checks.InconclusiveFact[[]string](checks.ReasonHandshakeFailed)
	}
	slices.Sort(places)
	return checks.KnownFact(places)
}

func certificateHasSCT(der []byte) bool {
	certificate, err := x509.ParseCertificate(der)
	return err == nil && hasExtension(certificate.Extensions, sctInCertificate())
}

func responseHasSCT(der []byte) bool {
	response, err := ocsp.ParseResponse(der, nil)
	return err == nil && hasExtension(response.Extensions, sctInOCSP())
}

func hasExtension(extensions []pkix.Extension, id asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(extensions, func(extension pkix.Extension) bool { return extension.Id.Equal(id) })
}

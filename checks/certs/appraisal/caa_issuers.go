package appraisal

import "strings"

// caaIssuer is an authority with the issuer domain names that it recognizes.
type caaIssuer struct {
	organization string // a part of O of its certificates, in lower case
	domains      []string
}

// issuerDomains returns the issuer domain names of an authority by the
// organization in its certificates; none where it is not known.
func issuerDomains(organization string) []string {
	organization = strings.ToLower(organization)
	for _, issuer := range caaIssuers() {
		if strings.Contains(organization, issuer.organization) {
			return issuer.domains
		}
	}
	return nil
}

// caaIssuers holds what authorities say in section 4.2 of their practice
// statements, which CCADB collects as 'Recognized CAA Domains'
// (https://www.ccadb.org/resources, report All CAA Identifiers). Only
// certificates that lead to a public root are looked up here. Names of authorities
// that were taken over stay with the new owner.
func caaIssuers() []caaIssuer {
	digicert := []string{
		"digicert.com", "www.digicert.com", "digicert.ne.jp", "cybertrust.ne.jp", "symantec.com", "thawte.com", "geotrust.com",
		"rapidssl.com", "digitalcertvalidation.com", "volusion.digitalcertvalidation.com", "stratossl.digitalcertvalidation.com",
		"intermediatecertificate.digitalcertvalidation.com", "1and1.digitalcertvalidation.com", "amazon.com", "amazontrust.com",
		"awstrust.com", "amazonaws.com", "quovadisglobal.com", "pkioverheid.nl",
	}
	sectigo := []string{
		"sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com", "netsolssl.com", "entrust.net", "affirmtrust.com",
	}
	godaddy := []string{"godaddy.com", "starfieldtech.com"}
	return []caaIssuer{
		{"let's encrypt", []string{"letsencrypt.org"}},
		{"internet security research group", []string{"letsencrypt.org"}},
		{"google trust services", []string{"pki.goog", "google.com"}},
		{"digicert", digicert},
		{"quovadis", digicert},
		{"geotrust", digicert},
		{"thawte", digicert},
		{"symantec", digicert},
		{"baltimore", digicert},
		{"encryption everywhere", digicert},
		{"sectigo", sectigo},
		{"comodo", sectigo},
		{"usertrust network", sectigo},
		{"zerossl", sectigo},
		{"entrust", sectigo},
		{"affirmtrust", sectigo},
		{"globalsign", []string{"globalsign.com"}},
		{"amazon", []string{"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com", "aws.amazon.com"}},
		{"godaddy", godaddy},
		{"starfield", godaddy},
		{"microsoft", []string{"microsoft.com"}},
		{"apple inc", []string{"pki.apple.com"}},
		{"buypass", []string{"buypass.com", "buypass.no"}},
		{"ssl corp", []string{"ssl.com"}},
		{"actalis", []string{"actalis.it"}},
		{"asseco", []string{"certum.pl", "certum.eu"}},
		{"unizeto", []string{"certum.pl", "certum.eu"}},
		{"identrust", []string{"identrust.com"}},
		{"swisssign", []string{"swisssign.com"}},
		{"taiwan-ca", []string{"twca.com.tw"}},
		{"hellenic academic", []string{"harica.gr"}},
		{"dhimyotis", []string{"certigna.fr", "certigna.com"}},
		{"certigna", []string{"certigna.fr", "certigna.com"}},
		{"d-trust", []string{"d-trust.net", "dtrust.de", "d-trust.de"}},
		{"deutsche telekom security", []string{"telesec.de", "pki.dfn.de", "dfn.de"}},
		{"t-systems", []string{"telesec.de", "pki.dfn.de", "dfn.de"}},
		{"secom", []string{"secomtrust.net"}},
		{"cybertrust japan", []string{"cybertrust.ne.jp", "cybertrust.co.jp"}},
		{"japan registry services", []string{"jprs.jp"}},
		{"certsign", []string{"certsign.ro"}},
		{"certainly", []string{"certainly.com"}},
		{"china financial certification authority", []string{"cfca.com.cn"}},
		{"chunghwa telecom", []string{"pki.hinet.net", "tls.hinet.net", "eca.hinet.net", "epki.com.tw", "publicca.hinet.net"}},
		{"emudhra", []string{"emsign.com", "emudhra.com"}},
		{"disig", []string{"disig.sk"}},
		{"e-szigno", []string{"e-szigno.hu"}},
		{"microsec", []string{"e-szigno.hu"}},
		{"firmaprofesional", []string{"firmaprofesional.com"}},
		{"fnmt", []string{"fnmt.es"}},
		{"izenpe", []string{"izenpe.com", "izenpe.eus"}},
		{"oiste", []string{"wisekey.com", "hightrusted.com", "certifyid.com", "oiste.org"}},
		{"wisekey", []string{"wisekey.com", "hightrusted.com", "certifyid.com", "oiste.org"}},
		{"telia", []string{"telia.com", "telia.fi", "telia.se", "trust.telia.com"}},
		{"trustasia", []string{"trustasia.com"}},
		{"trustwave", []string{"trustwave.com", "securetrust.com"}},
		{"securetrust", []string{"trustwave.com", "securetrust.com"}},
		{"naver", []string{"navercorp.com", "certificate.naver.com"}},
		{"atos", []string{"atos.net"}},
		{"krajowa izba", []string{"elektronicznypodpis.pl"}},
		{"guang dong certificate authority", []string{"gdca.com.cn"}},
	}
}

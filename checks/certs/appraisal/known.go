package appraisal

// compromisedCertificates are certificates that vendors shipped together with
// their private keys, by the SHA-1 that the advisories name.
func compromisedCertificates() map[string]string {
	return map[string]string{
		"c864484869d41d2b0d32319c5a62f9315aaf2cbd": "Superfish (US-CERT TA15-051A)",
		"98a04e4163357790c4a79e6d713ff0af51fe6927": "eDellRoot (Microsoft security advisory 3119884)",
		"02c2d931062d7b1dc2a5c7f5f0685064081fb221": "DSDTestProvider (Microsoft security advisory 3119884)",
	}
}

// distrustedAuthority is an authority that Mozilla took out of its store for
// cause. Its certificates lead to no root any more; saying why helps whoever
// has one.
type distrustedAuthority struct {
	organizations []string // exact values of O
	names         []string // exact values of CN
	why           string   // finishes 'The issuer ... is distrusted: '
}

// distrustedAuthorities: names only say why a chain that leads nowhere does not;
// they never take trust away, since anybody can write them into a certificate.
// Sources: Mozilla's security blog and CA program (bugzilla numbers given).
func distrustedAuthorities() []distrustedAuthority {
	return []distrustedAuthority{
		{
			organizations: []string{"WoSign CA Limited", "StartCom Ltd.", "StartCom CA"},
			why:           "WoSign and StartCom lost the trust of browsers in 2016 and 2017 (Mozilla, 24 October 2016)",
		},
		{
			organizations: []string{
				"Symantec Corporation", "VeriSign, Inc.", "GeoTrust Inc.", "GeoTrust, Inc.", "thawte, Inc.", "Thawte, Inc.",
				"Thawte Consulting cc", "Thawte Consulting", "Equifax", "Equifax Secure", "Equifax Secure Inc.", "TC TrustCenter GmbH",
			},
			why: "Symantec's authorities, with GeoTrust, Thawte and RapidSSL, lost the trust of browsers in 2018 (Mozilla, 12 March 2018)",
		},
		{
			organizations: []string{"DigiNotar", "DigiNotar B.V."},
			why:           "DigiNotar was broken into in 2011 and lost all trust (Mozilla bug 682927)",
		},
		{
			organizations: []string{"CNNIC", "China Internet Network Information Center"},
			why:           "CNNIC lost the trust of browsers in 2015 (Mozilla, 2 April 2015)",
		},
		{
			organizations: []string{"Sistema Nacional de Certificacion Electronica"},
			names:         []string{"PSCProcert"},
			why:           "PROCERT lost Mozilla's trust in 2017 (Mozilla bug 1403549)",
		},
		{
			organizations: []string{"Certinomis"},
			why:           "Certinomis lost Mozilla's trust in 2019 (Mozilla bug 1552374)",
		},
		{
			organizations: []string{"AC Camerfirma S.A.", "AC Camerfirma SA CIF A82743287", "AC Camerfirma SA"},
			why:           "Camerfirma lost the trust of browsers for servers in 2021",
		},
		{
			organizations: []string{"TrustCor Systems S. de R.L."},
			why:           "TrustCor lost the trust of browsers in 2022 (Mozilla, 30 November 2022)",
		},
		{
			organizations: []string{"E-Tuğra EBG Bilişim Teknolojileri ve Hizmetleri A.Ş.", "E-Tugra EBG A.S."},
			why:           "E-Tugra lost the trust of browsers in 2023",
		},
		{
			organizations: []string{"e-commerce monitoring GmbH"},
			why:           "GLOBALTRUST lost the trust of browsers in 2024",
		},
		{
			organizations: []string{"Entrust, Inc.", "Entrust.net", "AffirmTrust"},
			why:           "Entrust lost the trust of browsers for certificates issued after November 2024",
		},
		{
			names: []string{"Qaznet Trust Network"},
			why:   "it was made to intercept connections in Kazakhstan (Mozilla, 21 August 2019)",
		},
	}
}

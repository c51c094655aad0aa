package store

import (
	"reflect"

	"github.com/gradewatch/gradewatch/checks"
)

// The families of facts that endpoint_status keeps apart.
const (
	FamilyDNS             = "dns"
	FamilyTLS             = "tls"
	FamilyHTTP            = "http"
	FamilyCertificates    = "certificates"
	FamilySuites          = "suites"
	FamilyChains          = "chains"
	FamilyFeatures        = "features"
	FamilyVulnerabilities = "vulnerabilities"
	FamilyIntrusive       = "intrusive"
	FamilySimulations     = "simulations"
	FamilyPKI             = "pki"
	FamilyRecords         = "records"
	FamilyStapled         = "stapled"
	FamilyVersions        = "versions"
	FamilyScriptCookies   = "script_cookies"
)

// quickFamilies lists the families that a look of every depth asks.
func quickFamilies() []string {
	return []string{FamilyDNS, FamilyTLS, FamilyHTTP, FamilyCertificates, FamilyPKI}
}

// fullFamilies lists the families that only a full look asks.
func fullFamilies() []string {
	return []string{
		FamilySuites, FamilyChains, FamilyFeatures, FamilyVulnerabilities, FamilyIntrusive, FamilySimulations,
		FamilyRecords, FamilyStapled, FamilyVersions, FamilyScriptCookies,
	}
}

// familiesOf lists the families that a look of a depth asks.
func familiesOf(depth checks.Depth) []string {
	if depth == checks.Full {
		return append(quickFamilies(), fullFamilies()...)
	}
	return quickFamilies()
}

// partOf returns where an address's component of a kind is; nil: no address
// has components of that kind.
func partOf(address *checks.AddressObservation, kind string) any {
	switch kind {
	case KindTLS:
		return &address.TLS
	case KindHTTP:
		return &address.HTTP
	case KindSuites:
		return &address.Full.Suites
	case KindChains:
		return &address.Full.Chains
	case KindFeatures:
		return &address.Full.Features
	case KindVulnerabilities:
		return &address.Full.Vulnerabilities
	case KindIntrusive:
		return &address.Full.Intrusive
	case KindSimulations:
		return &address.Full.Simulations
	case KindStapled:
		return &address.Full.Stapled
	case KindVersions:
		return &address.Full.Versions
	case KindScriptCookies:
		return &address.Full.ScriptCookies
	default:
		return nil
	}
}

// addressKinds lists the kinds of components that an address has, each named
// as its family.
func addressKinds() []string {
	return []string{
		KindTLS, KindHTTP, KindSuites, KindChains, KindFeatures, KindVulnerabilities, KindIntrusive, KindSimulations, KindStapled,
		KindVersions, KindScriptCookies,
	}
}

// sharedPartOf returns where an observation's component of a kind is that no
// address has; nil: there is none of that kind, or there are many.
func sharedPartOf(observation *checks.Observation, kind string) any {
	switch kind {
	case KindDNS:
		return &observation.DNS
	case KindPKI:
		return &observation.PKI
	case KindRecords:
		return &observation.Records
	default:
		return nil
	}
}

// answered lists the families of which observation holds something
// conclusive, for at least one address.
func answered(observation *checks.Observation) []string {
	families := []string{}
	if len(observation.Certificates) > 0 {
		families = append(families, FamilyCertificates)
	}
	for _, family := range []string{FamilyDNS, FamilyPKI, FamilyRecords} {
		if tells(reflect.ValueOf(sharedPartOf(observation, family)).Elem()) {
			families = append(families, family)
		}
	}
	for _, family := range addressKinds() {
		for i := range observation.Addresses {
			if answers(&observation.Addresses[i], family) {
				families = append(families, family)
				break
			}
		}
	}
	return families
}

func answers(address *checks.AddressObservation, family string) bool {
	switch family {
	case FamilyTLS:
		return answersTLS(*address)
	case FamilyHTTP:
		return answersHTTP(*address)
	default:
		return tells(reflect.ValueOf(partOf(address, family)).Elem())
	}
}

// tells says whether some fact or finding in value is conclusive. It walks
// over whatever value is made of, so that no fact of tomorrow is forgotten.
func tells(value reflect.Value) bool {
	if value.CanInterface() {
		switch answer := value.Interface().(type) {
		case interface{ Conclusive() bool }:
			return answer.Conclusive()
		case checks.Finding:
			return conclusiveFinding(answer)
		}
	}
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			if tells(value.Field(i)) {
				return true
			}
		}
	case reflect.Slice:
		for i := range value.Len() {
			if tells(value.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			if tells(value.MapIndex(key)) {
				return true
			}
		}
	default:
	}
	return false
}

func conclusiveFinding(finding checks.Finding) bool {
	switch finding.Result {
	case "", checks.VulnerabilityNotAsked, checks.VulnerabilityInconclusive:
		return false
	default:
		return true
	}
}

package appraisal

import (
	"encoding/asn1"
	"errors"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

const (
	oidCommonName         = "2.5.4.3"
	oidOrganization       = "2.5.4.10"
	oidOrganizationalUnit = "2.5.4.11"
)

// subjectName returns what a subject (DER) is called: its common name, else its
// organizational unit or organization, in quotes; empty where it has none.
func subjectName(name []byte) string {
	for _, attribute := range []string{oidCommonName, oidOrganizationalUnit, oidOrganization} {
		if values := attributes(name, attribute); len(values) > 0 {
			return quoted(values[0])
		}
	}
	return ""
}

// attributes returns the values of one attribute of a name (RFC 5280 section
// 4.1.2.4), in order.
func attributes(name []byte, oid string) []string {
	input := cryptobyte.String(name)
	var sequence cryptobyte.String
	if !input.ReadASN1(&sequence, der.SEQUENCE) {
		return nil
	}
	var values []string
	for !sequence.Empty() && len(values) < 16 {
		var set, pair, value cryptobyte.String
		var identifier asn1.ObjectIdentifier
		var tag der.Tag
		if !sequence.ReadASN1(&set, der.SET) {
			return values
		}
		for !set.Empty() {
			if !set.ReadASN1(&pair, der.SEQUENCE) || !pair.ReadASN1ObjectIdentifier(&identifier) || !pair.ReadAnyASN1(&value, &tag) {
				return values
			}
			if identifier.String() == oid && len(value) > 0 {
				values = append(values, directoryString(tag, value))
			}
		}
	}
	return values
}

const tagBMPString = der.Tag(30)

func directoryString(tag der.Tag, value []byte) string {
	if tag != tagBMPString || len(value)%2 != 0 {
		return string(value)
	}
	units := make([]uint16, 0, len(value)/2)
	for index := 0; index < len(value); index += 2 {
		units = append(units, uint16(value[index])<<8|uint16(value[index+1]))
	}
	return string(utf16.Decode(units))
}

// readFeatures reads the TLS feature extension: a list of TLS extension types.
func readFeatures(value []byte) ([]int, error) {
	input := cryptobyte.String(value)
	var sequence cryptobyte.String
	if !input.ReadASN1(&sequence, der.SEQUENCE) {
		return nil, errors.New("reading the TLS features: no list")
	}
	var features []int
	for !sequence.Empty() && len(features) < 16 {
		var feature int
		if !sequence.ReadASN1Integer(&feature) {
			return nil, errors.New("reading the TLS features: no number")
		}
		features = append(features, feature)
	}
	return features, nil
}

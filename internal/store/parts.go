package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// Part is one decoded component. Every observation that is put together of it
// shares what it holds: nobody may change that.
type Part struct {
	kind  string
	value reflect.Value // invalid: of a kind that this release does not know
}

// PlacedPart is a part where it was seen.
type PlacedPart struct {
	Part
	Address netip.Addr // invalid for what no address has
	Port    uint16
}

// DecodePart reads the body of a component. A kind that is not known gives a
// part that adds nothing: it is of a release after this one.
func DecodePart(kind string, body []byte) (Part, error) {
	var target any
	switch {
	case kind == KindCertificate:
		target = &checks.Certificate{}
	case sharedPartOf(&checks.Observation{}, kind) != nil:
		target = sharedPartOf(&checks.Observation{}, kind)
	default:
		target = partOf(&checks.AddressObservation{}, kind)
	}
	if target == nil {
		return Part{kind: kind}, nil
	}
	// A value of its own: the target may lie inside a much larger one.
	value := reflect.New(reflect.TypeOf(target).Elem())
	if err := json.Unmarshal(body, value.Interface()); err != nil {
		return Part{}, fmt.Errorf("read a component of kind %s: %w", kind, err)
	}
	return Part{kind: kind, value: value.Elem()}, nil
}

// Assemble puts an observation together of its parts. It has no depth.
func Assemble(parts []PlacedPart) (checks.Observation, error) {
	var observation checks.Observation
	for _, part := range parts {
		if err := part.addTo(&observation); err != nil {
			return observation, err
		}
	}
	slices.SortFunc(observation.Addresses, func(a, b checks.AddressObservation) int {
		return cmp.Or(a.Address.Compare(b.Address), cmp.Compare(a.Port, b.Port))
	})
	slices.SortFunc(observation.Certificates, func(a, b checks.Certificate) int { return cmp.Compare(a.SHA256, b.SHA256) })
	return observation, nil
}

func (p PlacedPart) addTo(observation *checks.Observation) error {
	if !p.value.IsValid() {
		return nil
	}
	if certificate, ok := p.value.Interface().(checks.Certificate); ok {
		observation.Certificates = append(observation.Certificates, certificate)
		return nil
	}
	if shared := sharedPartOf(observation, p.kind); shared != nil {
		reflect.ValueOf(shared).Elem().Set(p.value)
		return nil
	}
	if !p.Address.IsValid() {
		return fmt.Errorf("a component of kind %s has no address", p.kind)
	}
	i := slices.IndexFunc(observation.Addresses, func(a checks.AddressObservation) bool {
		return a.Address == p.Address && a.Port == p.Port
	})
	if i < 0 {
		i = len(observation.Addresses)
		observation.Addresses = append(observation.Addresses, checks.AddressObservation{Address: p.Address, Port: p.Port})
	}
	reflect.ValueOf(partOf(&observation.Addresses[i], p.kind)).Elem().Set(p.value)
	return nil
}

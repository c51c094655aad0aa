package store

import (
	"bytes"
	"cmp"
	"context"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Judged is what one look came to.
type Judged struct {
	// Look is what the look itself saw; nil: nothing on the network was looked at.
	Look *checks.Observation
	// Whole is what was judged: Look, and what was carried over from looks
	// before it. nil: Look alone.
	Whole     *checks.Observation
	Judgement checks.Judgement
}

// Seen are the keys of what one look saw and came to.
type Seen struct {
	Whole    []byte // manifest of all that was judged; nil: nothing on the network was looked at
	Look     []byte // of what this look saw, without what was carried
	Host     []byte // likewise, without http, whose answers belong to one URL
	Verdicts []byte
	Grade    []byte // nil: there is nothing to grade
}

// Graded is the component that holds a grade: that of the endpoint, those of
// its addresses, and the appraisal of the chains that they rest on.
type Graded struct {
	Endpoint  checks.Grade     `json:"endpoint"`
	Addresses []GradedAddress  `json:"addresses"`
	Appraisal checks.Appraisal `json:"appraisal"`
}

// GradedAddress is the grade of one address.
type GradedAddress struct {
	Address netip.Addr   `json:"address"`
	Port    uint16       `json:"port"`
	Grade   checks.Grade `json:"grade"`
}

// SaveSeen stores the components of a judgement and of what it rests on that
// are not stored yet, and their manifests. A look that saw nothing new writes
// nothing here.
func (tx *Tx) SaveSeen(ctx context.Context, judged Judged, at time.Time) (Seen, error) {
	said, seen, err := judgementComponents(judged)
	if err != nil {
		return Seen{}, err
	}
	if judged.Look == nil {
		_, err := tx.saveComponents(ctx, said, nil, at)
		return seen, err
	}
	manifests, err := manifestsOf(judged)
	if err != nil {
		return Seen{}, err
	}
	whole, look, host := manifests[0], manifests[1], manifests[2]
	seen.Whole, seen.Look, seen.Host = whole.sum[:], look.sum[:], host.sum[:]
	components := slices.Concat(whole.components, look.components, said)
	missing, err := tx.saveComponents(ctx, components, [][]byte{seen.Whole, seen.Look, seen.Host}, at)
	if err != nil {
		return Seen{}, err
	}
	for _, m := range manifests {
		if !missing[m.sum] {
			continue
		}
		if err := tx.saveManifest(ctx, m, at); err != nil {
			return Seen{}, err
		}
		delete(missing, m.sum)
	}
	return seen, nil
}

// judgementComponents are the components of verdicts and grade.
func judgementComponents(judged Judged) ([]component, Seen, error) {
	body, sum, err := checks.Canonical(judged.Judgement.Verdicts)
	if err != nil {
		return nil, Seen{}, err
	}
	components, seen := []component{{kind: KindVerdicts, body: body, sum: sum}}, Seen{Verdicts: sum[:]}
	if judged.Judgement.Grade == nil {
		return components, seen, nil
	}
	graded := Graded{Endpoint: *judged.Judgement.Grade, Addresses: []GradedAddress{}, Appraisal: judged.Judgement.Appraisal}
	if whole := cmp.Or(judged.Whole, judged.Look); whole != nil { // grades are of what was judged, in its order
		for i, address := range whole.Addresses[:min(len(whole.Addresses), len(judged.Judgement.Grades))] {
			graded.Addresses = append(graded.Addresses, GradedAddress{address.Address, address.Port, judged.Judgement.Grades[i]})
		}
	}
	form, key, err := checks.Canonical(graded)
	seen.Grade = key[:]
	return append(components, component{kind: KindGrade, body: form, sum: key}), seen, err
}

// manifestsOf returns the manifests of all that was judged, of the look, and of
// the look at the host.
func manifestsOf(judged Judged) ([]manifest, error) {
	own, err := split(judged.Look)
	if err != nil {
		return nil, err
	}
	whole := own
	if judged.Whole != nil {
		if whole, err = split(judged.Whole); err != nil {
			return nil, err
		}
	}
	host := slices.DeleteFunc(slices.Clone(own), func(c component) bool { return c.kind == KindHTTP })
	var manifests []manifest
	for _, components := range [][]component{whole, own, host} {
		m, err := manifestOf(judged.Look.Depth, components)
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, m)
	}
	return manifests, nil
}

// split takes an observation apart, in an order that depends on nothing but
// its content: the order in which addresses answered does not matter.
func split(observation *checks.Observation) ([]component, error) {
	var components []component
	add := func(kind string, address netip.Addr, port uint16, part any) error {
		body, sum, err := checks.Canonical(part)
		components = append(components, component{kind: kind, address: address, port: port, body: body, sum: sum})
		return err
	}
	if err := add(KindDNS, netip.Addr{}, 0, sortedDNS(observation.DNS)); err != nil {
		return nil, err
	}
	for _, kind := range []string{KindPKI, KindRecords} {
		if part := reflect.ValueOf(sharedPartOf(observation, kind)).Elem(); !hollow(part) {
			if err := add(kind, netip.Addr{}, 0, part.Interface()); err != nil {
				return nil, err
			}
		}
	}
	for _, address := range observation.Addresses {
		for _, kind := range addressKinds() {
			part := reflect.ValueOf(partOf(&address, kind)).Elem()
			if kind != KindTLS && kind != KindHTTP && hollow(part) {
				continue
			}
			if err := add(kind, address.Address, address.Port, part.Interface()); err != nil {
				return nil, err
			}
		}
	}
	for _, certificate := range observation.Certificates {
		if err := add(KindCertificate, netip.Addr{}, 0, certificate); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(components, func(a, b component) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), a.address.Compare(b.address), bytes.Compare(a.sum[:], b.sum[:]))
	})
	return slices.CompactFunc(components, func(a, b component) bool {
		return a.kind == b.kind && a.address == b.address && a.sum == b.sum
	}), nil
}

// sortedDNS is dns in the order of its canonical form.
func sortedDNS(dns checks.DNS) checks.DNS {
	if dns.Addresses.State == checks.Known {
		dns.Addresses.Value = slices.SortedFunc(slices.Values(dns.Addresses.Value), netip.Addr.Compare)
	}
	return dns
}

// hollow says whether nobody asked for anything that part would hold.
func hollow(part reflect.Value) bool {
	switch part.Kind() {
	case reflect.Map, reflect.Slice:
		return part.Len() == 0
	case reflect.Struct:
		for i := range part.NumField() {
			if !hollow(part.Field(i)) {
				return false
			}
		}
		return true
	default:
		return part.IsZero()
	}
}

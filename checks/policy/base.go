package policy

import (
	"slices"
	"strings"
)

// baseIDs are the profiles that every endpoint is held to, in the order in which
// they are judged: what SuperOffice requires, then what we advise.
func baseIDs() []string { return []string{"superoffice", "gradewatch"} }

// IsBase says whether every endpoint is held to the profile.
func (p *Profile) IsBase() bool { return slices.Contains(baseIDs(), p.ID) }

// Base returns the profiles that every endpoint is held to, SuperOffice's first.
func Base() []*Profile {
	var profiles []*Profile
	for _, id := range baseIDs() {
		if profile, err := ProfileByID(id); err == nil {
			profiles = append(profiles, profile)
		}
	}
	return profiles
}

// SecondOpinions returns the embedded profiles that an endpoint can be held to
// besides, in order of their ids.
func SecondOpinions() []*Profile {
	return slices.DeleteFunc(Embedded(), (*Profile).IsBase)
}

// Find returns the embedded profile that a verdict's Profile names, whatever its
// version, and nil where there is none any more.
func Find(name string) *Profile {
	id, _, _ := strings.Cut(name, "@")
	profile, err := ProfileByID(id)
	if err != nil {
		return nil
	}
	return profile
}

// Statement returns the text of the requirement with this id in whichever
// embedded profile has it; empty: none has.
func Statement(id string) string {
	for _, profile := range Embedded() {
		if requirement, found := profile.Requirement(id); found {
			return requirement.Text
		}
	}
	return ""
}

// SourceOf returns where the requirement of a profile is written, as a verdict
// names it ('superoffice@2026-07', 'T-01'); empty: no embedded profile has it.
func SourceOf(profile, id string) string {
	found := Find(profile)
	if found == nil {
		return ""
	}
	requirement, _ := found.Requirement(id)
	return requirement.Source
}

package policy

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed profiles/*.yaml
var profileFiles embed.FS

// testSuffix ends the names of files that hold a profile's cases.
const testSuffix = "_test.yaml"

var embedded = sync.OnceValues(func() ([]*Profile, error) {
	entries, err := profileFiles.ReadDir("profiles")
	if err != nil {
		return nil, fmt.Errorf("list the embedded profiles: %w", err)
	}
	var profiles []*Profile
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), testSuffix) {
			continue
		}
		data, err := profileFiles.ReadFile(path.Join("profiles", entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the embedded profile %s: %w", entry.Name(), err)
		}
		profile, err := Load(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		profiles = append(profiles, profile)
	}
	return profiles, nil
})

// Embedded returns the profiles that the program holds, in order of their ids.
func Embedded() []*Profile {
	profiles, err := embedded()
	if err != nil {
		panic("embedded profiles: " + err.Error()) // held by a test
	}
	return slices.Clone(profiles)
}

// ProfileByID returns the embedded profile with this id.
func ProfileByID(id string) (*Profile, error) {
	var known []string
	for _, profile := range Embedded() {
		if profile.ID == id {
			return profile, nil
		}
		known = append(known, profile.ID)
	}
	return nil, fmt.Errorf("there is no profile %q; known: %s", id, strings.Join(known, ", "))
}

// SuperOffice returns the requirements of SuperOffice's developer documents.
func SuperOffice() *Profile {
	profile, err := ProfileByID("superoffice")
	if err != nil {
		panic(err.Error()) // held by a test
	}
	return profile
}

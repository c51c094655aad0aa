package policy

import (
	"embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed profiles/*.yaml
var profileFiles embed.FS

// testSuffix ends the names of files that hold a profile's cases.
const testSuffix = "_test.yaml"

// embedded gives each profile by its id, which names its file. A profile is
// compiled when it is asked for first: a check in a terminal needs two of them.
var embedded = sync.OnceValue(func() map[string]func() (*Profile, error) {
	entries, err := profileFiles.ReadDir("profiles")
	if err != nil {
		panic("list the embedded profiles: " + err.Error()) // cannot be: they are in the program
	}
	profiles := map[string]func() (*Profile, error){}
	for _, entry := range entries {
		id, isProfile := strings.CutSuffix(entry.Name(), ".yaml")
		if isProfile && !strings.HasSuffix(entry.Name(), testSuffix) {
			profiles[id] = sync.OnceValues(func() (*Profile, error) { return loadEmbedded(id) })
		}
	}
	return profiles
})

func loadEmbedded(id string) (*Profile, error) {
	data, err := profileFiles.ReadFile(path.Join("profiles", id+".yaml"))
	if err != nil {
		return nil, fmt.Errorf("read the embedded profile %s: %w", id, err)
	}
	profile, err := Load(data)
	if err != nil {
		return nil, fmt.Errorf("load the embedded profile %s: %w", id, err)
	}
	if profile.ID != id {
		return nil, fmt.Errorf("the embedded profile %s says that its id is %q", id, profile.ID)
	}
	return profile, nil
}

// Embedded returns the profiles that the program holds, in order of their ids.
func Embedded() []*Profile {
	var profiles []*Profile
	for _, id := range slices.Sorted(maps.Keys(embedded())) {
		profile, err := embedded()[id]()
		if err != nil {
			panic(err.Error()) // held by a test
		}
		profiles = append(profiles, profile)
	}
	return profiles
}

// ProfileByID returns the embedded profile with this id.
func ProfileByID(id string) (*Profile, error) {
	load, known := embedded()[id]
	if !known {
		return nil, fmt.Errorf("there is no profile %q; known: %s", id, strings.Join(slices.Sorted(maps.Keys(embedded())), ", "))
	}
	return load()
}

// SuperOffice returns the requirements of SuperOffice's developer documents.
func SuperOffice() *Profile {
	profile, err := ProfileByID("superoffice")
	if err != nil {
		panic(err.Error()) // held by a test
	}
	return profile
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks/policy"
)

// readProfiles finds profiles by their names, and reads those that are files.
// One that is named twice counts once.
func readProfiles(names []string) ([]*policy.Profile, error) {
	var profiles []*policy.Profile
	for _, name := range names {
		profile, err := readProfile(name)
		if err != nil {
			return nil, err
		}
		known := slices.ContainsFunc(profiles, func(p *policy.Profile) bool { return p.ID == profile.ID })
		if !known {
			profiles = append(profiles, profile)
		}
	}
	return profiles, nil
}

// readProfile takes what looks like a path for a file of the caller's own.
func readProfile(name string) (*policy.Profile, error) {
	if !strings.ContainsRune(name, filepath.Separator) && filepath.Ext(name) != ".yaml" && filepath.Ext(name) != ".yml" {
		return policy.ProfileByID(name)
	}
	data, err := os.ReadFile(name) //nolint:gosec // who runs this names the file
	if err != nil {
		return nil, fmt.Errorf("read the profile: %w", err)
	}
	profile, err := policy.Load(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return profile, nil
}

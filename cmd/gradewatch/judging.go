package main

import (
	"fmt"

	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// newTrust is what certificates are judged by: Mozilla's store decides, private
// roots in PEM count besides, and this machine's store is told.
func newTrust(private []byte) (*appraisal.Trust, error) {
	system, err := appraisal.SystemRoots()
	if err != nil {
		return nil, err
	}
	config := appraisal.Config{PrivateRoots: private}
	if system != nil {
		config.Stores = map[string][]byte{appraisal.StoreSystem: system}
	}
	trust, err := appraisal.NewTrust(config)
	if err != nil {
		return nil, fmt.Errorf("prepare the trust data: %w", err)
	}
	return trust, nil
}

// heldTo returns the second opinions that an endpoint is held to. One that this
// release does not know any more is left out.
func heldTo(endpoint monitor.Endpoint) []*policy.Profile {
	var profiles []*policy.Profile
	for _, id := range endpoint.Profiles {
		if profile := policy.Find(id); profile != nil && !profile.IsBase() {
			profiles = append(profiles, profile)
		}
	}
	return profiles
}

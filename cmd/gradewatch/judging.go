package main

import (
	"fmt"

	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
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

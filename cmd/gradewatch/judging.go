package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// trustFiles are lists besides those that are built in.
type trustFiles struct {
	logList         string // empty: the one that is built in
	compromisedKeys []string
	debianKeys      []string // BITS:FILE
}

// newTrust is what certificates are judged by: Mozilla's store decides, private
// roots in PEM count besides, and this machine's store is told.
func newTrust(private []byte, files trustFiles) (*appraisal.Trust, error) {
	config, err := files.read()
	if err != nil {
		return nil, err
	}
	config.PrivateRoots = private
	system, err := appraisal.SystemRoots()
	if err != nil {
		return nil, err
	}
	if system != nil {
		config.Stores = map[string][]byte{appraisal.StoreSystem: system}
	}
	trust, err := appraisal.NewTrust(config)
	if err != nil {
		return nil, fmt.Errorf("prepare the trust data: %w", err)
	}
	return trust, nil
}

// read reads the files, which whoever runs this names.
func (f trustFiles) read() (config appraisal.Config, err error) {
	if f.logList != "" {
		if config.Logs, err = os.ReadFile(f.logList); err != nil {
			return config, fmt.Errorf("read the list of transparency logs: %w", err)
		}
	}
	for _, file := range f.compromisedKeys {
		text, err := os.ReadFile(file) //nolint:gosec // see above
		if err != nil {
			return config, fmt.Errorf("read compromised keys: %w", err)
		}
		config.CompromisedKeys = append(config.CompromisedKeys, text)
	}
	for _, entry := range f.debianKeys {
		size, file, found := strings.Cut(entry, ":")
		bits, err := strconv.Atoi(size)
		if err != nil || !found || bits <= 0 {
			return config, fmt.Errorf("%q does not say which Debian weak keys are in which file; write 2048:FILE", entry)
		}
		text, err := os.ReadFile(file) //nolint:gosec // see above
		if err != nil {
			return config, fmt.Errorf("read Debian weak keys: %w", err)
		}
		if config.DebianKeys == nil {
			config.DebianKeys = map[int][]byte{}
		}
		config.DebianKeys[bits] = text
	}
	return config, nil
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

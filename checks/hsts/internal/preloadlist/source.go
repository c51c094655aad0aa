package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gradewatch/gradewatch/checks/hsts"
)

// decodeSource reads transport_security_state_static.json, which is JSON with
// comments on lines of their own.
func decodeSource(text []byte) ([]hsts.Entry, error) {
	var lines []string
	for line := range strings.SplitSeq(string(text), "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "//") {
			lines = append(lines, line)
		}
	}
	var list struct {
		Entries []struct {
			Name              string `json:"name"`
			Mode              string `json:"mode"`
			IncludeSubdomains bool   `json:"include_subdomains"`
		} `json:"entries"`
	}
	if err := json.Unmarshal([]byte(strings.Join(lines, "\n")), &list); err != nil {
		return nil, fmt.Errorf("read the source file: %w", err)
	}
	var entries []hsts.Entry
	for _, entry := range list.Entries {
		if entry.Mode == "force-https" { // others only pin keys
			entries = append(entries, hsts.Entry{Name: strings.ToLower(entry.Name), IncludeSubDomains: entry.IncludeSubdomains})
		}
	}
	return entries, nil
}

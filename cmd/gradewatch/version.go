package main

import (
	"fmt"
	"runtime/debug"
)

// version is set by the linker: -ldflags "-X main.version=1.2.3".
var version string

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(term *terminal) error {
	_, err := fmt.Fprintf(term.out, "gradewatch %s\n", programVersion())
	return err
}

// programVersion is what the linker was told, else what the build knows.
func programVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return "devel-" + setting.Value[:min(len(setting.Value), 12)]
		}
	}
	return "devel"
}

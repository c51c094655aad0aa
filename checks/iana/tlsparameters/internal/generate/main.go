// Command generate writes the tables of package tlsparameters from the
// registries' CSV files. It must not fetch anything: which state of a registry
// the program knows is decided by what is checked in.
//
// Run it in the package's folder: go generate ./checks/iana/tlsparameters.
package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
)

func main() {
	if err := run("registry", "."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run writes the files generated from the tables in registry into folder to.
func run(registry, to string) error {
	from, err := os.OpenRoot(registry)
	if err != nil {
		return fmt.Errorf("open the registry tables: %w", err)
	}
	defer from.Close() //nolint:errcheck // opened for reading
	files, err := generate(from.FS())
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(to+"/"+name, files[name], 0o644); err != nil { //nolint:gosec // source text
			return fmt.Errorf("write the generated %s: %w", name, err)
		}
	}
	return nil
}

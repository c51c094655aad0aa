// Command reportschema writes the JSON Schema of checks.Report to the file that
// it is given. It runs under go generate in the folder checks, whose source it
// reads for descriptions and enumerations, and is never part of the program.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "reportschema: %v\n", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("%d arguments, and not the one file to write", len(arguments))
	}
	text, err := generate(".")
	if err != nil {
		return err
	}
	if err := os.WriteFile(arguments[0], text, 0o644); err != nil { //nolint:gosec // it is published
		return fmt.Errorf("write the schema: %w", err)
	}
	return nil
}

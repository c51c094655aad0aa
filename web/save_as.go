package web

import (
	"regexp"
	"strings"
)

var notInFileNames = regexp.MustCompile(`[^a-z0-9]+`)

// saveAs is what a file is saved as: what it holds, and of which application.
// A name without a Latin letter or digit is left out.
func saveAs(what, application, extension string) string {
	name := "gradewatch-" + what
	if short := strings.Trim(notInFileNames.ReplaceAllString(strings.ToLower(application), "-"), "-"); short != "" {
		name += "-" + strings.TrimRight(short[:min(len(short), 60)], "-")
	}
	return name + "." + extension
}

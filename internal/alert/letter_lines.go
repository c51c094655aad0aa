package alert

import (
	"strings"
	"unicode"

	"github.com/gradewatch/gradewatch/checks/policy/remedies"
)

// remedyLines are the lines of configuration that belong to a remedy, for one
// server.
type remedyLines struct{ Server, File, Lines string }

// Bounds of the lines that one finding shows: what is longer is on the page of
// the incident, for the server that is there.
const (
	configurationsShown = 2
	configurationLines  = 4
	configurationBytes  = 300
)

// shortLines returns the lines of the remedy for the usual servers, where they
// are short. A message does not know what server it is.
func shortLines(remedyID string) []remedyLines {
	remedy, found := remedies.ByID(remedyID)
	if !found {
		return nil
	}
	var short []remedyLines
	for _, configuration := range remedy.Configurations {
		lines := strings.Trim(configuration.Lines, "\n")
		if lines == "" || len(lines) > configurationBytes || strings.Count(lines, "\n") >= configurationLines {
			continue
		}
		if len(short) == configurationsShown {
			break
		}
		short = append(short, remedyLines{Server: title(configuration.Server), File: oneLine(configuration.File, textBytes), Lines: lines})
	}
	return short
}

// title is how a server is called in a sentence.
func title(server string) string {
	if server == "nginx" || server == "" {
		return server
	}
	runes := []rune(server)
	runes[0] = unicode.ToUpper(runes[0])
	return string(runes)
}

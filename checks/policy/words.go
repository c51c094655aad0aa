package policy

import (
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// What to do about what could not be told.
const (
	remedyInconclusive = "Check that the name, the address and the port are right and open; the next look may tell."
	remedyNotPublic    = "Register a URL on a public address, or ask whoever runs this service to allow the network of this one."
	remedyNotAsked     = "Ask for a full look: a quick one does not ask this."
	remedyBrowser      = "Look with a browser besides, where one is set up; only it runs script."
	remedyFullURL      = "Write the URL in full, such as https://app.example.com/callback, one in each line."
	remedyPattern      = "Use a pattern without look-ahead, look-behind and back references, or check it by hand."
)

// openRemedy says what to do about what could not be told. Where nothing but
// our own refusal to connect left it open, no next look can tell either.
func openRemedy(proofs []checks.Proof) string {
	switch {
	case openFor(proofs, string(checks.ReasonSpecialPurpose)):
		return remedyNotPublic
	case openFor(proofs, checks.NotAsked.String()):
		return remedyNotAsked
	}
	return remedyInconclusive
}

// openFor says whether every proof has this value.
func openFor(proofs []checks.Proof, value string) bool {
	other := func(p checks.Proof) bool { return p.Value != value }
	return len(proofs) > 0 && !slices.ContainsFunc(proofs, other)
}

package checks

// OwnershipLook is what a look for a team's token says, one answer for each
// place where it may stand. Absent: the place was read and the token is not
// there. Inconclusive: the place could not be read. The token itself is in no
// answer.
type OwnershipLook struct {
	DNS  Fact[string] `json:"dns,omitzero"`  // the domain whose record holds it: the host, or a parent
	File Fact[string] `json:"file,omitzero"` // the URL of the well-known file
	Meta Fact[string] `json:"meta,omitzero"` // the URL of the host's first page, with the meta tag
	Page Fact[string] `json:"page,omitzero"` // the URL of another page with the meta tag
}

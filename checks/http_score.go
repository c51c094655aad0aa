package checks

// HTTPScore is how the MDN HTTP Observatory would score an answer, computed
// here from the facts of one address.
type HTTPScore struct {
	// Algorithm is the version of the Observatory's scoring that is followed.
	Algorithm int    `json:"algorithm"`
	Score     int    `json:"score"` // 0 to 145
	Grade     string `json:"grade"` // A+ to F, the Observatory's letters and not those of SSL Labs
	// Rules are the Observatory's tests, in its order.
	Rules []HTTPRule `json:"rules"`
}

// HTTPRule is one test of the Observatory and its outcome.
type HTTPRule struct {
	Name     string `json:"name"`           // such as strict-transport-security
	Result   string `json:"result"`         // such as hsts-not-implemented
	Modifier int    `json:"modifier"`       // what it adds to the score
	Pass     *bool  `json:"pass,omitempty"` // nil: it does not apply
	Text     string `json:"text"`           // a sentence for people
}

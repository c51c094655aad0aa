package monitor

// FieldFault says what is wrong with one field of what somebody typed, as a
// sentence that stands beside it.
type FieldFault struct {
	Field string // name of the field of the form
	Text  string
}

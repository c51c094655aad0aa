package key

// Discriminants is discriminants, for the test that computes them again.
func Discriminants() []int64 { return discriminants() }

package httpsec

import (
	"context"

	"github.com/gradewatch/gradewatch/checks"
)

// versions says which versions of HTTP the target's own host answers.
func (w *walker) versions(_ context.Context, got checks.HTTP) checks.HTTPVersions {
	return checks.HTTPVersions{checks.HTTP11: firstStatus(got)}
}

// firstStatus is what the walk's first request shows of HTTP/1.1.
func firstStatus(got checks.HTTP) checks.Fact[int] {
	first := got.Hops[0].Answer
	switch {
	case first.State != checks.Known:
		return checks.InconclusiveFact[int](first.Reason)
	case first.Value.Version != string(checks.HTTP11):
		return checks.AbsentFact[int]("")
	}
	return checks.KnownFact(first.Value.Status)
}

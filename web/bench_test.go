package web_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkOverview is the first page of 5,000 endpoints, from request to the
// last byte parsed.
func BenchmarkOverview(b *testing.B) {
	s := newSite(b)
	s.addFleet(5000)
	visitor := s.signedIn(s.person)
	for b.Loop() {
		page := visitor.get("/")
		require.Equal(b, http.StatusOK, page.status)
		require.Equal(b, "5000", page.Find("a[data-state=passing] .number").Text())
	}
}

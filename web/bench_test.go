package web_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
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

// BenchmarkCalendar shows the calendar of 500 endpoints, each with a
// certificate of its own.
func BenchmarkCalendar(b *testing.B) {
	root := newAuthority(b, time.Now().AddDate(5, 0, 0))
	s := newSite(b, root.trust())
	for i := range 500 {
		name := fmt.Sprintf("host-%d.example.com", i)
		s.serves(s.addEndpoint("Fleet", "https://"+name+"/", policy.Production), root.issue(name, s.now(), 90*24*time.Hour))
	}
	browser := s.signedIn(s.person)
	for b.Loop() {
		require.Equal(b, 500, browser.get("/calendar").Find("tr[data-kind=expiry]").Length())
	}
}

package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	ics "github.com/arran4/golang-ical"

	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/internal/store"
)

// namedURLs bounds how many URLs an event names.
const namedURLs = 20

// sendCalendar sends what is to come within a year as a file for calendars
// (iCalendar, RFC 5545). An event keeps its UID as long as it is the same one.
func (s *server) sendCalendar(w http.ResponseWriter, r *http.Request) error {
	served, err := s.teamCertificates(r)
	if err != nil {
		return err
	}
	endpoints := map[int64]store.ServedChains{}
	for _, endpoint := range served.Endpoints {
		endpoints[endpoint.EndpointID] = endpoint
	}
	file := ics.NewCalendarFor("Gradewatch")
	file.SetMethod(ics.MethodPublish)
	now := s.now()
	for _, entry := range renewal.Calendar(calendarCertificates(served, s.Trust, now), renewal.Limits(), now, now.Add(fileHorizon)) {
		if !entry.At.After(now) {
			continue
		}
		event := file.AddEvent(s.uid(entry))
		event.SetDtStampTime(now)
		event.SetStartAt(entry.At)
		event.SetSummary(entry.Title)
		event.SetDescription(describe(entry, endpoints))
		event.SetURL(s.BaseURL + "/calendar")
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="gradewatch.ics"`)
	_, err = strings.NewReader(file.Serialize(ics.WithNewLineWindows)).WriteTo(w)
	if err != nil && r.Context().Err() == nil {
		s.Logger.InfoContext(r.Context(), "the answer was not read to its end", "error", err)
	}
	return nil
}

// uid names an event by what it is about.
func (s *server) uid(entry renewal.Entry) string {
	about := entry.Title
	if entry.Certificate != nil {
		about = string(entry.Certificate.SHA256)
	}
	sum := sha256.Sum256([]byte(s.BaseURL + " " + string(entry.Kind) + " " + about))
	return hex.EncodeToString(sum[:16]) + "@gradewatch"
}

func describe(entry renewal.Entry, endpoints map[int64]store.ServedChains) string {
	lines := []string{entry.Text}
	if entry.Source != "" {
		lines = append(lines, entry.Source)
	}
	for i, id := range entry.Endpoints {
		if i == namedURLs {
			lines = append(lines, fmt.Sprintf("and %d more", len(entry.Endpoints)-i))
			break
		}
		lines = append(lines, endpoints[id].ApplicationName+": "+endpoints[id].Value)
	}
	return strings.Join(lines, "\n")
}

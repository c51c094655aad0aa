package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// namedURLs bounds how many URLs an event names.
const namedURLs = 20

// sendCalendar sends what is to come within a year as a file for calendars.
func (s *server) sendCalendar(w http.ResponseWriter, r *http.Request) error {
	served, known, err := s.teamCalendar(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="gradewatch.ics"`)
	s.writeCalendar(w, r, s.calendarFile(served, known, s.now()))
	return nil
}

// calendarFile writes what is to come within a year of now (iCalendar, RFC
// 5545). An event keeps its UID as long as it is the same one.
func (s *server) calendarFile(served store.ServedCertificates, known dates, now time.Time) *ics.Calendar {
	endpoints := map[int64]store.ServedChains{}
	for _, endpoint := range served.Endpoints {
		endpoints[endpoint.EndpointID] = endpoint
	}
	file := ics.NewCalendarFor("Gradewatch")
	file.SetMethod(ics.MethodPublish)
	for _, entry := range s.calendarEntries(served, known, now, now.Add(fileHorizon)) {
		if !entry.At.After(now) && (entry.Application == nil || monitor.DaysLeft(entry.At, now) < 0) {
			continue
		}
		event := file.AddEvent(s.uid(entry))
		event.SetDtStampTime(now)
		if entry.Application != nil {
			event.SetAllDayStartAt(entry.At)
		} else {
			event.SetStartAt(entry.At)
		}
		event.SetSummary(entry.Title)
		event.SetDescription(describe(entry, endpoints))
		event.SetURL(s.BaseURL + pageOf(entry))
	}
	return file
}

func (s *server) writeCalendar(w http.ResponseWriter, r *http.Request, file *ics.Calendar) {
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	_, err := strings.NewReader(file.Serialize(ics.WithNewLineWindows)).WriteTo(w)
	if err != nil && r.Context().Err() == nil {
		s.Logger.InfoContext(r.Context(), "the answer was not read to its end", "error", err)
	}
}

func pageOf(entry views.CalendarEntry) string {
	if entry.Application != nil {
		return entry.Application.Path
	}
	return "/calendar"
}

// uid names an event by what it is about.
func (s *server) uid(entry views.CalendarEntry) string {
	about := cmp.Or(entry.About, entry.Title)
	if entry.Certificate != nil {
		about = string(entry.Certificate.SHA256)
	}
	sum := sha256.Sum256([]byte(s.BaseURL + " " + string(entry.Kind) + " " + about))
	return hex.EncodeToString(sum[:16]) + "@gradewatch"
}

func describe(entry views.CalendarEntry, endpoints map[int64]store.ServedChains) string {
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

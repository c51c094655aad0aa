package monitor

import (
	"maps"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// effects lists what to do, in the order to do it: joining comes before closing,
// so that an incident that gains a requirement does not resolve.
func (s *step) effects() []Effect {
	var effects []Effect
	for _, incident := range slices.Sorted(maps.Keys(s.joined)) {
		slices.Sort(s.joined[incident])
		effects = append(effects, JoinIncident{IncidentID: incident, Requirements: s.joined[incident]})
	}
	for _, incident := range slices.Sorted(maps.Keys(s.closed)) {
		slices.Sort(s.closed[incident])
		closing := CloseRequirements{IncidentID: incident, Requirements: s.closed[incident]}
		for _, requirement := range closing.Requirements {
			if slices.Contains(s.waived, requirement) {
				closing.Waived = append(closing.Waived, requirement)
			}
		}
		effects = append(effects, closing)
	}
	if len(s.confirmed) > 0 {
		slices.Sort(s.confirmed)
		effects = append(effects, OpenIncident{Requirements: s.confirmed, Since: s.since})
	}
	if notice, due := s.undetermined(); due {
		effects = append(effects, notice)
	}
	switch {
	case s.confirm:
		effects = append(effects, ConfirmLook{At: s.event.At.Add(s.settings.ConfirmAfter), Full: s.full, Elsewhere: true})
	case !s.afterwork.IsZero():
		effects = append(effects, ConfirmLook{At: s.afterwork, Full: s.full})
	}
	return effects
}

// undetermined marks every must whose spell is long enough. A spell of the
// endpoint that was told once is not told again for a requirement that joins it.
func (s *step) undetermined() (NotifyUndetermined, bool) {
	connectivity := s.event.Connectivity
	if s.down || connectivity.State != checks.Known || s.event.blind() || s.event.Maintenance != nil {
		return NotifyUndetermined{}, false
	}
	var notice NotifyUndetermined
	told := false
	for _, requirement := range slices.Sorted(maps.Keys(s.next)) {
		state := s.next[requirement]
		if state.InconclusiveSince.IsZero() || state.Severity != checks.Must || state.IncidentID != 0 || state.Waived {
			continue
		}
		if state.Noticed {
			told = true
			continue
		}
		if s.event.At.Before(state.InconclusiveSince.Add(s.settings.UndeterminedAfter)) {
			continue
		}
		state.Noticed = true
		s.next[requirement] = state
		notice.Requirements = append(notice.Requirements, requirement)
		if notice.Since.IsZero() || state.InconclusiveSince.Before(notice.Since) {
			notice.Since, notice.Reason = state.InconclusiveSince, state.InconclusiveReason
		}
	}
	return notice, len(notice.Requirements) > 0 && !told
}

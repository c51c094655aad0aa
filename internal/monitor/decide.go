package monitor

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Decide is everything that a judgement of one endpoint leads to. It calls Step,
// and groups what that confirmed with the incidents of the team:
//
//   - A fail that shares a key (ProblemKeys) with an open incident joins it; at
//     once, where the incident holds another endpoint, whose confirmed look agreed.
//   - One whose requirement an incident held of this endpoint, or that shares a key
//     with one, and that resolved less than ReopenWithin ago, reopens that.
//   - The rest of what one look confirmed goes along where something of it joined
//     an incident that turned within five minutes; otherwise it opens one incident.
//   - Problems of the server, of changed requirements and of our own changes are
//     never in one incident, nor are new ones that are steady and ones that flap.
//   - What an incident holds already and that fails worse makes it heavier once a
//     confirming look agrees.
//
// It changes nothing in d.
func Decide(d Decision) Plan {
	x := newDecision(d)
	event := d.Event
	event.Joins = x.joins()
	event.Newest = x.newest()
	x.event = event
	states, effects := Step(d.States, event, d.Settings)
	x.plan.States, x.plan.Effects = states, effects
	for _, effect := range effects {
		switch effect := effect.(type) {
		case JoinIncident:
			x.join(effect)
		case CloseRequirements:
			x.remove(effect)
		case OpenIncident:
			x.place(effect)
		case ConfirmLook:
			x.plan.Confirm = &effect
		case NotifyUndetermined:
			x.plan.Notice = &effect
		}
	}
	x.heavier()
	x.settle()
	return x.plan
}

// Keys returns what its team's incidents are found by before Decide: the keys of
// every fail that may open, join or reopen one. Sorted.
func (d Decision) Keys() []string {
	x := newDecision(d)
	var keys []string
	for _, verdict := range d.Event.Verdicts {
		if x.asks(verdict) {
			keys = append(keys, x.keys(verdict.Requirement)...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// decision gathers what becomes of each incident.
type decision struct {
	Decision
	event    Judged
	settings Settings
	verdicts map[string]checks.Verdict
	known    map[int64]KnownIncident
	keysOf   map[string][]string
	plan     Plan
	touched  map[int64]*touch
	opening  []*touch
}

// touch is what a judgement does to one incident.
type touch struct {
	added   []string
	removed CloseRequirements
	worse   string // the heaviest of what it holds and that fails worse; empty: nothing does
	since   time.Time
}

func newDecision(d Decision) *decision {
	x := &decision{
		Decision: d, event: d.Event, settings: d.Settings.WithDefaults(),
		verdicts: map[string]checks.Verdict{}, known: map[int64]KnownIncident{}, keysOf: map[string][]string{}, touched: map[int64]*touch{},
	}
	for _, verdict := range d.Event.Verdicts {
		x.verdicts[verdict.Requirement] = verdict
	}
	for _, incident := range d.Incidents {
		x.known[incident.ID] = incident
	}
	return x
}

// asks says whether a verdict may open, join or reopen an incident.
func (x *decision) asks(verdict checks.Verdict) bool {
	return verdict.Result == checks.Fail && verdict.Waived == nil && verdict.Alarms() && x.States[verdict.Requirement].IncidentID == 0
}

// cause is why a requirement fails: as it was when it began to.
func (x *decision) cause(requirement string) checks.Cause {
	if cause := x.plan.States[requirement].Cause; cause != "" {
		return cause
	}
	if cause := x.States[requirement].Cause; cause != "" {
		return cause
	}
	return x.event.causeOf(x.States, x.verdicts[requirement])
}

func (x *decision) keys(requirement string) []string {
	if keys, done := x.keysOf[requirement]; done {
		return keys
	}
	x.keysOf[requirement] = ProblemKeys(x.Endpoint, x.verdicts[requirement], x.Observation, x.cause(requirement), x.event.Versions)
	return x.keysOf[requirement]
}

// holds counts what an incident holds of the endpoint before the judgement.
func (x *decision) holds(incident int64) int {
	count := 0
	for _, state := range x.States {
		if state.IncidentID == incident {
			count++
		}
	}
	return count
}

// newest returns the open incident of the endpoint that turned last.
func (x *decision) newest() Incident {
	var newest Incident
	for _, incident := range x.Incidents {
		if incident.live() && x.holds(incident.ID) > 0 && (newest.ID == 0 || !incident.turnedAt().Before(newest.turnedAt())) {
			newest = incident.Incident
		}
	}
	return newest
}

// joins returns the incidents that a fail joins at once: open, with a key in
// common, and holding another endpoint.
func (x *decision) joins() map[string]int64 {
	joins := map[string]int64{}
	if len(x.Incidents) == 0 {
		return joins
	}
	for _, verdict := range x.Event.Verdicts {
		if !x.asks(verdict) {
			continue
		}
		agreed := func(incident KnownIncident) bool {
			others := incident.Endpoints - min(x.holds(incident.ID), 1)
			return incident.live() && others > 0 && x.common(verdict.Requirement, incident) > 0
		}
		if found, is := x.find(verdict.Requirement, agreed); is {
			joins[verdict.Requirement] = found
		}
	}
	return joins
}

// common counts the keys that a requirement has in common with an incident.
func (x *decision) common(requirement string, incident KnownIncident) int {
	count := 0
	for _, key := range x.keys(requirement) {
		if slices.Contains(incident.Keys, key) {
			count++
		}
	}
	return count
}

// find returns the best incident for a requirement among those that fit: open
// before resolved, one that held it before others, more keys in common, the
// oldest.
func (x *decision) find(requirement string, fits func(KnownIncident) bool) (int64, bool) {
	var found []KnownIncident
	for _, incident := range x.Incidents {
		if blameOf(incident.Cause) == blameOf(x.cause(requirement)) && fits(incident) {
			found = append(found, incident)
		}
	}
	if len(found) == 0 {
		return 0, false
	}
	rank := func(yes bool) int {
		if yes {
			return 0
		}
		return 1
	}
	best := slices.MinFunc(found, func(a, b KnownIncident) int {
		return cmp.Or(
			rank(a.live())-rank(b.live()),
			rank(slices.Contains(a.Own, requirement))-rank(slices.Contains(b.Own, requirement)),
			x.common(requirement, b)-x.common(requirement, a),
			cmp.Compare(a.ID, b.ID))
	})
	return best.ID, true
}

// belongs returns the incident that a confirmed fail joins or reopens.
func (x *decision) belongs(requirement string) (int64, bool) {
	return x.find(requirement, func(incident KnownIncident) bool {
		if !slices.Contains(incident.Own, requirement) && x.common(requirement, incident) == 0 {
			return false
		}
		return incident.live() || x.event.At.Before(incident.ResolvedAt.Add(x.settings.ReopenWithin))
	})
}

func (x *decision) touch(incident int64) *touch {
	if x.touched[incident] == nil {
		x.touched[incident] = &touch{}
	}
	return x.touched[incident]
}

// add puts requirements into a known incident.
func (x *decision) add(incident int64, requirements ...string) {
	one := x.touch(incident)
	for _, requirement := range requirements {
		one.added = append(one.added, requirement)
		one.since = earliest(one.since, x.firstSeen(requirement))
		state := x.plan.States[requirement]
		state.IncidentID = incident
		x.plan.States[requirement] = state
	}
	slices.Sort(one.added)
}

// join follows Step, or opens an incident where nobody knows the one it names.
func (x *decision) join(effect JoinIncident) {
	if _, known := x.known[effect.IncidentID]; known {
		x.add(effect.IncidentID, effect.Requirements...)
		return
	}
	for _, requirement := range effect.Requirements {
		state := x.plan.States[requirement]
		state.IncidentID = 0
		x.plan.States[requirement] = state
	}
	x.place(OpenIncident{Requirements: effect.Requirements})
}

func (x *decision) remove(effect CloseRequirements) {
	if _, known := x.known[effect.IncidentID]; known {
		x.touch(effect.IncidentID).removed = effect
	}
}

// firstSeen is when a requirement that counts now was first seen to fail.
func (x *decision) firstSeen(requirement string) time.Time {
	state := x.States[requirement]
	switch {
	case !state.FailingSince.IsZero():
		return state.FailingSince
	case state.Conclusive == checks.Fail && !state.Waived:
		return state.ConclusiveSince
	default:
		return x.event.At
	}
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// group is what may be in one incident.
type group struct {
	blame    blame
	flapping bool
}

// place finds an incident for what was confirmed, or opens one for each group.
func (x *decision) place(effect OpenIncident) {
	rest := map[group][]string{}
	for _, requirement := range effect.Requirements {
		if incident, found := x.belongs(requirement); found {
			x.add(incident, requirement)
			continue
		}
		of := group{blameOf(x.cause(requirement)), x.plan.States[requirement].Flapping}
		rest[of] = append(rest[of], requirement)
	}
	order := func(a, b group) int {
		return cmp.Or(cmp.Compare(a.blame, b.blame), strings.Compare(rest[a][0], rest[b][0]))
	}
	for _, of := range slices.SortedFunc(maps.Keys(rest), order) {
		if incident, found := x.along(of); found {
			x.add(incident, rest[of]...)
			continue
		}
		one := &touch{added: rest[of]}
		for _, requirement := range rest[of] {
			one.since = earliest(one.since, x.firstSeen(requirement))
		}
		x.opening = append(x.opening, one)
	}
}

// along returns the incident that other problems of the same look joined, where
// it turned a short while ago.
func (x *decision) along(of group) (int64, bool) {
	for _, id := range slices.Sorted(maps.Keys(x.touched)) {
		incident := x.known[id]
		turned := incident.turnedAt()
		if !incident.live() {
			turned = x.event.At
		}
		if len(x.touched[id].added) > 0 && blameOf(incident.Cause) == of.blame && !of.flapping && !incident.Flapping &&
			x.event.At.Before(turned.Add(joinWithin)) {
			return id, true
		}
	}
	return 0, false
}

// heavier notes where what an incident holds fails worse than the incident
// weighs. One look alone asks for another.
func (x *decision) heavier() {
	if x.event.blind() || x.event.Maintenance != nil {
		return
	}
	for _, requirement := range slices.Sorted(maps.Keys(x.plan.States)) {
		state, verdict := x.plan.States[requirement], x.verdicts[requirement]
		incident, known := x.known[state.IncidentID]
		if !known || verdict.Result != checks.Fail || verdict.Waived != nil || !verdict.Alarms() || x.States[requirement].IncidentID != incident.ID {
			continue
		}
		weight := weightFor(incident.Cause, WeightOf(verdict))
		switch {
		case !weight.Heavier(incident.Weight):
		case x.event.Purpose == Confirm:
			one := x.touch(incident.ID)
			if one.worse == "" || weight.Heavier(WeightOf(x.verdicts[one.worse])) {
				one.worse = requirement
			}
		case x.plan.Confirm == nil:
			x.plan.Confirm = &ConfirmLook{At: x.event.At.Add(x.settings.ConfirmAfter), Elsewhere: true}
		}
	}
}

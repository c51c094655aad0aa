package simulator

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/grade"
	"github.com/gradewatch/gradewatch/checks/judgement"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Rules are what judgements are made by at a time.
type Rules struct {
	judge  judgement.Judge
	held   map[string]*policy.Profile // further ones, by id
	Engine string
	Trust  string // version of the trust data
	blind  bool   // this engine does not see what is wrong with canaries
	errs   bool   // this engine sees faults in canaries that have none
}

// NewRules returns the rules of today, by which browsers trust authorities.
func NewRules(engine string, authorities ...*Authority) (*Rules, error) {
	var roots []byte
	for _, authority := range authorities {
		roots = append(roots, authority.ca.PEM()...)
	}
	trust, err := appraisal.NewTrust(appraisal.Config{PrivateRoots: roots, WithoutLint: true})
	if err != nil {
		return nil, fmt.Errorf("read the roots of the simulation: %w", err)
	}
	criteria, err := grade.CriteriaByVersion("2009r")
	if err != nil {
		return nil, fmt.Errorf("read the criteria of the simulation: %w", err)
	}
	rules := &Rules{
		judge: judgement.Judge{Trust: trust, Profiles: policy.Base(), Criteria: criteria},
		held:  map[string]*policy.Profile{}, Engine: engine, Trust: trust.Version(),
	}
	for _, profile := range policy.SecondOpinions() {
		rules.held[profile.ID] = profile
	}
	return rules, nil
}

// judgedAs is a judgement, and until when time alone does not change it.
type judgedAs struct {
	rules       *Rules
	observation *checks.Observation // that it is of
	judgement   checks.Judgement
	from, until time.Time
}

func (r *Rules) apply(observation *checks.Observation, endpoint monitor.Endpoint, at time.Time) *judgedAs {
	var held []*policy.Profile
	for _, id := range endpoint.Profiles {
		held = append(held, r.held[id])
	}
	judged := &judgedAs{rules: r, observation: observation, judgement: r.judge.Judge(observation, endpoint.Subject(), at, held...)}
	boundaries := judged.judgement.Appraisal.Boundaries
	next := sort.Search(len(boundaries), func(i int) bool { return boundaries[i].After(at) })
	if next > 0 {
		judged.from = boundaries[next-1]
	}
	judged.judgement = checks.Judgement{Verdicts: judged.judgement.Verdicts} // of ten thousand endpoints the rest would fill memory
	judged.until = at.AddDate(10, 0, 0)
	if next < len(boundaries) {
		judged.until = boundaries[next]
	}
	return judged
}

// holds says whether the judgement is that of at too.
func (j *judgedAs) holds(rules *Rules, observation *checks.Observation, at time.Time) bool {
	return j.rules == rules && j.observation == observation && !at.Before(j.from) && at.Before(j.until)
}

// profiles names the profiles that verdicts are of, in their order.
func (j *judgedAs) profiles() []string {
	var names []string
	for _, verdict := range j.judgement.Verdicts {
		if !slices.Contains(names, verdict.Profile) {
			names = append(names, verdict.Profile)
		}
	}
	return names
}

// stricterProfile is what a new version of SuperOffice's profile could say.
const stricterProfile = `
id: superoffice
version: 2027-01
title: SuperOffice application requirements
owner: SuperOffice
source: https://docs.superoffice.com/en/developer-portal/
requirements:
  - id: C-01
    alarm: true
    text: Every cookie has HttpOnly and SameSite
    source: the simulator
    severity: must
    each: cookie
    pass: cookie.http_only && cookie.same_site != ''
    remedy: Set both.
    remedy_id: cookie-http-only
  - id: C-05
    alarm: true
    text: Every cookie has SameSite
    source: the simulator
    severity: must
    each: cookie
    pass: cookie.same_site != ''
    remedy: Set it.
    remedy_id: cookie-http-only
`

// stricter returns the rules with a new version of SuperOffice's profile, which
// takes over some requirements of stricterProfile.
func (r *Rules) stricter(requirements []string) (*Rules, error) {
	profile, err := policy.Load([]byte(stricterProfile))
	if err != nil {
		return nil, fmt.Errorf("read the stricter profile: %w", err)
	}
	next, base := *r, *policy.SuperOffice()
	base.Version = profile.Version
	base.Requirements = slices.Clone(base.Requirements)
	for _, requirement := range profile.Only(requirements...).Requirements {
		at := slices.IndexFunc(base.Requirements, func(known policy.Requirement) bool { return known.ID == requirement.ID })
		if at < 0 {
			base.Requirements = append(base.Requirements, requirement)
			continue
		}
		base.Requirements[at] = requirement
	}
	next.judge.Profiles = slices.Clone(next.judge.Profiles)
	for i, known := range next.judge.Profiles {
		if known.ID == base.ID {
			next.judge.Profiles[i] = &base
		}
	}
	return &next, nil
}

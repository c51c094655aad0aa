// Package judgement puts together what is said of an observation: the truth
// about its certificates, then the grade, then the verdicts. It is pure, and must
// not read a clock, a file or the network: time and everything else that a
// judgement depends on are arguments.
package judgement

import (
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/grade"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// Judge holds what a judgement depends on besides facts and time. Trust is
// required. It is safe for concurrent use.
type Judge struct {
	Trust *appraisal.Trust
	// Profiles are those that everything is held to, in the order in which they
	// are judged.
	Profiles []*policy.Profile
	// Criteria are those of the grade; the zero value: those in force at the time
	// of the judgement.
	Criteria grade.Criteria
}

// Judge says everything about observation, which may be nil, as what is known
// of subject at a time. held are profiles that this subject is held to besides.
func (j *Judge) Judge(observation *checks.Observation, subject policy.Subject, at time.Time, held ...*policy.Profile) checks.Judgement {
	if observation == nil {
		observation = &checks.Observation{}
	}
	judged := checks.Judgement{Appraisal: appraisal.Appraise(observation, at, j.Trust)}
	if scheme, _, _ := strings.Cut(subject.URL(), ":"); strings.EqualFold(scheme, "https") {
		judged.Grade, judged.Grades = j.grade(observation, judged.Appraisal, at)
	}
	evidence := policy.Evidence{
		Observation: observation, Appraisal: judged.Appraisal, Grades: judged.Grades, Grade: judged.Grade, Subject: subject, At: at,
	}
	for i, address := range observation.Addresses {
		judged.HTTPScores = append(judged.HTTPScores, Score(address, observation.DNS.Host, judged.Appraisal.Addresses[i]))
	}
	for _, profile := range append(slices.Clone(j.Profiles), held...) {
		judged.Verdicts = append(judged.Verdicts, policy.Judge(evidence, profile)...)
	}
	return judged
}

// Grade gives the grade of an observation of an https URL alone, and the times
// at which time alone changes what it rests on. An observation without
// addresses has no letter.
func (j *Judge) Grade(observation *checks.Observation, at time.Time) (checks.Grade, []time.Time) {
	appraised := appraisal.Appraise(observation, at, j.Trust)
	given, _ := j.grade(observation, appraised, at)
	if given == nil {
		return grade.Endpoint(nil), appraised.Boundaries
	}
	return *given, appraised.Boundaries
}

// grade grades every address, and the endpoint by the worst of them; nil where
// no address was looked at.
func (j *Judge) grade(observation *checks.Observation, appraised checks.Appraisal, at time.Time) (*checks.Grade, []checks.Grade) {
	if len(observation.Addresses) == 0 {
		return nil, nil
	}
	grades := make([]checks.Grade, 0, len(observation.Addresses))
	for i, address := range observation.Addresses {
		grades = append(grades, grade.Address(address, appraised.Addresses[i], at, j.Criteria))
	}
	worst := grade.Endpoint(grades)
	return &worst, grades
}

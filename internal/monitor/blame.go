package monitor

import "github.com/gradewatch/gradewatch/checks"

// Versions are those of the data and the program that a judgement rests on.
type Versions struct {
	TrustData string
	Engine    string
}

// blame says whose doing a fail is. Problems of different blame are never in
// one incident.
type blame int

const (
	blameServer   blame = iota // the server, its certificate, the time, whom browsers trust
	blameCriteria              // the requirements changed: nothing on the server did
	blameEngine                // we look or judge otherwise: nothing on the server changed
)

func blameOf(cause checks.Cause) blame {
	switch cause {
	case checks.CauseCriteria:
		return blameCriteria
	case checks.CauseEngine:
		return blameEngine
	default:
		return blameServer
	}
}

// weightFor is how much a problem matters: what we changed ourselves is never
// the partner's emergency.
func weightFor(cause checks.Cause, weight Weight) Weight {
	if blameOf(cause) != blameServer {
		return Low
	}
	return weight
}

// causeOf returns why a verdict fails from this judgement on: what the comparison
// says; criteria for what is asked for the first time of an endpoint that was
// judged before, unless time alone made it fail; else what its proof hangs on. A proof that hangs on trust data
// says nothing about a change of it: whoever never had another certificate than
// an untrusted one made it so.
func (e Judged) causeOf(states map[string]RequirementState, verdict checks.Verdict) checks.Cause {
	if cause := e.Causes[verdict.Requirement]; cause != "" {
		return cause
	}
	if _, judged := states[verdict.Requirement]; !judged && len(states) > 0 && !timeAlone(verdict) {
		return checks.CauseCriteria
	}
	for _, proof := range verdict.Proof {
		switch proof.Cause {
		case "":
		case checks.CauseTrustData:
			return checks.CauseCertificate
		default:
			return proof.Cause
		}
	}
	return checks.CauseConfiguration
}

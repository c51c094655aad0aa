package appraisal

import (
	"crypto/sha256"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/transparency"
)

// timestamps are the signed certificate timestamps of one leaf, verified.
type timestamps struct {
	embedded  []transparency.Verdict
	malformed bool
	noIssuer  bool // there are some, and no key of an issuer to check them with
}

// transparencyStart is from when on Chrome asks for timestamps.
func transparencyStart() time.Time { return time.Date(2018, 5, 1, 0, 0, 0, 0, time.UTC) }

func (s *subject) tooFewSCTs() checks.ChainFinding {
	switch {
	case !s.public():
		return notApplicable("Only certificates of public authorities have to be in public logs.")
	case s.leaf.outline.NotBefore.Before(transparencyStart()):
		return notApplicable("Certificates issued before May 2018 do not have to be in public logs.")
	}
	logs := s.trust.logs
	// Chrome counts from start to end, without the last second.
	lifetime := duration(s.leaf.outline.NotBefore, s.leaf.outline.NotAfter) - time.Second
	embedded := logs.Judge(s.embeddedTimestamps().embedded, true, lifetime, s.at)
	if embedded.Enough {
		return no()
	}
	fact := s.address.Full.Stapled.SCTs
	switch fact.State {
	case checks.NotAsked:
		return notAsked("The certificate alone does not have enough timestamps, and nobody asked for those that come beside it: " + embedded.Text + ".")
	case checks.Inconclusive:
		return inconclusive(fact.Reason, s.leaf.fingerprint, "The certificate alone does not have enough timestamps, and those that come beside it could not be read: "+embedded.Text+".")
	}
	beside := s.stapledTimestamps()
	if len(beside) == 0 && len(fact.Value) > 0 {
		return notAsked("The certificate alone does not have enough timestamps, and nobody asked for those that come beside it: " + embedded.Text + ".")
	}
	outcome := logs.Judge(beside, false, lifetime, s.at)
	switch {
	case outcome.Enough:
		return no()
	case embedded.Unsure || outcome.Unsure:
		return inconclusive(checks.ReasonNotCurrent, s.leaf.fingerprint, "The timestamps of the certificate "+s.leaf.name+" are of logs that this program's list, which is out of date, does not know.")
	}
	text := embedded.Text
	if len(beside) > 0 {
		text = outcome.Text
	}
	return yes(about(s.leaf, "", "Browsers refuse the certificate %s for want of public logging: %s.", s.leaf.name, text))
}

func (s *subject) invalidSCT() checks.ChainFinding {
	var details []checks.FindingDetail
	embedded := s.embeddedTimestamps()
	verdicts := append(append([]transparency.Verdict(nil), embedded.embedded...), s.stapledTimestamps()...)
	known := 0
	for _, verdict := range verdicts {
		if verdict.Log == nil {
			continue
		}
		known++
		if !verdict.Valid {
			details = append(details, about(s.leaf, verdict.Log.Description, "A timestamp of the log %s for the certificate %s does not verify.", verdict.Log.Description, s.leaf.name))
		}
	}
	switch {
	case len(details) > 0:
		return yes(details...)
	case embedded.malformed:
		return yes(about(s.leaf, "", "The timestamps in the certificate %s cannot be parsed.", s.leaf.name))
	case embedded.noIssuer:
		return notAsked("Timestamps in a certificate are checked with the key of its issuer, which is not known.")
	case known == 0:
		return notApplicable("No timestamp of a known log came.")
	}
	return no()
}

// embeddedTimestamps verifies what the leaf carries, once per building. They
// are signed over the issuer's key: without the issuer there is no telling.
func (s *subject) embeddedTimestamps() timestamps {
	s.built.once.Do(func() {
		raw, err := transparency.Embedded(s.leaf.outline)
		s.built.timestamps.malformed = err != nil
		way := s.way()
		if len(raw) == 0 {
			return
		}
		if len(way) < 2 || way[1].outline == nil || !s.trusted() && s.built.walk.unverified {
			s.built.timestamps.noIssuer = true
			return
		}
		entry, err := transparency.PrecertificateEntry(s.leaf.outline, way[1].outline.RawSPKI)
		if err != nil {
			return
		}
		for _, one := range raw {
			timestamp, err := transparency.ReadTimestamp(one)
			if err != nil {
				s.built.timestamps.malformed = true
				continue
			}
			s.built.timestamps.embedded = append(s.built.timestamps.embedded, s.trust.logs.Verify(timestamp, entry))
		}
	})
	return s.built.timestamps
}

const maxStapledTimestamps = 16

// stapledTimestamps verifies what came beside the leaf.
func (s *subject) stapledTimestamps() []transparency.Verdict {
	var verdicts []transparency.Verdict
	for _, stapled := range s.address.Full.Stapled.SCTs.Value {
		if stapled.Leaf != s.leaf.fingerprint || len(verdicts) >= maxStapledTimestamps {
			continue
		}
		key := sha256.Sum256(append([]byte(s.leaf.fingerprint), stapled.SCT...))
		verdict, found := s.trust.stapled.get(key)
		if !found {
			timestamp, err := transparency.ReadTimestamp(stapled.SCT)
			if err != nil {
				continue
			}
			verdict = s.trust.logs.Verify(timestamp, transparency.CertificateEntry(s.leaf.outline))
			s.trust.stapled.add(key, verdict)
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

// timestampChanges are the times at which an answer about timestamps changes.
func (s *subject) timestampChanges() []time.Time {
	if !s.public() {
		return nil
	}
	verdicts := append(slices.Clone(s.embeddedTimestamps().embedded), s.stapledTimestamps()...)
	return s.trust.logs.Boundaries(verdicts)
}

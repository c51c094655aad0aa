package appraisal

import "github.com/gradewatch/gradewatch/checks"

func (s *subject) knownDistrusted() *checks.FindingDetail { return nil }
func (s *subject) blacklisted() checks.ChainFinding { return no() }
func (s *subject) debianWeakKey() checks.ChainFinding { return no() }
func (s *subject) lifetimeTooLong() checks.ChainFinding { return no() }
func (s *subject) lintError() checks.ChainFinding { return no() }
func (s *subject) tooFewSCTs() checks.ChainFinding { return no() }
func (s *subject) invalidSCT() checks.ChainFinding { return no() }
func (s *subject) caaForbids() checks.ChainFinding { return no() }
func (s *subject) tlsaMismatch() checks.ChainFinding { return no() }

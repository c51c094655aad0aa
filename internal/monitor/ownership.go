package monitor

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/gradewatch/gradewatch/checks"
)

// OwnershipState says how far a team has shown that a host is its own.
type OwnershipState string

// The states of an ownership.
const (
	OwnershipPending  OwnershipState = "pending"  // the token was never found
	OwnershipVerified OwnershipState = "verified" // the last conclusive check found it
	OwnershipFailing  OwnershipState = "failing"  // it was found before, and the last checks did not find it
	OwnershipLapsed   OwnershipState = "lapsed"   // it was not found for so long that it counts no more
)

// OwnershipMethod is where a token was found.
type OwnershipMethod string

// The methods, in the order in which they count.
const (
	ByDNS  OwnershipMethod = "dns"  // TXT record: the host, and every name below the record's domain
	ByFile OwnershipMethod = "file" // well-known file: the host
	ByMeta OwnershipMethod = "meta" // meta tag of the first page: the host
	// ByPage is the meta tag of another page. It shows who writes that page: the
	// host counts as the team's for its quota, and nothing intrusive rests on it.
	ByPage OwnershipMethod = "page"
)

// When an ownership is checked again, and when it lapses.
const (
	OwnershipCheckEvery = 24 * time.Hour
	OwnershipFailures   = 3                  // failed checks in a row, and
	OwnershipGrace      = 3 * 24 * time.Hour // since the first of them, until it lapses
	OwnershipAskAfter   = 10 * time.Second   // between two checks that people ask for
	ownershipDomains    = 8                  // names of a host that are asked for a record
	ownershipCheckTakes = time.Minute        // at the most; later nobody waits for it
)

// Ownership is a host that a team says is its own.
type Ownership struct {
	ID           int64
	TeamID       int64
	Host         string // lower-case ASCII, or an address literal
	Token        string
	CreatedBy    string // mail address
	CreatedAt    time.Time
	State        OwnershipState
	Method       OwnershipMethod // that found the token last; empty: none did
	Domain       string          // whose DNS held it, and whose names below are the team's too; empty: the host alone is
	VerifiedAt   time.Time       // when it was found last; zero: never
	CheckedAt    time.Time       // zero: never
	FailingSince time.Time       // the first failed check in a row; zero: the last one did not fail
	Failures     int             // failed checks in a row
	Answer       *checks.OwnershipLook
	NextCheckAt  time.Time // zero: only when somebody asks
	AskedAt      time.Time // when a person asked for a check last; zero: never
}

// Holds says whether the host counts as the team's.
func (o Ownership) Holds() bool {
	return o.State == OwnershipVerified || o.State == OwnershipFailing
}

// Checking says whether a check that a person asked for is under way.
func (o Ownership) Checking(at time.Time) bool {
	return o.AskedAt.After(o.CheckedAt) && at.Sub(o.AskedAt) < ownershipCheckTakes
}

// Lapses is when the ownership lapses at the earliest; zero where it does not fail.
func (o Ownership) Lapses() time.Time {
	if o.State != OwnershipFailing {
		return time.Time{}
	}
	return o.FailingSince.Add(OwnershipGrace)
}

// found returns where the token was found, by the method that counts most.
func found(look checks.OwnershipLook) OwnershipMethod {
	for _, place := range []struct {
		method OwnershipMethod
		fact   checks.Fact[string]
	}{{ByDNS, look.DNS}, {ByFile, look.File}, {ByMeta, look.Meta}, {ByPage, look.Page}} {
		if place.fact.State == checks.Known {
			return place.method
		}
	}
	return ""
}

// gone says whether the token is conclusively not where it was found last.
func gone(method OwnershipMethod, look checks.OwnershipLook) bool {
	switch method {
	case ByDNS:
		return look.DNS.State == checks.Absent
	case ByFile:
		return look.File.State == checks.Absent
	case ByMeta:
		return look.Meta.State == checks.Absent
	default:
		return look.Page.State == checks.Absent || look.Page.State == checks.NotAsked && look.Meta.State == checks.Absent
	}
}

// OwnershipDomains are the names whose DNS may hold the token of a host: the
// host and its parents up to the registrable domain by the public suffix list,
// of many the host and those next to that domain. An address literal has none.
func OwnershipDomains(host string) []string {
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return nil
	}
	names := []string{host}
	top, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return names
	}
	for names[len(names)-1] != top {
		_, parent, _ := strings.Cut(names[len(names)-1], ".")
		names = append(names, parent)
	}
	if surplus := len(names) - ownershipDomains; surplus > 0 {
		names = slices.Delete(names, 1, 1+surplus)
	}
	return names
}

// SpeaksForNamesBelow says whether who controls a domain's DNS may speak for the
// names below it: a public suffix belongs to nobody who is registered there.
func SpeaksForNamesBelow(domain string) bool {
	_, err := publicsuffix.EffectiveTLDPlusOne(domain)
	return err == nil
}

// StepOwnership returns an ownership after a check. The rules:
//   - A token that is found anywhere verifies, and ends every spell of failing.
//   - A check fails where the token is conclusively gone from where it was found
//     last, and is nowhere else. What could not be read, as of a host that is
//     down or that opted out, is no failure, and no ownership ever lapses by it.
//   - After OwnershipFailures failed checks in a row, and OwnershipGrace since the
//     first of them, it lapses. Checks that people ask for do not hasten that.
//   - What was never verified stays pending, and what lapsed stays lapsed, until
//     a check that somebody asks for finds the token.
func StepOwnership(before Ownership, look checks.OwnershipLook, at time.Time) Ownership {
	next := before
	next.CheckedAt, next.Answer = at, &look
	if method := found(look); method != "" {
		next.State, next.Method, next.VerifiedAt, next.Domain = OwnershipVerified, method, at, ""
		if method == ByDNS && SpeaksForNamesBelow(look.DNS.Value) {
			next.Domain = look.DNS.Value
		}
		next.FailingSince, next.Failures = time.Time{}, 0
	} else if before.Holds() && gone(before.Method, look) {
		next = next.failed(at)
	}
	next.NextCheckAt = next.NextOwnershipCheck(at)
	return next
}

// failed counts one more failed check.
func (o Ownership) failed(at time.Time) Ownership {
	o.State, o.Failures = OwnershipFailing, o.Failures+1
	if o.FailingSince.IsZero() {
		o.FailingSince = at
	}
	if o.Failures >= OwnershipFailures && at.Sub(o.FailingSince) >= OwnershipGrace {
		o.State = OwnershipLapsed
	}
	return o
}

// NextOwnershipCheck is when an ownership is checked again after at: a day
// later, and up to an hour more, so that those of a day do not come together.
// Zero: only when somebody asks.
func (o Ownership) NextOwnershipCheck(at time.Time) time.Time {
	if !o.Holds() {
		return time.Time{}
	}
	const jitter = 3600
	return at.Add(OwnershipCheckEvery + time.Duration(o.ID*977%jitter)*time.Second)
}

// OptOut is a host that is not looked at, since who runs it said so.
type OptOut struct {
	ID                 int64
	Host               string // lower-case ASCII, or an address literal
	IncludesSubdomains bool
	Reason             string
	Contact            string // who asked
	RecordedBy         string // mail address of an operator
	RecordedAt         time.Time
	EndedBy            string
	EndedAt            time.Time // zero: it stands
}

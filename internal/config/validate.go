package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// leastAuditRetention is three months (superoffice.md S-06), as the longest
// three months have days.
const leastAuditRetention = 92 * 24 * time.Hour

// vantageName fits into the name of a River queue (at most 64 bytes) after its prefix.
var vantageName = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,38}[a-z0-9])?$`)

// fault is a setting with a value that it cannot have.
type fault struct{ setting, must string }

// Error is a sentence for a person. It never holds the value of a setting
// that may hold a password.
func (f fault) Error() string { return f.setting + " must " + f.must }

// Validate returns every fault of the settings, joined; nil if there is none.
// Each names its setting and what it should be.
func (c Config) Validate() error { return joined(c.faults()) }

func joined(faults []fault) error {
	var list []error
	for _, one := range faults {
		list = append(list, one)
	}
	return errors.Join(list...)
}

func (c Config) faults() []fault {
	return slices.Concat(c.databaseFaults(), c.addressFaults(), c.workFaults(), c.mailFaults())
}

func (c Config) databaseFaults() []fault {
	var faults []fault
	const form = "be a URL like postgres://user:password@host:5432/database"
	if c.DatabaseURL != "" && !hasScheme(c.DatabaseURL, "postgres", "postgresql") {
		faults = append(faults, fault{"DATABASE_URL", form})
	}
	if c.DatabaseDirectURL != "" && !hasScheme(c.DatabaseDirectURL, "postgres", "postgresql") {
		faults = append(faults, fault{"DATABASE_DIRECT_URL", form})
	}
	if c.DatabaseURL == "" && c.DatabaseDirectURL != "" {
		faults = append(faults, fault{"DATABASE_DIRECT_URL", "stand beside DATABASE_URL, not alone"})
	}
	return faults
}

func (c Config) addressFaults() []fault {
	var faults []fault
	if err := hostAndPort(c.Listen); err != nil {
		faults = append(faults, fault{"GRADEWATCH_LISTEN", fmt.Sprintf("be an address and port like 127.0.0.1:8080, not %q: %v", c.Listen, err)})
	}
	if c.BaseURL != "" && !isOrigin(c.BaseURL) {
		faults = append(faults, fault{"GRADEWATCH_BASE_URL", fmt.Sprintf("be a scheme and host like https://gradewatch.example, not %q", c.BaseURL)})
	}
	if c.CompromiseLink != "" && !hasScheme(c.CompromiseLink, "https") {
		faults = append(faults, fault{"GRADEWATCH_COMPROMISE_LINK", fmt.Sprintf("be an https URL like https://dev.superoffice.com/contact-us, not %q", c.CompromiseLink)})
	}
	for _, reference := range c.References {
		if err := hostAndPort(reference); err != nil || strings.HasPrefix(reference, ":") {
			faults = append(faults, fault{"GRADEWATCH_REFERENCES", fmt.Sprintf("list hosts and ports like dns.google:443, not %q", reference)})
		}
	}
	return append(faults, c.canaryFaults()...)
}

// mostCanaries bounds the canaries: each is looked at every minute.
const mostCanaries = 10

// canary is a URL, and what fails of it after the last '='.
var canary = regexp.MustCompile(`^https?://[^\s/?#]+\S*$`)

func (c Config) canaryFaults() []fault {
	var faults []fault
	if len(c.Canaries) > mostCanaries {
		faults = append(faults, fault{"GRADEWATCH_CANARIES", fmt.Sprintf("list at most %d servers, not %d", mostCanaries, len(c.Canaries))})
	}
	for _, one := range c.Canaries {
		if !canary.MatchString(one) {
			faults = append(faults, fault{"GRADEWATCH_CANARIES", fmt.Sprintf("list URLs like https://good.example or https://expired.example=C-01, not %q", one)})
		}
	}
	return faults
}

func (c Config) workFaults() []fault {
	var faults []fault
	if !vantageName.MatchString(c.Vantage) {
		faults = append(faults, fault{"GRADEWATCH_VANTAGE", fmt.Sprintf("be 1 to 40 lowercase letters, digits, hyphens or underscores, not %q", c.Vantage)})
	}
	for _, limit := range []struct {
		setting            string
		value, least, most time.Duration
	}{
		{"GRADEWATCH_CONFIRM_AFTER", c.ConfirmAfter, time.Millisecond, time.Hour},
		{"GRADEWATCH_UNDETERMINED_AFTER", c.UndeterminedAfter, time.Second, 30 * 24 * time.Hour},
		{"GRADEWATCH_GATHER_FOR", c.GatherFor, time.Millisecond, time.Hour},
		{"GRADEWATCH_GATHER_MOST", c.GatherMost, c.GatherFor, 4 * time.Hour},
		{"GRADEWATCH_REOPEN_WITHIN", c.ReopenWithin, time.Second, 30 * 24 * time.Hour},
		{"GRADEWATCH_FLAP_WITHIN", c.FlapWithin, time.Second, 30 * 24 * time.Hour},
		{"GRADEWATCH_STABLE_FOR", c.StableFor, time.Second, 30 * 24 * time.Hour},
		{"GRADEWATCH_CLAIM_EVERY", c.ClaimEvery, time.Second, time.Minute},
		{"GRADEWATCH_LOOK_TIMEOUT", c.LookTimeout, time.Second, 10 * time.Minute},
		{"GRADEWATCH_AUDIT_RETENTION", c.AuditRetention, leastAuditRetention, 100 * 366 * 24 * time.Hour},
	} {
		if limit.value < limit.least || limit.value > limit.most {
			faults = append(faults, fault{limit.setting, fmt.Sprintf("be %s to %s, not %s", limit.least, limit.most, limit.value)})
		}
	}
	if c.Browsers < 1 {
		faults = append(faults, fault{"GRADEWATCH_BROWSERS", fmt.Sprintf("be at least 1, not %d", c.Browsers)})
	}
	if c.RescueAfter != 0 && c.RescueAfter <= c.LookTimeout {
		faults = append(faults, fault{"GRADEWATCH_RESCUE_AFTER", fmt.Sprintf("be over GRADEWATCH_LOOK_TIMEOUT (%s), not %s", c.LookTimeout, c.RescueAfter)})
	}
	if c.UnverifiedHosts < 0 {
		faults = append(faults, fault{"GRADEWATCH_UNVERIFIED_HOSTS", fmt.Sprintf("be 0 or more, not %d", c.UnverifiedHosts)})
	}
	if c.LookWorkers < 1 || c.LookWorkers > 1000 {
		faults = append(faults, fault{"GRADEWATCH_LOOK_WORKERS", fmt.Sprintf("be 1 to 1000, not %d", c.LookWorkers)})
	}
	return faults
}

func (c Config) mailFaults() []fault {
	var faults []fault
	if c.SMTPURL != "" && !hasScheme(c.SMTPURL, "smtp", "smtps") {
		faults = append(faults, fault{"GRADEWATCH_SMTP_URL", "be a URL like smtp://user:password@host:587 or smtps://host:465"})
	}
	if _, err := mail.ParseAddress(c.MailFrom); err != nil {
		faults = append(faults, fault{"GRADEWATCH_MAIL_FROM", fmt.Sprintf("be a mail address like Gradewatch <gradewatch@example.com>, not %q", c.MailFrom)})
	}
	if address, err := mail.ParseAddress(c.BounceAddress); c.BounceAddress != "" && (err != nil || address.Address != c.BounceAddress) {
		faults = append(faults, fault{"GRADEWATCH_BOUNCE_ADDRESS", fmt.Sprintf("be a mail address alone, like bounces@example.com, not %q", c.BounceAddress)})
	}
	return faults
}

func hasScheme(value string, schemes ...string) bool {
	parsed, err := url.Parse(value)
	return err == nil && slices.Contains(schemes, parsed.Scheme)
}

// isOrigin says whether value is a scheme and host and nothing more.
func isOrigin(value string) bool {
	base, err := url.Parse(value)
	return err == nil && (base.Scheme == "http" || base.Scheme == "https") && base.Host != "" && base.User == nil &&
		strings.Trim(base.Path, "/") == "" && base.RawQuery == "" && base.Fragment == ""
}

func hostAndPort(value string) error {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return errors.New("a port is missing")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("the port is no number up to 65535")
	}
	return nil
}

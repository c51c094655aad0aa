// Package config reads every setting of the program from the environment into
// one struct and reports all faults at once. It opens and changes nothing.
package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is every setting. The zero environment gives a working program on an
// embedded Postgres, listening on loopback.
type Config struct {
	DatabaseURL       string `env:"DATABASE_URL"`        // empty: the embedded Postgres
	DatabaseDirectURL string `env:"DATABASE_DIRECT_URL"` // past a pooler: migrations, LISTEN; empty: DatabaseURL
	DataFolder        string `env:"GRADEWATCH_DATA"`     // empty: the usual place of the user
	Listen            string `env:"GRADEWATCH_LISTEN" envDefault:"127.0.0.1:8080"`
	BaseURL           string `env:"GRADEWATCH_BASE_URL"` // as people reach it; empty: http:// and Listen

	// ClientAddressHeader is set by a proxy in front to the address of who asks,
	// always, so that nobody else can; empty: the connection's peer.
	ClientAddressHeader string `env:"GRADEWATCH_CLIENT_ADDRESS_HEADER"`

	// What the public page /probe tells people whose servers are looked at.
	Operator string `env:"GRADEWATCH_OPERATOR"` // who runs this
	Contact  string `env:"GRADEWATCH_CONTACT"`  // mail address for questions and opting out
	Sources  string `env:"GRADEWATCH_SOURCES"`  // networks that looks come from

	// UnverifiedHosts is how many hosts a team may have looked at without showing
	// that they are its own; 0: any number.
	UnverifiedHosts int `env:"GRADEWATCH_UNVERIFIED_HOSTS" envDefault:"50"`
	// Whom to tell of a compromised secret: what the page about it says.
	CompromiseContact string `env:"GRADEWATCH_COMPROMISE_CONTACT" envDefault:"appdev@superoffice.com"` // SuperOffice Online Operations
	CompromiseLink    string `env:"GRADEWATCH_COMPROMISE_LINK" envDefault:"https://dev.superoffice.com/contact-us"`

	Metrics bool `env:"GRADEWATCH_METRICS"` // serve Prometheus metrics at /metrics, to whoever reaches the pages

	Vantage    string   `env:"GRADEWATCH_VANTAGE" envDefault:"local"`
	Resolver   string   `env:"GRADEWATCH_RESOLVER"`    // host:port of a DNS server; empty: the system's
	ExtraRoots []string `env:"GRADEWATCH_EXTRA_ROOTS"` // PEM files of private roots
	// Newer or further lists that certificates are judged by; empty: those built in.
	LogList         string   `env:"GRADEWATCH_LOG_LIST"`         // file of Chrome's log_list.json, version 3
	CompromisedKeys []string `env:"GRADEWATCH_COMPROMISED_KEYS"` // files of keys that are published
	DebianKeys      []string `env:"GRADEWATCH_DEBIAN_KEYS"`      // files of openssl-blacklist: BITS:FILE

	// Browser is a Chromium that full looks ask which cookies script sets; empty:
	// nobody is asked. Browsers bounds how many run at a time.
	Browser  string `env:"GRADEWATCH_BROWSER"`
	Browsers int    `env:"GRADEWATCH_BROWSERS" envDefault:"2"`

	// SignInConsent: SuperOffice agreed that full looks ask its sign-in service
	// whether redirect URLs are registered (E-08).
	SignInConsent bool `env:"GRADEWATCH_SIGN_IN_CONSENT"`

	AllowNetworks string   `env:"GRADEWATCH_ALLOW_NETWORKS"`                                                                     // special-purpose networks that may be looked at
	References    []string `env:"GRADEWATCH_REFERENCES" envDefault:"one.one.one.one:443,dns.google:443,www.superoffice.com:443"` // prove our own connectivity
	// Canaries are servers of which it is known what is wrong with them: URL=REQUIREMENT,
	// or a URL of which nothing is. While they look otherwise alerting pauses.
	Canaries []string `env:"GRADEWATCH_CANARIES"`

	ConfirmAfter      time.Duration `env:"GRADEWATCH_CONFIRM_AFTER" envDefault:"30s"`     // between a fail and the second look
	UndeterminedAfter time.Duration `env:"GRADEWATCH_UNDETERMINED_AFTER" envDefault:"6h"` // until 'we cannot tell' is said

	GatherFor    time.Duration `env:"GRADEWATCH_GATHER_FOR" envDefault:"1m"`     // an incident waits for what breaks with it
	GatherMost   time.Duration `env:"GRADEWATCH_GATHER_MOST" envDefault:"4m"`    // at the most, while that is looked at
	ReopenWithin time.Duration `env:"GRADEWATCH_REOPEN_WITHIN" envDefault:"24h"` // what comes back within is the same incident
	FlapWithin   time.Duration `env:"GRADEWATCH_FLAP_WITHIN" envDefault:"24h"`   // three spells of failing within are flapping
	StableFor    time.Duration `env:"GRADEWATCH_STABLE_FOR" envDefault:"6h"`     // until what flapped counts as resolved

	ClaimEvery  time.Duration `env:"GRADEWATCH_CLAIM_EVERY" envDefault:"2s"`
	LookTimeout time.Duration `env:"GRADEWATCH_LOOK_TIMEOUT" envDefault:"30s"` // of a quick look; a full one has its own deadline besides
	RescueAfter time.Duration `env:"GRADEWATCH_RESCUE_AFTER"`                  // until a quick look's job counts as dead with its worker; zero: LookTimeout and 15 s
	LookWorkers int           `env:"GRADEWATCH_LOOK_WORKERS" envDefault:"16"`

	SMTPURL  string `env:"GRADEWATCH_SMTP_URL"` // smtp://user:password@host:587 (STARTTLS) or smtps://host:465; empty: no mail
	MailFrom string `env:"GRADEWATCH_MAIL_FROM" envDefault:"Gradewatch <gradewatch@localhost>"`
	// BounceAddress receives bounces, with + and the delivery before its @; empty:
	// MailFrom does, and nobody reads them.
	BounceAddress string `env:"GRADEWATCH_BOUNCE_ADDRESS"`

	AuditRetention time.Duration `env:"GRADEWATCH_AUDIT_RETENTION" envDefault:"9504h"` // 396 days; never under 92 days (S-06)
}

// Load reads the settings from environment, a map so that tests bring their
// own. Its error lists every fault, one a line.
func Load(environment map[string]string) (Config, error) {
	configuration, err := env.ParseAsWithOptions[Config](env.Options{Environment: environment})
	faults := unreadable(err, environment)
	if err != nil && len(faults) == 0 {
		return configuration, fmt.Errorf("read the settings: %w", err)
	}
	for _, found := range configuration.faults() {
		// What could not be read is zero, and said already.
		if !slices.ContainsFunc(faults, func(f fault) bool { return f.setting == found.setting }) {
			faults = append(faults, found)
		}
	}
	if len(faults) > 0 {
		return configuration, fmt.Errorf("these settings cannot be used:\n%w", joined(faults))
	}
	return configuration, nil
}

// unreadable names the variables behind the library's faults, which name fields.
func unreadable(err error, environment map[string]string) []fault {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return nil
	}
	var faults []fault
	for _, one := range all.Errors {
		var parse env.ParseError
		if !errors.As(one, &parse) {
			continue
		}
		field, _ := reflect.TypeFor[Config]().FieldByName(parse.Name)
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		form := "be a whole number like 16"
		if parse.Type == reflect.TypeFor[time.Duration]() {
			form = "be a length of time like 30s, 5m or 6h"
		} else if parse.Type.Kind() == reflect.Bool {
			form = "be true or false"
		}
		faults = append(faults, fault{name, fmt.Sprintf("%s, not %q", form, environment[name])})
	}
	return faults
}

// Names returns the environment variables that Load reads.
func Names() []string {
	var names []string
	for field := range reflect.TypeFor[Config]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		names = append(names, name)
	}
	return names
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/judgement"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/checks/registration"
	"github.com/gradewatch/gradewatch/docs"
)

// Exit codes of check beside 0 and 2 (docs/design.md, 'The report').
const (
	exitFails    = 1
	exitUntested = 3
)

// checkCommand looks at URLs with no database. It may look at any address:
// whoever runs it sees what this machine sees anyway.
type checkCommand struct {
	URLs            []string       `arg:"" optional:"" name:"url" help:"What to look at: https://app.example.com/callback, app.example.com:8443, 192.0.2.1, [2001:db8::1]:8443, or - for a list on standard input."`
	File            []string       `short:"f" placeholder:"FILE" sep:"none" help:"Look at the URLs and hosts of FILE too, one a line; # begins a comment, - is standard input. May be repeated."`
	Full            bool           `help:"Look at everything: suites and their order, groups, all chains, features, vulnerabilities, what known clients get."`
	Intrusive       bool           `help:"Also send what no honest client sends, to find Heartbleed, ROBOT and the like. Implies --full. Only with the leave of the server's owner."`
	ServerOnly      bool           `help:"Ask the server only, and nobody else: no revocation lists, OCSP, missing intermediates, renewal windows, CAA and TLSA records."`
	JSON            bool           `help:"Print a JSON report: indented for one URL, one line each for more."`
	PrintSchema     printSchema    `help:"Print the JSON Schema of a report, and do nothing else."`
	Verbose         bool           `short:"v" help:"Print what was sent and what came back to standard error, after each report."`
	IP              []netip.Addr   `name:"ip" xor:"place" placeholder:"ADDRESS" help:"Look at this address only, instead of those that the name resolves to. May be repeated."`
	ConnectTo       []connectTo    `xor:"place" sep:"none" placeholder:"HOST:PORT" help:"Connect there instead, and still ask for the URL's host. HOST1:PORT1:HOST2:PORT2 does so for one host and port only, as with curl. May be repeated."`
	SNI             string         `name:"sni" placeholder:"NAME" help:"Name this host in TLS instead of the URL's."`
	Timeout         *time.Duration `help:"How long the look at one URL may take: ${quick_timeout}, with --full ${full_timeout}, with --intrusive ${intrusive_timeout} if not said."`
	Type            string         `enum:"standard,custom" default:"custom" help:"Type of the application: ${enum}."`
	Kind            string         `enum:"redirect,post_logout,web_panel,webhook,state_change,erp_sync,quote_connector,mirroring,cors_origin,sign_in_start,app_store_link,guide" default:"redirect" help:"What the URL is registered as: ${enum}."`
	Method          string         `enum:"GET,POST" default:"GET" help:"How the sign-in service calls the URL: ${enum}."`
	Post            bool           `help:"Also send a webhook its test event, or a state change a token that nobody signed (--kind webhook, --kind state_change). Only with the leave of the server's owner."`
	Environment     string         `enum:"SOD,Stage,Production" default:"Production" help:"Where the application runs: ${enum}."`
	Profile         []string       `placeholder:"NAME" default:"superoffice,gradewatch" help:"Set of requirements to judge by: superoffice, gradewatch (our advice), a second opinion such as mozilla-intermediate, or a YAML file of your own. May be repeated; ${default} if not said."`
	FailOn          string         `enum:"must,recommended,advice" default:"must" help:"End with code 1 where a requirement of at least this severity fails, and with 3 where one could not be told: ${enum}."`
	CAFile          []string       `name:"ca-file" placeholder:"FILE" help:"PEM file of private roots to trust too. May be repeated."`
	ExtraRoots      string         `name:"extra-roots" env:"GRADEWATCH_EXTRA_ROOTS" placeholder:"FILES" help:"PEM files of private roots, separated by commas."`
	LogList         string         `env:"GRADEWATCH_LOG_LIST" placeholder:"FILE" help:"List of certificate transparency logs (Chrome's log_list.json) instead of the built-in one."`
	CompromisedKeys []string       `env:"GRADEWATCH_COMPROMISED_KEYS" placeholder:"FILES" help:"Further lists of published keys, separated by commas."`
	DebianKeys      []string       `env:"GRADEWATCH_DEBIAN_KEYS" placeholder:"BITS:FILE" help:"Debian weak keys by size, as files of openssl-blacklist, separated by commas."`
	ClientID        string         `name:"client-id" placeholder:"ID" help:"Client ID of the application in its environment."`
	SignInConsent   bool           `help:"Have a full look ask SuperOffice's sign-in service whether the URL is registered for --client-id (E-08). Only with SuperOffice's consent."`
	Browser         string         `env:"GRADEWATCH_BROWSER" placeholder:"FILE" help:"Chromium that a full look asks which cookies script sets."`
	Resolver        string         `env:"GRADEWATCH_RESOLVER" placeholder:"HOST:PORT" help:"DNS server to ask instead of the system's."`
}

// printSchema is a flag that ends the program, as --help does.
type printSchema bool

// BeforeReset prints the schema before anything else typed is looked at.
func (printSchema) BeforeReset(app *kong.Kong) error {
	if _, err := fmt.Fprint(app.Stdout, docs.ReportSchema()); err != nil {
		return fmt.Errorf("print the schema: %w", err)
	}
	app.Exit(exitGood)
	return nil
}

// checkHelp is what the help of check says that only the code knows.
func checkHelp() kong.Vars {
	deadline := func(depth checks.Depth, intrusive bool) string {
		return checks.LimitsFor(depth, intrusive).Deadline.String()
	}
	return kong.Vars{
		"quick_timeout":     deadline(checks.Quick, false),
		"full_timeout":      deadline(checks.Full, false),
		"intrusive_timeout": deadline(checks.Full, true),
	}
}

// Run looks at every URL, prints in the order given, and ends with code 1 when
// a requirement of the severity of --fail-on fails, else 3 when one, or a part
// of a full look, could not be told.
func (c *checkCommand) Run(ctx context.Context, term *terminal) error {
	return c.run(ctx, term, nil)
}

// run is Run with the families that look; nil: all, or with --server-only those
// that ask the server.
func (c *checkCommand) run(ctx context.Context, term *terminal, families *checks.Runner) error {
	run, err := c.prepare(term)
	if err != nil {
		return &usageError{err}
	}
	if families != nil {
		run.families = *families
	}
	code, err := run.all(ctx, &output{
		term: term, json: c.JSON, verbose: c.Verbose, many: len(run.looks) > 1,
		printer: newPrinter(term, run.profiles), progress: newProgress(term, len(run.looks)),
	})
	if err != nil {
		return err
	}
	if code != exitGood {
		return exitError(code)
	}
	return nil
}

// depth is how much the flags ask for.
func (c *checkCommand) depth() checks.Depth {
	if c.Full || c.Intrusive {
		return checks.Full
	}
	return checks.Quick
}

// prepare finds everything that is wrong with what was typed.
func (c *checkCommand) prepare(term *terminal) (*checkRun, error) {
	limits, err := c.limits()
	if err != nil {
		return nil, err
	}
	if err := c.checkPlace(); err != nil {
		return nil, err
	}
	if c.Post && c.Kind != string(policy.Webhook) && c.Kind != string(policy.StateChange) {
		return nil, fmt.Errorf("--post sends something to a webhook or state change only, and this is --kind %s", c.Kind)
	}
	if c.SignInConsent && (c.ClientID == "" || c.depth() != checks.Full) {
		return nil, errors.New("--sign-in-consent needs --full and --client-id")
	}
	given, err := c.given(term.in)
	if err != nil {
		return nil, err
	}
	run := &checkRun{failOn: checks.Severity(c.FailOn)}
	if err := c.addLooks(run, given, limits); err != nil {
		return nil, err
	}
	if run.profiles, err = readProfiles(c.Profile); err != nil {
		return nil, err
	}
	resolver, err := probe.ParseResolver(c.Resolver)
	if err != nil {
		return nil, err
	}
	run.prober = probe.New(probe.Config{Resolver: resolver, AllowAny: true})
	if run.judge, err = c.judgeBy(run.profiles); err != nil {
		return nil, err
	}
	run.families = serverFamilies()
	if !c.ServerOnly {
		run.families = families(run.judge.Trust.Anchors(), nil)
	}
	// Whoever consents to this asks for it, also with --server-only.
	run.families.Registration = registration.Asker{Transport: run.prober.HTTPTransport(checks.Limits{})}.Look
	if err := withBrowser(&run.families, c.Browser, 1); err != nil {
		return nil, err
	}
	return run, nil
}

func (c *checkCommand) limits() (checks.Limits, error) {
	limits := checks.LimitsFor(c.depth(), c.Intrusive)
	if c.Timeout == nil {
		return limits, nil
	}
	if *c.Timeout <= 0 {
		return limits, fmt.Errorf("--timeout %s is not a positive duration", *c.Timeout)
	}
	limits.Deadline = *c.Timeout
	return limits, nil
}

// checkPlace reads --sni and --ip.
func (c *checkCommand) checkPlace() error {
	for _, address := range c.IP {
		if address.Zone() != "" {
			return fmt.Errorf("--ip %s has a zone, which means nothing to other machines", address)
		}
	}
	if c.SNI == "" {
		return nil
	}
	name, err := checks.ASCIIHost(c.SNI)
	if err != nil {
		return fmt.Errorf("--sni: %w", err)
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return fmt.Errorf("--sni %s is an address; SNI holds names only (RFC 6066 section 3)", c.SNI)
	}
	c.SNI = name
	return nil
}

// mostFaults bounds how many lines of a list are complained about.
const mostFaults = 10

func (c *checkCommand) addLooks(run *checkRun, given []givenURL, limits checks.Limits) error {
	var faults []error
	for _, one := range given {
		target, err := checks.ParseHostOrURL(one.text, c.depth(), limits)
		if err != nil {
			faults = append(faults, one.fault(err))
			continue
		}
		subject := policy.Subject{
			ApplicationType: policy.ApplicationType(c.Type), Kind: policy.Kind(c.Kind), ValueKind: policy.Literal,
			Environment: policy.Environment(c.Environment), Value: target.URL, ClientID: c.ClientID,
		}
		target.SNI, target.Intrusive, target.Method = c.SNI, c.Intrusive, c.Method
		subject.Ask(&target, c.Post)
		if c.SignInConsent {
			target.AuthorizeURL = subject.AuthorizeURL()
		}
		run.looks = append(run.looks, look{subject: subject, places: c.places(&target), target: target})
	}
	if more := len(faults) - mostFaults; more > 0 {
		faults = append(faults[:mostFaults], fmt.Errorf("and %d more", more))
	}
	if len(faults) == 0 && len(given) == 0 {
		return errors.New("expected a URL or host to look at, or --file with a list of them")
	}
	return errors.Join(faults...)
}

// places is where the target's host is looked for, if not at itself. It sets
// the port to connect to.
func (c *checkCommand) places(target *checks.Target) []string {
	var places []string
	for _, address := range c.IP {
		places = append(places, address.String())
	}
	at := slices.IndexFunc(c.ConnectTo, func(to connectTo) bool { return to.matches(*target) })
	if at < 0 {
		return places
	}
	if to := c.ConnectTo[at]; to.port != 0 {
		target.Port = to.port
	}
	if to := c.ConnectTo[at]; to.host != "" {
		places = append(places, to.host)
	}
	return places
}

// judgeBy reads the private roots.
func (c *checkCommand) judgeBy(profiles []*policy.Profile) (judgement.Judge, error) {
	private, err := privateRoots(append(slices.Clone(c.CAFile), splitFiles(c.ExtraRoots)...))
	if err != nil {
		return judgement.Judge{}, err
	}
	trust, err := newTrust(private, trustFiles{logList: c.LogList, compromisedKeys: c.CompromisedKeys, debianKeys: c.DebianKeys})
	return judgement.Judge{Trust: trust, Profiles: profiles}, err
}

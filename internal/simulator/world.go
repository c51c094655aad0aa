package simulator

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Start is when every simulation begins: a Monday, at midnight UTC.
func Start() time.Time { return time.Date(2026, time.November, 2, 0, 0, 0, 0, time.UTC) }

// World is a fleet, the network before it, and everybody who is told. It is for
// one goroutine.
type World struct {
	Settings monitor.Settings
	// LoseOneIn: one look in so many reaches nothing; 0: none.
	LoseOneIn int
	// Thorough asks the rules at every look, also where nothing can come of it:
	// slower, and never another message.
	Thorough bool

	Authority *Authority
	Rules     *Rules
	Story     []string // what happens, as At was told
	Told      []Told   // what people got, in the order in which they got it
	Looks     int      // that were judged

	now       time.Time
	queue     queue
	random    *rand.Rand
	hosts     []*Host
	teams     []*Team
	vantages  []*Vantage
	endpoints int64
	incidents int64
	addresses uint32
	errors    []error
}

// Vantage is a place that looks come from.
type Vantage struct {
	Name string
	// Cut: its own network is broken, and reference targets do not answer.
	Cut bool
	// Dark: it reaches nobody, while reference targets do answer.
	Dark   bool
	Health monitor.VantageHealth

	seen map[*Host]hostSeen
}

// Team is a partner: what it registered, whom it wants told, and what is wrong.
type Team struct {
	ID        int64
	Name      string
	Endpoints []*Endpoint
	Channels  []monitor.RoutedChannel
	Routes    []monitor.ChannelRoute
	Windows   []monitor.MaintenanceWindow
	Waivers   []monitor.Waiver
	Incidents []*Incident

	names map[int64]string   // of channels
	sent  map[int64]*channel // by id
}

// Endpoint is a registered URL, and all that is kept of it.
type Endpoint struct {
	monitor.Endpoint
	Host *Host
	Page Page
	// Other is what every second look sees instead; nil: the same.
	Other *Page

	removed   bool
	calm      bool // nothing is open and nothing waits
	optedOut  bool
	states    map[string]monitor.RequirementState
	nextRun   time.Time
	confirms  time.Time           // when the confirming look that was asked for last begins
	known     *checks.Observation // by the newest full look
	knownBy   string              // the engine of that look
	last      *judgedAs
	looks     int
	pageTurns int
	seen      map[sightKey]*checks.Observation
	carried   map[[2]*checks.Observation]*checks.Observation
	judged    []*judgedAs // the newest of them
}

// NewWorld returns an empty world at Start with one vantage. Worlds of one seed
// and one script are equal.
func NewWorld(seed uint64) (*World, error) {
	authority, err := NewAuthority("Simulated Root", Start())
	if err != nil {
		return nil, err
	}
	rules, err := NewRules("2", authority)
	if err != nil {
		return nil, err
	}
	w := &World{now: Start(), Authority: authority, Rules: rules, random: rand.New(rand.NewPCG(seed, 7))}
	w.AddVantage("main")
	return w, nil
}

// Now is the time in the world.
func (w *World) Now() time.Time { return w.now }

// At lets what happen at a time after Start, and tells it in the story. What the
// world does by itself at that time it does after it.
func (w *World) At(after time.Duration, text string, what func()) {
	w.Story = append(w.Story, stamp(Start().Add(after))+" "+text)
	w.queue.add(Start().Add(after), what)
}

// stamp is a time as stories and messages show it: the day from 0 on, and the minute.
func stamp(at time.Time) string {
	at = at.Round(time.Minute)
	return fmt.Sprintf("%dd %s", int(at.Sub(Start())/(24*time.Hour)), at.Format("15:04"))
}

// Run lets the world go on until a time after Start.
func (w *World) Run(until time.Duration) error {
	end := Start().Add(until)
	for {
		one, found := w.queue.next(end)
		if !found {
			w.now = end
			return w.fault()
		}
		w.now = one.at
		one.what()
		if len(w.errors) > 0 {
			return w.fault()
		}
	}
}

func (w *World) fault() error {
	if len(w.errors) == 0 {
		return nil
	}
	return fmt.Errorf("simulate %s: %w", w.now.Format(time.RFC3339), w.errors[0])
}

// fail ends the simulation: what happened is a fault of the simulator or of a rule.
func (w *World) fail(err error) { w.errors = append(w.errors, err) }

// AddVantage adds a place to look from. The first is where endpoints are looked
// at from by schedule.
func (w *World) AddVantage(name string) *Vantage {
	vantage := &Vantage{Name: name, seen: map[*Host]hostSeen{}, Health: monitor.VantageHealth{Vantage: name}}
	w.vantages = append(w.vantages, vantage)
	return vantage
}

// AddTeam adds a team that is told by mail.
func (w *World) AddTeam(name string) *Team {
	team := &Team{ID: int64(len(w.teams) + 1), Name: name, names: map[int64]string{}, sent: map[int64]*channel{}}
	team.AddChannel("mail")
	w.teams = append(w.teams, team)
	return team
}

// AddChannel adds a way to be told, and returns its id.
func (t *Team) AddChannel(name string) int64 {
	id := t.ID*100 + int64(len(t.Channels)) + 1
	t.Channels = append(t.Channels, monitor.RoutedChannel{ID: id, InUse: true})
	t.names[id] = name
	return id
}

// AddHost adds a name with servers that share one certificate of 90 days, which
// is replaced in time for ever after.
func (w *World) AddHost(name string, servers int) *Host {
	host := &Host{Name: name}
	for range servers {
		w.addresses++
		host.Servers = append(host.Servers, &Server{Address: netip.AddrFrom4([4]byte{198, byte(w.addresses >> 16), byte(w.addresses >> 8), byte(w.addresses)})}) //nolint:gosec // the bits of a number
	}
	w.hosts = append(w.hosts, host)
	w.Serve(w.Issue(90*24*time.Hour, name), host)
	host.Renews = true
	w.queue.add(w.now.Add(60*24*time.Hour), func() { w.renew(host) })
	return host
}

// renew replaces a host's certificate when two thirds of its life are over.
func (w *World) renew(host *Host) {
	if !host.Renews {
		return
	}
	w.Serve(w.Issue(90*24*time.Hour, host.Name), host)
	w.queue.add(w.now.Add(60*24*time.Hour), func() { w.renew(host) })
}

// Issue issues a certificate now.
func (w *World) Issue(lifetime time.Duration, names ...string) *Certificate {
	certificate, err := w.Authority.Issue(w.now, lifetime, names...)
	if err != nil {
		w.fail(err)
		return nil
	}
	return certificate
}

// Serve lets hosts send a certificate from now on.
func (w *World) Serve(certificate *Certificate, hosts ...*Host) {
	for _, host := range hosts {
		w.Change(host, func(s *Server) { s.Certificate = certificate })
	}
}

// Change changes every server of a host.
func (w *World) Change(host *Host, change func(*Server)) {
	for _, server := range host.Servers {
		change(server)
	}
	host.generation++
}

// ChangeOne changes one server of a host.
func (w *World) ChangeOne(host *Host, i int, change func(*Server)) {
	change(host.Servers[i])
	host.generation++
}

// Register registers a redirect URL in Production, looked at every hour, and
// looks at it at once.
func (w *World) Register(team *Team, application int64, host *Host, path string) *Endpoint {
	w.endpoints++
	e := &Endpoint{Host: host, seen: map[sightKey]*checks.Observation{}, carried: map[[2]*checks.Observation]*checks.Observation{}}
	e.Endpoint = monitor.Endpoint{
		ID: w.endpoints, TeamID: team.ID, ApplicationID: application, ApplicationName: fmt.Sprintf("Application %d", application),
		ApplicationType: policy.Standard, Environment: policy.Production, Kind: policy.Redirect, ValueKind: policy.Literal,
		Value: "https://" + host.Name + path, ClientID: fmt.Sprintf("client-%d", application), Siblings: []policy.Sibling{},
		Vantage: w.vantages[0].Name, Interval: monitor.DefaultInterval, CreatedAt: w.now,
		Anchor: w.now.Add(-time.Duration(w.endpoints*17%60) * time.Minute), // as if it had been registered at another time
	}
	team.Endpoints = append(team.Endpoints, e)
	e.nextRun = w.now
	w.queue.add(w.now, func() { w.claim(team, e) })
	return e
}

// Remove removes an endpoint: it is looked at no more, and what is wrong with it
// is nobody's business.
func (w *World) Remove(team *Team, e *Endpoint) {
	e.removed = true
	w.forget(team, e)
}

// Edit changes what an application answers at an endpoint.
func (e *Endpoint) Edit(change func(*Page)) {
	change(&e.Page)
	e.pageTurns++
}

// Hold holds an endpoint to further profiles, and to those alone.
func (e *Endpoint) Hold(profiles ...string) {
	e.Profiles = profiles
	e.judged = nil
}

// OptOut lets who runs the host ask not to be looked at.
func (e *Endpoint) OptOut() {
	e.optedOut = true
	e.pageTurns++
}

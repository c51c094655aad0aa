package inventory

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Registered is what a team has registered: what a file is compared with.
type Registered struct {
	Applications []Application
	Endpoints    []monitor.Endpoint
}

// Application is a registered application with its client IDs.
type Application struct {
	monitor.Application
	ClientIDs map[policy.Environment]string
}

// Plan is what a file would change.
type Plan struct {
	Applications []ApplicationChange
	Added        []Item
	Changed      []Item
	Unchanged    []Item
	Missing      []Item // registered for the applications that the file names, and not in the file
	Rejected     []Rejection
	Warnings     []Warning
}

// ApplicationChange is an application that is new, or changes.
type ApplicationChange struct {
	ID        int64 // 0: it is new
	Name      string
	Type      policy.ApplicationType
	OldType   policy.ApplicationType // of one that is registered
	ClientIDs []ClientIDChange       // sorted by environment
}

// New says whether the application is to be registered.
func (c ApplicationChange) New() bool { return c.ID == 0 }

// ClientIDChange is another client ID of an application in an environment.
type ClientIDChange struct {
	Environment policy.Environment
	Old, New    string // Old is empty where there was none
}

// Item is one endpoint of a plan.
type Item struct {
	Place       string           // of its row; empty: it has none
	Endpoint    monitor.Endpoint // as it will be; ID is 0 for a new one
	Old         monitor.Endpoint // as it is registered; zero for a new one
	Differences []Difference
}

// Difference is a field with its old and its new value, as files write them.
type Difference struct{ Field, Old, New string }

// Rejection is a row that cannot be registered, with everything that is wrong.
type Rejection struct {
	Row     Row
	Reasons []string // sentences
}

// Warning is something that a person should know before confirming.
type Warning struct{ Application, Text string }

// Empty says whether confirming the plan would change nothing.
func (p Plan) Empty(remove bool) bool {
	return len(p.Applications)+len(p.Added)+len(p.Changed) == 0 && (!remove || len(p.Missing) == 0)
}

// Fingerprint is the same as long as confirming the plan does the same: what a
// person saw is what is done. remove: with what is missing from the file.
func (p Plan) Fingerprint(remove bool) string {
	hash := sha256.New()
	write := json.NewEncoder(hash)
	lines := func(items []Item) {
		for _, item := range items {
			_ = write.Encode([]any{item.Endpoint.ID, RowOf(item.Old), RowOf(item.Endpoint)}) // a hash takes everything
		}
		_ = write.Encode(len(items))
	}
	_ = write.Encode(p.Applications)
	lines(p.Added)
	lines(p.Changed)
	if remove {
		lines(p.Missing)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// key is what an endpoint is known by (superoffice.md 5.2).
type key struct {
	application string // folded name
	environment policy.Environment
	kind        policy.Kind
	value       string
}

// planner compares rows with what is registered.
type planner struct {
	known        map[string]*Application // by folded name
	registered   map[key]monitor.Endpoint
	types        map[string]policy.ApplicationType // by folded name, of new or changed applications
	applications map[string]*ApplicationChange
	order        []string
	seen         map[key]string // place of the row that has it
	clients      map[[2]string]client
	shielded     map[[2]string]bool // folded name and value of rows that were rejected
	plan         Plan
}

type client struct{ id, place string }

// Compare says what rows change of what is registered. It is a pure function:
// the same rows against the same inventory give the same plan.
func Compare(rows []Row, registered Registered) Plan {
	p := newPlanner(registered)
	for _, row := range rows {
		p.readType(row)
	}
	for _, row := range rows {
		p.place(row)
	}
	for _, name := range p.order {
		if change := p.applications[name]; change.changes() {
			p.plan.Applications = append(p.plan.Applications, *change)
		}
	}
	p.findMissing(registered.Endpoints)
	p.plan.Warnings = p.shared(registered)
	return p.plan
}

func newPlanner(registered Registered) *planner {
	p := &planner{
		known: map[string]*Application{}, registered: make(map[key]monitor.Endpoint, len(registered.Endpoints)),
		types: map[string]policy.ApplicationType{}, applications: map[string]*ApplicationChange{}, seen: map[key]string{},
		clients: map[[2]string]client{}, shielded: map[[2]string]bool{},
	}
	for i := range registered.Applications {
		p.known[fold(registered.Applications[i].Name)] = &registered.Applications[i]
	}
	for _, endpoint := range registered.Endpoints {
		p.registered[keyOf(endpoint)] = endpoint
	}
	return p
}

func fold(name string) string { return strings.ToLower(name) }

func keyOf(endpoint monitor.Endpoint) key {
	return key{fold(endpoint.ApplicationName), endpoint.Environment, endpoint.Kind, endpoint.Value}
}

// readType notes the first type that the file gives an application.
func (p *planner) readType(row Row) {
	name := fold(row.Application)
	if applicationType, ok := typeOf(row.Type); ok && p.types[name] == "" {
		p.types[name] = applicationType
	}
}

// place puts a row among what is rejected, added, changed or unchanged.
func (p *planner) place(row Row) {
	item, faults := p.check(row)
	if len(faults) > 0 {
		p.plan.Rejected = append(p.plan.Rejected, Rejection{row, faults})
		p.shielded[[2]string{fold(row.Application), row.Value}] = true
		return
	}
	p.seen[keyOf(item.Endpoint)] = row.Place
	p.noteApplication(&item, row)
	switch {
	case item.Old.ID == 0:
		p.plan.Added = append(p.plan.Added, item)
	case len(item.Differences) > 0:
		p.plan.Changed = append(p.plan.Changed, item)
	default:
		p.plan.Unchanged = append(p.plan.Unchanged, item)
	}
}

// noteApplication gathers what a good row says of its application.
func (p *planner) noteApplication(item *Item, row Row) {
	name := fold(row.Application)
	change := p.applications[name]
	if change == nil {
		change = &ApplicationChange{Name: row.Application, Type: p.types[name]}
		if known := p.known[name]; known != nil {
			change.ID, change.Name, change.OldType = known.ID, known.Name, known.Type
			change.Type = cmp.Or(change.Type, known.Type)
		}
		p.applications[name] = change
		p.order = append(p.order, name)
	}
	item.Endpoint.ApplicationID, item.Endpoint.ApplicationName, item.Endpoint.ApplicationType = change.ID, change.Name, change.Type
	environment := item.Endpoint.Environment
	if row.ClientID == "" || p.clients[[2]string{name, string(environment)}].id != "" {
		return
	}
	p.clients[[2]string{name, string(environment)}] = client{row.ClientID, row.Place}
	var before string
	if known := p.known[name]; known != nil {
		before = known.ClientIDs[environment]
	}
	if before != row.ClientID {
		change.ClientIDs = append(change.ClientIDs, ClientIDChange{environment, before, row.ClientID})
		slices.SortFunc(change.ClientIDs, func(a, b ClientIDChange) int {
			return cmp.Compare(slices.Index(policy.Environments(), a.Environment), slices.Index(policy.Environments(), b.Environment))
		})
	}
}

func (c *ApplicationChange) changes() bool {
	return c.New() || c.Type != c.OldType || len(c.ClientIDs) > 0
}

// findMissing lists what the file's applications have and the file does not. A
// row that was rejected is in the file all the same.
func (p *planner) findMissing(endpoints []monitor.Endpoint) {
	for _, endpoint := range endpoints {
		name := fold(endpoint.ApplicationName)
		_, named := p.applications[name]
		_, found := p.seen[keyOf(endpoint)]
		if named && !found && !p.shielded[[2]string{name, endpoint.Value}] {
			p.plan.Missing = append(p.plan.Missing, Item{Endpoint: endpoint, Old: endpoint})
		}
	}
}

package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// maxWarnings bounds how many shared hosts are named one by one.
const maxWarnings = 200

// uses says in which environments each host or client ID of an application stands.
type uses map[string]map[policy.Environment]bool

func (u uses) add(name string, environment policy.Environment) {
	if name == "" || environment == "" {
		return
	}
	if u[name] == nil {
		u[name] = map[policy.Environment]bool{}
	}
	u[name][environment] = true
}

// acrossProduction lists, sorted, what stands in Production and elsewhere too.
func (u uses) acrossProduction() []string {
	var names []string
	for name, environments := range u {
		if environments[policy.Production] && len(environments) > 1 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (u uses) words(name string) string {
	var words []string
	for _, environment := range policy.Environments() {
		if u[name][environment] {
			words = append(words, string(environment))
		}
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// shared warns where the file's applications have one host or client ID in
// Production and in another environment (superoffice.md, L-06), as it would be
// after the import.
func (p *planner) shared(registered Registered) []Warning {
	hosts, clients := map[string]uses{}, map[string]uses{}
	for name := range p.applications {
		hosts[name], clients[name] = uses{}, uses{}
		if known := p.known[name]; known != nil {
			for environment, id := range known.ClientIDs {
				if _, replaced := p.clients[[2]string{name, string(environment)}]; !replaced {
					clients[name].add(id, environment)
				}
			}
		}
	}
	for at, given := range p.clients {
		clients[at[0]].add(given.id, policy.Environment(at[1]))
	}
	count := func(endpoint monitor.Endpoint) {
		if of := hosts[fold(endpoint.ApplicationName)]; of != nil {
			of.add(monitor.SiblingOf(endpoint, "").Host, endpoint.Environment)
		}
	}
	for _, endpoint := range registered.Endpoints {
		count(endpoint)
	}
	for _, item := range p.plan.Added {
		count(item.Endpoint)
	}
	return p.warn(hosts, clients)
}

func (p *planner) warn(hosts, clients map[string]uses) []Warning {
	var all []Warning
	names := slices.SortedFunc(maps.Keys(p.applications), cmp.Compare[string])
	for _, name := range names {
		application := p.applications[name].Name
		for _, id := range clients[name].acrossProduction() {
			all = append(all, Warning{application, fmt.Sprintf(
				"The client ID %s stands for %s. SuperOffice gives each environment one of its own.", quoted(id), clients[name].words(id))})
		}
		for _, host := range hosts[name].acrossProduction() {
			all = append(all, Warning{application, fmt.Sprintf(
				"The host %s serves %s. Development and test must be kept apart from Production.", host, hosts[name].words(host))})
		}
	}
	if len(all) > maxWarnings {
		rest := len(all) - maxWarnings
		all = append(all[:maxWarnings], Warning{"", grouped(rest) + " more hosts or client IDs are shared with Production."})
	}
	return all
}

package inventory

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

const (
	maxNameRunes = 200
	maxClientID  = 200
	maxQuoted    = 60 // runes of a file's text in a sentence
)

// faults are sentences about one row, all that there are.
type faults []string

func (f *faults) add(sentence string) {
	if sentence != "" && !slices.Contains(*f, sentence) {
		*f = append(*f, sentence)
	}
}

// check reads a row against what is registered. What the row leaves open stays
// as it is, or gets the default.
func (p *planner) check(row Row) (Item, faults) {
	var found faults
	found.add(row.Fault)
	p.checkApplication(row, &found)
	endpoint := monitor.Endpoint{ApplicationName: row.Application, Value: row.Value, ClientID: row.ClientID}
	keyed := p.checkKey(row, &endpoint, &found)
	old := p.registered[keyOf(endpoint)]
	p.checkValue(row, old, &endpoint, &found)
	checkSettings(row, old, &endpoint, &found)
	if first, taken := p.seen[keyOf(endpoint)]; taken && keyed {
		found.add(fmt.Sprintf("It is the same URL as in %s. Take one of them out.", lowerFirst(first)))
	}
	p.checkClientID(row, endpoint.Environment, &found)
	endpoint.ID, endpoint.NextRunAt = old.ID, old.NextRunAt
	return Item{Place: row.Place, Endpoint: endpoint, Old: old, Differences: differences(old, endpoint)}, found
}

func (p *planner) checkApplication(row Row, found *faults) {
	name := fold(row.Application)
	switch {
	case row.Application == "":
		found.add("It names no application.")
	case !Legible(row.Application):
		found.add("The application's name holds characters that cannot be seen.")
	case utf8.RuneCountInString(row.Application) > maxNameRunes:
		found.add(fmt.Sprintf("The application's name has more than %d characters.", maxNameRunes))
	}
	applicationType, ok := typeOf(row.Type)
	switch {
	case row.Type != "" && !ok:
		found.add(fmt.Sprintf("The type %s is neither standard nor custom.", quoted(row.Type)))
	case ok && applicationType != p.types[name]:
		found.add(fmt.Sprintf("An earlier row says that the application is %s, and this one says %s.", p.types[name], applicationType))
	case row.Type == "" && row.Application != "" && p.types[name] == "" && p.known[name] == nil:
		found.add(fmt.Sprintf("%s is a new application: say in the column type whether it is standard or custom.", quoted(row.Application)))
	}
}

// checkKey reads what an endpoint is known by besides its value, and says
// whether all of it could be read.
func (p *planner) checkKey(row Row, endpoint *monitor.Endpoint, found *faults) bool {
	before := len(*found)
	kind, ok := kindOf(row.Kind)
	if !ok {
		found.add(fmt.Sprintf("The kind %s is not known. Use one of: %s.", quoted(row.Kind), strings.Join(kindWords(), ", ")))
	}
	endpoint.Kind = kind
	environment, known := environmentOf(row.Environment)
	switch {
	case ok && !monitor.HasEnvironment(kind):
		if row.Environment != "" {
			found.add("App Store links and guides belong to no environment. Leave the environment empty.")
		}
	case row.Environment == "":
		found.add("It has no environment. Use SOD, Stage or Production.")
	case !known:
		found.add(fmt.Sprintf("The environment %s is not known. Use SOD, Stage or Production.", quoted(row.Environment)))
	default:
		endpoint.Environment = environment
	}
	return len(*found) == before && row.Application != "" && row.Value != ""
}

func kindWords() []string {
	words := make([]string, 0, len(policy.Kinds()))
	for _, kind := range policy.Kinds() {
		words = append(words, string(kind))
	}
	return words
}

// checkValue reads the value, how it is to be read, and the probe URL.
func (p *planner) checkValue(row Row, old monitor.Endpoint, endpoint *monitor.Endpoint, found *faults) {
	valueKind, ok := valueKindOf(row.ValueKind)
	switch {
	case row.ValueKind == "":
		valueKind = cmp.Or(old.ValueKind, inferValueKind(row.Value, row.ProbeURL))
	case !ok:
		found.add(fmt.Sprintf("The value kind %s is not known. Use literal, pattern, native_loopback or custom_scheme, or leave it empty.", quoted(row.ValueKind)))
		valueKind = inferValueKind(row.Value, row.ProbeURL)
	}
	endpoint.ValueKind = valueKind
	if row.Value == "" {
		found.add("It has no URL.")
	} else {
		found.add(ValueFault(endpoint.Kind, valueKind, row.Value))
	}
	if valueKind != policy.Pattern {
		if row.ProbeURL != "" {
			found.add("Only a pattern has a probe URL. Take it out, or set the value kind to pattern.")
		}
		return
	}
	endpoint.ProbeURL = cmp.Or(row.ProbeURL, old.ProbeURL)
	if endpoint.ProbeURL == "" {
		found.add("A pattern needs a probe URL: one real web URL that it matches.")
	} else {
		found.add(ProbeFault(row.Value, endpoint.ProbeURL))
	}
}

// checkSettings reads how the endpoint is looked at.
func checkSettings(row Row, old monitor.Endpoint, endpoint *monitor.Endpoint, found *faults) {
	endpoint.Method = cmp.Or(strings.ToUpper(row.Method), old.Method, http.MethodGet)
	if endpoint.Method != http.MethodGet && endpoint.Method != http.MethodPost {
		found.add(fmt.Sprintf("The method %s is not known. Use GET or POST.", quoted(row.Method)))
	}
	endpoint.Interval = cmp.Or(old.Interval, monitor.DefaultInterval)
	if row.Interval != "" {
		interval, ok := intervalOf(row.Interval)
		if !ok {
			found.add(fmt.Sprintf("The interval %s cannot be used. Give minutes, from 1 to 1440.", quoted(row.Interval)))
		}
		endpoint.Interval = interval
	}
	endpoint.PostAllowed = old.PostAllowed
	if row.PostAllowed != "" {
		yes, ok := yesOf(row.PostAllowed)
		if !ok {
			found.add(fmt.Sprintf("Whether a POST is allowed is yes or no, and not %s.", quoted(row.PostAllowed)))
		}
		if yes && !monitor.TakesPost(endpoint.Kind) {
			found.add("Only webhooks and state change URLs can be sent a POST.")
		}
		endpoint.PostAllowed = yes
	}
}

// mangled is a number that a spreadsheet made of a client ID.
var mangled = regexp.MustCompile(`^[0-9](\.[0-9]+)?[Ee]\+[0-9]+$`)

func (p *planner) checkClientID(row Row, environment policy.Environment, found *faults) {
	if row.ClientID == "" {
		return
	}
	if strings.ContainsFunc(row.ClientID, unicode.IsSpace) || !Legible(row.ClientID) || len(row.ClientID) > maxClientID {
		found.add(fmt.Sprintf("A client ID has no spaces and at most %d characters.", maxClientID))
	}
	if mangled.MatchString(row.ClientID) {
		found.add("The client ID was turned into a number by a spreadsheet. Format the column as text and enter it again.")
	}
	if kind, ok := kindOf(row.Kind); ok && !monitor.HasEnvironment(kind) {
		found.add("A client ID belongs to an environment, and this row has none. Leave it empty.")
	}
	if first := p.clients[[2]string{fold(row.Application), string(environment)}]; first.id != "" && first.id != row.ClientID {
		found.add(fmt.Sprintf("The application has another client ID in %s in %s.", environment, lowerFirst(first.place)))
	}
}

// differences lists what changes of a registered endpoint.
func differences(old, changed monitor.Endpoint) []Difference {
	if old.ID == 0 {
		return nil
	}
	before, after := RowOf(old), RowOf(changed)
	var all []Difference
	for _, one := range []Difference{
		{"value_kind", before.ValueKind, after.ValueKind},
		{"probe_url", before.ProbeURL, after.ProbeURL},
		{"method", before.Method, after.Method},
		{"interval_minutes", before.Interval, after.Interval},
		{"post_allowed", before.PostAllowed, after.PostAllowed},
	} {
		if one.Old != one.New {
			all = append(all, one)
		}
	}
	return all
}

// quoted is a file's text within a sentence.
func quoted(text string) string {
	runes := []rune(text)
	if len(runes) > maxQuoted {
		text = string(runes[:maxQuoted]) + "…"
	}
	return "“" + text + "”"
}

// lowerFirst makes a place fit into a sentence: Line 12 becomes line 12.
func lowerFirst(place string) string {
	first, size := utf8.DecodeRuneInString(place)
	return string(unicode.ToLower(first)) + place[size:]
}

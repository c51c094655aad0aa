package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/web/views"
)

const (
	maxRows      = 100 // URLs of one form
	maxNameRunes = 200
	maxClientID  = 200
)

// readApplicationForm reads what was typed. White space around it goes: it
// comes from pasting, and no value may have it.
func readApplicationForm(r *http.Request, existing *monitor.Application) views.ApplicationForm {
	form := views.ApplicationForm{
		Existing: existing, Name: typed(r, "name"), Type: typed(r, "type"), ClientIDs: map[policy.Environment]string{},
	}
	for _, environment := range policy.Environments() {
		form.ClientIDs[environment] = typed(r, "client-"+string(environment))
	}
	count, _ := strconv.Atoi(r.PostForm.Get("rows"))
	for i := range min(max(count, 1), maxRows) {
		form.Rows = append(form.Rows, views.URLRow{
			Environment: typed(r, views.FieldID(i, "environment")), ValueKind: typed(r, views.FieldID(i, "kind")),
			Value: typed(r, views.FieldID(i, "value")), ProbeURL: typed(r, views.FieldID(i, "probe")),
			Minutes: typed(r, views.FieldID(i, "minutes")), Kind: cmp.Or(typed(r, views.FieldID(i, "purpose")), string(policy.Redirect)),
			Method: cmp.Or(typed(r, views.FieldID(i, "method")), http.MethodGet), PostAllowed: typed(r, views.FieldID(i, "post")) == "yes",
		})
	}
	return form
}

func typed(r *http.Request, field string) string { return strings.TrimSpace(r.PostForm.Get(field)) }

// newRow is a row that nobody typed in; it starts like the row before it.
func newRow(rows []views.URLRow) views.URLRow {
	row := views.URLRow{
		Environment: string(policy.Production), Kind: string(policy.Redirect), ValueKind: string(policy.Literal), Method: http.MethodGet,
		Minutes: strconv.Itoa(int(monitor.DefaultInterval.Minutes())),
	}
	if n := len(rows); n > 0 {
		last := rows[n-1]
		row.Environment, row.Kind, row.ValueKind, row.Minutes = last.Environment, last.Kind, last.ValueKind, last.Minutes
	}
	return row
}

// editRows does what a button of the form other than save asks for, and says
// whether it was one.
func editRows(form *views.ApplicationForm, do string) bool {
	if do == "add" {
		if len(form.Rows) < maxRows {
			form.Rows = append(form.Rows, newRow(form.Rows))
			form.Focus = len(form.Rows)
		}
		return true
	}
	text, ok := strings.CutPrefix(do, "drop-")
	if !ok {
		return false
	}
	if i, err := strconv.Atoi(text); err == nil && i >= 0 && i < len(form.Rows) && len(form.Rows) > 1 {
		form.Rows = slices.Delete(form.Rows, i, i+1)
		form.Focus = min(i+1, len(form.Rows))
	}
	return true
}

// checkedForm is a form that can be saved.
type checkedForm struct {
	application monitor.Application
	clientIDs   map[policy.Environment]string
	endpoints   []monitor.Endpoint
	rows        []int // the form's row of each endpoint
}

// checkForm turns a form into what is saved, and fills in its faults and hints.
func checkForm(form *views.ApplicationForm) checkedForm {
	form.Faults = nil
	checked := checkedForm{clientIDs: form.ClientIDs}
	if form.Existing != nil {
		checked.application = *form.Existing
	} else {
		checked.application = checkApplication(form)
	}
	seen := map[string]int{}
	for i, row := range form.Rows {
		if row.Value == "" && row.ProbeURL == "" && (i > 0 || anyValue(form.Rows)) {
			continue // a row that was added and left empty
		}
		endpoint, faults := checkRow(i, row)
		key := strings.Join([]string{string(endpoint.Environment), row.Kind, row.Value}, " ")
		if first, taken := seen[key]; taken && row.Value != "" {
			faults = append(faults, views.FieldFault{ID: views.FieldID(i, "value"), Text: fmt.Sprintf(
				"URL %d is the same as URL %d. Take one of them out, or choose another purpose or environment.", i+1, first+1)})
		} else {
			seen[key] = i
		}
		form.Faults = append(form.Faults, faults...)
		checked.endpoints, checked.rows = append(checked.endpoints, endpoint), append(checked.rows, i)
	}
	return checked
}

func anyValue(rows []views.URLRow) bool {
	return slices.ContainsFunc(rows, func(row views.URLRow) bool { return row.Value != "" })
}

func checkApplication(form *views.ApplicationForm) monitor.Application {
	fault := func(id, text string) { form.Faults = append(form.Faults, views.FieldFault{ID: id, Text: text}) }
	switch {
	case form.Name == "":
		fault("name", "Enter the application's name.")
	case !inventory.Legible(form.Name):
		fault("name", "The name holds characters that cannot be seen. Type it anew.")
	case utf8.RuneCountInString(form.Name) > maxNameRunes:
		fault("name", fmt.Sprintf("Use a name of at most %d characters.", maxNameRunes))
	}
	if !slices.Contains(policy.ApplicationTypes(), policy.ApplicationType(form.Type)) {
		fault("type", "Choose whether it is a standard or a custom application.")
	}
	for _, environment := range policy.Environments() {
		id := form.ClientIDs[environment]
		if strings.ContainsFunc(id, unicode.IsSpace) || !inventory.Legible(id) || len(id) > maxClientID {
			fault("client-"+string(environment), fmt.Sprintf("Copy the %s client ID again: it has no spaces and at most %d characters.", environment, maxClientID))
		}
	}
	return monitor.Application{Name: form.Name, Type: policy.ApplicationType(form.Type)}
}

func checkRow(i int, row views.URLRow) (monitor.Endpoint, views.Faults) {
	var faults views.Faults
	fault := func(field, text string) {
		if text != "" {
			faults = append(faults, views.FieldFault{ID: views.FieldID(i, field), Text: text})
		}
	}
	endpoint := monitor.Endpoint{
		Environment: policy.Environment(row.Environment), Kind: policy.Kind(row.Kind), ValueKind: policy.ValueKind(row.ValueKind),
		Value: row.Value, Method: row.Method, PostAllowed: row.PostAllowed,
	}
	if !slices.Contains(policy.Kinds(), endpoint.Kind) {
		fault("purpose", "Choose what the URL is for.")
	}
	if !monitor.HasEnvironment(endpoint.Kind) {
		endpoint.Environment = "" // the field is of no use to them, and always holds something
	} else if !slices.Contains(policy.Environments(), endpoint.Environment) {
		fault("environment", "Choose SOD, Stage or Production.")
	}
	var err string
	if endpoint.Interval, err = inventory.ParseMinutes(row.Minutes); err != "" {
		fault("minutes", err)
	}
	fault("method", methodFault(row.Method))
	fault("post", postFault(endpoint))
	if !slices.Contains(policy.ValueKinds(), endpoint.ValueKind) {
		fault("kind", "Choose what kind of value it is.")
		return endpoint, faults
	}
	fault("value", inventory.ValueFault(endpoint.Kind, endpoint.ValueKind, row.Value))
	if endpoint.ValueKind == policy.Pattern {
		endpoint.ProbeURL = row.ProbeURL
		fault("probe", inventory.ProbeFault(row.Value, row.ProbeURL))
	}
	return endpoint, faults
}

// methodFault says in a sentence what is wrong with a method, or returns "".
func methodFault(method string) string {
	if method != http.MethodGet && method != http.MethodPost {
		return "Choose GET or POST."
	}
	return ""
}

// postFault says in a sentence why nobody can give leave to POST, or returns "".
func postFault(endpoint monitor.Endpoint) string {
	if endpoint.PostAllowed && !monitor.TakesPost(endpoint.Kind) {
		return "Only webhooks and state change URLs are sent anything. Take the mark away."
	}
	return ""
}

// addHints says what the requirements will say of each URL's text, so that
// nobody is surprised later. It is no obstacle: what is registered with
// SuperOffice is registered here, good or bad.
func (s *server) addHints(form *views.ApplicationForm, applicationType policy.ApplicationType) {
	for i, row := range form.Rows {
		if row.Value == "" || form.Faults.Of(views.FieldID(i, "value")) != "" || form.Faults.Of(views.FieldID(i, "probe")) != "" {
			continue
		}
		subject := policy.Subject{
			ApplicationType: applicationType, Kind: policy.Kind(row.Kind), ValueKind: policy.ValueKind(row.ValueKind),
			Environment: policy.Environment(row.Environment), Value: row.Value,
		}
		if subject.ValueKind == policy.Pattern {
			subject.ProbeURL = row.ProbeURL
		}
		form.Rows[i].Hints = s.hintsOf(subject)
	}
}

// hintsOf says what the requirements will say of the text of one URL.
func (s *server) hintsOf(subject policy.Subject) []string {
	var hints []string
	for _, verdict := range policy.Judge(policy.Evidence{Subject: subject, At: s.now()}, policy.SuperOffice()) {
		unsureLint := verdict.Requirement == "L-01" && verdict.Result == checks.ResultInconclusive
		if (verdict.Result == checks.Fail || unsureLint) && len(verdict.Proof) > 0 {
			hints = append(hints, verdict.Proof[0].Text+" "+verdict.Remedy)
		}
	}
	return hints
}

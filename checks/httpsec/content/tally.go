package content

import (
	"regexp"
	"strings"
)

// tally counts what a page shows, for lookOf.
type tally struct {
	words    int // that a person reads, outside of navigation
	prose    int // of them outside <pre> and <code>
	rows     int // table rows with two cells of text or more, and no field to fill in
	items    int // list items with text, outside of navigation
	pairs    int // <dd> with text
	mails    int // e-mail addresses
	numbers  int // numbers of five digits or more, amounts, dates
	members  int // scalar members of JSON or XML that do not tell of an error
	records  int // objects inside arrays
	scripts  int
	fields   int  // to fill in
	mount    bool // an element that a script framework fills
	signs    bool // offers to sign in
	row      row
	item     bool
	pair     bool
	nav      shade
	cellText bool
	inCell   bool
	label    shade // in a link or button
}

type row struct {
	open   bool
	cells  int
	fields bool
}

func (t *tally) start(tag element) {
	if t.nav.over() || navigation(tag) {
		t.nav.enter(tag.name)
	}
	switch tag.name {
	case "tr":
		t.endRow()
		t.row.open = true
	case "td":
		t.endCell()
		t.inCell = true
	case "table":
		t.endCell()
	case "input", "select", "textarea", "button":
		t.row.fields = t.row.fields || t.row.open && !strings.EqualFold(tag.get("type"), "hidden") && !strings.EqualFold(tag.get("type"), "checkbox")
		if fillable(tag) {
			t.fields++
		}
	case "li":
		t.item = !t.nav.over()
	case "dd":
		t.pair = true
	case "script":
		t.scripts++
	}
	if tag.get("role") == "row" {
		t.endRow()
		t.row.open = true
	}
	t.mount = t.mount || mounts(tag)
	t.signs = t.signs || leadsToSignIn(tag)
	if label(tag.name) {
		t.label.enter(tag.name)
	}
}

func (t *tally) end(name string) {
	t.nav.leave(name)
	t.label.leave(name)
	switch name {
	case "td":
		t.endCell()
	case "tr", "table":
		t.endRow()
	case "li":
		t.item = false
	case "dd":
		t.pair = false
	}
}

func (t *tally) endCell() {
	if t.inCell && t.cellText {
		t.row.cells++
	}
	t.inCell, t.cellText = false, false
}

func (t *tally) endRow() {
	t.endCell()
	if t.row.open && t.row.cells >= 2 && !t.row.fields {
		t.rows++
	}
	t.row = row{}
}

func (t *tally) text(text string, preformed bool) {
	words := len(strings.Fields(text))
	if words == 0 {
		return
	}
	t.cellText = t.cellText || t.inCell
	if t.label.over() && signInWords.MatchString(text) {
		t.signs = true
	}
	if t.nav.over() {
		return
	}
	t.words += words
	if !preformed {
		t.prose += prose(text)
	}
	if t.item {
		t.items++
		t.item = false
	}
	if t.pair {
		t.pairs++
		t.pair = false
	}
	if strings.Contains(text, "@") {
		t.mails += len(mailShape.FindAllString(text, -1))
	}
	t.numbers += len(numberShape.FindAllString(text, -1))
}

var traceLine = regexp.MustCompile(`^\s*(?:at |bei |ved |vid |in |from |File "|#[0-9]+ |Traceback|goroutine|/|[A-Za-z]:\\|\(|\{|"|\[)`)

// prose counts the words of text that do not look like lines of a trace or of code.
func prose(text string) int {
	words := 0
	for line := range strings.Lines(text) {
		if !traceLine.MatchString(line) {
			words += len(strings.Fields(line))
		}
	}
	return words
}

// open counts an object that begins inside of an array.
func (t *tally) open(levels []level, object bool) {
	if at := len(levels) - 1; object && at >= 0 && !levels[at].object && !errorName(levels[at].name) {
		t.records++
	}
}

func (t *tally) member(name, text string) {
	if text != "" && !errorName(name) {
		t.members++
	}
}

var (
	mailShape   = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)
	numberShape = regexp.MustCompile(`\b(?:[0-9]{5,}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}|[0-9]{1,3}(?:[ .,][0-9]{3})*[.,][0-9]{2})\b`)
	signInWords = regexp.MustCompile(`(?i)\b(?:sign[ -]?in|log[ -]?in|log[ -]?on|logg inn|logga in|log ind|anmelden|einloggen|inloggen|aanmelden|se connecter|iniciar sesi[oó]n|authorize|superid)\b`)
	signInPaths = regexp.MustCompile(`(?i)(?:^|[/.])(?:login|signin|sign-in|logon|oauth2?|authori[sz]e|saml2?|sso)(?:[/?#.]|$)`)
)

func navigation(tag element) bool {
	switch tag.name {
	case "nav", "header", "footer":
		return true
	}
	role := tag.get("role")
	return role == "navigation" || role == "menu" || role == "menubar" || role == "banner" || role == "contentinfo"
}

func label(name string) bool {
	switch name {
	case "a", "button", "h1", "h2", "legend":
		return true
	}
	return false
}

// fillable says whether a person types or chooses something in a field.
func fillable(tag element) bool {
	switch strings.ToLower(tag.get("type")) {
	case "hidden", "submit", "button", "image", "reset", "checkbox":
		return false
	}
	return tag.name == "input" || tag.name == "select"
}

// mounts says whether a script framework fills this element.
func mounts(tag element) bool {
	if strings.Contains(tag.name, "-") || tag.name == "app" {
		return true // a custom element (HTML standard 4.13)
	}
	switch tag.get("id") {
	case "root", "app", "__next", "__nuxt", "__layout", "___gatsby", "svelte", "main-app", "app-root", "react-root", "mount", "blazor-app":
		return true
	}
	return false
}

func leadsToSignIn(tag element) bool {
	switch tag.name {
	case "a":
		return signInPaths.MatchString(tag.get("href"))
	case "form":
		return signInPaths.MatchString(tag.get("action"))
	case "input":
		kind := strings.ToLower(tag.get("type"))
		return kind == "password" || (kind == "submit" || kind == "button") && signInWords.MatchString(tag.get("value"))
	}
	return false
}

// errorName lists the names with which services tell of an error, or that all is well.
func errorName(name string) bool {
	switch strings.ToLower(name) {
	case "error", "errors", "error_description", "error_uri", "error_code", "errorcode", "errormessage", "message", "messages", "msg",
		"code", "status", "statuscode", "status_code", "title", "detail", "details", "type", "instance", "traceid", "trace_id", "requestid", "request_id",
		"timestamp", "path", "success", "ok", "exception", "trace", "stack", "stacktrace", "reason", "result", "hint", "description",
		"hostid", "resource", "exceptionmessage", "exceptiontype", "innerexception", "file", "line", "class", "function", "method", "version", "health", "name", "uptime":
		return true
	}
	return false
}

package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

const maxDepth = 40

// portalReader walks the configuration of an application. Nobody has published
// how SuperOffice writes it (superoffice.md 4.5), so that every likely name is
// taken, and whatever is not understood is noted with its path. Values of what
// is not understood are never repeated: they may be secrets.
type portalReader struct {
	c *collector
}

// scope is what the objects around a value say about it.
type scope struct {
	path        string
	application string
	appType     string
	environment policy.Environment
	clients     map[policy.Environment]string
	kind        policy.Kind // of the group that the value is in; empty: none
	native      bool
}

func (s scope) at(name string) scope { s.path += "." + name; return s }

func (s scope) index(i int) scope { s.path += fmt.Sprintf("[%d]", i); return s }

// readPortal reads a configuration of SuperOffice's Developer Portal.
func readPortal(document any) (File, error) {
	p := &portalReader{&collector{file: File{Format: Portal}}}
	if err := p.walk(document, scope{path: "$"}, 0); err != nil {
		return p.c.file, err
	}
	if len(p.c.file.Rows) == 0 {
		return p.c.file, &FileError{"The file holds no URL that we understand. It is neither our own JSON nor a configuration of the Developer Portal as we know it."}
	}
	return p.c.done()
}

func (p *portalReader) walk(node any, s scope, depth int) error {
	if depth > maxDepth {
		p.c.note(fmt.Sprintf("What is below %s is nested too deep and was left aside.", shorten(s.path)))
		return nil
	}
	switch node := node.(type) {
	case map[string]any:
		return p.object(node, s, depth)
	case []any:
		for i, element := range node {
			if err := p.walk(element, s.index(i), depth+1); err != nil {
				return err
			}
		}
	case nil:
	case string:
		if s.kind != "" {
			return p.text(node, s)
		}
		p.leave(s, node)
	default:
		if s.kind == "" {
			p.leave(s, node)
		}
	}
	return nil
}

// object learns what an object says about all that is in it, and goes on with
// each of its fields, in the order of their names.
func (p *portalReader) object(object map[string]any, s scope, depth int) error {
	s = learn(object, s)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if err := p.field(name, object[name], s.at(name), depth); err != nil {
			return err
		}
	}
	return nil
}

// field goes on with one field of an object.
func (p *portalReader) field(name string, value any, s scope, depth int) error {
	short := plain(name)
	environment, isEnvironment := environmentOf(name)
	kind, isKind := portalKinds()[short]
	_, compound := value.(map[string]any)
	_, list := value.([]any)
	switch {
	case isSecret(short):
		p.c.note(fmt.Sprintf("%s was left aside: secrets and certificates are never read.", shorten(s.path)))
		return nil
	case isEnvironment && (compound || list || s.kind != ""):
		s.environment = environment
	case isKind:
		s.kind = kind
	case isLearned(short) && !list, s.kind != "" && isSwitch(short) && !list && !compound:
		return nil
	case s.kind != "" && !isValueName(short) && !compound && !list:
		if text, _ := value.(string); !looksLikeURL.MatchString(text) {
			p.leave(s, value)
			return nil
		}
	}
	return p.walk(value, s, depth+1)
}

// learn reads the names, types, environments and client IDs that an object says.
func learn(object map[string]any, s scope) scope {
	s.clients = maps.Clone(s.clients)
	if s.clients == nil {
		s.clients = map[policy.Environment]string{}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		text, ok := scalar(object[name])
		short := plain(name)
		switch {
		case ok && text == "":
		case slices.Contains([]string{"environment", "env", "environmentname", "name", "id", "key"}, short) && ok && isEnvironmentWord(text):
			s.environment, _ = environmentOf(text)
		case slices.Contains([]string{"applicationname", "appname", "displayname"}, short) && ok, short == "name" && ok && s.application == "" && s.kind == "":
			s.application = text
		case slices.Contains([]string{"iscustomapp", "iscustom", "iscustomapplication", "customapp"}, short) && ok:
			s.appType = string(policy.Standard)
			if yes, _ := yesOf(text); yes {
				s.appType = string(policy.Custom)
			}
		case slices.Contains([]string{"applicationtype", "apptype", "type"}, short) && ok && isType(text):
			s.appType = text
		case slices.Contains([]string{"isnativeormobileapp", "isnative", "isnativeapp", "isnativeormobile", "nativeapp"}, short) && ok:
			s.native, _ = yesOf(text)
		case strings.HasPrefix(short, "clientid"):
			learnClients(object[name], s)
		}
	}
	return learnBeside(object, s)
}

// learnBeside reads what a part of an object says about the parts beside it:
// the name of the application stands in one, its URLs in another.
func learnBeside(object map[string]any, s scope) scope {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		part, ok := object[name].(map[string]any)
		if !ok || s.kind != "" || !slices.Contains([]string{
			"application", "app", "general", "details", "appinfo", "settings", "applicationsettings", "authentication",
		}, plain(name)) {
			continue
		}
		inner := learn(part, scope{environment: s.environment, clients: s.clients})
		if strings.HasPrefix(plain(name), "app") || slices.Contains([]string{"general", "details"}, plain(name)) {
			s.application = cmp.Or(s.application, inner.application)
		}
		s.appType, s.native, s.clients = cmp.Or(s.appType, inner.appType), s.native || inner.native, inner.clients
	}
	return s
}

// learnClients reads a client ID, or several by environment.
func learnClients(value any, s scope) {
	switch value := value.(type) {
	case string:
		s.clients[s.environment] = value
	case map[string]any:
		for name, id := range value {
			if environment, ok := environmentOf(name); ok {
				s.clients[environment], _ = scalar(id)
			}
		}
	case []any:
		for _, element := range value {
			if object, ok := element.(map[string]any); ok {
				inner := learn(object, scope{environment: s.environment})
				maps.Copy(s.clients, inner.clients)
				if id, ok := scalar(object["value"]); ok && id != "" && inner.environment != "" {
					s.clients[inner.environment] = id
				}
			}
		}
	}
}

func isEnvironmentWord(text string) bool { _, ok := environmentOf(text); return ok }

func isType(text string) bool { _, ok := typeOf(text); return ok }

// isLearned says whether learn reads a field that is no list.
func isLearned(short string) bool {
	return slices.Contains([]string{
		"environment", "env", "environmentname", "name", "id", "key", "applicationname", "appname", "displayname", "iscustomapp", "iscustom",
		"iscustomapplication", "customapp", "applicationtype", "apptype", "isnativeormobileapp", "isnative", "isnativeapp", "isnativeormobile", "nativeapp",
	}, short) || strings.HasPrefix(short, "clientid")
}

// isSwitch says whether a field within a group says how the portal uses its
// URLs, which says nothing about what they are.
func isSwitch(short string) bool {
	return slices.Contains([]string{"enabled", "isenabled", "active", "isactive", "senderroremail", "isregex", "isregexp", "isdefault", "description"}, short)
}

// isSecret says whether a field holds what nobody should upload.
func isSecret(short string) bool {
	return strings.Contains(short, "secret") || strings.Contains(short, "password") || strings.Contains(short, "privatekey") ||
		strings.Contains(short, "certificate") || strings.Contains(short, "publickey") || strings.Contains(short, "token")
}

// isValueName says whether a field within a group holds its URLs.
func isValueName(short string) bool {
	return slices.Contains([]string{"url", "urls", "uri", "uris", "value", "values", "address", "endpoint", "href", "link", "pattern", "regex"}, short)
}

// portalKinds are the names of groups on the portal's page "Configuration"
// (superoffice.md 5.2), as code is likely to write them.
func portalKinds() map[string]policy.Kind {
	kinds := map[string]policy.Kind{}
	for kind, names := range map[policy.Kind]string{
		policy.Redirect:       "redirecturl redirecturls redirecturi redirecturis allowedredirecturl allowedredirecturls allowedredirecturis allowedredirects redirects callbackurl callbackurls callbacks defaultredirecturl defaultredirecturi",
		policy.PostLogout:     "postlogout postlogouturl postlogouturls postlogoutredirecturl postlogoutredirecturls postlogoutredirecturi postlogoutredirecturis allowedpostlogoutredirecturl allowedpostlogoutredirecturls allowedpostlogoutredirecturis allowedpostlogouturls logouturl logouturls",
		policy.CORSOrigin:     "cors corsurl corsurls corsorigin corsorigins allowedcors allowedcorsurls allowedcorsorigins allowedorigins",
		policy.WebPanel:       "webpanel webpanels webpanelurl webpanelurls",
		policy.Webhook:        "webhook webhooks webhookurl webhookurls webhooktargets webhooktargeturls",
		policy.StateChange:    "statechange statechangeurl customerstatechange customerstatechangeurl customerstatechanges customerstatechangenotification notificationurl notificationendpoint",
		policy.ERPSync:        "erpsync erpsyncurl erpconnector erpconnectorurl erpsyncconnector",
		policy.QuoteConnector: "quoteconnector quoteconnectorurl",
		policy.Mirroring:      "mirroring mirroringurl databasemirroring databasemirroringurl mirroringtask",
		policy.SignInStart:    "signinstart signinurl signinstarturl initiateloginuri initiateloginurl loginurl launchurl",
		policy.StoreLink:      "appstorelinks appstorelink installurl installlink configureurl configurelink disabledurl disabledlink uninstallurl uninstalllink supporturl supportlink reportproblemurl reportaproblem reportaproblemurl reportaproblemlink reportproblemlink",
		policy.Guide:          "guide guides guideurl userguide userguideurl installationguide installationguideurl documentationurl",
	} {
		for name := range strings.FieldsSeq(names) {
			kinds[name] = kind
		}
	}
	return kinds
}

// text takes the URLs of a text, one in each line.
func (p *portalReader) text(text string, s scope) error {
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		for value := range strings.FieldsSeq(line) {
			if err := p.c.add(s.row(strings.TrimRight(value, ",;"))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s scope) row(value string) Row {
	row := Row{
		Place: s.path, Application: s.application, Type: s.appType, Kind: string(s.kind), Value: value,
		Environment: string(s.environment), ClientID: s.clients[s.environment],
	}
	if row.ClientID == "" && s.environment != "" {
		row.ClientID = s.clients[""] // one for all environments
	}
	if !monitor.HasEnvironment(s.kind) {
		row.Environment, row.ClientID = "", ""
	}
	if s.native && loopbackStart.MatchString(value) {
		row.ValueKind = string(policy.NativeLoopback)
	}
	return row
}

var looksLikeURL = regexp.MustCompile(`(?i)^\^?[a-z][a-z0-9+.-]*:(//|\\/\\/)`)

// leave notes a value that is not understood.
func (p *portalReader) leave(s scope, value any) {
	text, _ := value.(string)
	if looksLikeURL.MatchString(strings.TrimSpace(text)) {
		p.c.note(fmt.Sprintf("%s holds a URL, and we do not know what it is for. Add it by hand if it should be watched.", shorten(s.path)))
		return
	}
	p.c.note(fmt.Sprintf("%s is not understood and was left aside.", shorten(s.path)))
}

package archtest

import (
	"slices"
	"strings"
	"testing"
)

// arrow says what the packages that match importer may import of this module.
// A pattern is a path below the module; "/..." behind it takes what is below
// too, and a lone "..." is everything. The first arrow that matches counts.
type arrow struct {
	importer string
	may      []string
	reason   string
}

// pure are the packages that compute and never touch the network or a database.
func pure() []string {
	return []string{"checks", "checks/policy/...", "checks/grade/...", "checks/certs/chain/...", "checks/certs/renewal/...", "checks/certs/appraisal/...", "checks/judgement", "checks/iana/...", "checks/hsts", "checks/observatory/..."}
}

func arrows() []arrow {
	return []arrow{
		{"cmd/...", []string{"..."}, "cmd is the only place that wires things together"},

		{"web/views/...", append(pure(), "web/views/...", "web/static", "internal/store", "internal/inventory", "internal/monitor", "internal/alert", "internal/auth"), "a page shows the rows that it is given; it inserts no job"},
		{"web/...", append(pure(), "web/...", "worker/jobs", "internal/store", "internal/inventory", "internal/monitor", "internal/alert", "internal/auth", "internal/obs"), "web inserts jobs and reads rows; it never probes, and meets the worker in the database"},

		{"worker/jobs", []string{"internal/monitor", "checks"}, "arguments of jobs are what web and worker share; more would tie them together"},
		{"worker/...", append(pure(), "worker/...", "checks/optout", "checks/ownership", "internal/store", "internal/monitor", "internal/alert/...", "internal/auth", "internal/config", "internal/obs"), "the worker is given its runner, and asks itself only whose a host is; pages are not its business"},

		{"checks", nil, "what a check is given and gives is the ground under everything"},
		{"checks/certs/chain/...", []string{"checks", "checks/certs/chain/..."}, "trust is judged without asking anybody"},
		{"checks/certs/renewal/...", []string{"checks"}, "when to renew is arithmetic on dates"},
		{"checks/certs/outline/...", nil, "a certificate's fields are bytes"},
		{"checks/certs/key/...", nil, "a key is numbers, and lists of known ones"},
		{"checks/certs/lifetime/...", nil, "how long a certificate may live is arithmetic on dates"},
		{"checks/certs/lint/...", nil, "a linter looks at one certificate"},
		{"checks/certs/transparency/...", []string{"checks/certs/outline"}, "a timestamp is verified without asking a log"},
		{"checks/certs/appraisal/...", []string{"checks", "checks/certs/..."}, "the truth about certificates is a pure function of an observation, a time and trust data"},
		{"checks/certs/crl", nil, "a revocation list is bytes; whoever calls fetches it and knows the time"},
		{"checks/certs", []string{"checks", "checks/probe", "checks/certs/crl"}, "issuers are asked through the vetted dialer; who is trusted is not asked here"},
		{"checks/iana/...", nil, "registries are data"},
		{"checks/hsts/...", []string{"checks", "checks/hsts", "checks/httpsec/site"}, "a header and a list are text"},
		{"checks/observatory/csp", nil, "a policy is text"},
		{"checks/observatory/sidebyside", []string{"..."}, "a test against the real one; nothing imports it"},
		{"checks/observatory", []string{"checks", "checks/hsts", "checks/httpsec/site", "checks/observatory/csp"}, "a score is a pure function of facts"},
		{"checks/grade/...", []string{"checks", "checks/hsts", "checks/iana/...", "checks/grade/..."}, "a grade is a pure function of facts and their appraisal, and registries are data"},
		{"checks/policy/...", []string{"checks", "checks/grade/...", "checks/certs/chain", "checks/certs/renewal", "checks/hsts", "checks/observatory/...", "checks/policy/..."}, "a verdict is a pure function of observation, grade and endpoint"},
		{"checks/judgement", []string{"checks", "checks/certs/appraisal", "checks/grade", "checks/observatory", "checks/policy"}, "one place puts appraisal, grade, score and verdicts together"},
		{"checks/probe/...", []string{"checks", "checks/iana", "checks/probe/..."}, "the dialer vets addresses and knows nothing of what is said on a connection"},
		{"checks/checktest/...", []string{"checks/..."}, "servers for tests"},
		{"checks/tlsprobe/wire", []string{"checks/iana/..."}, "messages are bytes; whoever calls brings the connection"},
		{"checks/tlsprobe/session", []string{"checks/iana/...", "checks/tlsprobe/wire"}, "a handshake is computed, over a connection that somebody else opened"},
		{"checks/tlsprobe/...", []string{"checks", "checks/probe/...", "checks/iana/...", "checks/tlsprobe/..."}, "the engine observes and reports like every family"},
		{"checks/registration", []string{"checks", "checks/probe", "checks/httpsec/..."}, "SuperOffice's sign-in page is read as every page is"},
		{"checks/browser", []string{"checks", "checks/probe", "checks/httpsec/..."}, "a cookie of script is named and scoped like one of an answer"},
		{"checks/ownership", []string{"checks", "checks/probe", "checks/httpsec/content"}, "whose a host is stands in DNS and on pages; a page is read in one place"},
		{"checks/httpsec/content", []string{"checks", "checks/httpsec/site", "checks/httpsec/volatile"}, "a page is read from its bytes"},
		{"checks/httpsec/site", nil, "which hosts belong together is data"},
		{"checks/httpsec/volatile", nil, "words are recognized by their shape"},
		{"checks/httpsec/...", []string{"checks", "checks/probe/...", "checks/iana/...", "checks/httpsec/..."}, "the walk observes and reports like every family"},
		{"checks/...", []string{"checks", "checks/probe/...", "checks/iana/..."}, "a family observes and reports; it knows no grade, no requirement, no database, and no other family"},

		{"docs", nil, "documents know no code"},
		{"migrations", nil, "the schema stands by itself, so that the migrate command can run before anything else works"},

		{"internal/monitor/...", []string{"checks", "checks/policy", "checks/grade", "internal/monitor/..."}, "the domain is step functions over the types of checks and verdicts"},
		{"internal/inventory/...", []string{"checks", "checks/policy", "internal/monitor"}, "what a file says is text, and what it changes is a comparison; it asks no database"},
		{"internal/store/...", []string{"checks", "checks/policy", "checks/grade", "internal/monitor", "internal/inventory", "internal/store/..."}, "SQL reads and writes the domain's types and decides nothing"},
		{"internal/alert/alerttest/...", []string{"internal/alert/...", "internal/monitor", "checks/..."}, "receivers for tests"},
		{"internal/alert/bounce", nil, "a bounce is bytes; what follows from one is decided elsewhere"},
		{"internal/alert/...", []string{"internal/alert/...", "internal/monitor", "checks", "checks/policy/...", "checks/probe"}, "a webhook goes through the vetted dialer, and a message says what the domain knows"},
		{"internal/auth/...", []string{"internal/store", "internal/monitor", "internal/auth/..."}, "sign-in is rows and cookies"},
		{"internal/config", nil, "settings are read before anything else exists"},
		{"internal/obs/...", []string{"internal/obs/..."}, "everything logs, so logging may need nothing"},
		{"internal/pgembed/...", []string{"internal/pgembed/..."}, "a private Postgres knows nothing of what is stored in it"},
		{"internal/demo/...", []string{"checks/checktest/pki", "internal/alert", "internal/monitor", "internal/store", "checks", "checks/policy"}, "servers to look at for a newcomer; it looks at nothing itself"},
		{"internal/browsertest", nil, "a browser for tests knows no page"},
		{"internal/simulator", []string{"..."}, "a fleet in memory, for tests and tuning; nothing imports it"},
		{"internal/walk", []string{"..."}, "tests of the whole walk; nothing imports it"},
		{"internal/testdb/...", []string{"migrations", "internal/store", "internal/pgembed", "internal/testdb/..."}, "databases for tests"},
		{"internal/archtest", nil, "rules look at source text only"},
	}
}

func matches(pattern, path string) bool {
	if pattern == "..." {
		return true
	}
	if folder, found := strings.CutSuffix(pattern, "/..."); found {
		return path == folder || strings.HasPrefix(path, folder+"/")
	}
	return path == pattern
}

// arrowOf returns the first arrow whose importer matches path.
func arrowOf(path string) (arrow, bool) {
	all := arrows()
	at := slices.IndexFunc(all, func(a arrow) bool { return matches(a.importer, path) })
	if at < 0 {
		return arrow{}, false
	}
	return all[at], true
}

func (a arrow) allows(path string) bool {
	return slices.ContainsFunc(a.may, func(pattern string) bool { return matches(pattern, path) })
}

func TestArrows(t *testing.T) {
	t.Parallel()
	for _, p := range load(t) {
		rule, found := arrowOf(p.path)
		if !found {
			t.Errorf("%s stands in no arrow: draw it in docs/design.md and in arrows", p.path)
			continue
		}
		for _, imported := range p.imports {
			inside, ours := strings.CutPrefix(imported, module+"/")
			if ours && !rule.allows(inside) {
				t.Errorf("%s imports %s: %s", p.path, inside, rule.reason)
			}
		}
	}
}

func TestArrowsMatchTheDesign(t *testing.T) {
	t.Parallel()
	tests := []struct {
		importer, imported string
		allowed            bool
	}{
		{"web", "checks/probe", false},
		{"web", "checks/policy", true},
		{"web", "worker", false},
		{"web", "worker/jobs", true},
		{"web/views", "worker/jobs", false},
		{"worker", "web", false},
		{"worker", "checks/probe", false},
		{"checks", "checks/probe", false},
		{"checks/policy", "checks/probe", false},
		{"checks/tlsprobe", "checks/httpsec", false},
		{"checks/tlsprobe", "checks/probe", true},
		{"checks/tlsprobe", "checks/tlsprobe/session", true},
		{"checks/tlsprobe/wire", "checks/tlsprobe/session", false},
		{"checks/tlsprobe/session", "checks", false},
		{"checks/certs", "checks/probe", true},
		{"checks/certs/chain", "checks/probe", false},
		{"internal/monitor", "internal/store", false},
		{"internal/alert", "checks/probe", true},
		{"internal/alert", "internal/store", false},
		{"internal/store", "checks/policy", true},
		{"cmd/gradewatch", "checks/probe", true},
	}
	for _, test := range tests {
		rule, found := arrowOf(test.importer)
		if !found || rule.allows(test.imported) != test.allowed {
			t.Errorf("%s -> %s: want allowed %v by %q", test.importer, test.imported, test.allowed, rule.importer)
		}
	}
}

// foreign says which packages of ours may import a library. A library that is
// not named here may go anywhere.
func foreign() []arrow {
	return []arrow{
		{"github.com/jackc/pgx/...", []string{"cmd/...", "internal/store/...", "internal/testdb/...", "internal/pgembed/...", "migrations", "worker/..."}, "only the store talks to the database; the worker hands River its transactions"},
		{"database/sql", []string{"migrations", "internal/testdb/...", "internal/pgembed/..."}, "goose wants it; everything else is pgx"},
		{"github.com/pressly/goose/...", []string{"migrations"}, "one place applies migrations"},
		{"github.com/riverqueue/...", []string{"cmd/...", "worker/...", "migrations", "web"}, "jobs are the worker's; web inserts them through worker/jobs"},
		{"github.com/wneessen/go-mail/...", []string{"internal/alert/..."}, "one place sends mail"},
		{"github.com/standard-webhooks/...", []string{"internal/alert/..."}, "one place signs webhooks"},
		{"github.com/xuri/excelize/...", []string{"internal/inventory"}, "one place reads and writes workbooks"},
		{"github.com/caarlos0/env/...", []string{"internal/config"}, "one place reads settings"},
		{"github.com/alecthomas/kong", []string{"cmd/..."}, "flags are the command's"},
		{"github.com/fergusstrange/embedded-postgres", []string{"internal/pgembed/..."}, "one place obtains Postgres"},
		{"github.com/miekg/dns", []string{"checks/probe/...", "checks/dnsrec/...", "checks/checktest/...", "internal/demo/..."}, "names are resolved once, by the dialer"},
		{"github.com/quic-go/...", []string{"checks/httpsec"}, "HTTP/3 is asked for over a vetted socket, and nowhere else"},
		{"github.com/andybalholm/brotli", []string{"checks/httpsec"}, "content is decoded where it is read with bounds"},
		{"github.com/zmap/zcrypto/...", []string{"checks/..."}, "certificates that Go refuses to parse are the checks' business"},
		{"cel.dev/cel-go/...", []string{"checks/policy"}, "conditions are the profiles'; everybody else asks for a verdict"},
		{"go.yaml.in/yaml/...", []string{"checks/policy/...", "checks/grade", "checks/httpsec/content"}, "profiles, criteria and signatures are YAML; settings are environment variables and data is SQL"},
		{"github.com/invopop/jsonschema", []string{"checks/internal/reportschema"}, "the schema is written by a tool, and is no work of the program's"},
		{"github.com/stretchr/testify/...", testSupport(), "testing is never in the binary"},
		{"github.com/google/go-cmp/...", testSupport(), "testing is never in the binary"},
		{"github.com/chromedp/...", append(testSupport(), "checks/browser"), "one check runs a browser; everybody else who does is a test"},
		{"github.com/PuerkitoBio/goquery", testSupport(), "testing is never in the binary"},
		{"go.uber.org/goleak", testSupport(), "testing is never in the binary"},
		{"golang.org/x/tools/...", testSupport(), "testing is never in the binary"},
	}
}

// testSupport are the packages that only tests import. checks/checktest/pki is
// none: it makes certificates without testing, for the demo's servers too.
func testSupport() []string {
	return []string{"checks/checktest", "checks/checktest/authority", "checks/checktest/behavior", "checks/checktest/certificates", "checks/checktest/dnsserver", "checks/checktest/lossynet", "checks/checktest/matrix", "checks/checktest/oraclepeer", "checks/checktest/transcript", "internal/simulator", "internal/walk", "internal/browsertest", "internal/alert/alerttest/...", "internal/testdb/...", "internal/archtest"}
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	rules := foreign()
	for _, p := range load(t) {
		for _, imported := range p.imports {
			at := slices.IndexFunc(rules, func(a arrow) bool { return matches(a.importer, imported) })
			if at >= 0 && !rules[at].allows(p.path) {
				t.Errorf("%s imports %s: %s", p.path, imported, rules[at].reason)
			}
		}
	}
}

func TestTestSupportIsForTestsOnly(t *testing.T) {
	t.Parallel()
	support := arrow{may: testSupport()}
	for _, p := range load(t) {
		if support.allows(p.path) {
			continue
		}
		for _, imported := range p.imports {
			if inside, ours := strings.CutPrefix(imported, module+"/"); ours && support.allows(inside) {
				t.Errorf("%s imports %s, which is for tests", p.path, inside)
			}
		}
	}
}

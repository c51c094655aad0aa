package remedies

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestEmbeddedRemediesAreRead(t *testing.T) {
	t.Parallel()
	_, err := read(embedded)
	require.NoError(t, err)
	require.True(t, slices.IsSorted(Servers()))
	used := map[string]bool{}
	for _, remedy := range All() {
		found, ok := ByID(remedy.ID)
		require.True(t, ok)
		require.Equal(t, remedy, found)
		for _, configuration := range remedy.Configurations {
			used[configuration.Server] = true
		}
	}
	for _, server := range Servers() {
		require.True(t, used[server], "no remedy says anything about %s", server)
		require.NotEqual(t, server, strings.ToUpper(ServerTitle(server)))
	}
	require.Equal(t, "Microsoft IIS", ServerTitle("iis"))
	require.Equal(t, "thttpd", ServerTitle("thttpd"))
}

func TestByIDKnowsNothingElse(t *testing.T) {
	t.Parallel()
	remedy, found := ByID("no-such-remedy")
	require.False(t, found)
	require.Zero(t, remedy)
	_, found = ForGradeRule("N-PRIVATE-ROOT")
	require.False(t, found, "a private root is no fault")
}

// Callers may sort and cut what they are given.
func TestAnswersAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	first, _ := ByID("protocols-off")
	first.Configurations[0].Lines = "changed"
	All()[0].Title = "changed"
	second, _ := ByID("protocols-off")
	require.NotEqual(t, "changed", second.Configurations[0].Lines)
	for _, remedy := range All() {
		require.NotEqual(t, "changed", remedy.Title)
	}
}

func TestFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		remedy, server string
		want           []string
	}{
		{"protocols-off", "nginx", []string{"nginx"}},
		{"protocols-off", "cloudflare", []string{"cloudflare"}},
		{"protocols-off", "spring", []string{"java"}},
		{"protocols-off", "aspnet", []string{"iis"}},
		{"protocols-off", "express", []string{"node"}},
		{"cookie-same-site-none", "iis", []string{"aspnet"}},
		{"cookie-same-site-none", "java", []string{"spring"}},
		{"compression-off", "fastly", []string{"nginx", "apache", "haproxy", "node"}},
		{"compression-off", "", []string{"nginx", "apache", "haproxy", "node"}},
		{"compression-off", Unknown, []string{"nginx", "apache", "haproxy", "node"}},
		{"certificate-signature", "nginx", nil},
	}
	for _, test := range tests {
		t.Run(test.remedy+" "+test.server, func(t *testing.T) {
			t.Parallel()
			remedy, found := ByID(test.remedy)
			require.True(t, found)
			var got []string
			for _, configuration := range remedy.For(test.server) {
				got = append(got, configuration.Server)
			}
			require.Equal(t, test.want, got)
		})
	}
}

// Every server that partners run has lines, or a word, for what every server
// can be found wanting in.
func TestUsualServersAreServed(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"protocols-off", "tls12-on", "tls13-on", "weak-suites-off", "certificate-renew", "hsts", "https-only"} {
		remedy, found := ByID(id)
		require.True(t, found, id)
		for _, server := range []string{"nginx", "apache", "iis", "haproxy", "caddy", "go", "node", "java", "cloudflare", "cloudfront", "aws-alb"} {
			configurations := remedy.For(server)
			if id == "https-only" && server == "java" || id == "certificate-renew" && server == "java" {
				continue // a servlet container leaves both to what stands in front
			}
			require.Len(t, configurations, 1, "%s has nothing for %s", id, server)
		}
	}
}

func TestGradeRulesHaveRemedies(t *testing.T) {
	t.Parallel()
	for _, rule := range GradeRules() {
		remedy, found := ForGradeRule(rule)
		require.True(t, found, rule)
		require.NotEmpty(t, remedy.Text)
	}
	remedy, _ := ForGradeRule("B-TLS10")
	require.Equal(t, "protocols-off", remedy.ID)
}

func TestFaultyDataIsRefused(t *testing.T) {
	t.Parallel()
	const good = "- id: a\n  title: Do it\n  text: Do it now.\n"
	tests := []struct{ name, data, rules, fault string }{
		{name: "good", data: good, rules: "B-TLS10: a\n"},
		{name: "unknown field", data: good + "  remark: no\n", fault: "field remark not found"},
		{name: "second document", data: good + "---\n[]\n", fault: "something follows"},
		{name: "twice", data: good + good, fault: "remedy a stands twice"},
		{name: "id", data: strings.Replace(good, "id: a", "id: A_b", 1), fault: "lower-case words"},
		{name: "no sentence", data: strings.Replace(good, "now.", "now", 1), fault: "and sentences"},
		{name: "title", data: strings.Replace(good, "Do it\n", "Do it.\n", 1), fault: "title without a period"},
		{name: "like nothing", data: good + "  like: b\n", fault: "no configurations to give"},
		{name: "rule", data: good, rules: "B-TLS10: b\n", fault: `names the remedy "b", which does not exist`},
		{name: "server", data: good + "  configurations: [{server: thttpd, note: No., source: 'https://x.test'}]\n", fault: `server "thttpd" is not known`},
		{name: "server twice", data: good + "  configurations: [{server: go, note: A., source: 'https://x.test'}, {server: go, note: B., source: 'https://x.test'}]\n", fault: "two configurations for go"},
		{name: "empty", data: good + "  configurations: [{server: go, source: 'https://x.test'}]\n", fault: "without lines there is a note"},
		{name: "language", data: good + "  configurations: [{server: go, language: cobol, lines: \"x\\n\", source: 'https://x.test'}]\n", fault: `language "cobol" is not known`},
		{name: "tabs", data: good + "  configurations: [{server: go, language: go, lines: \"\\tx\\n\", source: 'https://x.test'}]\n", fault: "indented with spaces"},
		{name: "no line break", data: good + "  configurations: [{server: go, language: go, lines: x, source: 'https://x.test'}]\n", fault: "end in a line break"},
		{name: "note", data: good + "  configurations: [{server: go, note: no sentence, source: 'https://x.test'}]\n", fault: "a note is sentences"},
		{name: "source", data: good + "  configurations: [{server: go, note: No., source: 'http://x.test'}]\n", fault: "no https address"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := fstest.MapFS{"data/a.yaml": {Data: []byte(test.data)}}
			if test.rules != "" {
				files["data/"+gradeRules] = &fstest.MapFile{Data: []byte(test.rules)}
			}
			_, err := read(files)
			if test.fault == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.fault)
		})
	}
}

package inventory_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// rowWith is a good row, changed.
func rowWith(change func(*inventory.Row)) inventory.Row {
	row := inventory.Row{Place: "Line 2", Application: "Shop", Type: "custom", Environment: "SOD", Kind: "redirect", Value: "https://a.example.com/"}
	change(&row)
	return row
}

func TestRowsAreRejectedWithEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*inventory.Row)
		want   []string
	}{
		"no application":       {func(r *inventory.Row) { r.Application = "" }, []string{"names no application"}},
		"new without type":     {func(r *inventory.Row) { r.Type = "" }, []string{"is a new application"}},
		"type":                 {func(r *inventory.Row) { r.Type = "bespoke" }, []string{"neither standard nor custom"}},
		"environment":          {func(r *inventory.Row) { r.Environment = "moon" }, []string{"“moon” is not known"}},
		"no environment":       {func(r *inventory.Row) { r.Environment = "" }, []string{"no environment"}},
		"guide in a place":     {func(r *inventory.Row) { r.Kind = "guide" }, []string{"belong to no environment"}},
		"kind":                 {func(r *inventory.Row) { r.Kind = "telepathy" }, []string{"kind “telepathy”"}},
		"value kind":           {func(r *inventory.Row) { r.ValueKind = "fuzzy" }, []string{"value kind “fuzzy”"}},
		"no URL":               {func(r *inventory.Row) { r.Value = "" }, []string{"no URL"}},
		"no scheme":            {func(r *inventory.Row) { r.Value = "a.example.com/cb" }, []string{"no scheme"}},
		"password":             {func(r *inventory.Row) { r.Value = "https://me:pw@a.example.com/" }, []string{"user name or password"}},
		"pattern alone":        {func(r *inventory.Row) { r.Value = `^https://a\.example\.com/$` }, []string{"needs a probe URL"}},
		"probe does not match": {func(r *inventory.Row) { r.Value, r.ProbeURL = `^https://a\.example\.com/$`, "https://b.example.com/" }, []string{"does not match"}},
		"probe of a literal":   {func(r *inventory.Row) { r.ValueKind, r.ProbeURL = "literal", "https://b.example.com/" }, []string{"Only a pattern"}},
		"method":               {func(r *inventory.Row) { r.Method = "PUT" }, []string{"Use GET or POST"}},
		"interval":             {func(r *inventory.Row) { r.Interval = "0" }, []string{"from 1 to 1440"}},
		"interval words":       {func(r *inventory.Row) { r.Interval = "often" }, []string{"from 1 to 1440"}},
		"post":                 {func(r *inventory.Row) { r.PostAllowed = "yes" }, []string{"Only webhooks"}},
		"post words":           {func(r *inventory.Row) { r.PostAllowed = "perhaps" }, []string{"yes or no"}},
		"client ID":            {func(r *inventory.Row) { r.ClientID = "two words" }, []string{"no spaces"}},
		"client of a guide":    {func(r *inventory.Row) { r.Kind, r.Environment, r.ClientID = "guide", "", "x" }, []string{"belongs to an environment"}},
		"all at once": {func(r *inventory.Row) {
			r.Type, r.Environment, r.Kind, r.Method, r.Interval, r.Value = "x", "x", "x", "x", "x", "x"
		}, []string{"neither", "kind", "environment", "scheme", "GET", "interval"}},
	} {
		plan := inventory.Compare([]inventory.Row{rowWith(test.change)}, inventory.Registered{})
		require.Len(t, plan.Rejected, 1, name)
		require.Len(t, plan.Rejected[0].Reasons, len(test.want), "%s: %q", name, plan.Rejected[0].Reasons)
		for i, part := range test.want {
			require.Contains(t, plan.Rejected[0].Reasons[i], part, name)
		}
		require.Empty(t, plan.Applications, "%s: nothing is left of a rejected row", name)
	}
}

func TestValueKindsAreInferred(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]policy.ValueKind{
		"https://app.partner.com/app/LoginRedirect.aspx": policy.Literal, "http://localhost:4200/auth-callback": policy.Literal,
		"https://a.example.com/?q=(x)*": policy.Literal, "http://127.0.0.1:7890/desktop-callback/": policy.NativeLoopback,
		`^http://127.0.0.1\:\d{4,10}$`: policy.NativeLoopback, "http://[::1]:8000/": policy.NativeLoopback,
		"vscode://superoffice.superofficedx-vscode-core/auth": policy.CustomScheme, "com.example.app:/oauth": policy.CustomScheme,
		"http://127.0.0.1.evil.example/": policy.Literal, "<x>": policy.Literal,
	} {
		plan := inventory.Compare([]inventory.Row{rowWith(func(r *inventory.Row) { r.Value = value })}, inventory.Registered{})
		if value == "<x>" {
			require.Len(t, plan.Rejected, 1)
			continue
		}
		require.Len(t, plan.Added, 1, "%s: %+v", value, plan.Rejected)
		require.Equal(t, want, plan.Added[0].Endpoint.ValueKind, value)
	}
	look := rowWith(func(r *inventory.Row) {
		r.Value, r.ProbeURL = `^https://(?=a)a\.example\.com/$`, "https://a.example.com/"
	})
	plan := inventory.Compare([]inventory.Row{look}, inventory.Registered{})
	require.Len(t, plan.Added, 1, "what RE2 does not take may be right for SuperOffice")
	require.Equal(t, policy.Pattern, plan.Added[0].Endpoint.ValueKind)
}

func TestWhatARowLeavesOpenStays(t *testing.T) {
	t.Parallel()
	hook := monitor.Endpoint{
		ID: 5, ApplicationID: 7, ApplicationName: "Shop", ApplicationType: policy.Standard, Environment: policy.Stage, Kind: policy.Webhook,
		ValueKind: policy.Pattern, Value: `^https://[ab]\.example\.com/$`, ProbeURL: "https://a.example.com/", Method: "POST", PostAllowed: true,
		Interval: 5 * time.Minute, ClientID: "c1",
	}
	sparse := inventory.Row{Place: "Line 2", Application: "SHOP", Environment: "stage", Kind: "Webhook", Value: hook.Value}
	plan := inventory.Compare([]inventory.Row{sparse}, registered([]monitor.Endpoint{hook}))
	require.Len(t, plan.Unchanged, 1, "%+v", plan)
	require.True(t, plan.Empty(true))
	said := sparse
	said.Type, said.ProbeURL, said.Method, said.Interval, said.PostAllowed, said.ClientID = "custom", "https://b.example.com/", "get", "1h", "no", "c2"
	plan = inventory.Compare([]inventory.Row{said}, registered([]monitor.Endpoint{hook}))
	require.Equal(t, []inventory.Difference{
		{"probe_url", "https://a.example.com/", "https://b.example.com/"}, {"method", "POST", "GET"}, {"interval_minutes", "5", "60"}, {"post_allowed", "yes", "no"},
	}, plan.Changed[0].Differences)
	require.Equal(t, []inventory.ApplicationChange{{
		ID: 7, Name: "Shop", Type: policy.Custom, OldType: policy.Standard, ClientIDs: []inventory.ClientIDChange{{policy.Stage, "c1", "c2"}},
	}}, plan.Applications)
}

func TestOneURLOneRow(t *testing.T) {
	t.Parallel()
	good := rowWith(func(*inventory.Row) {})
	again := rowWith(func(r *inventory.Row) { r.Place, r.Type = "Line 9", "standard" })
	client := func(id, place string) inventory.Row {
		return rowWith(func(r *inventory.Row) { r.Place, r.ClientID, r.Value = place, id, "https://a.example.com/"+place[5:] })
	}
	elsewhere := rowWith(func(r *inventory.Row) { r.Environment = "Stage" })
	plan := inventory.Compare([]inventory.Row{good, again, client("c1", "Line 10"), client("c2", "Line 11"), elsewhere}, inventory.Registered{})
	require.Len(t, plan.Added, 3)
	require.Len(t, plan.Rejected, 2)
	require.Equal(t, []string{
		"An earlier row says that the application is custom, and this one says standard.", "It is the same URL as in line 2. Take one of them out.",
	}, plan.Rejected[0].Reasons)
	require.Equal(t, []string{"The application has another client ID in SOD in line 10."}, plan.Rejected[1].Reasons)
}

func TestOnlyWhatTheFileIsAboutIsMissing(t *testing.T) {
	t.Parallel()
	endpoint := func(id int64, application, value string) monitor.Endpoint {
		return monitor.Endpoint{
			ID: id, ApplicationID: id, ApplicationName: application, ApplicationType: policy.Custom, Environment: policy.SOD,
			Kind: policy.Redirect, ValueKind: policy.Literal, Value: value, Method: "GET", Interval: time.Hour,
		}
	}
	all := registered([]monitor.Endpoint{
		endpoint(1, "Shop", "https://a.example.com/"), endpoint(2, "Shop", "https://gone.example.com/"),
		endpoint(3, "Shop", "https://faulty.example.com/"), endpoint(4, "Other", "https://other.example.com/"),
	})
	faulty := rowWith(func(r *inventory.Row) { r.Value, r.Interval = "https://faulty.example.com/", "never" })
	plan := inventory.Compare([]inventory.Row{rowWith(func(*inventory.Row) {}), faulty}, all)
	require.Len(t, plan.Missing, 1, "neither what was rejected nor what another application has")
	require.Equal(t, "https://gone.example.com/", plan.Missing[0].Endpoint.Value)
	require.True(t, plan.Empty(false))
	require.False(t, plan.Empty(true))
}

func TestFingerprintIsOfWhatIsDone(t *testing.T) {
	t.Parallel()
	plan := func(rows []inventory.Row, endpoints ...monitor.Endpoint) inventory.Plan {
		return inventory.Compare(rows, registered(endpoints))
	}
	rows := []inventory.Row{rowWith(func(r *inventory.Row) { r.Interval = "5" })}
	known := monitor.Endpoint{
		ID: 1, ApplicationID: 7, ApplicationName: "Shop", ApplicationType: policy.Custom, Environment: policy.SOD,
		Kind: policy.Redirect, ValueKind: policy.Literal, Value: "https://a.example.com/", Method: "GET", Interval: time.Hour, ClientID: "c",
	}
	looked := known
	looked.NextRunAt, looked.Profiles = time.Unix(1, 0), []string{"x"}
	require.Equal(t, plan(rows, known).Fingerprint(true), plan(rows, looked).Fingerprint(true), "a look changes nothing of it")
	other := known
	other.Interval = 2 * time.Hour
	require.NotEqual(t, plan(rows, known).Fingerprint(false), plan(rows, other).Fingerprint(false))
	require.NotEqual(t, plan(rows).Fingerprint(false), plan(rows, known).Fingerprint(false))
	extra := known
	extra.ID, extra.Value = 2, "https://extra.example.com/"
	require.Equal(t, plan(rows, known).Fingerprint(false), plan(rows, known, extra).Fingerprint(false), "what stays is not part of it")
	require.NotEqual(t, plan(rows, known).Fingerprint(true), plan(rows, known, extra).Fingerprint(true))
}

func TestSharedHostsAndClientIDs(t *testing.T) {
	t.Parallel()
	row := func(environment, value, client string) inventory.Row {
		return rowWith(func(r *inventory.Row) { r.Environment, r.Value, r.ClientID = environment, value, client })
	}
	plan := inventory.Compare([]inventory.Row{
		row("SOD", "https://app.example.com/sod", "same"), row("Stage", "https://APP.example.com/stage", "own"), row("Production", "https://app.example.com/", "same"),
		row("SOD", "https://sod.example.com/", ""), row("Stage", "https://sod.example.com/", ""),
	}, inventory.Registered{})
	var texts []string
	for _, warning := range plan.Warnings {
		texts = append(texts, warning.Application+": "+warning.Text)
	}
	require.Equal(t, []string{
		"Shop: The client ID “same” stands for SOD and Production. SuperOffice gives each environment one of its own.",
		"Shop: The host app.example.com serves SOD, Stage and Production. Development and test must be kept apart from Production.",
	}, texts)
}

func BenchmarkCompare(b *testing.B) {
	rows := make([]inventory.Row, 0, 20_000)
	for i := range 20_000 {
		rows = append(rows, rowWith(func(r *inventory.Row) {
			r.Place, r.Application, r.Value = fmt.Sprintf("Line %d", i+2), fmt.Sprintf("Shop %d", i%100), fmt.Sprintf("https://a%d.example.com/%s", i, strings.Repeat("x", 40))
		}))
	}
	for b.Loop() {
		if plan := inventory.Compare(rows, inventory.Registered{}); len(plan.Added) != len(rows) {
			b.Fatal(len(plan.Rejected))
		}
	}
}

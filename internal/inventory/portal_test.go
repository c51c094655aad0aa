package inventory_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/inventory"
)

// nested is a configuration by environment, as the portal's page has its groups.
const nested = `{
	"application": {"name": "CRM bridge", "id": 17},
	"version": 3,
	"settings": {"isCustomApp": false, "isBeta": false, "technicalContact": "a@example.com"},
	"configuration": {
		"production": {
			"authentication": {
				"clientId": "prod-client", "secrets": [{"description": "main", "value": "hunter2", "expireDate": "2027-01-01"}],
				"certificates": ["<RSAKeyValue>"], "Allowed redirect URLs": "https://app.example.com/callback\r\nhttps://app.example.com/LoginRedirect.aspx\n",
				"allowedPostLogoutRedirectUrls": ["https://app.example.com/bye"], "corsUrls": ["https://app.example.com"]
			},
			"integrationSettings": {"customerStateChange": {"enabled": true, "url": "https://app.example.com/state", "sendErrorEmail": true}, "erpSync": {"enabled": false, "url": ""}}
		},
		"sod": {"authentication": {"clientId": "sod-client", "redirectUrls": [{"url": "http://127.0.0.1:7890/desktop-callback/"}, {"value": "^https://[a-z]+\\.example\\.com/$", "isRegex": true}]}}
	},
	"appStoreLinks": {"install": "https://app.example.com/install", "support": {"url": "https://app.example.com/help"}},
	"mystery": {"somewhere": "https://unknown.example.com/"}
}`

// flatPortal has environments within each field.
const flatPortal = `{
	"appName": "CRM bridge", "applicationType": "custom", "isNativeOrMobileApp": true,
	"clientIds": [{"environment": "SOD", "value": "c-sod"}, {"environment": "Stage", "clientId": "c-stage"}],
	"redirectUris": {"SOD": ["http://localhost:4200/cb"], "Stage": "https://stage.example.com/cb", "Production": null},
	"environments": [{"name": "Stage", "webPanels": ["https://stage.example.com/panel?c=<uctx>"], "webhooks": [{"target": "https://stage.example.com/hook"}]}],
	"supportUrl": "https://example.com/support"
}`

func read(t *testing.T, text string) (map[string]inventory.Row, string) {
	t.Helper()
	file, err := inventory.Read([]byte(text), inventory.Defaults{})
	require.NoError(t, err)
	require.Equal(t, inventory.Portal, file.Format)
	rows := map[string]inventory.Row{}
	for _, row := range file.Rows {
		rows[row.Value] = row
	}
	require.Len(t, rows, len(file.Rows))
	return rows, strings.Join(file.Notes, "\n")
}

func TestPortalByEnvironment(t *testing.T) {
	t.Parallel()
	rows, notes := read(t, nested)
	require.Len(t, rows, 9)
	for value, want := range map[string]string{
		"https://app.example.com/callback":           "redirect Production prod-client",
		"https://app.example.com/LoginRedirect.aspx": "redirect Production prod-client",
		"https://app.example.com/bye":                "post_logout Production prod-client",
		"https://app.example.com":                    "cors_origin Production prod-client",
		"https://app.example.com/state":              "state_change Production prod-client",
		"http://127.0.0.1:7890/desktop-callback/":    "redirect SOD sod-client",
		`^https://[a-z]+\.example\.com/$`:            "redirect SOD sod-client",
		"https://app.example.com/install":            "app_store_link  ",
		"https://app.example.com/help":               "app_store_link  ",
	} {
		row := rows[value]
		require.Equal(t, want, row.Kind+" "+row.Environment+" "+row.ClientID, value)
		require.Equal(t, "CRM bridge", row.Application, value)
		require.Equal(t, "standard", row.Type, value)
	}
	require.Equal(t, "$.configuration.production.authentication.allowedPostLogoutRedirectUrls[0]", rows["https://app.example.com/bye"].Place)
	require.Contains(t, notes, "$.mystery.somewhere holds a URL, and we do not know what it is for.")
	require.Contains(t, notes, "authentication.secrets was left aside")
	require.Contains(t, notes, "$.settings.technicalContact is not understood")
	require.Contains(t, notes, "$.version is not understood")
	for _, secret := range []string{"hunter2", "RSAKeyValue", "a@example.com"} {
		require.NotContains(t, notes, secret, "what is not understood is never repeated")
	}
	file, err := inventory.Read([]byte(nested), inventory.Defaults{})
	require.NoError(t, err)
	plan := inventory.Compare(file.Rows, inventory.Registered{})
	require.Len(t, plan.Added, 8)
	require.Contains(t, plan.Rejected[0].Reasons[0], "A pattern needs a probe URL")
}

func TestPortalByField(t *testing.T) {
	t.Parallel()
	rows, _ := read(t, flatPortal)
	for value, want := range map[string]string{
		"http://localhost:4200/cb":                 "redirect SOD c-sod native_loopback",
		"https://stage.example.com/cb":             "redirect Stage c-stage ",
		"https://stage.example.com/panel?c=<uctx>": "web_panel Stage c-stage ",
		"https://stage.example.com/hook":           "webhook Stage c-stage ",
		"https://example.com/support":              "app_store_link   ",
	} {
		row := rows[value]
		require.Equal(t, want, row.Kind+" "+row.Environment+" "+row.ClientID+" "+row.ValueKind, value)
		require.Equal(t, "custom", row.Type, value)
	}
	require.Len(t, rows, 5)
}

// A list of URLs without names around it is no configuration.
func TestPortalThatSaysNothing(t *testing.T) {
	t.Parallel()
	_, err := inventory.Read([]byte(`{"a": ["https://a.example.com/"], "clientSecret": "x"}`), inventory.Defaults{})
	require.ErrorContains(t, err, "no URL that we understand")
}

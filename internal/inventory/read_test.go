package inventory_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// everything is an endpoint of each kind and value kind, with text that files
// find hard.
func everything() []monitor.Endpoint {
	var all []monitor.Endpoint
	for i, kind := range policy.Kinds() {
		endpoint := monitor.Endpoint{
			ID: int64(i + 1), ApplicationID: 7, ApplicationName: `=1+1, "Shop"; 'Ärger'`, ApplicationType: policy.Standard, Kind: kind,
			ValueKind: policy.Literal, Value: "https://app.example.com/" + string(kind) + "?a=1;b=2,c", Method: "GET", Interval: time.Hour,
		}
		if monitor.HasEnvironment(kind) {
			endpoint.Environment, endpoint.ClientID = policy.Production, "00112233445566778899001122334455"
		}
		endpoint.PostAllowed = monitor.TakesPost(kind)
		all = append(all, endpoint)
	}
	one := all[0]
	one.ID, one.ValueKind, one.Value, one.ProbeURL = 101, policy.Pattern, `^https://[a-z]{2,3}\.example\.com/"x"$`, `https://ab.example.com/"x"`
	one.Method, one.Interval = "POST", 90*time.Minute
	two := all[0]
	two.ID, two.ValueKind, two.Value = 102, policy.NativeLoopback, `^http://127.0.0.1\:\d{4,10}$`
	three := all[0]
	three.ID, three.ValueKind, three.Value = 103, policy.CustomScheme, "vscode://superoffice.dx/auth"
	return append(all, one, two, three)
}

func registered(endpoints []monitor.Endpoint) inventory.Registered {
	all := inventory.Registered{Endpoints: endpoints}
	seen := map[string]bool{}
	for _, endpoint := range endpoints {
		if !seen[endpoint.ApplicationName] {
			seen[endpoint.ApplicationName] = true
			all.Applications = append(all.Applications, inventory.Application{
				Application: monitor.Application{ID: endpoint.ApplicationID, Name: endpoint.ApplicationName, Type: endpoint.ApplicationType},
				ClientIDs:   map[policy.Environment]string{},
			})
		}
		if endpoint.ClientID != "" {
			all.Applications[len(all.Applications)-1].ClientIDs[endpoint.Environment] = endpoint.ClientID
		}
	}
	return all
}

func TestWhatIsWrittenChangesNothingWhenRead(t *testing.T) {
	t.Parallel()
	for format, write := range map[inventory.Format]func(io.Writer, []monitor.Endpoint) error{
		inventory.CSV: inventory.WriteCSV, inventory.JSON: inventory.WriteJSON, inventory.XLSX: inventory.WriteXLSX,
	} {
		var file bytes.Buffer
		require.NoError(t, write(&file, everything()))
		read, err := inventory.Read(file.Bytes(), inventory.Defaults{})
		require.NoError(t, err, format)
		require.Equal(t, format, read.Format)
		require.Empty(t, read.Notes, format)
		plan := inventory.Compare(read.Rows, registered(everything()))
		require.Empty(t, plan.Rejected, format)
		require.True(t, plan.Empty(true), "%s: %+v", format, plan.Changed)
		require.Len(t, plan.Unchanged, len(everything()), format)
		plan = inventory.Compare(read.Rows, inventory.Registered{})
		require.Len(t, plan.Added, len(everything()), "%s: %+v", format, plan.Rejected)
		for i, item := range plan.Added {
			require.Equal(t, inventory.RowOf(everything()[i]), inventory.RowOf(item.Endpoint), format)
		}
	}
}

func TestJSONIsAsDocumented(t *testing.T) {
	t.Parallel()
	published, err := os.ReadFile("../../docs/inventory.schema.json")
	require.NoError(t, err)
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(published))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("inventory.schema.json", schema))
	compiled, err := compiler.Compile("inventory.schema.json")
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, inventory.WriteJSON(&file, everything()))
	written, err := jsonschema.UnmarshalJSON(&file)
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(written))
	wrong, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"gradewatch_inventory": 1, "urls": [{"application": "Shop", "value": "https://a.example.com/", "kind": "telepathy"}]}`))
	require.NoError(t, err)
	require.Error(t, compiled.Validate(wrong))
}

func TestTablesAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"commas":       "application,type,environment,kind,value\nShop,custom,SOD,redirect,https://a.example.com/\n",
		"semicolons":   "Application;Type;Environment;Kind;URL\r\nShop;Custom;sod;Redirect URL;https://a.example.com/\r\n",
		"tabs":         "value\tenv\tapp\ttype\nhttps://a.example.com/\tSOD\tShop\tcustom\n",
		"mark":         "\uFEFFVALUE,Environment,Application Name,TYPE\n\n\"https://a.example.com/\",SOD,Shop,custom\n,,,\n",
		"said by sep=": "sep=;\nurl;environment;application;type\nhttps://a.example.com/;Development;Shop;custom\n",
	} {
		file, err := inventory.Read([]byte(text), inventory.Defaults{})
		require.NoError(t, err, name)
		plan := inventory.Compare(file.Rows, inventory.Registered{})
		require.Empty(t, plan.Rejected, name)
		require.Len(t, plan.Added, 1, name)
		require.Equal(t, "https://a.example.com/", plan.Added[0].Endpoint.Value, name)
		require.Equal(t, policy.SOD, plan.Added[0].Endpoint.Environment, name)
		require.Equal(t, policy.Redirect, plan.Added[0].Endpoint.Kind, name)
	}
}

func TestPlacesAreThoseOfTheFile(t *testing.T) {
	t.Parallel()
	file, err := inventory.Read([]byte("sep=,\nurl,color,application\nhttps://a.example.com/,red,\"two\nlines\"\nhttps://b\"c,,\nhttps://d.example.com/,,,,x\n"), inventory.Defaults{})
	require.NoError(t, err)
	var places []string
	for _, row := range file.Rows {
		places = append(places, row.Place)
	}
	require.Equal(t, []string{"Line 3", "Line 5", "Line 6"}, places)
	require.Contains(t, file.Rows[1].Fault, "quotation marks")
	require.Contains(t, file.Rows[2].Fault, "more cells")
	require.Contains(t, strings.Join(file.Notes, " "), "“color” is not understood")
	require.Contains(t, strings.Join(file.Notes, " "), "no column kind")
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	var deep strings.Builder
	deep.WriteString(strings.Repeat("[", 9000) + strings.Repeat("]", 9000))
	for name, test := range map[string]struct{ content, want string }{
		"empty":          {" \n", "is empty"},
		"old workbook":   {"\xD0\xCF\x11\xE0\xA1\xB1", "old kind"},
		"no archive":     {"PK\x03\x04nothing", "cannot be read"},
		"no header":      {"https://a.example.com/\nhttps://b.example.com/\n", "must name the columns"},
		"latin-1":        {"url,application\nhttps://a.example.com/,\xC4rger\n", "UTF-8"},
		"open quotation": {"url,application\n\"https://a.example.com/,x\nhttps://b.example.com/,y\n", "line 2 is never closed"},
		"twice":          {"url,value\nhttps://a.example.com/,x\n", "say the same"},
		"only a header":  {"url,application\n", "no URL"},
		"broken JSON":    {"{\n\"urls\": [\n}", "line 3"},
		"half JSON":      {`{"urls": [`, "JSON"},
		"two documents":  {`[] []`, "behind the end"},
		"deep":           {deep.String(), "no URL"},
		"other version":  {`{"gradewatch_inventory": 2, "urls": []}`, "version"},
		"no list":        {`{"gradewatch_inventory": 1, "urls": {}}`, "list called urls"},
		"too large":      {"url\n" + strings.Repeat("x", inventory.MaxBytes), "32 MiB"},
		"too many rows":  {"url\n" + strings.Repeat("x\n", inventory.MaxRows+1), "50,000 rows"},
		"too many parts": {"[" + strings.Repeat("[],", 1_600_000) + "[]]", "too many parts"},
	} {
		_, err := inventory.Read([]byte(test.content), inventory.Defaults{})
		var refused *inventory.FileError
		require.ErrorAs(t, err, &refused, name)
		require.Contains(t, refused.Sentence, test.want, name)
	}
}

// archive is a zip file of parts.
func archive(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var file bytes.Buffer
	out := zip.NewWriter(&file)
	for name, content := range parts {
		part, err := out.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(part, content)
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
	return file.Bytes()
}

func TestHostileWorkbooks(t *testing.T) {
	t.Parallel()
	var good bytes.Buffer
	require.NoError(t, inventory.WriteXLSX(&good, everything()))
	parts := func(change func(map[string]string)) []byte {
		reader, err := zip.NewReader(bytes.NewReader(good.Bytes()), int64(good.Len()))
		require.NoError(t, err)
		all := map[string]string{}
		for _, part := range reader.File {
			opened, err := part.Open()
			require.NoError(t, err)
			content, err := io.ReadAll(opened)
			require.NoError(t, err)
			all[part.Name] = string(content)
		}
		change(all)
		return archive(t, all)
	}
	const sheet = "xl/worksheets/sheet1.xml"
	head := `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>url</t></is></c></row>`
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"bomb": {parts(func(p map[string]string) { p["xl/bomb.xml"] = strings.Repeat("0", 65<<20) }), "unpacks to more"},
		"many parts": {parts(func(p map[string]string) {
			for i := range 1100 {
				p[fmt.Sprintf("x/%d", i)] = ""
			}
		}), "1,000 parts"},
		"cut short": {parts(func(p map[string]string) { p[sheet] = p[sheet][:len(p[sheet])/2] }), "cannot be read"},
		"control":   {parts(func(p map[string]string) { p[sheet] = strings.Replace(p[sheet], "webhook", "web\x01hook", 1) }), "cannot be read"},
		"million rows": {parts(func(p map[string]string) {
			p[sheet] = head + `<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData></worksheet>`
		}), "goes on behind"},
		"beyond": {parts(func(p map[string]string) {
			p[sheet] = head + `<row r="99999999"><c><v>1</v></c></row></sheetData></worksheet>`
		}), "goes on behind"},
		"wide": {parts(func(p map[string]string) {
			p[sheet] = head + `<row r="2"><c r="XFD2"><v>1</v></c></row></sheetData></worksheet>`
		}), "more than 256 cells"},
		"empty": {parts(func(p map[string]string) {
			p[sheet] = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData></sheetData></worksheet>`
		}), "cannot be read"},
		"no sheet": {archive(t, map[string]string{"[Content_Types].xml": "<Types/>"}), "cannot be read"},
		"negative rows": {parts(func(p map[string]string) {
			p[sheet] = head + `<row r="-7"><c r="A0"><v>1</v></c></row></sheetData></worksheet>`
		}), "cannot be read"},
	} {
		_, err := inventory.Read(test.content, inventory.Defaults{})
		var refused *inventory.FileError
		require.ErrorAs(t, err, &refused, name)
		require.Contains(t, refused.Sentence, test.want, name)
	}
}

func TestFirstSheetWithColumnsIsRead(t *testing.T) {
	t.Parallel()
	book := excelize.NewFile()
	require.NoError(t, book.SetSheetRow("Sheet1", "A1", &[]any{"Read me first"}))
	_, err := book.NewSheet("Data")
	require.NoError(t, err)
	require.NoError(t, book.SetSheetRow("Data", "B3", &[]any{"URL", "Interval", "Application", "Type", "Environment", "Client ID"}))
	require.NoError(t, book.SetSheetRow("Data", "B4", &[]any{"https://a.example.com/", 15, "Shop", "custom", "Stage", "abc"}))
	require.NoError(t, book.SetSheetRow("Data", "B7", &[]any{"https://b.example.com/", 15.5, "Shop", "custom", "Stage", "1.5E+30"}))
	_, err = book.NewSheet("More")
	require.NoError(t, err)
	file, err := book.WriteToBuffer()
	require.NoError(t, err)
	read, err := inventory.Read(file.Bytes(), inventory.Defaults{})
	require.NoError(t, err)
	require.Equal(t, "Sheet Data, row 7", read.Rows[1].Place)
	plan := inventory.Compare(read.Rows, inventory.Registered{})
	require.Len(t, plan.Added, 1)
	require.Equal(t, 15*time.Minute, plan.Added[0].Endpoint.Interval)
	require.Len(t, plan.Rejected[0].Reasons, 2, "both are named")
	require.Contains(t, strings.Join(plan.Rejected[0].Reasons, " "), "turned into a number by a spreadsheet")
	require.Contains(t, strings.Join(read.Notes, " "), "“Sheet1” was left aside")
	require.Contains(t, strings.Join(read.Notes, " "), "“More” was left aside")
}

func TestJSONByHand(t *testing.T) {
	t.Parallel()
	file, err := inventory.Read([]byte(`[
		{"Application": "Shop", "type": "custom", "environment": "prod", "url": "https://a.example.com/", "interval": 5, "post_allowed": false, "mood": "good"},
		{"url": "https://b.example.com/", "environment": ["SOD"]}, "https://c.example.com/",
		{"url": "https://d.example.com/", "value": "https://e.example.com/"}, {"url": "https://f.example.com/\u0000"}]`), inventory.Defaults{})
	require.NoError(t, err)
	plan := inventory.Compare(file.Rows, inventory.Registered{})
	require.Len(t, plan.Added, 1)
	require.Equal(t, 5*time.Minute, plan.Added[0].Endpoint.Interval)
	var texts []string
	for _, rejection := range plan.Rejected {
		texts = append(texts, rejection.Row.Place+": "+rejection.Reasons[0])
	}
	require.Equal(t, []string{
		"$[1]: The field “environment” is no text, number, true or false.", "$[2]: This element is no object with the fields of a URL.",
		"$[3]: The field “value” is said twice.", "$[4]: The row holds characters that cannot be seen or stored. Type it anew.",
	}, texts)
	require.Contains(t, strings.Join(file.Notes, " "), "“mood”")
}

func TestSheetByHand(t *testing.T) {
	t.Parallel()
	file, err := inventory.Read(sheetOf(t, `<row><c t="inlineStr"><is><t>url</t></is></c></row><row r="9"><c r="A9" t="str"><f>HYPERLINK("x")</f><v>https://a.example.com/</v></c></row>`), inventory.Defaults{})
	require.NoError(t, err)
	require.Equal(t, "https://a.example.com/", file.Rows[0].Value, "a formula counts by its last value")
	require.Equal(t, "Sheet S, row 9", file.Rows[0].Place)
}

func TestApostrophesSurvive(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"=cmd|' /C calc'!A0", "'=x", "''=x", "'x", "-", "@x", "+1", "''", "'"} {
		endpoint := everything()[0]
		endpoint.ApplicationName = name
		for _, write := range []func(io.Writer, []monitor.Endpoint) error{inventory.WriteCSV, inventory.WriteXLSX} {
			var file bytes.Buffer
			require.NoError(t, write(&file, []monitor.Endpoint{endpoint}))
			read, err := inventory.Read(file.Bytes(), inventory.Defaults{})
			require.NoError(t, err)
			require.Equal(t, name, read.Rows[0].Application)
		}
	}
	var file bytes.Buffer
	endpoint := everything()[0]
	endpoint.ApplicationName = "=1+1"
	require.NoError(t, inventory.WriteCSV(&file, []monitor.Endpoint{endpoint}))
	require.Contains(t, file.String(), "\n'=1+1,", "no spreadsheet takes it for a formula")
}

// FuzzRead gives the readers of text whatever there is: they end, keep within
// their bounds, and what they read can be compared and stored.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"url;application\nhttps://a.example.com/;Shop\n", "sep=,\nvalue,client id\n\"x\"\"\",1.5E+30\n", "url\n\"x", `[{"url": "^https://a$", "post": true}]`,
		`{"gradewatch_inventory": 1, "urls": [{"value": "a:b", "kind": "guide", "interval_minutes": 1e3}]}`,
		`{"appName": "A", "clientIds": [{"environment": "SOD", "value": "c"}], "redirectUris": {"sod": ["http://127.0.0.1:1/"]}, "secret": "x"}`,
		`{"production": {"Allowed redirect URLs": "https://a.example.com/\nhttps://b.example.com/", "erpSync": {"enabled": true, "url": "x:y"}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if !bytes.HasPrefix(content, []byte("PK")) {
			readAnything(t, content)
		}
	})
}

// FuzzSheet gives the reader of workbooks a sheet with whatever in it.
func FuzzSheet(f *testing.F) {
	for _, seed := range []string{
		`<row r="1"><c r="A1" t="inlineStr"><is><t>url</t></is></c></row><row r="2"><c r="A2" t="str"><v>https://a.example.com/</v></c></row>`,
		`<row><c t="inlineStr"><is><t>url</t></is></c></row><row r="9"><c r="C9"><f>A1</f><v>1</v></c><c r="B9" t="s"><v>7</v></c></row>`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rows string) { readAnything(t, sheetOf(t, rows)) })
}

// sheetOf is a workbook of one sheet with rows.
func sheetOf(t testing.TB, rows string) []byte {
	t.Helper()
	const start = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`
	const relations, office = "http://schemas.openxmlformats.org/package/2006/relationships", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	return archive(t, map[string]string{
		"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels":                `<Relationships xmlns="` + relations + `"><Relationship Id="r1" Type="` + office + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="` + relations + `"><Relationship Id="r1" Type="` + office + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/workbook.xml": `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + office +
			`"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/worksheets/sheet1.xml": start + rows + `</sheetData></worksheet>`,
	})
}

func readAnything(t *testing.T, content []byte) {
	t.Helper()
	file, err := inventory.Read(content, inventory.Defaults{Application: "Shop", Type: "custom"})
	if err != nil {
		return
	}
	plan := inventory.Compare(file.Rows, inventory.Registered{})
	require.Equal(t, len(file.Rows), len(plan.Added)+len(plan.Rejected), "no row is dropped")
	for _, item := range plan.Added {
		require.True(t, inventory.Legible(item.Endpoint.Value+item.Endpoint.ApplicationName+item.Endpoint.ClientID+item.Endpoint.ProbeURL))
	}
	for _, note := range append(file.Notes, file.Rows[0].Place) {
		require.NotContains(t, note, "\x00")
	}
}

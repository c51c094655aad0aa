package web_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// upload sends a file as the form of imports does.
func (b *browser) upload(name string, content []byte, fields url.Values) answer {
	b.site.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for field := range fields {
		require.NoError(b.site, form.WriteField(field, fields.Get(field)))
	}
	part, err := form.CreateFormFile("file", name)
	require.NoError(b.site, err)
	_, err = part.Write(content)
	require.NoError(b.site, err)
	require.NoError(b.site, form.Close())
	request, err := http.NewRequestWithContext(b.site.Context(), http.MethodPost, b.site.url+"/imports", &body)
	require.NoError(b.site, err)
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Origin", b.site.url)
	response, err := b.client.Do(request)
	require.NoError(b.site, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(b.site, err)
	document, err := goquery.NewDocumentFromReader(bytes.NewReader(text))
	require.NoError(b.site, err)
	return answer{document, response.StatusCode, response.Header, response.Header.Get("Location"), response.Cookies(), string(text)}
}

// bigFile is a CSV file of count rows, of which faulty are wrong, and says in
// which lines those are.
func bigFile(count, faulty int) (file []byte, lines map[string]string) {
	var text bytes.Buffer
	lines = map[string]string{}
	fmt.Fprintln(&text, "application;type;environment;kind;value;interval_minutes")
	for i := range count {
		environment, value, minutes := "Production", fmt.Sprintf("https://a%d.example.com/cb", i), "60"
		if every := count / max(faulty, 1); faulty > 0 && i%every == 7 && i/every < faulty {
			place := fmt.Sprintf("Line %d", i+2)
			switch i / every % 3 {
			case 0:
				value, lines[place] = "a.example.com", "has no scheme"
			case 1:
				environment, lines[place] = "moon", "The environment “moon” is not known."
			default:
				minutes, lines[place] = "never", "The interval “never” cannot be used."
			}
		}
		fmt.Fprintf(&text, "Shop %d;custom;%s;redirect;%s;%s\n", i%40, environment, value, minutes)
	}
	return text.Bytes(), lines
}

func counters(page answer) map[string]string {
	found := map[string]string{}
	page.Find(".counters a").Each(func(_ int, counter *selection) {
		found[strings.TrimPrefix(counter.AttrOr("id", ""), "counter-")] = counter.Find(".number").Text()
	})
	return found
}

func (s *site) number(query string) (number int) {
	s.Helper()
	require.NoError(s, s.store.AsTeam(s.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, query).Scan(&number)
	}))
	return number
}

const allEndpoints = `SELECT count(*) FROM endpoints WHERE deleted_at IS NULL`

func TestImportOfTwentyThousandRows(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	file, lines := bigFile(20_000, 37)
	require.Len(t, lines, 37)
	uploaded := b.upload("urls.csv", file, nil)
	require.Equal(t, http.StatusSeeOther, uploaded.status, uploaded.text("main"))
	preview := b.get(uploaded.location)
	require.Equal(t, map[string]string{
		"rejected": "37", "applications": "40", "added": "19963", "changed": "0", "unchanged": "0", "missing": "0",
	}, counters(preview))
	require.Equal(t, 37, preview.Find("tr[data-rejected]").Length(), "what is rejected comes first, all of it")
	preview.Find("tr[data-rejected]").Each(func(_ int, row *selection) {
		place := strings.TrimSpace(row.Find("th").Text())
		require.Contains(t, row.Find("td").Last().Text(), lines[place], place)
		delete(lines, place)
	})
	require.Empty(t, lines)
	rejected, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.get(uploaded.location+"/rejected.csv").body, "\uFEFF"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rejected, 38)
	added := b.get(uploaded.location + "?show=added&page=200")
	require.Equal(t, 63, added.Find("tr[data-item]").Length())
	require.Zero(t, s.number(allEndpoints), "nothing is imported until somebody confirms")

	confirmed := b.post(uploaded.location+"/confirm", preview.formOf(`form[action$="/confirm"]`))
	require.Equal(t, uploaded.location+"?done=import-applied", confirmed.location, confirmed.text("main"))
	require.Equal(t, 19_963, s.number(allEndpoints))
	done := b.get(confirmed.location)
	require.Contains(t, done.text("#applied"), "19963 URLs added, 0 changed, 0 removed")
	require.Contains(t, done.text("#applied"), "37 rows of the file had been rejected")
	require.True(t, strings.Contains(b.get("/audit").text("tbody tr:first-child"), "Confirmed an import"), "the import stands above what it did")

	again := b.upload("urls.csv", file, nil)
	require.Equal(t, "19963", counters(b.get(again.location))["unchanged"])
	require.Contains(t, b.get(again.location).text("main"), "This file changes nothing.")
}

func TestImportIsRefusedWhenItWouldDoSomethingElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	s.addEndpoint("Shop", "https://old.example.com/", "SOD")
	s.addEndpoint("Shop", "https://keep.example.com/", "SOD")
	file := []byte("application,environment,value,interval\nShop,SOD,https://keep.example.com/,5\nShop,SOD,https://new.example.com/,15\n")
	path := b.upload("urls.csv", file, nil).location
	preview := b.get(path)
	require.Equal(t, map[string]string{"rejected": "0", "applications": "0", "added": "1", "changed": "1", "unchanged": "0", "missing": "1"}, counters(preview))
	require.Equal(t, "Confirm: add 1 URL, change 1 URL", preview.text(`form[action$="/confirm"] button`))
	changed := b.get(path + "?show=changed")
	require.Equal(t, "60", changed.text("del"))
	require.Equal(t, "5", changed.text("ins"))
	require.Contains(t, b.get(path+"?show=missing").text("tr[data-item]"), "https://old.example.com/")

	asked := preview.formOf(`form[action$="/confirm"]`)
	require.Empty(t, asked.Get("remove"), "nothing is removed unless somebody asks")
	s.addEndpoint("Shop", "https://another.example.com/", "SOD")
	removing := form(asked, url.Values{"remove": {"yes"}})
	refused := b.post(path+"/confirm", removing)
	require.Equal(t, http.StatusConflict, refused.status)
	require.Contains(t, refused.text(".note.bad"), "Nothing was imported yet")
	require.Equal(t, "2", counters(refused)["missing"], "the page shows what is now")
	require.Equal(t, 3, s.number(allEndpoints))

	require.Equal(t, http.StatusSeeOther, b.post(path+"/confirm", asked).status, "without removing, it does the same as before")
	require.Equal(t, 4, s.number(allEndpoints))
	require.Equal(t, 1, s.number(`SELECT count(*) FROM endpoints WHERE interval_seconds = 300`))

	second := b.upload("urls.csv", file, nil).location
	require.Equal(t, http.StatusSeeOther, b.post(second+"/confirm", form(b.get(second).formOf(`form[action$="/confirm"]`), url.Values{"remove": {"yes"}})).status)
	require.Equal(t, 2, s.number(allEndpoints))
	require.Equal(t, http.StatusConflict, b.post(b.upload("u.csv", []byte("application,environment,value\nShop,SOD,https://x.example.com/\n"), nil).location+"/confirm", url.Values{}).status, "nobody confirms what was not shown")
}

func TestTwoTabsConfirmOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	file, _ := bigFile(300, 0)
	path := b.upload("urls.csv", file, nil).location
	asked := b.get(path).formOf(`form[action$="/confirm"]`)
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			if got := b.post(path+"/confirm", asked); got.status != http.StatusSeeOther {
				t.Errorf("a tab got %d: %s", got.status, got.text("main"))
			}
		})
	}
	group.Wait()
	require.Equal(t, 300, s.number(allEndpoints))
	require.Equal(t, 1, s.number(`SELECT count(*) FROM audit WHERE action = 'import.apply'`))
}

func TestExportImportedAgainChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	b.post("/applications", form(
		url.Values{"name": {"=Shop; \"one\""}, "type": {"standard"}, "client-SOD": {"0123"}, "rows": {"3"}, "do": {"save"}},
		row("0", "SOD", "literal", "https://app.example.com/callback?a=1,2;3", "", "5"),
		row("1", "SOD", "pattern", `^https://[a-z]{1,9}\.example\.com/cb$`, "https://sod.example.com/cb", "1"),
		row("2", "Stage", "native_loopback", `^http://127.0.0.1\:\d{4,10}$`, "", "1440")))
	s.addEndpoint("Other", "https://other.example.com/", "SOD")
	for _, extension := range []string{"csv", "json", "xlsx"} {
		exported := b.get("/inventory/urls." + extension)
		require.Equal(t, http.StatusOK, exported.status)
		require.Equal(t, `attachment; filename="gradewatch-urls.`+extension+`"`, exported.header.Get("Content-Disposition"))
		imported := b.upload("urls."+extension, []byte(exported.body), nil)
		require.Equal(t, http.StatusSeeOther, imported.status, imported.text("#faults"))
		preview := b.get(imported.location)
		require.Equal(t, map[string]string{"rejected": "0", "applications": "0", "added": "0", "changed": "0", "unchanged": "4", "missing": "0"}, counters(preview), extension)
		one, err := inventory.Read([]byte(b.get("/inventory/urls."+extension+"?application=1").body), inventory.Defaults{})
		require.NoError(t, err)
		require.Len(t, one.Rows, 3)
	}
	require.Equal(t, http.StatusNotFound, b.get("/inventory/urls.csv?application=99").status)
	require.Equal(t, http.StatusNotFound, b.get("/inventory?application=x").status)
}

func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	for name, test := range map[string]struct {
		content string
		fields  url.Values
		field   string
		want    string
	}{
		"empty":     {"", nil, "file", "The file is empty."},
		"no header": {"https://a.example.com/\n", nil, "file", "must name the columns"},
		"too large": {"url\n" + strings.Repeat("x", inventory.MaxBytes), nil, "file", "larger than 32 MiB"},
		"huge":      {"url\n" + strings.Repeat("x", inventory.MaxBytes+2<<20), nil, "file", "larger than 32 MiB"},
		"type":      {"url\nhttps://a.example.com/\n", url.Values{"type": {"bespoke"}, "name": {"Shop"}}, "type", "Choose standard or custom"},
		"name":      {"url\nhttps://a.example.com/\n", url.Values{"name": {strings.Repeat("x", 201)}}, "name", "at most 200"},
	} {
		page := b.upload(`C:\urls.csv`, []byte(test.content), test.fields)
		require.Equal(t, http.StatusUnprocessableEntity, page.status, name)
		require.Contains(t, page.text("#"+test.field+"-fault"), test.want, name)
		require.Equal(t, test.fields.Get("name"), page.Find("#name").AttrOr("value", ""), "what was typed stays")
	}
	require.Equal(t, http.StatusBadRequest, b.post("/imports", url.Values{"file": {"x"}}).status)
	require.Zero(t, s.number(`SELECT count(*) FROM imports`))
	filled := b.upload("portal.json", []byte(`{"redirectUrls": {"sod": "https://a.example.com/"}, "secret": "s3cr3t"}`), url.Values{"name": {"Shop"}, "type": {"custom"}})
	preview := b.get(filled.location)
	require.Equal(t, "1", counters(preview)["added"])
	require.Contains(t, preview.text("main"), "secrets and certificates are never read")
	require.NotContains(t, preview.body, "s3cr3t")
	require.Equal(t, "/inventory?done=import-discarded", b.post(filled.location+"/discard", nil).location)
	require.Equal(t, http.StatusNotFound, b.get(filled.location).status)
	require.Equal(t, http.StatusNotFound, b.post(filled.location+"/confirm", nil).status)
}

func TestImportsAreTheTeams(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	file, _ := bigFile(3, 0)
	path := b.upload("urls.csv", file, nil).location
	asked := b.get(path).formOf(`form[action$="/confirm"]`)
	other := s.signedIn(s.colleague(monitor.Administrator, "eve@example.org", true))
	reader := s.signedIn(s.colleague(monitor.Reader, "reader@example.com", false))
	for _, one := range []string{path, path + "/rejected.csv"} {
		require.Equal(t, http.StatusNotFound, other.get(one).status)
		require.Equal(t, http.StatusForbidden, reader.get(one).status)
	}
	for _, action := range []string{"/confirm", "/discard"} {
		require.Equal(t, http.StatusNotFound, other.post(path+action, asked).status)
		require.Equal(t, http.StatusForbidden, reader.post(path+action, asked).status)
	}
	require.Equal(t, http.StatusForbidden, reader.upload("urls.csv", file, nil).status)
	require.Equal(t, http.StatusOK, reader.get("/inventory").status)
	require.Zero(t, reader.get("/inventory").Find("main form").Length())
	require.NotContains(t, other.get("/inventory").body, "urls.csv</a>")
	require.NotContains(t, other.get("/inventory/urls.csv").body, "example.com")
	require.Zero(t, s.number(allEndpoints))
	s.offset.Store(int64(25 * time.Hour))
	require.Equal(t, http.StatusNotFound, s.signedIn(s.person).post(path+"/confirm", asked).status, "it is too late")
}

func TestImportKeepsWithinTheQuotaOfHosts(t *testing.T) {
	t.Parallel()
	s := newSiteWithQuota(t, 3)
	b := s.signedIn(s.person)
	file := func(hosts ...string) []byte {
		text := "application,type,environment,value\n"
		for _, host := range hosts {
			text += "Shop,custom,SOD,https://" + host + "/\n"
		}
		return []byte(text)
	}
	confirm := func(path string, more url.Values) answer {
		return b.post(path+"/confirm", form(b.get(path).formOf(`form[action$="/confirm"]`), more))
	}
	fits := b.upload("a.csv", file("a.example.com", "b.example.com", "c.example.com"), nil).location
	require.Zero(t, b.get(fits).Find("#quota").Length())
	require.Equal(t, http.StatusSeeOther, confirm(fits, nil).status)
	other := b.upload("b.csv", file("a.example.com", "d.example.com"), nil).location
	require.Contains(t, b.get(other).text("#quota"), "3 hosts that are not verified, and has 3. This would add d.example.com.")
	refused := confirm(other, nil)
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, refused.text("#quota"), "Nothing was imported.")
	require.Equal(t, 3, s.number(allEndpoints))
	require.Equal(t, http.StatusSeeOther, confirm(other, url.Values{"remove": {"yes"}}).status, "what is removed makes room")
	require.Equal(t, 2, s.number(allEndpoints))
	require.Equal(t, 1, s.number(`SELECT count(*) FROM endpoints WHERE deleted_at IS NULL AND host = 'd.example.com'`))
}

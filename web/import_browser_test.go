package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/browsertest"
)

// importPages uploads a file that has everything in it, and names the pages of
// its preview.
func (s *site) importPages() map[string]string {
	s.Helper()
	s.addEndpoint("Shop", "https://old.example.com/a/very/long/path/that/goes/on/and/on/until/it/does/not/fit/into/any/narrow/column", "SOD")
	s.addEndpoint("Shop", "https://keep.example.com/", "SOD")
	file := `application,type,environment,kind,value,probe_url,interval,color
Shop,,SOD,redirect,https://keep.example.com/,,5,red
Shop,,Production,redirect,https://keep.example.com/production,,,
New shop with a very long name indeed,standard,SOD,redirect,^https://.*example.com/callback,https://www.example.com/callback,15,
Shop,,moon,telepathy,example.com,,never,
Shop,,SOD,webhook,https://a-very-long-host-name-that-never-ends.and-goes-on-and-on-and-on.example.com/with/a/path,,,
`
	path := s.signedIn(s.person).upload("every-url-of-our-applications.csv", []byte(file), nil).location
	pages := map[string]string{"inventory": "/inventory", "settings-of-url": "/endpoints/1/settings"}
	for _, part := range []string{"rejected", "applications", "added", "changed", "missing"} {
		pages["import-"+part] = path + "?show=" + part
	}
	return pages
}

// TestBrowserImport chooses a file, reads what would change and confirms it.
func TestBrowserImport(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := browsertest.Start(t)
	file := filepath.Join(t.TempDir(), "urls.csv")
	text, _ := bigFile(250, 3)
	require.NoError(t, os.WriteFile(file, text, 0o600))
	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate(s.url+"/sign-in/"+token), chromedp.Click(chromedp.CSS("main button")),
		chromedp.Click(`//a[.="Import a file"]`), chromedp.WaitVisible(chromedp.CSS("#file")),
		chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}),
		chromedp.Click(`//button[.="Show what would change"]`), chromedp.WaitVisible(chromedp.CSS("#counter-added")),
		chromedp.Click(chromedp.CSS("#counter-added")), chromedp.WaitVisible(`//h2[.="URLs that are added"]`),
		chromedp.Click(`//a[.="Next"]`), chromedp.WaitVisible(`//a[.="Previous"]`),
	))
	require.Zero(t, s.number(allEndpoints))
	require.NoError(t, chromedp.Do(ctx, chromedp.Click(`//button[.="Confirm: add 247 URLs"]`), chromedp.WaitVisible(chromedp.CSS("#applied"))))
	require.Equal(t, 247, s.number(allEndpoints))
}

// TestBrowserImportPictures walks the pages of imports at a desk's and a narrow
// phone's width, in light and dark.
func TestBrowserImportPictures(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := browsertest.Start(t)
	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(s.url+"/sign-in/"+token), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(`//h1[.="Overview"]`)))
	pages := s.importPages()
	applied := s.signedIn(s.person)
	path := applied.upload("small.csv", []byte("application,environment,value\nShop,Stage,https://small.example.com/\n"), nil).location
	applied.post(path+"/confirm", applied.get(path).formOf(fmt.Sprintf(`form[action="%s/confirm"]`, path)))
	pages["import-applied"] = path + "?done=import-applied"
	s.walkPictures(ctx, pages, 1280, 360)
}

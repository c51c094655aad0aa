package walk_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/browsertest"
)

// within is what the product promises from the button to the verdicts.
const within = 10 * time.Second

// TestVerdictsWithinTenSeconds is a newcomer's first walk: start, sign in by
// the printed link, register a URL of a good nginx, read its verdicts. A
// picture goes to the folder that GRADEWATCH_PICTURES names.
func TestVerdictsWithinTenSeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "127.0.0.33")
	serve := w.start([]string{"GRADEWATCH_DATA=" + dataFolder(t)}, "serve")
	link := serve.find(`Open (http://\S+)`, time.Minute)[1]
	ctx := browsertest.Start(t)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.EmulateViewport(1280, 900),
		chromedp.Navigate(link),
		chromedp.Click(`//main//button[.="Sign in"]`),
		chromedp.Click(`//a[.="Add your first application"]`),
		chromedp.SendKeys(chromedp.CSS("#name"), "Walk"),
		chromedp.Click(chromedp.CSS(`input[value=standard]`)),
		chromedp.SendKeys(chromedp.CSS("#url-0-value"), w.url("/callback")),
	))
	pressed := time.Now()
	require.NoError(t, chromedp.Do(ctx,
		chromedp.SendKeys(chromedp.CSS("#url-0-value"), kb.Enter),
		chromedp.WaitVisible(chromedp.CSS(`li[data-requirement="T-03"][data-result="pass"]`)),
	))
	took := time.Since(pressed)
	t.Logf("verdicts %s after the button", took.Round(time.Millisecond))
	require.Less(t, took, within)
	for _, requirement := range []string{"T-01", "T-02", "T-07", "T-09", "C-01", "C-02", "E-01", "L-01", "L-02"} {
		require.NoError(t, chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(`li[data-requirement="`+requirement+`"][data-result="pass"]`))))
	}
	if folder := os.Getenv("GRADEWATCH_PICTURES"); folder != "" {
		picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "walk.png"), picture, 0o600))
	}
}

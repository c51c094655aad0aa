package web_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/browsertest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// chromium is a browser in which missing pages and forms with faults are
// what the test asks for on purpose.
func chromium(t *testing.T) context.Context {
	t.Helper()
	return browsertest.Start(t, "/nowhere", "/applications")
}

func TestBrowserWalk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := chromium(t)
	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate(s.url+"/sign-in/"+token),
		chromedp.Click(`//main//button[.="Sign in"]`),
		chromedp.WaitVisible(`//h1[.="Overview"]`),
		chromedp.Click(`//a[.="Add your first application"]`),
		chromedp.WaitVisible(chromedp.CSS("#name")),
	))
	probeHidden, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector("#url-0-probe").offsetParent === null`))
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.SendKeys(chromedp.CSS("#name"), "CRM bridge"),
		chromedp.Click(chromedp.CSS(`input[value=custom]`)),
		chromedp.SendKeys(chromedp.CSS("#url-0-value"), "https://app.example.com/callback"+kb.Enter), // Enter saves
		chromedp.WaitVisible(chromedp.CSS("#progress")),
	))
	require.True(t, probeHidden, "only patterns need a probe URL")
	local, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("#progress .local-time")))
	require.NoError(t, err)
	require.Regexp(t, `^\((\d{4}-\d\d-\d\d )?\d\d:\d\d \S+\)$`, strings.TrimSpace(local), "the reader's own zone stands beside UTC")

	s.sql(`UPDATE assessments SET stage = 'http 1/1', started_at = slot`)
	require.NoError(t, chromedp.Do(ctx, chromedp.WaitVisible(`//*[@id="progress"]//*[contains(., "Requesting the URL")]`)))
	require.Equal(t, "https://app.example.com/callback", s.finishLook())
	require.NoError(t, chromedp.Do(ctx,
		chromedp.WaitVisible(chromedp.CSS(`li[data-requirement="T-02"]`)), // the page loads anew by itself
		chromedp.WaitNotPresent(chromedp.CSS("#progress")),
	))
}

// finishLook finishes the unfinished look as a worker would, by a seeded one.
func (s *site) finishLook() string {
	s.Helper()
	endpoint := s.endpoint(1)
	s.seedLook(endpoint, look{
		at: s.now(), purpose: monitor.First,
		verdicts: []checks.Verdict{verdict("T-02", checks.Pass, checks.Must, "192.0.2.10 refuses SSL 3.0.")},
		states:   []monitor.RequirementState{{Requirement: "T-02", Severity: checks.Must, Result: checks.Pass, Conclusive: checks.Pass}},
	})
	s.sql(`UPDATE assessments SET finished_at = slot, outcome = 'dropped' WHERE finished_at IS NULL`)
	return endpoint.Value
}

// TestBrowserKeyboardOnly signs in, adds a URL and signs out with the keys alone.
func TestBrowserKeyboardOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := chromium(t)
	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	tabTo := func(want string) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			var seen []string
			for range 40 {
				if err := chromedp.Do(ctx, chromedp.KeyEvent(kb.Tab)); err != nil {
					return err
				}
				name, err := chromedp.Run(ctx, chromedp.Evaluate[string](
					`(e => e.id || e.textContent.trim() || e.value || e.tagName)(document.activeElement)`))
				if err != nil {
					return err
				}
				if name == want {
					outline, err := chromedp.Run(ctx, chromedp.Evaluate[string](`getComputedStyle(document.activeElement).outlineStyle`))
					if err != nil {
						return err
					}
					if outline != "solid" {
						return fmt.Errorf("%q has the focus and does not show it", want)
					}
					return nil
				}
				seen = append(seen, name)
			}
			return fmt.Errorf("no %q among the stops %q", want, seen)
		})
	}
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate(s.url+"/sign-in/"+token),
		chromedp.WaitVisible(chromedp.CSS("main button")),
		chromedp.KeyEvent(kb.Enter), // the button has the focus
		chromedp.WaitVisible(`//h1[.="Overview"]`),
		tabTo("Skip to content"), tabTo("Add application"), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("#name")),
		tabTo("name"), chromedp.KeyEvent("Keys only"),
		tabTo("standard"), chromedp.KeyEvent(kb.ArrowDown),
		tabTo("url-0-value"), chromedp.KeyEvent("https://keys.example.com/cb"),
		tabTo("Add another URL"), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("#url-1-value")),
		tabTo("url-1-environment"), chromedp.KeyEvent("S"), // SOD
		tabTo("url-1-value"), chromedp.KeyEvent("https://keys.example.com/cb"),
		tabTo("Add application"), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(chromedp.CSS(`tr[data-endpoint="2"]`)),
		tabTo("Sign out"), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(`//h1[.="You are signed out"]`),
	))
}

// TestBrowserPictures walks every page at a desk's and a phone's width, in
// light and dark: nothing may be wider than the window, and axe-core finds
// nothing if GRADEWATCH_AXE names its file. Pictures go to GRADEWATCH_PICTURES.
func TestBrowserPictures(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	paths := s.everyPage()
	ctx := chromium(t)
	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(s.url+"/sign-in/"+token), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS(".counters"))))
	operator, err := auth.NewSignInLink(t.Context(), s.store, s.colleague(monitor.Operator, "operator@example.com", false), s.now())
	require.NoError(t, err)
	s.walkPictures(ctx, paths)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(s.url+"/sign-in/"+operator), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS(".counters"))))
	s.walkPictures(ctx, map[string]string{"intrusive": paths["full"] + "/intrusive", "operator": paths["full"]})
}

func (s *site) walkPictures(ctx context.Context, paths map[string]string, widths ...int64) {
	s.Helper()
	if len(widths) == 0 {
		widths = []int64{1280, 390}
	}
	for _, width := range widths {
		for _, scheme := range []string{"light", "dark"} {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			require.NoError(s, err)
			require.NoError(s, chromedp.Do(ctx, chromedp.EmulateViewport(width, 800)))
			for name, path := range paths {
				s.takePicture(ctx, fmt.Sprintf("%s-%d-%s", name, width, scheme), path)
			}
		}
	}
}

func (s *site) takePicture(ctx context.Context, name, path string) {
	s.Helper()
	require.NoError(s, chromedp.Do(ctx, chromedp.Navigate(s.url+path), chromedp.WaitReady(chromedp.CSS("footer"))), name)
	if strings.HasPrefix(name, "faults") {
		require.NoError(s, chromedp.Do(ctx,
			chromedp.SendKeys(chromedp.CSS("#url-0-value"), "https://partner.superoffice.com/cb"),
			chromedp.Click(`//button[.="Add another URL"]`), chromedp.WaitVisible(chromedp.CSS("#url-1-value")),
			chromedp.SendKeys(chromedp.CSS("#url-1-value"), "app.example.com/callback"),
			chromedp.Click(chromedp.CSS("button.primary")), chromedp.WaitVisible(chromedp.CSS("#faults")),
		), name)
	}
	if strings.HasPrefix(name, "look") {
		require.NoError(s, chromedp.Do(ctx, chromedp.Click(`//summary[.="Connections"]`), chromedp.Click(`//summary[.="Transcript"]`)), name)
	}
	if strings.HasPrefix(name, "rich") { // with all that is behind a click
		_, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.querySelectorAll("main details").forEach(d => d.open = true), 0`))
		require.NoError(s, err)
	}
	s.pictureHere(ctx, name)
}

// pictureHere looks at the page that the browser shows.
func (s *site) pictureHere(ctx context.Context, name string) {
	s.Helper()
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
	require.NoError(s, err)
	require.LessOrEqual(s, wide, 0, "%s is wider than its window", name)
	if folder := os.Getenv("GRADEWATCH_PICTURES"); folder != "" {
		picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		require.NoError(s, err)
		require.NoError(s, os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600))
	}
	if file := os.Getenv("GRADEWATCH_AXE"); file != "" {
		axe, err := os.ReadFile(file)
		require.NoError(s, err)
		found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](string(axe)+`;
			axe.run({resultTypes: ["violations"]}).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target + " " + n.failureSummary)))`,
			chromedp.EvalAwaitPromise))
		require.NoError(s, err, name)
		if len(found) > 0 {
			s.Errorf("%s: axe finds %s", name, strings.Join(found, "\n"))
		}
	}
}

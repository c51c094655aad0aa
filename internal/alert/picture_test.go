package alert

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/browsertest"
)

// pictured are letters that between them have every element and every color.
func pictured() []string {
	return []string{
		"forty", "worsened", "backends", "criteria", "resolved_forty", "service_paused", "channel_disabled", "channel_test",
		"digest_daily", "digest_burst", "attestation_due", "hostile_forty", "hostile_digest",
	}
}

// TestLettersAsPictures renders letters at a desk's and a phone's width,
// light and dark: nothing is wider than its window, axe-core finds nothing
// wrong, contrast included, and nothing is loaded from anywhere. Pictures go to
// GRADEWATCH_PICTURES.
func TestLettersAsPictures(t *testing.T) {
	t.Parallel()
	server, asked := letterServer(t)
	ctx := browsertest.Start(t, "/favicon.ico")
	for _, scheme := range []string{"light", "dark"} {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		require.NoError(t, err)
		for _, width := range []int64{600, 360} {
			require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, 800)))
			for _, name := range pictured() {
				require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(server+"/"+name)))
				label := fmt.Sprintf("mail-%s-%s-%d", name, scheme, width)
				wide, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
				require.NoError(t, err)
				require.LessOrEqual(t, wide, 0, "%s is wider than its window", label)
				if width == 600 { // the colors are the same at every width
					require.Empty(t, browsertest.Violations(ctx, t), label)
				}
				if folder := os.Getenv("GRADEWATCH_PICTURES"); folder != "" {
					picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
					require.NoError(t, err)
					require.NoError(t, os.WriteFile(filepath.Join(folder, label+".png"), picture, 0o600))
				}
			}
		}
	}
	for path := range asked() {
		require.Contains(t, pictured(), strings.TrimPrefix(path, "/"), "a letter loads something")
	}
}

// letterServer serves letters by their name, and says what was asked for.
func letterServer(t *testing.T) (address string, asked func() map[string]bool) {
	t.Helper()
	sender := newSender(t, nil)
	paths := make(chan string, 1<<12)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths <- r.URL.Path
		message, found := variants()[strings.TrimPrefix(r.URL.Path, "/")]
		if !found {
			http.NotFound(w, r)
			return
		}
		l := compose(sender.complete(message), of())
		if isDigest(message.Kind) {
			l.Unsubscribe = "https://watch.example/unsubscribe/token"
		}
		html, err := l.html(sender.template)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(html))
	}))
	t.Cleanup(server.Close)
	return server.URL, func() map[string]bool {
		all := map[string]bool{}
		for len(paths) > 0 {
			all[<-paths] = true
		}
		delete(all, "/favicon.ico") // the browser's own wish
		return all
	}
}

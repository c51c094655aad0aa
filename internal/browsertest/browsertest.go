// Package browsertest starts headless Chromium for tests of pages. It is for
// tests only and asks nothing of any host but the one under test.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// startLimit bounds the start of the browser, life the whole test with it: a
// machine that runs every other test besides is slow.
const (
	startLimit = time.Minute
	life       = 3 * time.Minute
)

// Start runs a browser with a fresh profile until the end of the test. Every
// script error and every breach of the content policy fails the test; errors
// of paths that end in one of expected are what a test asks for on purpose.
func Start(t *testing.T, expected ...string) context.Context {
	t.Helper()
	return StartWith(t, nil, expected...)
}

// StartWith is Start with more settings of the browser.
func StartWith(t *testing.T, settings []chromedp.ExecAllocatorOption, expected ...string) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	require.NoError(t, err, "this test needs a browser: run `make deps`, which installs the package chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Env("TZ=Europe/Oslo"), chromedp.WSURLReadTimeout(startLimit),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses its sandbox to root
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(t.Context(), append(options, settings...)...)
	ctx, cancel := chromedp.NewContext(allocator)
	ctx, cancelTime := context.WithTimeout(ctx, life)
	var listener sync.WaitGroup
	t.Cleanup(func() {
		cancelTime()
		cancel()
		cancelAllocator()
		listener.Wait()
	})
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate("about:blank")), "start the browser")
	messages := chromedp.Console(ctx)
	listener.Go(func() {
		for message, err := range messages {
			if err != nil {
				return
			}
			if message.Type == chromedp.ConsoleException || message.Type == chromedp.ConsoleError && !endsInOne(message.URL, expected) {
				t.Errorf("the browser complains: %s (%s)", message.Text, message.URL)
			}
		}
	})
	return ctx
}

func endsInOne(url string, endings []string) bool {
	for _, ending := range endings {
		if strings.HasSuffix(url, ending) {
			return true
		}
	}
	return false
}

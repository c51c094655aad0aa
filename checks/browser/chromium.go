package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"github.com/gradewatch/gradewatch/checks/probe"
)

// chromium is one running browser.
type chromium struct {
	ctx     context.Context //nolint:containedctx // chromedp keeps the browser in it
	end     func()          // returns when the process is gone
	command *exec.Cmd       // set when it starts
	folder  string
}

// startChromium prepares the browser at path; it starts with prepare. Its
// profile, home and temporary files are in a folder that close removes.
func startChromium(ctx context.Context, path, proxy string) (*chromium, error) {
	folder, err := os.MkdirTemp("", "gradewatch-browser-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the browser: %w", err)
	}
	c := &chromium{folder: folder}
	options := append(settings(proxy),
		chromedp.ExecPath(path), chromedp.UserDataDir(folder), chromedp.NoInheritEnv, // which holds secrets
		chromedp.Env("PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "TZ=UTC", "HOME="+folder, "TMPDIR="+folder,
			"XDG_CONFIG_HOME="+folder, "XDG_CACHE_HOME="+folder, "XDG_RUNTIME_DIR="+folder),
		chromedp.ModifyCmdFunc(func(command *exec.Cmd) {
			command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			command.Cancel = c.kill
			c.command = command
		}),
	)
	allocator, cancelAllocator := chromedp.NewExecAllocator(ctx, options...)
	silent := func(string, ...any) {} // what it logs may hold what a page wrote
	tab, cancelTab := chromedp.NewContext(allocator, chromedp.WithLogf(silent), chromedp.WithErrorf(silent))
	c.ctx = tab
	c.end = func() {
		cancelTab()
		cancelAllocator()
	}
	return c, nil
}

// kill ends every process of the browser, by the id of their group.
func (c *chromium) kill() error {
	if c.command == nil || c.command.Process == nil {
		return nil
	}
	if err := syscall.Kill(-c.command.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end the browser: %w", err)
	}
	return nil
}

// close ends the browser and removes its folder. Processes that are just ending
// may still write there.
func (c *chromium) close() error {
	killed := c.kill()
	c.end()
	var err error
	for range 20 {
		if err = os.RemoveAll(c.folder); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.Join(killed, err)
}

// prepare starts the browser and has it tell what script and answers write.
func (c *chromium) prepare() (*journal, error) {
	version, err := chromedp.CallBrowser(c.ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return nil, fmt.Errorf("start it: %w", err)
	}
	journal := &journal{}
	if err := chromedp.Listen(c.ctx, journal.note); err != nil {
		return nil, fmt.Errorf("listen to it: %w", err)
	}
	_, failed := chromedp.Call(c.ctx, network.Enable, network.EnableParams{})
	_, err = chromedp.Call(c.ctx, runtime.AddBinding, runtime.AddBindingParams{Name: bindingName})
	failed = errors.Join(failed, err)
	_, err = chromedp.Call(c.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: journalScript})
	failed = errors.Join(failed, err)
	_, err = chromedp.Call(c.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: userAgent(version.UserAgent)})
	failed = errors.Join(failed, err)
	_, err = chromedp.CallBrowser(c.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny})
	return journal, errors.Join(failed, err)
}

// open loads a page and gives its script a while. An answer without a page is a
// page without script.
func (c *chromium) open(url string) error {
	ctx, cancel := context.WithTimeout(c.ctx, loadLimit)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.Navigate(url))
	var load *chromedp.LoadError
	switch {
	case errors.As(err, &load) && (load.ErrorText == "net::ERR_HTTP_RESPONSE_CODE_FAILURE" || load.ErrorText == "net::ERR_ABORTED"):
		return nil
	case err != nil && c.ctx.Err() == nil && ctx.Err() != nil:
		return errLoading
	case err != nil:
		return err
	}
	timer := time.NewTimer(settling)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// cookies returns everything in the browser's jar.
func (c *chromium) cookies() ([]*network.Cookie, error) {
	result, err := chromedp.CallBrowser(c.ctx, storage.GetCookies, storage.GetCookiesParams{})
	return result.Cookies, err
}

// userAgent is what the browser says it is, so that pages work, and who asks.
func userAgent(of string) string { return headless.Replace(of) + " " + probe.UserAgent }

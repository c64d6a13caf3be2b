package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer/capture"
)

// required reports whether the environment demands that a tool be there.
func required(tool string) bool {
	for one := range strings.SplitSeq(os.Getenv(databasetest.RequireEnv), ",") {
		if strings.TrimSpace(one) == tool {
			return true
		}
	}
	return false
}

// lacking skips a test for want of a tool, or fails it where the tool is required.
func lacking(t *testing.T, tool, why string) {
	t.Helper()
	if required(tool) {
		t.Fatalf("%s is required: %s", tool, why)
	}
	t.Skip(why)
}

// newBrowser starts Chromium without a window; it ends with the test.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		lacking(t, "chromium", "no Chromium in PATH")
	}
	// Chromium leaves folders behind, and a socket in them, whose path must be short.
	temp, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Env("TMPDIR="+temp), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("accept-lang", "de"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	browser, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return browser
}

// visitor is somebody at a page, in a tab of her own.
type visitor struct {
	*testing.T
	tab  context.Context
	base string
}

func newVisitor(t *testing.T, browser context.Context, base string) *visitor {
	t.Helper()
	tab, stop := chromedp.NewContext(browser)
	t.Cleanup(stop)
	tab, stop = context.WithTimeout(tab, 3*time.Minute)
	t.Cleanup(stop)
	v := &visitor{t, tab, base}
	v.do(chromedp.EmulateViewport(375, 812))
	return v
}

func (v *visitor) do(steps ...chromedp.Action[chromedp.Void]) {
	v.Helper()
	if err := chromedp.Do(v.tab, steps...); err != nil {
		v.Fatal(err)
	}
}

// withoutScripts turns JavaScript off for her pages.
func (v *visitor) withoutScripts() {
	v.Helper()
	v.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// open goes to an address, whole or within the site, and takes what it says there.
func (v *visitor) open(address string, status int, says ...string) {
	v.Helper()
	if strings.HasPrefix(address, "/") {
		address = v.base + address
	}
	v.arrive(address, status, says, chromedp.Navigate(address))
}

// press clicks what leads to another page, by a CSS selector.
func (v *visitor) press(selector string, status int, says ...string) {
	v.Helper()
	v.arrive(selector, status, says, chromedp.Click(chromedp.CSS(selector)))
}

// arrive does what leads to a page and checks its status and words.
func (v *visitor) arrive(what string, status int, says []string, step chromedp.Action[chromedp.Void]) {
	v.Helper()
	response, err := chromedp.RunResponse(v.tab, step)
	if err != nil {
		v.Fatalf("%s: %v", what, err)
	}
	if int(response.Status) != status {
		v.Fatalf("%s: status %d, want %d\n%s", what, response.Status, status, v.words())
	}
	v.reads(says...)
}

// reads checks that the page shows these words.
func (v *visitor) reads(says ...string) {
	v.Helper()
	words := v.words()
	for _, part := range says {
		if !strings.Contains(words, part) {
			v.Fatalf("the page does not say %q but\n%s", part, words)
		}
	}
}

// words are what the page shows.
func (v *visitor) words() string {
	v.Helper()
	words, err := chromedp.Run(v.tab, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		v.Fatal(err)
	}
	return words
}

// fill types into a field, by its id, in place of what is there.
func (v *visitor) fill(id, value string) {
	v.Helper()
	v.do(chromedp.SetValue(chromedp.CSS("#"+id), value))
}

// link is where a link of the page leads.
func (v *visitor) link(selector string) string {
	v.Helper()
	a, err := chromedp.Run(v.tab, chromedp.AttributeValue(chromedp.CSS(selector), "href"))
	if err != nil {
		v.Fatal(err)
	}
	if strings.HasPrefix(a.Value, "/") {
		return v.base + a.Value
	}
	return a.Value
}

// house is a whole daemon on free ports that keeps its mails.
type house struct {
	*testing.T
	*demo
	push *publisher
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return newHouseOn(t, "")
}

// newHouseOn is newHouse with the database at url; "" is SQLite in its folder.
func newHouseOn(t *testing.T, url string) *house {
	t.Helper()
	c, err := demoConfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c.Database.URL = config.Secret(url)
	h := &house{T: t, demo: &demo{session: &session{stdout: io.Discard, stderr: io.Discard}, config: c, started: time.Now()}}
	h.must(h.begin(t.Context()))
	t.Cleanup(h.end)
	h.push, err = newPublisher(h.daemon.broker, "klinikum")
	h.must(err)
	t.Cleanup(h.push.close)
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// publish sends a posting over NATS and waits until it is stored.
func (h *house) publish(identifier, title, town string, more map[string]any) {
	h.Helper()
	posting := map[string]any{"@context": "https://schema.org", "@type": "JobPosting", "identifier": identifier, "title": title,
		"description":        "<p>Wir betreiben KIS und PACS für sechs Kliniken. Sie entwickeln Schnittstellen mit HL7 und FHIR.</p><ul><li>unbefristet</li><li>30 Tage Urlaub</li></ul>",
		"hiringOrganization": map[string]any{"@type": "Organization", "name": "Klinikum Ruhrgebiet Medizintechnikverwaltungsgesellschaft mbH"},
		"datePosted":         time.Now().UTC().Format(time.RFC3339), "validThrough": time.Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339),
		"jobLocation": map[string]any{"@type": "Place", "address": map[string]any{"addressLocality": town, "addressCountry": "DE"}}}
	for name, value := range more {
		posting[name] = value
	}
	raw, err := json.Marshal(posting)
	h.must(err)
	if a := h.push.send(h.Context(), raw, 20*time.Second); a.Status != alerts.StatusStored && a.Status != alerts.StatusUpdated {
		h.Fatalf("posting %s: %+v", identifier, a)
	}
}

// mailTo waits for a mail to an address whose text holds something.
func (h *house) mailTo(address, holds string) *capture.Mail {
	h.Helper()
	var m *capture.Mail
	h.must(h.until(h.Context(), fmt.Sprintf("a mail to %s with %s", address, holds), func() (ok bool, err error) {
		m, err = h.newest(address, holds)
		return m != nil, err
	}))
	return m
}

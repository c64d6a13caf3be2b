package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// tools is where programs of npm's are looked for: the folder that .ci/run fills.
const tools = "../../.ci/tools/node_modules"

func testWish(h *house, query string) subscriptions.Wish {
	h.Helper()
	c := alerts.Criteria{Query: query, Places: []alerts.Place{{Name: "Gelsenkirchen"}}}
	h.must(h.daemon.meaning.Prepare(&c))
	return subscriptions.Wish{Criteria: c, Schedule: subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Weekday: time.Monday, Timezone: "Europe/Berlin"}}
}

// axe reads the accessibility engine: axe.min.js of npm's axe-core, at AXE_MIN_JS
// or in the tools folder.
func axe(t *testing.T) string {
	t.Helper()
	path := os.Getenv("AXE_MIN_JS")
	if path == "" {
		path = filepath.Join(tools, "axe-core", "axe.min.js")
	}
	script, err := os.ReadFile(path)
	if err != nil {
		lacking(t, "axe", "no axe-core: "+err.Error())
	}
	return string(script)
}

// prefers sets the colour scheme that the visitor's system asks for.
func (v *visitor) prefers(scheme string) {
	v.Helper()
	v.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	}))
}

// findings are what axe-core says of a page: how many rules hold, and which are
// broken where.
type findings struct {
	Held   int `json:"held"`
	Broken []struct {
		ID    string `json:"id"`
		Help  string `json:"help"`
		Where string `json:"where"`
	} `json:"broken"`
}

// runAxe asks for the rules of WCAG 2.2 A and AA and of good practice, with every
// detail of the page opened; of a page in other colours only those that look at them.
const runAxe = `(async (options) => {
	document.querySelectorAll("details").forEach(d => d.open = true);
	const r = await axe.run(document, {resultTypes: ["violations"], ...options});
	return {held: r.passes.length, broken: r.violations.map(v => ({id: v.id, help: v.help, where: v.nodes.map(n => n.target.join(" ") + ": " + n.failureSummary).join("\n")}))};
})`

func TestAxeFindsNoViolationOnAnyPageInLightAndDark(t *testing.T) {
	script := axe(t)
	browser := newBrowser(t)
	h, pages := gallery(t)
	v := newVisitor(t, browser, h.config.HTTP.PublicURL)
	for _, lang := range []string{"de", "en"} {
		for _, e := range pages {
			v.prefers("light")
			v.visit(e, lang)
			v.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
				_, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: script})
				return err
			}))
			judge := func(scheme, options string, least int) {
				found, err := chromedp.Run(v.tab, chromedp.Evaluate[findings](runAxe+"("+options+")", chromedp.EvalAwaitPromise))
				if err != nil {
					t.Fatalf("%s: %v", e.name, err)
				}
				if found.Held < least {
					t.Errorf("%s: only %d rules were looked at", e.name, found.Held)
				}
				for _, one := range found.Broken {
					t.Errorf("%s, %s, %s: %s: %s\n%s", e.name, lang, scheme, one.ID, one.Help, one.Where)
				}
			}
			judge("light", "{}", 10)
			v.prefers("dark")
			judge("dark", `{runOnly: {type: "rule", values: ["color-contrast", "link-in-text-block"]}}`, 1)
		}
	}
}

// WCAG 2.2, 1.4.10: nothing needs scrolling in two directions at 320 px.
func TestNoPageScrollsSidewaysOnTheNarrowestScreen(t *testing.T) {
	browser := newBrowser(t)
	h, pages := gallery(t)
	v := newVisitor(t, browser, h.config.HTTP.PublicURL)
	for _, lang := range []string{"de", "en"} {
		for _, e := range pages {
			v.visit(e, lang)
			for _, width := range []int64{320, 640, 1280} { // 640: 1280 px at 200 % (1.4.4)
				v.do(chromedp.EmulateViewport(width, 800))
				got, err := chromedp.Run(v.tab, chromedp.Evaluate[float64](`document.querySelectorAll("details").forEach(d => d.open = true), document.documentElement.scrollWidth`))
				if err != nil {
					t.Fatalf("%s: %v", e.name, err)
				}
				if int64(got) > width {
					t.Errorf("%s, %s: %v px wide on %d", e.name, lang, got, width)
				}
			}
		}
	}
}

// The gallery must have a page of every route, so that no page goes unjudged.
func TestTheGalleryShowsEveryRoute(t *testing.T) {
	source, err := os.ReadFile("../../subscriptions/web/routes.go")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	missing := map[string]bool{}
	for _, m := range regexp.MustCompile(`"((?:GET|POST) /\S*)": `).FindAllStringSubmatch(string(source), -1) {
		mux.HandleFunc(m[1], func(http.ResponseWriter, *http.Request) {})
		missing[m[1]] = true
	}
	if len(missing) < 40 {
		t.Fatalf("only %d routes are found in routes.go", len(missing))
	}
	_, pages := gallery(t)
	for _, e := range pages {
		method := http.MethodGet
		if e.form != nil {
			method = http.MethodPost
		}
		_, pattern := mux.Handler(httptest.NewRequest(method, e.address("de"), nil))
		delete(missing, pattern)
	}
	// What is no page, and what answers by leading to another.
	for _, pattern := range []string{"GET /robots.txt", "GET /sitemap.xml", "GET /feeds/{file}", "GET /manage/{token}/export.json",
		"POST /confirm/{token}", "POST /unsubscribe/{token}", "POST /dismiss/{token}/{what}", "POST /separate/{token}", "POST /manage/{token}/alerts",
		"POST /manage/{token}/alerts/{id}/pause", "POST /manage/{token}/alerts/{id}/resume", "POST /manage/{token}/alerts/{id}/end", "POST /manage/{token}/alerts/{id}/undo",
		"POST /manage/{token}/end", "POST /manage/{token}/language", "POST /manage/{token}/rotate"} {
		delete(missing, pattern)
	}
	for pattern := range missing {
		t.Errorf("no exhibit shows %s", pattern)
	}
}

func TestEveryPageIsValidHTML(t *testing.T) {
	check, err := filepath.Abs(filepath.Join(tools, ".bin", "html-validate"))
	if err == nil {
		_, err = os.Stat(check)
	}
	if err != nil {
		lacking(t, "html-validate", "no html-validate: "+err.Error())
	}
	h, pages := gallery(t)
	dir := t.TempDir()
	for _, e := range pages {
		for _, lang := range []string{"de", "en"} {
			h.must(os.WriteFile(filepath.Join(dir, e.name+"."+lang+".html"), page(h, e, lang), 0o600))
		}
	}
	h.must(os.WriteFile(filepath.Join(dir, ".htmlvalidate.json"), []byte(`{"root": true, "extends": ["html-validate:standard"]}`), 0o600))
	command := exec.CommandContext(t.Context(), check, "--formatter", "text", dir)
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

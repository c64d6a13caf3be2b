package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer/suppression"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// exhibit is one page in one state.
type exhibit struct {
	name   string
	path   string
	fresh  func() string // the path, made anew for each visit: for what happens once
	form   url.Values    // posted, even if empty; nil: a GET
	status int
}

// gallery makes a house with something in it, and lists every page in each state
// that looks different.
func gallery(t *testing.T) (*house, []exhibit) {
	h := newHouse(t)
	for i, title := range []string{"Medizininformatiker (m/w/d)", "Fachinformatiker für Krankenhausinformationssysteme und medizinische Dokumentation (m/w/d)",
		"Medizinische Informatik: Rechtsschutzversicherungsgesellschaftsangestellte (w/m/d)"} {
		h.publish("g"+string(rune('1'+i)), title, []string{"Gelsenkirchen", "Essen", "Recklinghausen"}[i], map[string]any{"employmentType": "FULL_TIME",
			"baseSalary": map[string]any{"@type": "MonetaryAmount", "currency": "EUR", "value": map[string]any{"minValue": 3200 + 100*i, "maxValue": 4100, "unitText": "MONTH"}}})
	}
	h.publish("g4", "Medizininformatiker in der Personalvermittlung", "Bochum", map[string]any{"description": "<p>Für einen Kunden, im Rahmen der Arbeitnehmerüberlassung.</p>"})
	raw := []byte(`{"identifier": "g4"}`)
	if a := h.push.publish(t.Context(), "postings.withdrawn.klinikum", raw, 20*time.Second); len(a.Errors) > 0 {
		t.Fatalf("withdraw: %+v", a)
	}
	h.publish("g5", "Medizinischer Dokumentar (m/w/d)", "Herne", nil)
	h.must(h.until(t.Context(), "the archive holds the postings", func() (bool, error) { return h.daemon.archive.Period().Postings == 4, nil }))
	g := &guests{h: h, now: time.Now()}
	anna, running := g.subscribe("anna@example.org", "Medizininformatiker", true)
	_, resting := g.subscribe("anna@example.org", "Krankenhausinformationssystem", true)
	_, over := g.subscribe("anna@example.org", "Koch", true)
	_, waiting := g.subscribe("anna@example.org", "Gärtner", false)
	g.change(func(tx *sqlx.Tx) error {
		if _, err := h.daemon.subscriptions.Pause(t.Context(), tx, []uint32{resting}, g.now.AddDate(0, 0, 14), subscriptions.BestOnly); err != nil {
			return err
		}
		_, err := h.daemon.subscriptions.End(t.Context(), tx, anna.ID, []uint32{over}, subscriptions.EndedUnsubscribed, subscriptions.Circumstances{}, g.now)
		return err
	})
	links, path := h.daemon.links, func(link string) string { return strings.TrimPrefix(link, h.config.HTTP.PublicURL) }
	manage := path(links.Manage(anna, g.now))
	id := func(n uint32) string { return strings.TrimPrefix(path(links.Posting(n)), "/postings/") }
	sign := func(who *subscriptions.Subscriber, p subscriptions.Purpose, detail string) string {
		return links.Signer.Sign(subscriptions.Claims{Purpose: p, Subscriber: who.ID, Rotation: who.Rotation, Detail: detail, Issued: g.now})
	}
	bounced, _ := g.subscribe("bounced@example.org", "Koch", true)
	empty, gone := g.subscribe("empty@example.org", "Koch", false)
	g.change(func(tx *sqlx.Tx) error {
		return errors.Join(h.daemon.suppressions.Add(t.Context(), tx, "bounced@example.org", suppression.HardBounce, "5.1.1"),
			h.daemon.subscriptions.DropUnconfirmed(t.Context(), tx, empty.ID),
			h.daemon.subscriptions.Dismiss(t.Context(), tx, bounced.ID, 1, g.now))
	})
	left := func(as string) func() string {
		return func() string {
			who, id := g.guest()
			g.change(func(tx *sqlx.Tx) error {
				_, err := h.daemon.subscriptions.End(t.Context(), tx, who.ID, []uint32{id}, subscriptions.EndedUnsubscribed, subscriptions.Circumstances{}, g.now)
				return err
			})
			return path(links.Unsubscribe(who, g.now, id)) + "/" + as
		}
	}
	wrong := url.Values{"q": {"Koch"}, "place": {"Atlantis an der Ruhr"}, "timezone": {"Berlin"}, "email": {"niemand"}, "salary": {"viel"}, "hour": {"25"}}
	none := url.Values{}
	return h, []exhibit{
		{name: "home", path: "/", status: 200},
		{name: "jobs", path: "/jobs/medizininformatiker/gelsenkirchen", status: 200},
		{name: "jobs-anywhere", path: "/jobs/medizininformatiker", status: 200},
		{name: "jobs-bare", path: "/jobs", status: 200},
		{name: "jobs-wide", path: "/jobs?q=Medizininformatiker&place=Gelsenkirchen&radius=10&salary=4500&salary_unknown=drop", status: 200},
		{name: "jobs-older", path: "/jobs?q=Medizininformatiker&older=0", status: 200},
		{name: "jobs-none", path: "/jobs?q=Donaudampfschifffahrtsgesellschaftskapitänsmützenträger", status: 200},
		{name: "jobs-namesake", path: "/jobs?q=Koch&place=Neustadt", status: 200},
		{name: "jobs-unknown-place", path: "/jobs?q=Koch&place=Gelsenkirchn&radius=viel", status: 422},
		{name: "jobs-everything", path: "/jobs?no_agencies=1", status: 422},
		{name: "faults", path: "/subscriptions", form: wrong, status: 422},
		{name: "preview", path: "/subscriptions", form: url.Values{"q": {"Medizininformatiker"}, "salary": {"4500"}, "salary_unknown": {"drop"}, "preview": {"1"}}, status: 200},
		{name: "posting", path: "/postings/2", status: 200},
		{name: "posting-gone", path: "/postings/4", status: 410},
		{name: "sent", path: "/subscriptions/sent", status: 200},
		{name: "links", path: "/links", status: 200},
		{name: "links-fault", path: "/links", form: url.Values{"email": {"niemand"}}, status: 422},
		{name: "links-sent", path: "/links/sent", status: 200},
		{name: "imprint", path: "/imprint", status: 200},
		{name: "nowhere", path: "/nowhere", status: 404},
		{name: "confirm", path: path(links.Confirm(anna, waiting, g.now)), status: 200},
		{name: "confirmed", path: path(links.Confirm(anna, running, g.now)), status: 200},
		{name: "confirm-ended", path: path(links.Confirm(anna, over, g.now)), status: 200},
		{name: "confirm-late", path: path(links.Confirm(anna, waiting, g.now.AddDate(0, 0, -8))), status: 410},
		{name: "confirm-gone", path: path(links.Confirm(empty, gone, g.now)), status: 404},
		{name: "manage", path: manage, status: 200},
		{name: "manage-done", path: manage + "?done=paused", status: 200},
		{name: "manage-empty", path: path(links.Manage(empty, g.now)), status: 200},
		{name: "manage-bounced", path: path(links.Manage(bounced, g.now)), status: 200},
		{name: "manage-fault", path: manage + "/address", form: url.Values{"email": {"niemand"}}, status: 422},
		{name: "edit", path: manage + "/alerts/" + id(running), status: 200},
		{name: "edit-faults", path: manage + "/alerts/" + id(running), form: wrong, status: 422},
		{name: "edit-preview", path: manage + "/alerts/" + id(running), form: url.Values{"q": {"Medizininformatiker"}, "preview": {"1"}}, status: 200},
		{name: "new", path: manage + "/alerts/new", status: 200},
		{name: "end-all", path: manage + "/end", status: 200},
		{name: "erase", path: manage + "/erase", status: 200},
		{name: "erased", fresh: func() string { who, _ := g.guest(); return path(links.Manage(who, g.now)) + "/erase" }, form: none, status: 200},
		{name: "consent", path: manage + "/consent", status: 200},
		{name: "unsubscribe", path: path(links.Unsubscribe(anna, g.now, running)), status: 200},
		{name: "unsubscribed", path: path(links.Unsubscribe(anna, g.now, over)), status: 200},
		{name: "back-undo", fresh: left("undo"), form: none, status: 200},
		{name: "back-fewer", fresh: left("fewer"), form: none, status: 200},
		{name: "back-pause", fresh: left("pause"), form: none, status: 200},
		{name: "dismiss", path: path(links.Dismiss(anna, 2, g.now, running)), status: 200},
		{name: "dismissed", path: path(links.Dismiss(bounced, 1, g.now)), status: 200},
		{name: "separate", path: "/separate/" + sign(anna, subscriptions.ToSeparate, "1,2"), status: 200},
		{name: "separated", path: "/separate/" + sign(anna, subscriptions.ToSeparate, "1,2") + "?done=1", status: 200},
		{name: "address", path: path(links.ChangeAddress(anna, subscriptions.ByNewAddress, "neu@example.org", g.now)), status: 200},
		{name: "address-sent", path: path(links.ChangeAddress(anna, subscriptions.ByNewAddress, "neu@example.org", g.now)), form: none, status: 200},
		{name: "address-old", path: path(links.ChangeAddress(anna, subscriptions.ByOldAddress, "neu@example.org", g.now)), status: 200},
		{name: "address-done", fresh: func() string {
			who, _ := g.guest()
			return path(links.ChangeAddress(who, subscriptions.ByOldAddress, "neu-"+who.Email, g.now))
		}, form: none, status: 200},
		{name: "address-taken", path: path(links.ChangeAddress(anna, subscriptions.ByOldAddress, "empty@example.org", g.now)), form: none, status: 409},
		{name: "expired", path: path(links.Manage(anna, g.now.AddDate(-1, 0, 0))), status: 410},
		{name: "invalid", path: "/manage/bm8", status: 404},
	}
}

// guests are the people in a gallery.
type guests struct {
	h    *house
	now  time.Time
	came int
}

// guest is somebody new with one alert.
func (g *guests) guest() (*subscriptions.Subscriber, uint32) {
	g.h.Helper()
	g.came++
	return g.subscribe("guest"+strconv.Itoa(g.came)+"@example.org", "Koch", true)
}

func (g *guests) change(f func(tx *sqlx.Tx) error) {
	g.h.Helper()
	g.h.must(g.h.daemon.db.Tx(g.h.Context(), f))
}

// subscribe signs somebody up and, if asked, confirms.
func (g *guests) subscribe(address, query string, confirm bool) (*subscriptions.Subscriber, uint32) {
	g.h.Helper()
	wish := testWish(g.h, query)
	how := subscriptions.Circumstances{TextVersion: "1", Wording: "Ich möchte passende Stellen per E-Mail bekommen.", Source: "page"}
	var made subscriptions.Enrolment
	at := g.now
	if confirm { // yesterday: an address is written to three times a day at most
		at = at.Add(-25 * time.Hour)
	}
	g.change(func(tx *sqlx.Tx) (err error) {
		made, err = g.h.daemon.subscriptions.SignUp(g.h.Context(), tx, subscriptions.SignUp{Address: address, Locale: "de", Wish: wish, How: how}, at)
		return err
	})
	if confirm {
		g.change(func(tx *sqlx.Tx) error {
			_, err := g.h.daemon.subscriptions.Confirm(g.h.Context(), tx, made.Subscription, how, g.now)
			return err
		})
	}
	who, err := g.h.daemon.subscriptions.Subscriber(g.h.Context(), g.h.daemon.db.Reader, made.Subscriber)
	g.h.must(err)
	return &who, made.Subscription
}

// address is where an exhibit is, in a language.
func (e exhibit) address(lang string) string {
	path := e.path
	if e.fresh != nil {
		path = e.fresh()
	}
	if strings.Contains(path, "?") {
		return path + "&lang=" + lang
	}
	return path + "?lang=" + lang
}

// visit takes the visitor to one exhibit.
func (v *visitor) visit(e exhibit, lang string) {
	v.Helper()
	if e.form == nil {
		v.open(e.address(lang), e.status)
		return
	}
	v.open("/imprint", http.StatusOK) // a post comes from a page of the site
	fields, err := json.Marshal(e.form)
	if err != nil {
		v.Fatal(err)
	}
	submit := fmt.Sprintf(`(() => {
		const form = document.body.appendChild(document.createElement("form"));
		form.method = "post";
		form.action = %q;
		for (const [name, values] of Object.entries(%s)) for (const value of values) {
			const field = form.appendChild(document.createElement("input"));
			field.name = name;
			field.value = value;
		}
		form.submit();
	})()`, e.address(lang), fields)
	v.arrive(e.name, e.status, nil, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: submit})
		return err
	}))
}

// page is an exhibit as the daemon sends it.
func page(h *house, e exhibit, lang string) []byte {
	h.Helper()
	method, form := http.MethodGet, io.Reader(http.NoBody)
	if e.form != nil {
		method, form = http.MethodPost, strings.NewReader(e.form.Encode())
	}
	r, err := http.NewRequestWithContext(h.Context(), method, h.config.HTTP.PublicURL+e.address(lang), form)
	h.must(err)
	if e.form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(r)
	h.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	h.must(err)
	if resp.StatusCode != e.status {
		h.Fatalf("%s: %s", e.name, resp.Status)
	}
	return body
}

package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// exhibit is one page in one state: where it is, or how to come to it.
type exhibit struct {
	name   string
	path   string
	status int
	reach  func(v *visitor) // nil: open path
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
	h.must(h.until(t.Context(), "the archive holds the postings", func() (bool, error) { return h.daemon.archive.Period().Postings == 3, nil }))
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
	return h, []exhibit{
		{name: "home", path: "/", status: 200},
		{name: "jobs", path: "/jobs/medizininformatiker/gelsenkirchen", status: 200},
		{name: "jobs-wide", path: "/jobs?q=Medizininformatiker&place=Gelsenkirchen&radius=10&salary=4500&salary_unknown=drop", status: 200},
		{name: "jobs-none", path: "/jobs?q=Donaudampfschifffahrtsgesellschaftskapitänsmützenträger", status: 200},
		{name: "jobs-unknown-place", path: "/jobs?q=Koch&place=Atlantis+an+der+Ruhr", status: 422},
		{name: "faults", status: 422, reach: func(v *visitor) {
			v.fill("q", "Koch")
			v.fill("place-0", "Atlantis an der Ruhr")
			v.fill("timezone", "Berlin")
			v.fill("email", "niemand")
			v.press("form.card:not(.search) button:not([name])", 422)
		}},
		{name: "posting", path: "/postings/2", status: 200},
		{name: "posting-gone", path: "/postings/4", status: 410},
		{name: "sent", path: "/subscriptions/sent", status: 200},
		{name: "links", path: "/links", status: 200},
		{name: "links-sent", path: "/links/sent", status: 200},
		{name: "imprint", path: "/imprint", status: 200},
		{name: "nowhere", path: "/nowhere", status: 404},
		{name: "confirm", path: path(links.Confirm(anna, waiting, g.now)), status: 200},
		{name: "confirmed", path: path(links.Confirm(anna, running, g.now)), status: 200},
		{name: "manage", path: manage, status: 200},
		{name: "edit", path: manage + "/alerts/" + id(running), status: 200},
		{name: "new", path: manage + "/alerts/new", status: 200},
		{name: "end-all", path: manage + "/end", status: 200},
		{name: "erase", path: manage + "/erase", status: 200},
		{name: "consent", path: manage + "/consent", status: 200},
		{name: "unsubscribe", path: path(links.Unsubscribe(anna, g.now, running)), status: 200},
		{name: "unsubscribed", path: path(links.Unsubscribe(anna, g.now, over)), status: 200},
		{name: "dismiss", path: path(links.Dismiss(anna, 2, g.now, running)), status: 200},
		{name: "separate", path: "/separate/" + links.Signer.Sign(subscriptions.Claims{Purpose: subscriptions.ToSeparate, Subscriber: anna.ID, Rotation: anna.Rotation, Detail: "1,2", Issued: g.now}), status: 200},
		{name: "address", path: path(links.ChangeAddress(anna, subscriptions.ByNewAddress, "neu@example.org", g.now)), status: 200},
		{name: "expired", path: path(links.Manage(anna, g.now.AddDate(-1, 0, 0))), status: 410},
	}
}

// guests are the people in a gallery.
type guests struct {
	h   *house
	now time.Time
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

// visit takes the visitor to one exhibit.
func (v *visitor) visit(e exhibit, lang string) {
	v.Helper()
	target := e.path
	if e.reach != nil {
		target = "/"
	}
	sep := "?"
	if strings.Contains(target, "?") {
		sep = "&"
	}
	status := e.status
	if e.reach != nil {
		status = http.StatusOK
	}
	v.open(target+sep+"lang="+lang, status)
	if e.reach != nil {
		e.reach(v)
	}
}

// page is an exhibit as the daemon sends it.
func page(h *house, e exhibit, lang string) []byte {
	h.Helper()
	sep := "?"
	if strings.Contains(e.path, "?") {
		sep = "&"
	}
	resp, err := http.Get(h.config.HTTP.PublicURL + e.path + sep + "lang=" + lang)
	h.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	h.must(err)
	if resp.StatusCode != e.status {
		h.Fatalf("%s: %s", e.name, resp.Status)
	}
	return body
}

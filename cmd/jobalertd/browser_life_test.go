package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// life is what one visitor reads on her way through the pages.
type life struct {
	name, lang, address                                                    string
	scripts                                                                bool
	found, preview, sent, ask, running, saved, paused, resumed             string
	dismissed, left, oneClick, undone, askErase, erased, nextTask, brought string
}

func TestALifeInTheBrowserFromSearchToErasure(t *testing.T) {
	browser := newBrowser(t)
	h := newHouse(t)
	h.publish("1", "Medizininformatiker (m/w/d) für Krankenhausinformationssysteme", "Gelsenkirchen", nil)
	h.publish("2", "Fachinformatiker für Medizinische Informatik (m/w/d)", "Essen", nil)
	h.publish("3", "Koch (m/w/d)", "Gelsenkirchen", nil)
	h.must(h.until(t.Context(), "the archive holds the postings", func() (bool, error) { return h.daemon.archive.Period().Postings == 3, nil }))
	german := life{lang: "de", address: "anna@example.org", scripts: true, found: " Stellen", preview: "in den letzten 30 Tagen gebracht hätte: etwa eine Mail im Monat",
		sent: "Bitte sehen Sie in Ihr Postfach", ask: "Möchten Sie passende Stellen per E-Mail bekommen?", running: "Ihr Suchauftrag läuft", saved: "Gespeichert.",
		paused: "Der Suchauftrag ruht.", resumed: "Der Suchauftrag läuft wieder.", dismissed: "Diese Stelle kommt nicht mehr.", left: "Hierzu kommen keine Mails mehr.",
		oneClick: "Sie sind abgemeldet.", undone: "als wäre nichts gewesen", askErase: "Das lässt sich nicht rückgängig machen.", erased: "Ihre Daten sind gelöscht", nextTask: "Kürzlich beendet", brought: "eine Mail mit"}
	english := life{lang: "en", address: "bert@example.org", scripts: true, found: " jobs", preview: "in the last 30 days: about one mail a month",
		sent: "Please look into your inbox", ask: "Would you like to receive fitting jobs by e-mail?", running: "Your alert is running", saved: "Saved.",
		paused: "The alert is resting.", resumed: "The alert is running again.", dismissed: "This job will not come again.", left: "No more mails about this.",
		oneClick: "You are unsubscribed.", undone: "as if nothing had happened", askErase: "This cannot be undone.", erased: "Your data are erased", nextTask: "Ended lately", brought: "one mail with"}
	plain := german
	plain.address, plain.scripts = "cleo@example.org", false
	german.name, english.name, plain.name = "German", "English", "without JavaScript"
	for _, l := range []life{german, english, plain} {
		t.Run(l.name, func(t *testing.T) {
			hh := *h
			hh.T = t
			l.live(&hh, newVisitor(t, browser, h.config.HTTP.PublicURL))
		})
	}
}

func (l life) live(h *house, v *visitor) {
	if !l.scripts {
		v.withoutScripts()
	}
	l.search(v)
	l.subscribe(h, v)
	digest := l.receive(h)
	manage := linkIn(digest.text, "/manage/")
	l.change(h, v, manage)
	l.dismiss(h, v, digest.text)
	l.export(h, v, manage)
	l.leave(h, v, digest, manage)
	l.vanish(h, v, manage)
}

func (l life) search(v *visitor) {
	v.open("/?lang="+l.lang, http.StatusOK)
	v.fill("s-q", "Medizininformatiker")
	v.fill("s-place", "Gelsenkirchen")
	v.press(".search button", http.StatusOK, l.found, "Krankenhausinformationssysteme", l.preview)
	v.press(".found a", http.StatusOK, "Klinikum Ruhrgebiet")
	v.open("/jobs/medizininformatiker/gelsenkirchen?lang="+l.lang, http.StatusOK, l.found, l.preview)
}

func (l life) subscribe(h *house, v *visitor) {
	v.open("/?lang="+l.lang, http.StatusOK)
	v.fill("q", "Medizininformatiker")
	v.fill("place-0", "Gelsenkirchen")
	v.press("button[name=preview]", http.StatusOK, l.preview)
	v.fill("frequency", "weekly")
	v.fill("email", l.address)
	v.press("form.card:not(.search) button:not([name])", http.StatusOK, l.sent)
	confirm := linkIn(h.mailTo(l.address, "/confirm/").Text, "/confirm/")
	v.open(confirm, http.StatusOK, l.ask, "Medizininformatiker", l.preview)
	if sub := l.subscription(h); sub.State != subscriptions.Unconfirmed {
		v.Fatalf("looking made it %s", sub.State)
	}
	v.press("main form button", http.StatusOK, l.running, "Krankenhausinformationssysteme")
	if sub := l.subscription(h); sub.State != subscriptions.Confirmed || sub.Schedule.Frequency != subscriptions.Weekly {
		v.Fatalf("confirmed, it is %s, %s", sub.State, sub.Schedule.Frequency)
	}
}

func (l life) subscription(h *house) subscriptions.Subscription {
	who, err := h.daemon.subscriptions.SubscriberByAddress(h.Context(), h.daemon.db.Reader, l.address)
	h.must(err)
	subs, err := h.daemon.subscriptions.Of(h.Context(), h.daemon.db.Reader, who.ID)
	h.must(err)
	if len(subs) != 1 {
		h.Fatalf("%s has %d subscriptions", l.address, len(subs))
	}
	return subs[0]
}

// digestMail is a digest as it came.
type digestMail struct {
	text, unsubscribe string
}

// receive publishes what fits and waits for the mail that brings it.
func (l life) receive(h *house) digestMail {
	title := "Medizininformatiker für " + l.address
	h.publish(l.address, title, "Bochum", map[string]any{"description": "<p>Medizinische Informatik für " + l.address + " in Bochum, mit Schwerpunkt Labor.</p>"})
	_, err := h.daemon.digests.Run(h.Context(), time.Now().AddDate(0, 0, 8))
	h.must(err)
	h.daemon.relay.Wake()
	m := h.mailTo(l.address, title)
	if post := headerOf(m, "List-Unsubscribe-Post"); post != "List-Unsubscribe=One-Click" {
		h.Fatalf("the digest says List-Unsubscribe-Post: %q", post)
	}
	return digestMail{m.Text, linkIn(headerOf(m, "List-Unsubscribe"), "/unsubscribe/")}
}

func (l life) change(h *house, v *visitor, manage string) {
	v.open(manage, http.StatusOK, l.address)
	v.press(".card .actions a", http.StatusOK, l.preview)
	v.fill("radius-0", "50")
	v.fill("hour", "18")
	v.press("form.card button:not([name])", http.StatusOK, l.saved, "50\u00a0km", "18")
	v.do(chromedp.Click(chromedp.CSS("section.card summary")))
	until := time.Now().AddDate(0, 0, 14)
	v.do(chromedp.SetValue(chromedp.CSS("section.card input[type=date]"), until.Format(time.DateOnly)), chromedp.SetValue(chromedp.CSS("section.card details select"), "best"))
	v.press("section.card details button", http.StatusOK, l.paused)
	if sub := l.subscription(h); sub.State != subscriptions.Paused || sub.OnReturn != subscriptions.BestOnly || sub.PausedUntil.Sub(until).Abs() > 36*time.Hour {
		v.Fatalf("paused, it is %s until %s, then %s", sub.State, sub.PausedUntil, sub.OnReturn)
	}
	v.press("form[action*='/resume'] button", http.StatusOK, l.resumed)
}

func (l life) dismiss(h *house, v *visitor, text string) {
	v.open(linkIn(text, "/dismiss/"), http.StatusOK, l.address)
	v.press("main li form button", http.StatusOK, l.dismissed)
	dismissed, err := h.daemon.subscriptions.Dismissed(h.Context(), h.daemon.db.Reader, []int64{l.subscription(h).Subscriber})
	h.must(err)
	if len(dismissed) != 1 {
		v.Fatalf("dismissed %v", dismissed)
	}
}

// export reads what her page offers to download.
func (l life) export(h *house, v *visitor, manage string) {
	v.open(manage, http.StatusOK, l.brought)
	body := fetch(h, v.link("a[download]"))
	var out struct {
		Email     string
		Consents  []map[string]any
		Dismissed []map[string]any
	}
	h.must(json.Unmarshal([]byte(body), &out))
	if out.Email != l.address || len(out.Consents) < 3 || len(out.Dismissed) != 1 {
		v.Fatalf("exported %s", body)
	}
	atom := fetch(h, v.link("section a[href$='.atom']"))
	if !strings.Contains(atom, "<feed") || !strings.Contains(atom, "Krankenhausinformationssysteme") || strings.Contains(atom, "für "+l.address) {
		v.Fatalf("her feed is %s", atom)
	}
}

func fetch(h *house, address string) string {
	h.Helper()
	resp, err := http.Get(address)
	h.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	h.must(err)
	if resp.StatusCode != http.StatusOK {
		h.Fatalf("%s: %s\n%s", address, resp.Status, body)
	}
	return string(body)
}

// leave does as a mail provider does, and takes it back.
func (l life) leave(h *house, v *visitor, digest digestMail, manage string) {
	resp, err := http.PostForm(digest.unsubscribe, url.Values{"List-Unsubscribe": {"One-Click"}})
	h.must(err)
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	h.must(err)
	if resp.StatusCode != http.StatusOK || resp.Request.Method != http.MethodPost || len(resp.Cookies()) > 0 || !strings.Contains(string(body), l.oneClick) {
		v.Fatalf("one click is answered with %s %s: %s", resp.Request.Method, resp.Status, body)
	}
	v.open(manage, http.StatusOK, l.nextTask)
	v.open(digest.unsubscribe, http.StatusOK, l.left)
	v.press("form[action*='/undo'] button", http.StatusOK, l.undone)
	if sub := l.subscription(h); sub.State != subscriptions.Confirmed {
		v.Fatalf("undone, it is %s", sub.State)
	}
}

func (l life) vanish(h *house, v *visitor, manage string) {
	v.open(manage, http.StatusOK)
	v.press("a[href*='/erase']", http.StatusOK, l.askErase)
	v.press("button.danger", http.StatusOK, l.erased)
	v.open(manage, http.StatusNotFound)
	if _, err := h.daemon.subscriptions.SubscriberByAddress(h.Context(), h.daemon.db.Reader, l.address); err == nil {
		v.Fatal("her address stayed")
	}
}

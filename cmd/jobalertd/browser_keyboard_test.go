package main

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// focused is what has the focus.
type focused struct {
	Name  string `json:"name"`  // of its tag, and what it is called
	At    int    `json:"at"`    // its place in the document
	Shown bool   `json:"shown"` // one sees that it has the focus
}

// whatIsFocused also looks whether the focus can be seen: an outline, on something
// that lies on the page and is not hidden below its edge.
const whatIsFocused = `(() => {
	const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
	const all = [...document.querySelectorAll("*")];
	return {name: e.tagName.toLowerCase() + " " + (e.id || e.name || e.textContent.trim().slice(0, 14).trim()), at: all.indexOf(e),
		shown: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && r.width > 1 && r.right > 0 && r.bottom > 0 && r.left < innerWidth && r.top < innerHeight};
})()`

func (v *visitor) keys(keys string) {
	v.Helper()
	v.do(chromedp.KeyEvent(keys))
}

func (v *visitor) focus() focused {
	v.Helper()
	f, err := chromedp.Run(v.tab, chromedp.Evaluate[focused](whatIsFocused))
	if err != nil {
		v.Fatal(err)
	}
	return f
}

// tabTo presses Tab until something has the focus; what lies before it must take
// it in the page's order, and be seen to. (A date has several stops.)
func (v *visitor) tabTo(name string) {
	v.Helper()
	last := v.focus()
	for range 80 {
		v.keys(kb.Tab)
		f := v.focus()
		if f.At < last.At && last.Name[:4] != "body" {
			v.Fatalf("from %+v the focus goes back to %+v before it reaches %s", last, f, name)
		}
		if !f.Shown && f.At != last.At {
			v.Errorf("nobody sees that %+v has the focus", f)
		}
		if last = f; f.Name == name {
			return
		}
	}
	v.Fatalf("Tab never reaches %s", name)
}

// Somebody without a mouse searches, subscribes, confirms and ends her alert.
func TestTheKeyboardAloneLeadsFromSearchToLeaving(t *testing.T) {
	browser := newBrowser(t)
	h := newHouse(t)
	h.publish("1", "Medizininformatiker (m/w/d)", "Gelsenkirchen", nil)
	h.must(h.until(t.Context(), "the archive holds the posting", func() (bool, error) { return h.daemon.archive.Period().Postings == 1, nil }))
	v := newVisitor(t, browser, h.config.HTTP.PublicURL)
	v.prefers("light")
	v.open("/?lang=de", http.StatusOK)
	v.keys(kb.Tab)
	if f := v.focus(); f.Name != "a Zum Inhalt" || !f.Shown {
		t.Errorf("the first thing with the focus is %+v", f)
	}
	v.tabTo("input s-q")
	v.keys("Medizininformatiker")
	v.tabTo("input s-place")
	v.keys("Gelsenkirchen")
	v.enter("Eine Stelle")
	v.tabTo("input email")
	v.keys("anna@example.org")
	v.enter("Bitte sehen Sie in Ihr Postfach")
	v.open(linkIn(h.mailTo("anna@example.org", "/confirm/").Text, "/confirm/"), http.StatusOK)
	v.tabTo("button Ja, Suchauftra")
	v.enter("Ihr Suchauftrag läuft")
	v.tabTo("a Suchaufträge v")
	v.enter("Meine Suchaufträge")
	v.tabTo("summary Pausieren – Me")
	v.keys(kb.Enter) // opens
	v.tabTo("button Pause beginnen")
	v.enter("Der Suchauftrag ruht.")
	v.tabTo("button Beenden – Medi")
	v.enter("Der Suchauftrag ist beendet.")
	if sub := (life{address: "anna@example.org"}).subscription(h); sub.State != subscriptions.Ended {
		t.Errorf("it is %s", sub.State)
	}
}

// enter presses Enter, which leads to a page that says something.
func (v *visitor) enter(says string) {
	v.Helper()
	v.arrive("Enter", http.StatusOK, []string{says}, chromedp.KeyEvent(kb.Enter))
}

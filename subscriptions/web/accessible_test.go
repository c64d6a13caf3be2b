package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/subscriptions"
	"github.com/jobalertd/jobalertd/subscriptions/web"
)

// full is a world with a search and postings.
func full(t *testing.T) *world {
	t.Helper()
	return fullOf(t, samplePostings())
}

// samplePostings are 45 alike, the last one withdrawn.
func samplePostings() []alerts.Stored {
	var postings []alerts.Stored
	for i := range 45 {
		postings = append(postings, alerts.Stored{Posting: alerts.Posting{Number: uint32(i + 1), Source: "klinik", Identifier: fmt.Sprint(i),
			Title: "Medizininformatiker (m/w/d)", Employer: "Klinik <Ruhr> GmbH", Language: "de", Description: `<h1>Aufgaben</h1><p onclick="x()">KIS</p><script>alert(1)</script>`,
			Locations:       []alerts.Location{{Name: "Gelsenkirchen", PostalCode: "45879", State: "DE-NW", Country: "DE", Located: true, Lat: 51.51, Lon: 7.1}},
			EmploymentTypes: []alerts.EmploymentType{alerts.FullTime}, URL: "https://klinik.example/1", PublishedAt: noon.AddDate(0, 0, -1), ExpiresAt: noon.AddDate(0, 0, 30)}})
	}
	postings[44].Withdrawn = true
	return postings
}

func fullOf(t *testing.T, postings []alerts.Stored) *world {
	t.Helper()
	w := newWorld(t, databasetest.SQLite(t), nil)
	w.withPostings(postings)
	return w
}

// withPostings gives the site a search over postings.
func (w *world) withPostings(postings []alerts.Stored) {
	w.Helper()
	w.search, w.period = postings, web.Period{All: true}
	w.options.Search, w.options.Postings = w, w
	w.rebuild()
}

func TestSearchShowsWhatAnAlertWouldSend(t *testing.T) {
	w := full(t)
	page := w.get("/jobs?q=Medizininformatiker&place=Gelsenkirchen&radius=25&salary=3500&lang=de").must(t, 200, "45 Stellen", "Medizininformatiker (m/w/d)", "Klinik &lt;Ruhr&gt; GmbH", "page=2", `value="3500"`, "Gehalt nicht angegeben")
	if len(page.body) > 30<<10 {
		t.Errorf("a page of results has %d bytes", len(page.body))
	}
	if n := strings.Count(page.body, "/postings/"); n != 20 {
		t.Errorf("%d postings on a page", n)
	}
	w.get("/jobs?q=Medizininformatiker&place=Gelsenkirchen&page=3&lang=de").must(t, 200, "/postings/45")
	w.get("/jobs?q=Seiltänzer&lang=de").must(t, 200, "Heute passt keine Stelle")
	w.get("/jobs?place=Atlantis+an+der+Ruhr&lang=de").must(t, http.StatusUnprocessableEntity, "Atlantis an der Ruhr", "s-place-fault")
	w.get("/jobs?lang=de").must(t, 200, "Per E-Mail abonnieren")
	w.get("/postings/1?lang=de").must(t, 200, "Mehr Stellen in Gelsenkirchen", "Mehr Stellen bei Klinik")
}

func TestAPostingsPageIsSanitisedDescribedAndGoneWhenClosed(t *testing.T) {
	w := full(t)
	page := w.get("/postings/7?lang=de").must(t, 200, "application/ld+json", `"@type":"JobPosting"`, "<h2>Aufgaben</h2>", "nicht angegeben", "https://klinik.example/1", `rel="canonical" href="https://jobs.example/postings/7"`)
	if strings.Contains(page.body, "onclick") || strings.Contains(page.body, "alert(1)") {
		t.Error("the description was not sanitised")
	}
	w.get("/postings/45?lang=de").must(t, http.StatusGone, "nicht mehr offen")
	for _, number := range []string{"0", "46", "x", "99999999999", "-1"} {
		w.get("/postings/"+number).must(t, 404)
	}
}

func TestConfirmedPageShowsWhatThereIsToday(t *testing.T) {
	w := full(t)
	who, id := w.subscribed("anna@example.org")
	w.get(path(w.links.Confirm(who, id, w.now))).must(t, 200, "Ihr Suchauftrag läuft", "(45)", "Dienstag, 2. Juni 2026, 07:00\u00a0Uhr")
}

func TestEveryPageIsSoundForAssistiveTechnology(t *testing.T) {
	w := full(t)
	who, id := w.subscribed("anna@example.org")
	left, gone := w.subscribed("bert@example.org")
	w.follow(path(w.links.Unsubscribe(left, w.now, gone)), url.Values{"from": {"page"}})
	manage := path(w.links.Manage(who, w.now))
	w.follow(manage+"/alerts", url.Values{"q": {"Koch"}, "timezone": {"Europe/Vienna"}})
	w.post("/subscriptions", signUpForm("cleo@example.org"))
	c := w.mails.confirmations[len(w.mails.confirmations)-1]
	for _, target := range []string{"/", "/jobs?q=Medizininformatiker", "/jobs", "/jobs?q=Seiltänzer", "/jobs/medizininformatiker/gelsenkirchen", "/jobs/koch/atlantis", path(w.links.Dismiss(who, 1, w.now, id)), "/postings/1", "/postings/45", "/links", "/links/sent", "/subscriptions/sent", "/imprint", "/nowhere",
		path(w.links.Confirm(w.subscriber(c.subscriber), c.subscription, w.now)), path(w.links.Confirm(who, id, w.now)), manage, manage + "?done=saved", manage + "/alerts/" + itoa(id), manage + "/alerts/new",
		manage + "/end", manage + "/erase", manage + "/consent", path(w.links.Unsubscribe(who, w.now, id)), path(w.links.Unsubscribe(left, w.now, gone)),
		path(w.links.ChangeAddress(who, subscriptions.ByNewAddress, "new@example.org", w.now))} {
		for _, lang := range []string{"de", "en"} {
			sep := "?"
			if strings.Contains(target, "?") {
				sep = "&"
			}
			a := w.get(target + sep + "lang=" + lang)
			checkPage(t, lang+" "+target, lang, a.body)
		}
	}
	bad := signUpForm("nonsense")
	bad.Set("place", "Atlantis an der Ruhr")
	bad.Set("salary", "viel")
	bad.Set("timezone", "Berlin")
	bad.Set("hour", "25")
	a := w.post("/subscriptions?lang=de", bad).must(t, http.StatusUnprocessableEntity, "place-0-fault", "salary-fault", "timezone-fault", "email-fault", "hour-fault", `value="nonsense"`)
	checkPage(t, "faults", "de", a.body)
	if i, j := strings.Index(a.body, `href="#place-0"`), strings.Index(a.body, `href="#salary"`); i < 0 || j < i {
		t.Error("faults are not listed in the order of their fields")
	}
}

// checkPage looks for what WCAG's machine-checkable criteria ask: a language, a
// title, one h1 and no level skipped, unique ids, a label for each field, and
// references that lead somewhere.
func checkPage(t *testing.T, name, lang, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids, labelled := map[string]int{}, map[string]bool{}
	var refs, controls []string
	level := 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		a := attributes(n)
		if id, ok := a["id"]; ok {
			ids[id]++
		}
		refs = append(refs, strings.Fields(a["aria-describedby"]+" "+a["aria-labelledby"]+" "+a["list"])...)
		if strings.HasPrefix(a["href"], "#") {
			refs = append(refs, a["href"][1:])
		}
		switch n.Data {
		case "html":
			if a["lang"] != lang {
				t.Errorf("%s: lang %q", name, a["lang"])
			}
		case "label":
			labelled[a["for"]] = true
			refs = append(refs, a["for"])
		case "input", "select", "textarea":
			if a["type"] != "hidden" {
				controls = append(controls, a["id"])
			}
		case "h1", "h2", "h3", "h4":
			next := int(n.Data[1] - '0')
			if next > level+1 || next == 1 && level > 0 {
				t.Errorf("%s: h%d after h%d", name, next, level)
			}
			level = next
		case "a", "button", "title":
			if strings.TrimSpace(textOf(n)) == "" {
				t.Errorf("%s: a %s without words", name, n.Data)
			}
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%s: id %s stands %d times", name, id, n)
		}
	}
	for _, id := range controls {
		if id == "" || !labelled[id] {
			t.Errorf("%s: field %q has no label", name, id)
		}
	}
	for _, ref := range slices.Compact(refs) {
		if ids[ref] == 0 {
			t.Errorf("%s: %q refers to nothing", name, ref)
		}
	}
	if level == 0 || strings.Contains(page, "⟦") || strings.Contains(page, "%!") {
		t.Errorf("%s: no heading, or a text not filled in", name)
	}
}

func attributes(n *html.Node) map[string]string {
	a := make(map[string]string, len(n.Attr))
	for _, one := range n.Attr {
		a[one.Key] = one.Val
	}
	return a
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func TestLanguageFollowsTheSwitchTheSubscriberAndTheBrowser(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t), nil)
	ask := func(target, accept string) string {
		r, _ := http.NewRequest(http.MethodGet, target, nil)
		r.Header.Set("Accept-Language", accept)
		return w.send(r).Header.Get("Content-Language")
	}
	who, _ := w.subscribed("anna@example.org")
	manage := path(w.links.Manage(who, w.now))
	for _, tt := range []struct{ target, accept, want string }{
		{"/", "", "de"}, {"/", "en-GB,de;q=0.5", "en"}, {"/", "de-AT", "de"}, {"/", "fr", "en"}, {"/", "gsw, fr;q=0.2", "de"}, {"/", ";;;", "de"},
		{"/?lang=en", "de", "en"}, {"/?lang=xx", "de", "de"}, {manage, "en", "de"}, {manage + "?lang=en", "de", "en"},
	} {
		if got := ask(tt.target, tt.accept); got != tt.want {
			t.Errorf("%s for %q: %s, want %s", tt.target, tt.accept, got, tt.want)
		}
	}
	w.follow(manage+"/language", url.Values{"locale": {"en"}}).must(t, 200, "Mails and pages now come in English")
	if got := ask(manage, "de"); got != "en" {
		t.Errorf("after the change %s", got)
	}
	page := w.get("/?lang=en").must(t, 200)
	for _, link := range linksOf(page.body) {
		if !strings.HasPrefix(link, "/static/") && link != "/" && !strings.Contains(link, "lang=") {
			t.Errorf("%s forgets the chosen language", link)
		}
	}
}

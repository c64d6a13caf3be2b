package web_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
	"github.com/jobalertd/jobalertd/subscriptions/web"
)

func TestReadableAddressesAreTheSearchTheySay(t *testing.T) {
	w := full(t)
	w.get("/jobs/medizininformatiker/gelsenkirchen?lang=de").must(t, 200, "45 Stellen", "Medizininformatiker · 25\u00a0km um Gelsenkirchen",
		`rel="canonical" href="https://jobs.example/jobs/medizininformatiker/gelsenkirchen"`, `value="Gelsenkirchen"`)
	w.get("/jobs/medizininformatiker?lang=de").must(t, 200, "45 Stellen", `href="https://jobs.example/jobs/medizininformatiker"`)
	for from, to := range map[string]string{
		"/jobs/Medizininformatiker/Gelsenkirchen":         "/jobs/medizininformatiker/gelsenkirchen",
		"/jobs/Verk%C3%A4ufer/K%C3%B6ln?page=2&lang=en":   "/jobs/verkaeufer/koeln?page=2&lang=en",
		"/jobs/software%20entwickler/frankfurt%20am-main": "/jobs/software-entwickler/frankfurt-am-main",
	} {
		if a := w.get(from).must(t, http.StatusMovedPermanently); a.Header.Get("Location") != to {
			t.Errorf("%s leads to %s, want %s", from, a.Header.Get("Location"), to)
		}
	}
	w.get("/jobs/koch/frankfurt-am-main?lang=de").must(t, 200, "Frankfurt am Main")
	w.get("/jobs/koch/nordrhein-westfalen?lang=de").must(t, 200, "Nordrhein-Westfalen")
	w.get("/jobs/koch/atlantis-an-der-ruhr?lang=de").must(t, http.StatusNotFound, "s-place-fault")
	w.get("/jobs/---/essen").must(t, http.StatusNotFound)
}

func TestASearchHasOneAddressForCrawlers(t *testing.T) {
	w := full(t)
	for target, want := range map[string]string{
		"/jobs?q=Medizininformatiker&place=Gelsenkirchen&radius=25": "https://jobs.example/jobs/medizininformatiker/gelsenkirchen",
		"/jobs?q=medizininformatiker&place=gelsenkirchen":           "https://jobs.example/jobs/medizininformatiker/gelsenkirchen",
		"/jobs?q=Medizininformatiker":                               "https://jobs.example/jobs/medizininformatiker",
	} {
		if a := w.get(target).must(t, 200, `rel="canonical" href="`+want+`"`); strings.Contains(a.body, "noindex") {
			t.Errorf("%s is not to be found", target)
		}
	}
	for _, target := range []string{"/jobs?q=Medizininformatiker&place=Gelsenkirchen&radius=50", "/jobs?q=Medizininformatiker&salary=3500", "/jobs?q=Medizininformatiker+-Koch",
		"/jobs?q=Seiltänzer", "/jobs?q=Medizininformatiker&page=2", "/jobs?q=KIS"} {
		w.get(target).must(t, 200, `content="noindex"`)
	}
}

func TestNeighbouringSearchesSayWhatTheyWouldFind(t *testing.T) {
	w := full(t)
	away := w.search[0]
	away.Number, away.Locations = 99, []alerts.Location{{Name: "Dortmund", Country: "DE", Located: true, Lat: 51.515, Lon: 7.466}}
	far := away
	far.Number, far.Locations = 98, []alerts.Location{{Name: "München", Country: "DE", Located: true, Lat: 48.137, Lon: 11.575}}
	w = fullOf(t, append([]alerts.Stored{away, far}, w.search...))
	page := w.get("/jobs/medizininformatiker/gelsenkirchen?lang=de").must(t, 200, "In der Nähe", ">im Umkreis von 50\u00a0km</a> 46", ">in Dortmund</a>", ">überall</a> 47", `href="/jobs/medizininformatiker/dortmund?lang=de"`)
	if strings.Contains(page.body, ">in Gelsenkirchen</a>") || strings.Contains(page.body, ">in Köln</a>") {
		t.Error("it offers what is here already, or nothing")
	}
	followed := 0
	for _, link := range linksOf(page.body) {
		if strings.HasPrefix(link, "/jobs") {
			w.get(link).must(t, 200)
			followed++
		}
	}
	if followed < 4 {
		t.Errorf("followed only %d searches", followed)
	}
}

func TestSimilarOccupationsAreThoseThatFindSomething(t *testing.T) {
	w := full(t)
	for i, title := range []string{"Medizinischer Dokumentar (m/w/d)", "Medizinischer Dokumentar im Tumorregister", "Bioinformatiker (m/w/d)", "Koch (m/w/d)"} {
		p := w.search[0]
		p.Number, p.Title = uint32(900+i), title
		w.search = append(w.search, p)
	}
	w.search[len(w.search)-2].Locations = []alerts.Location{{Name: "München", Country: "DE", Located: true, Lat: 48.137, Lon: 11.575}}
	w = fullOf(t, w.search)
	page := w.get("/jobs/medizininformatiker/gelsenkirchen?lang=de").must(t, 200, "Ähnliche Berufe", `href="/jobs/medizinischer-dokumentar/gelsenkirchen?lang=de">Medizinischer Dokumentar</a> 2<`)
	for _, not := range []string{"Bioinformatiker</a>", "Klinischer Kodierer</a>", "Koch</a>"} {
		if strings.Contains(page.body, not) {
			t.Errorf("it offers %s, of which there is none here", not)
		}
	}
	w.get("/jobs/medizinischer-dokumentar/gelsenkirchen?lang=de").must(t, 200, "2 Stellen")
	if page := w.get("/jobs?q=Medizininformatiker+KIS&lang=de"); strings.Contains(page.body, "Ähnliche Berufe") {
		t.Error("a search for more than an occupation has similar ones")
	}
}

func TestAPageTakesNoPlaceInSilence(t *testing.T) {
	w := full(t)
	page := w.get("/jobs?q=Koch&place=Neustadt&lang=de").must(t, 200, "Gesucht wird um Neustadt an der Weinstraße (Rheinland-Pfalz).", "Neustadt in Holstein (Schleswig-Holstein)")
	other := linkOf(page.body, "Neustadt in Holstein (Schleswig-Holstein)")
	w.get(other).must(t, 200, "25\u00a0km um Neustadt in Holstein")
	w.get("/jobs?q=Koch&place=Frankfurt&lang=en").must(t, 200, "Searching around Frankfurt am Main (Hessen).", "Frankfurt (Oder) (Brandenburg)")
	for _, plain := range []string{"Gelsenkirchen", "gelsenkirchen", "Essen", "45879", "Bayern"} {
		if page := w.get("/jobs?q=Koch&lang=de&place=" + plain); strings.Contains(page.body, "Gesucht wird um") {
			t.Errorf("it asks what %s means", plain)
		}
	}
	page = w.get("/jobs?q=Medizininformatiker&place=Gelsenkirchn&lang=de").must(t, 422, "<title>Fehler: ", "Meinten Sie:", `aria-describedby="s-place-fault"`)
	if strings.Count(page.body, "Gelsenkirchn“") != 1 || strings.Count(page.body, "Meinten Sie") != 1 {
		t.Error("the fault, or what may have been meant, is told more than once")
	}
	w.get("/jobs?q=Koch&place=Gelsenkirchn&radius=viel&lang=de").must(t, 422, `id="s-place-fault"`, `id="s-radius-fault"`)
	w.get(linkOf(page.body, "Gelsenkirchen (Nordrhein-Westfalen)")).must(t, 200, "45 Stellen")
}

func TestWhatCanNeverMatchIsRefusedWithASuggestion(t *testing.T) {
	w := full(t)
	for query, says := range map[string]string{
		"q=Koch&salary=3500&salary_unit=HOUR": "stimmt der Zeitraum daneben",
		"q=Koch&salary=0":                     "stimmt der Zeitraum daneben",
		"no_agencies=1":                       "Geben Sie ein Stichwort, einen Ort oder einen Arbeitgeber an.",
		"language=de&not_employer=Muster":     "Geben Sie ein Stichwort, einen Ort oder einen Arbeitgeber an.",
		"q=Koch+-Koch":                        "kann nichts passen",
		"q=Köchin+-Koch":                      "Nehmen Sie ein Wort mit Minus heraus.",
		"q=der+die+das":                       "kein Wort, nach dem man suchen kann",
	} {
		if page := w.get("/jobs?lang=de&"+query).must(t, 422); !strings.Contains(strings.ToLower(page.body), strings.ToLower(says)) {
			t.Errorf("%s: not told that %s", query, says)
		}
	}
	w.get("/jobs?lang=de").must(t, 200)
}

func TestACriterionsCostLeadsToTheSearchWithoutIt(t *testing.T) {
	w := full(t)
	page := w.get("/jobs?q=Medizininformatiker&place=Gelsenkirchen&salary=3500&salary_unknown=drop&lang=de").must(t, 200, "Heute passt keine Stelle.", "Durchsucht sind alle offenen Stellen.")
	w.get(linkOf(page.body, "Ohne die Gehaltsgrenze: 45")).must(t, 200, "45 Stellen", `value="Gelsenkirchen"`)
}

// linkOf is where the link with a text leads.
func linkOf(page, text string) string {
	end := strings.Index(page, ">"+text+"</a>")
	start := strings.LastIndex(page[:max(end, 0)], `href="`)
	if end < 0 || start < 0 {
		return "/no-such-link"
	}
	return html.UnescapeString(page[start+len(`href="`) : end-1])
}

func TestAPageSaysHowFarBackItLooksAndShowsOlder(t *testing.T) {
	w := full(t)
	w.period = web.Period{Since: noon.AddDate(0, 0, -10)}
	old := w.search[0]
	old.Number, old.Position = 500, 3
	w.older = []alerts.Stored{old}
	w.rebuild()
	w.get("/jobs?q=Medizininformatiker&page=3&lang=de").must(t, 200, "seit dem 22. Mai 2026", "older=0")
	if a := w.get("/jobs?q=Medizininformatiker&lang=de"); strings.Contains(a.body, "older=0") {
		t.Error("older ones are offered before the newer ones end")
	}
	w.get("/jobs?q=Medizininformatiker&older=0&lang=de").must(t, 200, "Ältere Stellen", "/postings/500", `content="noindex"`)
	w.get("/jobs?q=Medizininformatiker&older=3&lang=de").must(t, 200, "Mehr gibt es nicht")
}

func TestThePreviewIsShownBeforeSheCommits(t *testing.T) {
	w := full(t)
	const brought = "in den letzten 30 Tagen gebracht hätte: etwa eine Mail im Monat, je etwa 45 Stellen"
	w.get("/jobs?q=Medizininformatiker&place=Gelsenkirchen&lang=de").must(t, 200, brought)
	w.get("/jobs?q=Seiltänzer&lang=de").must(t, 200, "hätte ein Suchauftrag nichts gebracht")
	strict := signUpForm("")
	strict.Set("salary", "3500")
	strict.Set("salary_unknown", "drop")
	strict.Set("preview", "1")
	before := w.dump()
	w.post("/subscriptions?lang=de", strict).must(t, 200, "nichts gebracht", "Ohne die Gehaltsgrenze: 45", `value="3500"`)
	if w.dump() != before {
		t.Error("a preview stored something")
	}
	w.post("/subscriptions?lang=de", signUpForm("anna@example.org")).must(t, http.StatusSeeOther)
	c := w.mails.confirmations[len(w.mails.confirmations)-1]
	w.get(path(w.links.Confirm(w.subscriber(c.subscriber), c.subscription, w.now))).must(t, 200, brought)
	who, id := w.subscribed("bert@example.org")
	one := path(w.links.Manage(who, w.now)) + "/alerts/" + itoa(id)
	w.get(one).must(t, 200, brought)
	w.post(one, strict).must(t, 200, "Ohne die Gehaltsgrenze: 45")
	if sub := w.subscription(id); sub.Criteria.Salary != nil {
		t.Error("a preview was saved")
	}
}

func TestHerPageTellsWhatEachAlertBrought(t *testing.T) {
	w := full(t)
	who, id := w.subscribed("anna@example.org")
	manage := path(w.links.Manage(who, w.now))
	w.delivered = map[uint32]web.Delivered{id: {Mails: 12, Postings: 1}}
	w.get(manage).must(t, 200, "In den letzten 30 Tagen: 12 Mails mit einer Stelle.")
	w.delivered = nil
	w.get(manage+"?lang=en").must(t, 200, "No mail came in the last 30 days.")
	w.get(manage+"?lang=en").must(t, 200, "Next mail, if anything fits")
	w.reason = "hard-bounce"
	if page := w.get(manage+"?lang=en").must(t, 200, "We do not write to this address at present"); strings.Contains(page.body, "Next mail") {
		t.Error("it promises a mail to an address that is not written to")
	}
	w.told = []web.Told{{At: noon, Postings: []uint32{7, 8}}}
	w.get(manage+"/export.json").must(t, 200, `"at": "`+noon.UTC().Format(time.RFC3339), "https://jobs.example/postings/7", "https://jobs.example/postings/8")
}

func TestNotForMeLeavesOutAPostingAnEmployerOrAgencies(t *testing.T) {
	w := full(t)
	w.search[6].Agency = true
	w.rebuild()
	who, id := w.subscribed("anna@example.org")
	link := path(w.links.Dismiss(who, 7, w.now, id))
	before := w.dump()
	page := w.get(link).must(t, 200, "Nichts für mich", "Medizininformatiker", "Klinik &lt;Ruhr&gt; GmbH", link+"/posting", link+"/employer", link+"/agencies")
	checkPage(t, "dismiss", "de", page.body)
	if w.dump() != before {
		t.Error("looking changed something")
	}
	w.follow(link+"/posting", nil).must(t, 200, "Diese Stelle kommt nicht mehr.")
	w.follow(link+"/employer", nil).must(t, 200, "Von Klinik &lt;Ruhr&gt; GmbH kommt nichts mehr.")
	w.follow(link+"/agencies", nil).must(t, 200, "Zeitarbeit kommt nichts mehr")
	dismissed, err := w.store.Dismissed(t.Context(), w.db.Reader, []int64{who.ID})
	if c := w.subscription(id).Criteria; err != nil || len(dismissed[who.ID]) != 1 || !c.NoAgencies || len(c.NotEmployers) != 1 || c.Matches(meaning().Document(&w.search[0].Posting)) {
		t.Errorf("left out %+v and %+v, %v", dismissed, c, err)
	}
	for _, what := range []string{"posting", "employer", "agencies"} {
		w.follow(link+"/"+what, url.Values{"undo": {"1"}})
	}
	dismissed, err = w.store.Dismissed(t.Context(), w.db.Reader, []int64{who.ID})
	if c := w.subscription(id).Criteria; err != nil || len(dismissed) != 0 || c.NoAgencies || len(c.NotEmployers) != 0 {
		t.Errorf("taken back, there is %+v and %+v, %v", dismissed, c, err)
	}
	w.post(link+"/everything", nil).must(t, 404)
	only := signUpForm("")
	only.Set("employer", "Klinik Ruhr GmbH")
	w.search[6].Employer = "Klinik Ruhr GmbH"
	w.rebuild()
	w.follow(path(w.links.Manage(who, w.now))+"/alerts/"+itoa(id), only)
	w.post(link+"/employer", nil).must(t, http.StatusConflict, "nur nach diesem Arbeitgeber")
	w.now = w.now.AddDate(0, 0, 91)
	w.get(link).must(t, http.StatusGone)
}

func TestAnEmployerWithACommaSurvivesTheForm(t *testing.T) {
	w := full(t)
	w.search[6].Employer = "Klinik, Praxis; Labor GmbH"
	w.rebuild()
	who, id := w.subscribed("anna@example.org")
	w.follow(path(w.links.Dismiss(who, 7, w.now, id))+"/employer", nil)
	f := signUpForm("")
	f.Set("not_employer", "Klinik, Praxis; Labor GmbH")
	f.Set("hour", "9")
	w.follow(path(w.links.Manage(who, w.now))+"/alerts/"+itoa(id), f)
	if sub := w.subscription(id); len(sub.Criteria.NotEmployers) != 1 || sub.Schedule.Hour != 9 {
		t.Errorf("saved as %+v", sub.Criteria.NotEmployers)
	}
}

func TestFeedsHoldWhatFitsTodayAndAnswerInShort(t *testing.T) {
	w := full(t)
	who, id := w.subscribed("anna@example.org")
	feed := path(w.links.Feed(who, id))
	w.get(path(w.links.Manage(who, w.now))).must(t, 200, feed+".atom", feed+".json")
	w.follow(path(w.links.Dismiss(who, 1, w.now, id))+"/posting", nil)

	atom := w.get(feed+".atom").must(t, 200)
	var a struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string   `xml:"id"`
		Updated string   `xml:"updated"`
		Entries []struct {
			ID, Title, Updated, Content string
			Link                        struct {
				Href string `xml:"href,attr"`
			}
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(atom.body), &a); err != nil {
		t.Fatal(err)
	}
	if len(a.Entries) != 44 || a.ID != "https://jobs.example"+feed+".atom" || a.Updated != "2026-06-01T12:00:00Z" ||
		a.Entries[0].ID != a.Entries[0].Link.Href || strings.Contains(atom.body, "/postings/1<") {
		t.Errorf("%d entries, %s of %s: %+v", len(a.Entries), a.ID, a.Updated, a.Entries[0])
	}
	var j struct {
		Version string
		Items   []struct {
			ID   string
			HTML string `json:"content_html"`
		}
	}
	jf := w.get(feed+".json").must(t, 200)
	if err := json.Unmarshal([]byte(jf.body), &j); err != nil || j.Version != "https://jsonfeed.org/version/1.1" || len(j.Items) != 44 || !strings.Contains(j.Items[0].HTML, "Klinik &lt;Ruhr&gt; GmbH") {
		t.Errorf("JSON feed %v: %.300s", err, jf.body)
	}
	for header, value := range map[string]string{"If-None-Match": atom.Header.Get("ETag"), "If-Modified-Since": atom.Header.Get("Last-Modified")} {
		r := httptest.NewRequest(http.MethodGet, feed+".atom", nil)
		r.Header.Set(header, value)
		if got := w.send(r).must(t, http.StatusNotModified); value == "" || got.body != "" {
			t.Errorf("%s %q is answered with %d bytes", header, value, len(got.body))
		}
	}
	// What comes now is new to a reader, whatever date it bears, and the first of all.
	late := w.search[5]
	late.Number, late.Position, late.PublishedAt = 77, 1000, noon.AddDate(0, 0, -20)
	w.search, w.now = append(w.search, late), w.now.Add(time.Minute)
	r := httptest.NewRequest(http.MethodGet, feed+".atom", nil)
	r.Header.Set("If-Modified-Since", atom.Header.Get("Last-Modified"))
	if got := w.send(r).must(t, http.StatusOK, "/postings/77<"); strings.Index(got.body, "/postings/77<") > strings.Index(got.body, "/postings/2<") {
		t.Error("what came last is not the first")
	}
	for _, wrong := range []string{feed, feed + ".rss", "/feeds/x.atom", "/feeds/" + strings.TrimPrefix(path(w.links.Manage(who, w.now)), "/manage/") + ".atom"} {
		w.get(wrong).must(t, 404)
	}
	w.follow(path(w.links.Unsubscribe(who, w.now, id)), url.Values{"from": {"page"}})
	w.get(feed+".atom").must(t, http.StatusGone)
}

func TestAVoidedLinkVoidsTheFeed(t *testing.T) {
	w := full(t)
	who, id := w.subscribed("anna@example.org")
	feed := path(w.links.Feed(who, id)) + ".json"
	w.get(feed).must(t, 200)
	w.follow(path(w.links.Manage(who, w.now))+"/rotate", nil)
	w.get(feed).must(t, 404)
	w.get(path(w.links.Feed(w.subscriber(who.ID), id))+".json").must(t, 200)
}

func TestCrawlersAreToldWhereToGo(t *testing.T) {
	w := full(t)
	w.get("/robots.txt").must(t, 200, "Disallow: /manage/", "Sitemap: https://jobs.example/sitemap.xml")
	a := w.get("/sitemap.xml").must(t, 200, "https://jobs.example/postings/1<", "2026-05-31")
	var m struct {
		URLs []struct {
			Loc string `xml:"loc"`
		} `xml:"url"`
	}
	if err := xml.Unmarshal([]byte(a.body), &m); err != nil || len(m.URLs) != 47 {
		t.Errorf("%d addresses, %v: the start page, 44 open postings and two searches are wanted", len(m.URLs), err)
	}
	for _, u := range m.URLs[:5] {
		w.get(path(u.Loc)).must(t, 200)
	}
}

func TestStructuredDataHasWhatSearchEnginesAskFor(t *testing.T) {
	w := full(t)
	w.search[1].Remote, w.search[1].Locations = true, []alerts.Location{{Country: "DE"}}
	w.search[2].Locations = nil
	w.search[3].Employer = ""
	w.rebuild()
	ld := structured(t, w.get("/postings/1").must(t, 200).body)
	for _, field := range []string{"title", "description", "datePosted", "hiringOrganization", "jobLocation", "validThrough", "employmentType", "identifier", "url"} {
		if ld[field] == nil {
			t.Errorf("no %s in %v", field, ld)
		}
	}
	place := ld["jobLocation"].([]any)[0].(map[string]any)["address"].(map[string]any)
	if place["addressCountry"] != "DE" || place["addressLocality"] != "Gelsenkirchen" {
		t.Errorf("place %v", place)
	}
	if _, err := time.Parse(time.RFC3339, ld["datePosted"].(string)); err != nil {
		t.Error(err)
	}
	remote := structured(t, w.get("/postings/2").must(t, 200).body)
	if remote["jobLocationType"] != "TELECOMMUTE" || remote["applicantLocationRequirements"] == nil || remote["jobLocation"] != nil {
		t.Errorf("remote: %v", remote)
	}
	for _, lacking := range []string{"/postings/3", "/postings/4", "/postings/45"} {
		if a := w.get(lacking); strings.Contains(a.body, "ld+json") {
			t.Errorf("%s claims to be complete", lacking)
		}
	}
}

func structured(t *testing.T, page string) map[string]any {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<script type="application/ld+json">`)
	body, _, end := strings.Cut(rest, "</script>")
	var ld map[string]any
	if err := json.Unmarshal([]byte(body), &ld); err != nil || !ok || !end {
		t.Fatalf("structured data %q: %v", body, err)
	}
	return ld
}

// apart remembers what was set apart.
type apart struct {
	by       int64
	postings []uint32
	at       time.Time
}

func (a *apart) Named(c subscriptions.Claims) ([]uint32, bool) {
	return []uint32{1, 2, 900}, c.Detail == "1,2,900"
}

func (a *apart) Separate(_ context.Context, _ sqlx.ExtContext, subscriber int64, postings []uint32, now time.Time) error {
	a.by, a.postings, a.at = subscriber, postings, now.UTC()
	return nil
}

func (a *apart) Separated(_ context.Context, subscriber int64) ([]subscriptions.Separation, error) {
	if subscriber != a.by {
		return nil, nil
	}
	return []subscriptions.Separation{{Postings: [2]uint32{a.postings[0], a.postings[1]}, At: a.at}}, nil
}

func TestPostingsShownAsOneCanBeSetApart(t *testing.T) {
	w := full(t)
	said := &apart{}
	w.options.Separations = said
	w.rebuild()
	who, id := w.subscribed("anna@example.org")
	sign := func(detail string) string {
		return "/separate/" + w.signer.Sign(subscriptions.Claims{Purpose: subscriptions.ToSeparate, Subscriber: who.ID, Detail: detail, Issued: w.now})
	}
	page := w.get(sign("1,2,900")).must(t, 200, "Verschiedene Stellen?", "/postings/1", "/postings/2")
	checkPage(t, "separate", "de", page.body)
	if said.postings != nil {
		t.Error("looking set them apart")
	}
	w.follow(sign("1,2,900"), nil).must(t, 200, "nicht mehr zusammen")
	if said.by != who.ID || !slices.Equal(said.postings, []uint32{1, 2, 900}) {
		t.Errorf("%d set apart %v", said.by, said.postings)
	}
	w.get(sign("5")).must(t, 404)

	w.follow(path(w.links.Dismiss(who, 7, w.now, id))+"/posting", nil)
	export := w.get(path(w.links.Manage(who, w.now))+"/export.json").must(t, 200)
	var out struct {
		Separated []struct {
			At       time.Time
			Postings []string
		}
		Dismissed []subscriptions.Dismissal
	}
	if err := json.Unmarshal([]byte(export.body), &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Separated) != 1 || !out.Separated[0].At.Equal(w.now) || !slices.Equal(out.Separated[0].Postings, []string{w.links.Posting(1), w.links.Posting(2)}) {
		t.Errorf("the export says of what was set apart: %s", export.body)
	}
	if len(out.Dismissed) != 1 || out.Dismissed[0].Posting != 7 {
		t.Errorf("the export says of what was hidden: %s", export.body)
	}
}

package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer/capture"
)

// Mail providers' scanners open every link of a mail, and some those of the pages
// behind it: nothing of that may count as her doing.
func TestAScannerOfEveryMailAndPageChangesNothing(t *testing.T) {
	eachDatabase(t, scanEverything)
}

func scanEverything(t *testing.T, url string) {
	h := newHouseOn(t, url)
	h.publish("1", "Medizininformatiker (m/w/d)", "Gelsenkirchen", nil)
	board, err := newPublisher(h.daemon.broker, "board")
	h.must(err)
	t.Cleanup(board.close)
	h.everyMail()
	twin := *h
	twin.push = board
	for _, one := range []*house{h, &twin} { // one job on two boards: "these are different jobs"
		one.publish("2", "Medizininformatiker für Krankenhausinformationssysteme (m/w/d)", "Essen", nil)
	}
	h.publish("3", "Medizininformatiker in Festanstellung (m/w/d)", "Bochum", map[string]any{"description": "<p>Für einen Kunden, im Rahmen der Arbeitnehmerüberlassung.</p>"})
	_, err = h.daemon.digests.Run(t.Context(), time.Now().AddDate(0, 0, 8))
	h.must(err)
	h.daemon.relay.Wake()
	h.mailTo("anna@example.org", "Krankenhausinformationssysteme")
	h.must(h.until(t.Context(), "every mail is there", func() (bool, error) {
		list, err := h.daemon.capture.List(1000, "")
		// Confirmations to anna and bert, "it stands already", a link, two about the
		// address, a digest.
		return len(list) >= 7, err
	}))

	links := h.mailedLinks()
	for _, path := range []string{"/confirm/", "/manage/", "/unsubscribe/", "/dismiss/", "/separate/", "/address/", "/postings/"} {
		if !slices.ContainsFunc(links, func(link string) bool { return strings.Contains(link, path) }) {
			t.Errorf("no mail has a link to %s", path)
		}
	}
	queue := append(links, h.config.HTTP.PublicURL+"/", h.config.HTTP.PublicURL+"/sitemap.xml")
	before := h.settled()
	seen := map[string]bool{}
	for len(queue) > 0 && len(seen) < 400 {
		link := queue[0]
		queue = queue[1:]
		if seen[link] {
			continue
		}
		seen[link] = true
		head, _ := h.look(http.MethodHead, link)
		status, body := h.look(http.MethodGet, link)
		if status != head || status >= 500 {
			t.Errorf("%s: HEAD %d, GET %d", link, head, status)
		}
		queue = append(queue, h.linksOf(body)...)
	}
	if len(seen) < 100 {
		t.Errorf("looked at only %d addresses", len(seen))
	}
	after := h.settled()
	for _, table := range slices.Sorted(maps.Keys(before)) {
		if before[table] != after[table] {
			t.Errorf("looking changed %s from\n%s\nto\n%s", table, before[table], after[table])
		}
	}
	if len(before) < 15 || strings.Count(before["subscriptions"], "\n") < 3 {
		t.Errorf("there was little to change: %d tables, subscriptions %s", len(before), before["subscriptions"])
	}
	h.erase("anna@example.org", before)
}

// erase has somebody erase herself: no table names her address then.
func (h *house) erase(address string, before map[string]string) {
	h.Helper()
	h.must(h.post(h.Context(), linkIn(h.mailTo(address, "/manage/").Text, "/manage/")+"/erase", nil))
	after := h.settled()
	for _, table := range slices.Sorted(maps.Keys(after)) {
		for line := range strings.Lines(after[table]) {
			if name, _, _ := strings.Cut(address, "@"); strings.Contains(line, name+"@") || strings.Contains(line, name+".neu@") {
				h.Errorf("erased, she is still in %s: %s", table, line)
			}
		}
	}
	if !strings.Contains(before["subscribers"], address) {
		h.Errorf("there was nobody to erase: %s", before["subscribers"])
	}
}

// everyMail has people do what leads to mails: anna confirms and does everything,
// bert never confirms.
func (h *house) everyMail() {
	h.Helper()
	post := func(address string, form url.Values) {
		h.Helper()
		h.must(h.post(h.Context(), address, form))
	}
	wish := url.Values{"q": {"Medizininformatiker"}, "place": {"Gelsenkirchen"}, "radius": {"50"}}
	signUp := func(address string) {
		form := url.Values{"email": {address}}
		maps.Copy(form, wish)
		post(h.config.HTTP.PublicURL+"/subscriptions", form)
	}
	signUp("anna@example.org")
	confirm := linkIn(h.mailTo("anna@example.org", "/confirm/").Text, "/confirm/")
	post(confirm, nil)
	signUp("anna@example.org") // again: it stands already
	signUp("bert@example.org")
	post(h.config.HTTP.PublicURL+"/links", url.Values{"email": {"anna@example.org"}})
	manage := linkIn(h.mailTo("anna@example.org", "/manage/").Text, "/manage/")
	post(manage+"/alerts", url.Values{"q": {"Krankenhausinformationssysteme"}})
	post(manage+"/address", url.Values{"email": {"anna.neu@example.org"}})
	post(linkIn(h.mailTo("anna.neu@example.org", "/address/").Text, "/address/"), nil)
}

// mailedLinks are all links of all mails: in both parts and in the headers.
func (h *house) mailedLinks() []string {
	h.Helper()
	list, err := h.daemon.capture.List(1000, "")
	h.must(err)
	var links []string
	for _, s := range list {
		var m capture.Mail
		m, err = h.daemon.capture.Read(s.Name)
		h.must(err)
		text := m.Text + "\n" + headerOf(&m, "List-Unsubscribe")
		links = append(links, regexp.MustCompile(regexp.QuoteMeta(h.config.HTTP.PublicURL)+`/[^\s<>"]*`).FindAllString(text, -1)...)
		links = append(links, h.linksOf(m.HTML)...)
	}
	return links
}

var anyLink = regexp.MustCompile(`(?:href|action|src)="([^"#]+)"|<loc>([^<]+)</loc>`)

// linksOf are the site's addresses in a page, those its forms post to included.
func (h *house) linksOf(page string) []string {
	var links []string
	for _, m := range anyLink.FindAllStringSubmatch(page, -1) {
		link := strings.ReplaceAll(m[1]+m[2], "&amp;", "&")
		if strings.HasPrefix(link, "/") {
			link = h.config.HTTP.PublicURL + link
		}
		if strings.HasPrefix(link, h.config.HTTP.PublicURL) {
			links = append(links, link)
		}
	}
	return links
}

func (h *house) look(method, link string) (status int, body string) {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), method, link, nil)
	h.must(err)
	resp, err := http.DefaultClient.Do(r)
	h.must(err)
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	h.must(err)
	return resp.StatusCode, string(all)
}

// settled is the whole database once the daemon has nothing more to do: every
// table's rows.
func (h *house) settled() map[string]string {
	h.Helper()
	var tables map[string]string
	still := 0
	h.must(h.until(h.Context(), "the daemon has nothing to do", func() (bool, error) {
		var behind bool // asked first: whoever catches up next changes the tables read next
		err := h.daemon.db.Reader.GetContext(h.Context(), &behind, "SELECT EXISTS (SELECT 1 FROM followers, clock WHERE followers.position < clock.position)")
		again := h.tables()
		still++
		if behind || !maps.Equal(tables, again) {
			tables, still = again, 0
		}
		return still >= 10, err
	}))
	return tables
}

func (h *house) tables() map[string]string {
	h.Helper()
	db := h.daemon.db.Reader
	list := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if h.daemon.db.Dialect == database.PostgreSQL {
		list = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
	}
	var names []string
	h.must(db.SelectContext(h.Context(), &names, list))
	tables := make(map[string]string, len(names))
	for _, name := range names {
		rows, err := db.QueryxContext(h.Context(), "SELECT * FROM "+name+" ORDER BY 1") //nolint:sqlclosecheck // closed below
		h.must(err)
		var b strings.Builder
		for rows.Next() {
			row, err := rows.SliceScan()
			h.must(err)
			for i, value := range row { // PostgreSQL gives texts so, SQLite blobs
				if raw, ok := value.([]byte); ok {
					row[i] = strings.ReplaceAll(string(raw), "\n", " ")
				}
			}
			fmt.Fprintf(&b, "%v\n", row)
		}
		h.must(rows.Err())
		h.must(rows.Close())
		tables[name] = b.String()
	}
	return tables
}

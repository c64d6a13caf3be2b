package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// feedSize bounds the postings in a feed.
const feedSize = 50

// feed is one alert as a feed: what meets it today, the last to come first, without
// what she dismissed.
type feed struct {
	title, self, page string
	lang              string
	updated           time.Time
	items             []feedItem
}

type feedItem struct {
	id, title, employer, text, lang string
	published                       time.Time
}

// feed serves one alert by its secret address, as Atom (RFC 4287) or JSON Feed
// 1.1. A reader asks with the ETag it has and mostly gets 304.
func (s *Site) feed(w http.ResponseWriter, r *http.Request) error {
	token, format, ok := strings.Cut(r.PathValue("file"), ".")
	if !ok || format != "atom" && format != "json" || s.Search == nil {
		return errNoPage
	}
	r.SetPathValue("token", token)
	b, err := s.bearer(r, subscriptions.ToFeed)
	if err != nil {
		return err
	}
	subs, err := s.named(r, b)
	if err != nil {
		return err
	}
	if len(subs) == 0 || !standing(&subs[0]) {
		return errGone
	}
	f, err := s.feedOf(r, b, &subs[0])
	if err != nil {
		return err
	}
	f.self = s.links.Base + r.URL.Path
	body, kind, err := f.write(format)
	if err != nil {
		return fmt.Errorf("write a feed: %w", err)
	}
	sum := sha256.Sum256(body)
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "private, max-age=900")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	h.Set("X-Robots-Tag", "noindex, nofollow")
	http.ServeContent(w, r, "", s.feeds.changed(r.PathValue("file"), sum, s.Now()), bytes.NewReader(body))
	return nil
}

func (s *Site) feedOf(r *http.Request, b bearer, sub *subscriptions.Subscription) (*feed, error) {
	found, err := s.Search.Latest(r.Context(), &sub.Criteria, feedSize)
	if err != nil {
		return nil, fmt.Errorf("search for a feed: %w", err)
	}
	dismissed, err := s.Store.Dismissed(r.Context(), s.Reader, []int64{b.subscriber.ID})
	if err != nil {
		return nil, err
	}
	gone := map[uint32]bool{}
	for _, d := range dismissed[b.subscriber.ID] {
		gone[d.Posting] = true
	}
	locale := b.subscriber.Locale
	f := &feed{title: sub.Name(s.Meaning, locale), page: s.links.Base + "/", lang: locale, updated: sub.ConfirmedAt}
	for _, p := range s.found(found, &sub.Criteria, locale) {
		if gone[p.Number] {
			continue
		}
		f.items = append(f.items, feedItem{id: s.links.Posting(p.Number), title: p.Title, employer: p.Employer, lang: p.Language,
			text: s.feedText(&p, locale), published: p.PublishedAt})
		if p.PublishedAt.After(f.updated) {
			f.updated = p.PublishedAt
		}
	}
	f.updated = f.updated.UTC().Truncate(time.Second)
	return f, nil
}

// feedText is what a feed says of a posting, as HTML: where, what pay, and why it
// is there.
func (s *Site) feedText(p *foundView, locale string) string {
	var facts []string
	for _, one := range append([]string{p.Employer}, p.Places...) {
		if one != "" {
			facts = append(facts, template.HTMLEscapeString(one))
		}
	}
	if p.Remote {
		facts = append(facts, template.HTMLEscapeString(s.texts.say(locale, "posting.remote")))
	}
	if p.Pay != "" {
		facts = append(facts, template.HTMLEscapeString(p.Pay))
	}
	text := "<p>" + strings.Join(facts, " · ") + "</p>"
	if len(p.Why) == 0 {
		return text
	}
	text += "<ul>"
	for _, why := range p.Why {
		text += "<li>" + template.HTMLEscapeString(why) + "</li>"
	}
	return text + "</ul>"
}

// write is the feed in a format, with its media type.
func (f *feed) write(format string) (body []byte, kind string, err error) {
	if format == "json" {
		body, err = f.json()
		return body, "application/feed+json; charset=utf-8", err
	}
	body, err = f.atom()
	return body, "application/atom+xml; charset=utf-8", err
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomText struct {
	Type string `xml:"type,attr,omitempty"`
	Body string `xml:",chardata"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomEntry struct {
	Lang      string      `xml:"xml:lang,attr,omitempty"`
	ID        string      `xml:"id"`
	Title     string      `xml:"title"`
	Updated   string      `xml:"updated"`
	Published string      `xml:"published"`
	Author    *atomPerson `xml:"author,omitempty"`
	Link      atomLink    `xml:"link"`
	Content   atomText    `xml:"content"`
}

func (f *feed) atom() ([]byte, error) {
	doc := struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Lang    string      `xml:"xml:lang,attr"`
		ID      string      `xml:"id"`
		Title   string      `xml:"title"`
		Updated string      `xml:"updated"`
		Author  atomPerson  `xml:"author"` // of entries that name none (RFC 4287 section 4.1.1)
		Links   []atomLink  `xml:"link"`
		Entries []atomEntry `xml:"entry"`
	}{Lang: f.lang, ID: f.self, Title: f.title, Updated: f.updated.Format(time.RFC3339), Author: atomPerson{f.page},
		Links: []atomLink{{"self", "application/atom+xml", f.self}, {"alternate", "text/html", f.page}}}
	for _, i := range f.items {
		at := i.published.UTC().Format(time.RFC3339)
		e := atomEntry{Lang: i.lang, ID: i.id, Title: i.title, Updated: at, Published: at, Link: atomLink{Rel: "alternate", Type: "text/html", Href: i.id}, Content: atomText{"html", i.text}}
		if i.employer != "" {
			e.Author = &atomPerson{i.employer}
		}
		doc.Entries = append(doc.Entries, e)
	}
	body, err := xml.MarshalIndent(doc, "", " ")
	return append([]byte(xml.Header), append(body, '\n')...), err
}

func (f *feed) json() ([]byte, error) {
	type author struct {
		Name string `json:"name"`
	}
	type item struct {
		ID        string   `json:"id"`
		URL       string   `json:"url"`
		Title     string   `json:"title"`
		HTML      string   `json:"content_html"`
		Published string   `json:"date_published"`
		Language  string   `json:"language,omitempty"`
		Authors   []author `json:"authors,omitempty"`
	}
	doc := struct {
		Version  string `json:"version"`
		Title    string `json:"title"`
		HomePage string `json:"home_page_url"`
		FeedURL  string `json:"feed_url"`
		Language string `json:"language"`
		Items    []item `json:"items"`
	}{"https://jsonfeed.org/version/1.1", f.title, f.page, f.self, f.lang, []item{}}
	for _, i := range f.items {
		one := item{ID: i.id, URL: i.id, Title: i.title, HTML: i.text, Published: i.published.UTC().Format(time.RFC3339), Language: i.lang}
		if i.employer != "" {
			one.Authors = []author{{i.employer}}
		}
		doc.Items = append(doc.Items, one)
	}
	return json.MarshalIndent(doc, "", " ")
}

// sightings remember since when each feed has been as it is: what changes one
// (a posting that comes with an old date, a withdrawal, an edit) need not bear the
// time at which it did. A process that sees a feed for the first time says now.
type sightings struct {
	mu   sync.Mutex
	seen map[string]sighting // by its file
}

type sighting struct {
	sum [sha256.Size]byte
	at  time.Time
}

// changed is when a feed was first seen with this content, to the second.
func (s *sightings) changed(file string, sum [sha256.Size]byte, now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.seen[file]
	if ok && last.sum == sum {
		return last.at
	}
	if len(s.seen) >= maxKeys {
		clear(s.seen) // readers get a whole answer once more
	}
	s.seen[file] = sighting{sum, now.UTC().Truncate(time.Second)}
	return s.seen[file].at
}

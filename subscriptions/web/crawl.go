package web

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// robots tells crawlers where the sitemap is, and to leave alone what is behind a
// token or is a search nobody would look for.
func (s *Site) robots(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	var b strings.Builder
	b.WriteString("User-agent: *\n")
	for _, path := range []string{"/address/", "/api/", "/confirm/", "/dismiss/", "/feeds/", "/links", "/manage/", "/separate/", "/subscriptions", "/unsubscribe/"} {
		b.WriteString("Disallow: " + path + "\n")
	}
	b.WriteString("Sitemap: " + s.links.Base + "/sitemap.xml\n")
	writeBody(w, r, []byte(b.String()))
	return nil
}

// sitemapSize bounds the postings of the sitemap, and so the memory it takes.
const sitemapSize = 2000

// sitemapAge is how long a sitemap is served before it is made anew.
const sitemapAge = 15 * time.Minute

type sitemapURL struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod,omitempty"`
}

// sitemap lists the start page, the newest open postings and the readable searches
// that find some of those (sitemaps.org, 0.9).
func (s *Site) sitemap(w http.ResponseWriter, r *http.Request) error {
	if s.Postings == nil {
		return errNoPage
	}
	body, err := s.sitemaps.get(s.Now(), func() ([]byte, error) { return s.makeSitemap(r) })
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=900")
	writeBody(w, r, body)
	return nil
}

func (s *Site) makeSitemap(r *http.Request) ([]byte, error) {
	newest, err := s.Postings.Newest(r.Context(), sitemapSize)
	if err != nil {
		return nil, fmt.Errorf("list postings for the sitemap: %w", err)
	}
	doc := struct {
		XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []sitemapURL `xml:"url"`
	}{URLs: []sitemapURL{{Loc: s.links.Base + "/"}}}
	now := s.Now()
	for i := range newest {
		if p := &newest[i]; p.Standing(now) {
			doc.URLs = append(doc.URLs, sitemapURL{s.links.Posting(p.Number), p.PublishedAt.UTC().Format(time.DateOnly)})
		}
	}
	doc.URLs = append(doc.URLs, s.landings(newest, now)...)
	body, err := xml.MarshalIndent(doc, "", " ")
	return append([]byte(xml.Header), append(body, '\n')...), err
}

// kept is a sitemap that is made anew once it is too old. Whoever comes while it
// is being made waits for it.
type kept struct {
	mu    sync.Mutex
	body  []byte
	until time.Time
}

func (k *kept) get(now time.Time, fresh func() ([]byte, error)) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Before(k.until) {
		return k.body, nil
	}
	body, err := fresh()
	if err != nil {
		return nil, err
	}
	k.body, k.until = body, now.Add(sitemapAge)
	return body, nil
}

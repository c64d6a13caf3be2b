package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// templates are the pages of one language by name.
type templates map[string]*template.Template

// view is what every template gets: the frame, and its own Data.
type view struct {
	Lang      string
	Title     string
	Brand     string
	Path      string            // of the page, to mark where one is
	Switch    map[string]string // locale → this page in that language; nil after a post
	Canonical string
	Private   bool // reached by a token: not to be kept, indexed or shared
	Unlisted  bool // public, and nothing for search engines
	Faulty    bool // a form comes back with faults
	Data      any

	chosen string // the language chosen by the switch, which links carry on
}

// Chosen is the language chosen by the switch, "" for none.
func (v *view) Chosen() string { return v.chosen }

// URL is a path within the site, carrying on a chosen language.
func (v *view) URL(to string) string {
	if v.chosen == "" {
		return to
	}
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	return to + sep + "lang=" + v.chosen
}

// view makes the frame of a page. hers is the language of the subscriber it
// belongs to, "" for none; title is a key or ready words.
func (s *Site) view(r *http.Request, hers, title string, data any) *view {
	lang := localeOf(r, hers)
	v := &view{Lang: lang, Title: s.texts.say(lang, title), Brand: s.Brand, Path: r.URL.Path, Data: data, chosen: chosenLocale(r)}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		v.Switch = make(map[string]string, len(locales))
		for _, locale := range locales {
			q := r.URL.Query()
			q.Set("lang", locale)
			v.Switch[locale] = (&url.URL{Path: r.URL.Path, RawQuery: q.Encode()}).String()
		}
	}
	return v
}

// parseTemplates parses every page with the layout and the parts, once for each
// language, since a page's words are bound when it is parsed.
func (s *Site) parseTemplates() (map[string]templates, error) {
	pages, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	all := make(map[string]templates, len(locales))
	for _, locale := range locales {
		all[locale] = templates{}
		base := template.New("base").Funcs(s.functions(locale))
		for _, name := range []string{"templates/layout.html", "templates/parts.html"} {
			if err := s.parseNamed(base, name); err != nil {
				return nil, err
			}
		}
		for _, p := range pages {
			name := strings.TrimSuffix(path.Base(p), ".html")
			if name == "layout" || name == "parts" {
				continue
			}
			page, err := base.Clone()
			if err != nil {
				return nil, fmt.Errorf("parse page %s: %w", name, err)
			}
			if err := s.parseNamed(page, p); err != nil {
				return nil, err
			}
			all[locale][name] = page
		}
	}
	return all, nil
}

func (s *Site) functions(locale string) template.FuncMap {
	return template.FuncMap{
		"t":       func(key string, args ...any) string { return s.texts.say(locale, key, args...) },
		"asset":   s.assetPath,
		"themed":  s.hasAsset,
		"date":    func(t time.Time) string { return dateText(t.In(s.zone), locale) },
		"place":   func(l alerts.Location) string { return s.placeName(&l, locale) },
		"tied":    ties.Replace,
		"lines":   func(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") },
		"part":    func(v *view, data any) part { return part{View: v, Data: data} },
		"imprint": func() string { return s.Imprint },
	}
}

// ties keep a dot with what it follows.
var ties = strings.NewReplacer(" · ", "\u00a0· ")

// part is what a template's part gets: the page's frame beside the part's data.
type part struct {
	View *view
	Data any
}

// render writes a page: first into memory, so that a template's failure is no
// half page.
func (s *Site) render(w http.ResponseWriter, r *http.Request, status int, name string, v *view) error {
	t, ok := s.templates[v.Lang][name]
	if !ok {
		return fmt.Errorf("no page is called %s", name)
	}
	v.Faulty = status == http.StatusUnprocessableEntity
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "layout.html", v); err != nil {
		return fmt.Errorf("render page %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Lang)
	h.Add("Vary", "Accept-Language")
	h.Set("Cache-Control", "no-cache")
	if v.Private || status != http.StatusOK {
		h.Set("Cache-Control", "no-store")
		h.Set("X-Robots-Tag", "noindex, nofollow")
	}
	w.WriteHeader(status)
	writeBody(w, r, body.Bytes())
	return nil
}

// writeBody writes an answer's body, unless only its head was asked for.
func writeBody(w http.ResponseWriter, r *http.Request, body []byte) {
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the visitor has gone: nothing to do
	}
}

// redirect sends the visitor on by GET after a post.
func redirect(w http.ResponseWriter, r *http.Request, v *view, to string) error {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, v.URL(to), http.StatusSeeOther)
	return nil
}

package web

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

//go:embed templates static texts.toml
var files embed.FS

// Options are what a Site is built from. Search, Postings and Waker may be nil:
// the pages that need them are then left out.
type Options struct {
	Database Database
	Reader   sqlx.ExtContext // for reading outside transactions
	Store    Store
	Meaning  *alerts.Meaning
	Signer   *subscriptions.Signer
	Mails    Mails
	// Suppressions may be nil while there are none.
	Suppressions Suppressions
	Search       Search
	Postings     Postings
	// Deliveries may be nil: a subscriber's page then does not count mails.
	Deliveries Deliveries
	// Separations may be nil: there is then no page to set postings apart.
	Separations Separations
	Waker       Waker

	// Theme is an operator's folder of templates, texts and styles, laid out as
	// theme.go says; nil for none.
	Theme fs.FS

	PublicURL string // http.public_url
	Brand     string // what the site is called
	Imprint   string // plain text, lines kept
	Timezone  string // for visitors who name none, and for postings' dates
	Cadences  subscriptions.Cadences
	// TrustedProxies are those whose X-Forwarded-For counts.
	TrustedProxies []netip.Prefix
	// KeepIP: record the visitor's address with her consent.
	KeepIP bool
	// AnswerTime is how long a sign-up and a request for a link take at least, so
	// that their time tells nothing about an address. Zero means 250 ms, less than
	// zero no wait.
	AnswerTime time.Duration
	Now        func() time.Time
	Log        *slog.Logger
}

// Site serves the pages. It is safe for concurrent use.
type Site struct {
	Options
	links     subscriptions.Links
	calendar  *subscriptions.Calendar
	zone      *time.Location
	texts     texts
	builtIn   texts                // texts before the theme's took their places
	templates map[string]templates // by locale
	assets    map[string]asset     // by path
	limits    limits
	sitemaps  *kept
	feeds     sightings
	origin    string // scheme and host of PublicURL
	secure    bool   // PublicURL is https
	handler   http.Handler
}

// New checks the options, parses what is embedded and starts nothing.
func New(o Options) (*Site, error) {
	if o.Database == nil || o.Reader == nil || o.Store == nil || o.Meaning == nil || o.Signer == nil || o.Mails == nil || o.Now == nil || o.Log == nil {
		return nil, errors.New("pages need a database, a store, meaning, a signer, mails, a clock and a log")
	}
	public, err := url.Parse(o.PublicURL)
	if err != nil || public.Host == "" || public.Scheme != "http" && public.Scheme != "https" {
		return nil, fmt.Errorf("public URL %q is not http or https with a host", o.PublicURL)
	}
	if o.AnswerTime == 0 {
		o.AnswerTime = 250 * time.Millisecond
	}
	if o.Brand == "" {
		o.Brand = public.Hostname()
	}
	s := &Site{Options: o, calendar: subscriptions.NewCalendar(o.Cadences), limits: newLimits(), sitemaps: new(kept), feeds: sightings{seen: map[string]sighting{}}, secure: public.Scheme == "https",
		links: subscriptions.Links{Base: strings.TrimSuffix(o.PublicURL, "/"), Signer: o.Signer}, origin: public.Scheme + "://" + public.Host}
	if s.zone, err = time.LoadLocation(o.Timezone); err != nil || o.Timezone == "" {
		return nil, fmt.Errorf("time zone %q is not an IANA name", o.Timezone)
	}
	if s.texts, err = readTexts(files, "texts.toml"); err != nil {
		return nil, err
	}
	s.builtIn = maps.Clone(s.texts)
	if s.assets, err = readAssets(files, "static"); err != nil {
		return nil, err
	}
	if err := errors.Join(s.checkTheme(), s.themeTexts(), s.themeAssets()); err != nil {
		return nil, err
	}
	if s.templates, err = s.parseTemplates(); err != nil {
		return nil, err
	}
	s.handler = s.routes()
	return s, nil
}

// Handler serves every page. It matches the paths that routes.go lists.
func (s *Site) Handler() http.Handler { return s.handler }

// write runs f in a transaction and wakes the followers once it is committed.
func (s *Site) write(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	if err := s.Database.Tx(ctx, f); err != nil {
		return err
	}
	if s.Waker != nil {
		s.Waker.Wake()
	}
	return nil
}

// frequencies are those a visitor may choose, the operator's cadences last.
func (s *Site) frequencies() []string {
	all := []string{string(subscriptions.Daily), string(subscriptions.Weekly), string(subscriptions.Instant)}
	var named []string
	for name := range s.Cadences {
		named = append(named, name)
	}
	slices.Sort(named)
	return append(all, named...)
}

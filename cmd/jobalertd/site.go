package main

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/subscriptions"
	"github.com/jobalertd/jobalertd/subscriptions/web"
)

// site builds the pages.
func (d *daemon) site() (http.Handler, error) {
	proxies, err := trustedProxies(d.config)
	if err != nil {
		return nil, err
	}
	s, err := web.New(web.Options{
		Database: database.Patient{DB: d.db}, Reader: d.db.Reader, Store: d.subscriptions, Meaning: d.meaning, Signer: d.links.Signer, Mails: d.outbox,
		Suppressions: d.suppressions, Postings: storedPostings{d.stores}, Search: pageSearch{d.archive}, Waker: d,
		Theme: theme(d.config), Deliveries: pageDeliveries{d.digests}, Separations: pageSeparations{d.digests},
		PublicURL: d.config.HTTP.PublicURL, Brand: d.config.Mail.Brand, Imprint: d.config.Mail.Imprint, Timezone: d.config.Digest.Timezone,
		Cadences: d.config.Digest.Cadences, TrustedProxies: proxies, KeepIP: d.config.HTTP.RecordIP, Now: d.now, Log: d.log,
	})
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	return s.Handler(), nil
}

// theme is the operator's folder of templates, texts and styles; nil for none.
func theme(c *config.Config) fs.FS {
	if c.HTTP.ThemeDir == "" {
		return nil
	}
	return os.DirFS(c.HTTP.ThemeDir)
}

// mailTheme is the part of it that mails are made with.
func mailTheme(c *config.Config) (fs.FS, error) {
	whole := theme(c)
	if whole == nil {
		return nil, nil
	}
	return fs.Sub(whole, "mails")
}

func trustedProxies(c *config.Config) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range c.HTTP.TrustedProxies {
		p, err := config.ParseNetwork(text)
		if err != nil {
			return nil, fmt.Errorf("http.trusted_proxies: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// pageDeliveries are what digests have brought, in the words of the pages.
type pageDeliveries struct{ *digest.Builder }

func (p pageDeliveries) Delivered(ctx context.Context, subscriber int64, since time.Time) (map[uint32]web.Delivered, error) {
	brought, err := p.Builder.Delivered(ctx, subscriber, since)
	if err != nil {
		return nil, err
	}
	out := make(map[uint32]web.Delivered, len(brought))
	for id, b := range brought {
		out[id] = web.Delivered(b)
	}
	return out, nil
}

func (p pageDeliveries) History(ctx context.Context, subscriber int64) ([]web.Told, error) {
	digests, err := p.Builder.History(ctx, subscriber)
	told := make([]web.Told, len(digests))
	for i, d := range digests {
		told[i] = web.Told(d)
	}
	return told, err
}

// pageSeparations are the postings that subscribers set apart.
type pageSeparations struct{ *digest.Builder }

func (pageSeparations) Named(c subscriptions.Claims) ([]uint32, bool) { return digest.SeparatedBy(c) }

// storedPostings reads postings for their pages.
type storedPostings struct{ *stores }

func (s storedPostings) Posting(ctx context.Context, number uint32) (alerts.Stored, error) {
	p, err := s.postings.Posting(ctx, s.db.Reader, number)
	if err == nil && p.Source == alerts.CanarySource {
		return alerts.Stored{}, fmt.Errorf("posting %d is the canary's: %w", number, alerts.ErrNotFound)
	}
	return p, err
}

// Newest are the newest postings, whatever has become of them; the canary's are nobody's.
func (s storedPostings) Newest(ctx context.Context, limit int) ([]alerts.Stored, error) {
	list, err := s.postings.Newest(ctx, s.db.Reader, "", 0, limit)
	return slices.DeleteFunc(list, func(p alerts.Stored) bool { return p.Source == alerts.CanarySource }), err
}

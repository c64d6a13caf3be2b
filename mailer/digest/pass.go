package digest

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// alert is one due subscription with the postings its window proposes.
type alert struct {
	subscriptions.Due
	understood *alerts.Criteria // nil until they are asked for
	window     subscriptions.Window
	logged     int64      // the log covers its present criteria from here
	found      int        // how many postings are proposed
	proposed   []proposal // of a page that is open
	updated    bool       // some of those have been published in another form before
	repeated   bool       // some of those may be there twice
	bestOnly   bool       // first digest after a pause from which only the best is wanted
}

// criteria are an alert's as they stand: read when they are first asked for, since
// most alerts of a day meet nothing. What cannot be understood matches nothing.
func (b *Builder) criteria(a *alert) *alerts.Criteria {
	if a.understood == nil {
		c, err := b.Subscriptions.Criteria(a.Stored)
		if err != nil {
			b.Log.Warn("stored criteria cannot be understood", "subscription_id", a.ID, "err", err)
			c = new(alerts.Criteria)
		}
		a.understood = c
	}
	return a.understood
}

// forget lets criteria go that can be read again: few are asked for twice.
func (a *alert) forget() {
	if a.Stored != "" {
		a.understood = nil
	}
}

// deliverable reports whether a posting stands, as it was at the cutoff.
func (d *document) deliverable(cutoff int64, now time.Time) bool {
	return d.stored.Standing(now) && d.stored.Position <= cutoff
}

func (b *Builder) rank(a *alert, d *document) alerts.Rank {
	return b.criteria(a).Rank(d.Document, d.stored.FirstPosition)
}

// errTooMany says that a pass proposes more than may be held at once.
var errTooMany = errors.New("too many proposals for one pass")

// turned is a range of leased subscribers with what the log proposes to each.
type turned struct {
	run     run
	library *library
	pages   []*page
	cards   cards        // of what is proposed
	place   []uint32     // in cards, of each card by the number that packed proposals have
	fits    []alerts.Fit // by the number that they have
}

// open gives the alerts of a page what is proposed to them, until the next is opened,
// in room, which it returns.
func (t *turned) open(p *page, room []proposal) []proposal {
	total := 0
	for _, a := range p.alerts {
		total += a.found
	}
	room = slices.Grow(room[:0], total)
	at := 0
	for _, a := range p.alerts {
		a.proposed = room[at : at : at+a.found]
		at += a.found
	}
	p.packed.each(func(alert, fit, card uint32) {
		a := p.alerts[alert]
		a.proposed = append(a.proposed, propose(t.fits[fit], t.place[card]))
	})
	return room
}

// turn reads the match log of a range's windows once and turns it round in memory:
// for each alert, which postings, verified and ranked. What proposes too much to be
// held is handed over in halves. It returns those pages that it has not handed over.
func (b *Builder) turn(ctx context.Context, r run, pages []*page, docs *documents, hand func(turned) error) ([]*page, error) {
	budget := b.MaxProposals
	if len(pages) == 1 && len(pages[0].subscribers) == 1 {
		budget = math.MaxInt
	}
	t, err := b.propose(ctx, r, pages, docs, budget)
	if err == nil {
		err = hand(t)
	}
	if err == nil {
		return nil, nil
	}
	if !errors.Is(err, errTooMany) {
		return pages, err
	}
	first, second := halves(pages)
	if left, err := b.turn(ctx, r, first, docs, hand); err != nil {
		return append(left, second...), err
	}
	return b.turn(ctx, r, second, docs, hand)
}

// recorders is how many pages are recorded at once: while PostgreSQL works on one, or
// syncs, another's rows are sent. SQLite has one writer, before whom a sign-up that
// comes should wait for one page alone.
func (b *Builder) recorders() int {
	if b.DB.Dialect == database.PostgreSQL {
		return 2
	}
	return 1
}

// recordAll builds a range's digests, a page at a time, and records pages while the
// next is built. done is called with those whose digests were committed. It stops
// early, and returns errLate, when the leases are about to run out.
func (b *Builder) recordAll(ctx context.Context, t turned, docs *documents, done func([]int64)) (sum Summary, err error) {
	ready := make(chan builtPage)
	g, building := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(ready)
		for _, p := range t.pages {
			built, err := b.buildPage(building, &t, p, docs)
			if err != nil {
				return err
			}
			select {
			case ready <- built:
			case <-building.Done():
				return building.Err()
			}
		}
		return nil
	})
	var mu sync.Mutex // of sum
	for range b.recorders() {
		g.Go(func() error {
			for p := range ready {
				mu.Lock()
				begun := sum.Subscribers > 0
				mu.Unlock()
				if begun && b.Now().After(t.run.leaseUntil.Add(-leaseMargin)) {
					return errLate
				}
				// By ctx: what stops one recorder leaves another's page alone.
				part, served, err := b.recordPage(ctx, t.run, p)
				mu.Lock()
				sum.add(part)
				mu.Unlock()
				if err != nil {
					return err
				}
				done(served)
				p.page.alerts = nil // of which there are many
			}
			return nil
		})
	}
	err = g.Wait()
	for _, p := range t.pages {
		t.run.pad.takeBack(&p.packed)
	}
	return sum, err
}

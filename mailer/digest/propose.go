package digest

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// proposer turns the match log of a range's windows round: which postings are
// proposed to each alert.
type proposer struct {
	b       *Builder
	run     run
	pages   []*page
	all     []*alert // the pages' in turn
	docs    *documents
	budget  int // of proposals
	deck    deck
	fits    fits
	seats   []seat                 // one an alert
	windows []subscriptions.Window // the seats', as far as the log covers them
	seating seating                // nil for few
	shared  subscriptions.Window   // every seat's holds this; most are no larger
}

// seat is what of an alert is looked at for each posting that met it, close together:
// the alerts of a range are far more than a processor keeps at hand.
type seat struct {
	ranked   alerts.Ranked
	page     uint32
	place    uint32 // within the page
	found    uint32 // how many postings are proposed
	ready    bool   // ranked is
	updated  bool   // as alert has it
	repeated bool
}

// propose finds for each alert of a range the postings of its window. More than the
// budget is errTooMany.
func (b *Builder) propose(ctx context.Context, r run, pages []*page, docs *documents, budget int) (turned, error) {
	docs.ranking.Drop()
	p := &proposer{b: b, run: r, pages: pages, docs: docs, budget: budget, deck: deck{of: map[uint32]uint32{}}}
	for _, page := range pages {
		p.all = append(p.all, page.alerts...)
	}
	p.seats = make([]seat, 0, len(p.all))
	for n, page := range pages {
		for i := range page.alerts {
			p.seats = append(p.seats, seat{page: uint32(n), place: uint32(i)})
		}
	}
	if len(p.all) > fewSeats {
		p.seating = seating{}
	}
	err := p.logged(ctx)
	if err == nil {
		err = p.searched(ctx)
	}
	if err != nil {
		for _, page := range pages {
			r.pad.takeBack(&page.packed)
		}
		return turned{}, err
	}
	return p.finish(), nil
}

// seating finds a seat by its subscription's number, 65,536 numbers together as the
// log's bitmaps have them. A seat's number is one more than its index.
type seating map[uint32]*[1 << 16]uint32

func (s seating) put(id, seat uint32) {
	page := s[id>>16]
	if page == nil {
		page = new([1 << 16]uint32)
		s[id>>16] = page
	}
	page[id&0xffff] = seat + 1
}

// met is a row of the log with the seats, among those of the batch, that it names.
type met struct {
	position int64
	posting  uint32
	from, to int
}

// batch is rows of the log that are verified together.
type batch struct {
	rows  []met
	named []uint32 // seats
}

// metAtOnce is how many rows a batch has.
const metAtOnce = 1000

// batchesAhead is how many are read before they are verified.
const batchesAhead = 2

// logged reads the match log from the earliest window on and proposes each row's
// posting to the alerts it names, while the next rows are read.
func (p *proposer) logged(ctx context.Context) error {
	span, first, last := p.sit()
	if span.Empty() {
		return nil
	}
	ready, empty := make(chan batch, batchesAhead), make(chan batch, batchesAhead+2)
	for range cap(empty) {
		empty <- batch{rows: make([]met, 0, min(metAtOnce, p.docs.limit))}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(ready)
		return p.read(ctx, span, first, last, ready, empty)
	})
	g.Go(func() error {
		for b := range ready {
			if err := p.met(ctx, b.rows, b.named); err != nil {
				return err
			}
			empty <- batch{b.rows[:0], b.named[:0]}
		}
		return nil
	})
	return g.Wait()
}

// read fills batches with the rows of a span that name anybody in the range.
func (p *proposer) read(ctx context.Context, span subscriptions.Window, first, last uint32, ready chan<- batch, empty <-chan batch) error {
	var before bits // postings of the rows before
	b := <-empty
	hand := func() error {
		select {
		case ready <- b:
			b = <-empty
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := p.b.Postings.MatchesBetween(ctx, p.b.DB.Reader, span.After, span.Through, func(row alerts.Logged) error {
		from, again := len(b.named), before.has(row.Posting)
		b.named = p.named(b.named, &row, first, last)
		before.add(row.Posting)
		if len(b.named) == from {
			return nil
		}
		if again {
			for _, n := range b.named[from:] {
				p.seats[n].repeated = true
			}
		}
		if p.budget -= len(b.named) - from; p.budget < 0 {
			return errTooMany
		}
		if b.rows = append(b.rows, met{row.Position, row.Posting, from, len(b.named)}); len(b.rows) < cap(b.rows) {
			return nil
		}
		return hand()
	})
	if err != nil {
		return err
	}
	return hand()
}

// sit gives a seat to each alert whose window the log covers in part at least, and
// returns what the windows span, and the first and last number.
func (p *proposer) sit() (span subscriptions.Window, first, last uint32) {
	p.windows = make([]subscriptions.Window, len(p.all))
	for i, a := range p.all {
		w := a.window.Logged(a.logged)
		if w.Empty() {
			continue
		}
		p.windows[i] = w
		if p.seating != nil {
			p.seating.put(a.ID, uint32(i))
		}
		if span.Empty() {
			span, p.shared, first = w, w, a.ID
		}
		span.After, span.Through = min(span.After, w.After), max(span.Through, w.Through)
		p.shared.After, p.shared.Through = max(p.shared.After, w.After), min(p.shared.Through, w.Through)
		first, last = min(first, a.ID), max(last, a.ID)
	}
	return span, first, last
}

// fewSeats is up to how many a row is asked for each rather than read.
const fewSeats = 256

// named appends the seats of those in the range whom a row names and whose window
// covers it.
func (p *proposer) named(dst []uint32, row *alerts.Logged, first, last uint32) []uint32 {
	if p.seating == nil {
		for i, a := range p.all {
			if p.windows[i].Holds(row.Position) && row.Subscriptions.Contains(a.ID) {
				dst = append(dst, uint32(i))
			}
		}
		return dst
	}
	it := row.Subscriptions.Iterator()
	it.AdvanceIfNeeded(first)
	var (
		key      = ^uint32(0)
		page     *[1 << 16]uint32
		inShared = p.shared.Holds(row.Position)
	)
	for it.HasNext() {
		id := it.Next()
		if id > last {
			break
		}
		if id>>16 != key {
			key = id >> 16
			page = p.seating[key]
		}
		if page == nil {
			it.AdvanceIfNeeded((key + 1) << 16)
			continue
		}
		if n := page[id&0xffff]; n > 0 && (inShared || p.windows[n-1].Holds(row.Position)) {
			dst = append(dst, n-1)
		}
	}
	return dst
}

// met verifies and ranks what some rows of the log propose.
func (p *proposer) met(ctx context.Context, rows []met, named []uint32) error {
	numbers := make([]uint32, len(rows))
	for i := range rows {
		numbers[i] = rows[i].posting
	}
	if err := p.docs.load(ctx, p.b.DB.Reader, numbers); err != nil {
		return err
	}
	now := p.b.Now()
	for i := range rows {
		m := &rows[i]
		d := p.docs.get(m.posting)
		if d == nil || !d.deliverable(p.run.cutoff, now) {
			continue
		}
		card := p.deck.card(p.docs.ranking.Next(d.Document, d.stored.FirstPosition))
		updated, changed := d.stored.Position != d.stored.FirstPosition, d.stored.Position != m.position
		// By itself, since in so short a loop a processor fetches many seats at once.
		for _, n := range named[m.from:m.to] {
			if s := &p.seats[n]; !s.ready {
				s.ranked, s.ready = p.docs.ranking.Take(p.b.criteria(p.all[n])), true
				p.all[n].forget()
			}
		}
		for _, n := range named[m.from:m.to] {
			s := &p.seats[n]
			if changed && !p.b.criteria(p.all[n]).Matches(d.Document) {
				continue
			}
			p.add(s, p.docs.ranking.Fit(&s.ranked), card)
			s.updated = s.updated || updated
		}
	}
	return nil
}

// searched finds by Criteria.Matches what the log does not cover.
func (p *proposer) searched(ctx context.Context) error {
	var (
		searching []int // in all
		span      subscriptions.Window
	)
	for i, a := range p.all {
		w := a.window.Searched(a.logged)
		if w.Empty() {
			continue
		}
		if len(searching) == 0 {
			span = w
		}
		span.After, span.Through = min(span.After, w.After), max(span.Through, w.Through)
		p.seats[i].repeated = true
		searching = append(searching, i)
	}
	if len(searching) == 0 {
		return nil
	}
	return p.b.Postings.OpenBetween(ctx, p.b.DB.Reader, span.After, span.Through, p.b.Now(), func(stored alerts.Stored) error {
		d := p.docs.analysed(&stored)
		for _, i := range searching {
			a := p.all[i]
			if a.window.Searched(a.logged).Holds(stored.Position) && p.b.criteria(a).Matches(d.Document) {
				r := p.b.rank(a, d)
				p.add(&p.seats[i], r.Fit(), p.deck.card(r))
				p.seats[i].updated = p.seats[i].updated || d.stored.Position != d.stored.FirstPosition
				p.budget--
			}
		}
		if p.budget < 0 {
			return errTooMany
		}
		return nil
	})
}

// add proposes the posting of a card.
func (p *proposer) add(s *seat, fit alerts.Fit, card uint32) {
	s.found++
	p.pages[s.page].packed.add(p.run.pad, s.place, p.fits.number(fit), card)
}

func (p *proposer) finish() turned {
	for i, a := range p.all {
		s := &p.seats[i]
		a.found, a.updated, a.repeated = int(s.found), s.updated, s.repeated
		a.forget()
	}
	sorted, place := p.deck.sort()
	return turned{run: p.run, library: p.docs.library, pages: p.pages, cards: sorted, place: place, fits: p.fits.of}
}

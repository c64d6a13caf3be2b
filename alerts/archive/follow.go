package archive

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"
	"unique"

	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/config/database"
)

// follower is how far an archive has come. Only who holds Archive.mu touches it.
type follower struct {
	begun    bool
	position int64 // the contents of all postings up to here are known
	// The newest message applied when position was read: withdrawals keep their
	// posting's position and are found by their message.
	createdMS, sequence int64
	at                  map[uint32]int64 // position of each posting in memory
	filling             bool             // older postings are read until there is no more room
	audited             int64            // position up to which the postings were last looked after
}

const (
	// addPage is how many postings are analysed before they can be found.
	addPage = 2000
	// lookBack is how many messages a replica may commit behind another: twice
	// what may be in flight. What comes even later is found by the audit.
	lookBack = 2 * broker.InFlight
	// auditPage is how many postings in memory are compared with the database at
	// a time: all of 100,000 within half an hour.
	auditPage = 200
)

// Run follows the database until ctx ends, and returns nil: when woken, and every
// few seconds. A database that is away is waited for.
func (a *Archive) Run(ctx context.Context, wake <-chan struct{}) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		if err := a.Follow(ctx); err != nil && ctx.Err() == nil {
			a.Log.WarnContext(ctx, "follow postings; pages show what was known before", "err", err)
		}
		// Under load every commit wakes us: a pause makes one part of many.
		rest.Reset(restAfter)
		select {
		case <-ctx.Done():
			return nil
		case <-rest.C:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-tick.C:
		}
	}
}

const (
	followEvery = 3 * time.Second
	restAfter   = 300 * time.Millisecond
)

// Follow brings the archive up with what was committed when it began: what is
// new or has changed, what has gone, and, as long as there is room, older
// postings. Searches go on meanwhile.
func (a *Archive) Follow(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		if err := a.catchUp(ctx); err != nil {
			return err
		}
		more, err := a.backfill(ctx)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if err := a.audit(ctx); err != nil {
		return err
	}
	d := a.state.Load().draft()
	d.expire(a.Now().UnixMilli(), a.forget)
	d.merge()
	a.publish(d)
	return nil
}

func (a *Archive) publish(d *draft) { a.state.Store(&d.snapshot) }

func (a *Archive) forget(number uint32) { delete(a.follower.at, number) }

// catchUp takes in what has been stored and withdrawn since the last time.
func (a *Archive) catchUp(ctx context.Context) error {
	f := &a.follower
	// Positions are handed out in commit order, so all contents up to this one
	// are visible to the reads that follow.
	position, err := database.Position(ctx, a.Reader)
	if err != nil {
		return err
	}
	createdMS, sequence, err := a.Store.LastApplied(ctx, a.Reader)
	if err != nil {
		return err
	}
	if !f.begun { // nothing is here: all there is lies below the floor
		f.begun, f.filling, f.position, f.createdMS, f.sequence = true, true, position, createdMS, sequence
		d := a.state.Load().draft()
		d.followed, d.floor = true, position
		a.publish(d)
		return nil
	}
	if position == f.position {
		return nil // whatever changes a posting moves the clock
	}
	if err := a.takeContents(ctx, position); err != nil {
		return err
	}
	gone, err := a.Store.WithdrawnSince(ctx, a.Reader, f.createdMS, f.sequence-lookBack)
	if err != nil {
		return err
	}
	a.drop(gone)
	f.position, f.createdMS, f.sequence = position, createdMS, sequence
	return nil
}

// takeContents puts in the contents of the window up to position, a page at a
// time, in place of what was there under the same number.
func (a *Archive) takeContents(ctx context.Context, position int64) error {
	var page []alerts.Stored
	err := a.Store.ContentsBetween(ctx, a.Reader, a.follower.position, position, func(p alerts.Stored) error {
		if page = append(page, p); len(page) < addPage {
			return nil
		}
		err := a.put(ctx, page)
		page = page[:0]
		return err
	})
	if err != nil {
		return err
	}
	return a.put(ctx, page)
}

// put replaces postings by number; those that no longer stand only go.
func (a *Archive) put(ctx context.Context, page []alerts.Stored) error {
	if len(page) == 0 {
		return nil
	}
	now := a.Now()
	standing := make([]alerts.Stored, 0, len(page))
	for i := range page {
		if page[i].Standing(now) && page[i].Source != alerts.CanarySource {
			standing = append(standing, page[i])
		}
	}
	analysed, err := a.analyse(ctx, standing)
	if err != nil {
		return err
	}
	d := a.state.Load().draft()
	for i := range page {
		a.remove(d, page[i].Number)
	}
	d.add(analysed)
	a.remember(analysed)
	d.evict(a.MaxPostings, a.forget)
	a.publish(d)
	return nil
}

func (a *Archive) remember(postings []fresh) {
	for i := range postings {
		a.follower.at[postings[i].doc.Number] = postings[i].position
	}
}

func (a *Archive) remove(d *draft, number uint32) {
	if position, ok := a.follower.at[number]; ok {
		d.kill(position)
		a.forget(number)
	}
}

func (a *Archive) drop(numbers []uint32) {
	if len(numbers) == 0 {
		return
	}
	d := a.state.Load().draft()
	for _, n := range numbers {
		a.remove(d, n)
	}
	a.publish(d)
}

// backfill reads a page of the newest open postings that are not in memory, if
// there is room, and reports whether there may be more.
func (a *Archive) backfill(ctx context.Context) (more bool, err error) {
	s, f := a.state.Load(), &a.follower
	room := a.MaxPostings - s.count
	// A gap of a posting or two is not worth a query each time.
	f.filling = f.filling && room > 0 || room > a.MaxPostings/16
	if s.floor == 0 || !f.filling {
		return false, nil
	}
	limit := min(room, addPage)
	page, err := a.Store.OpenBefore(ctx, a.Reader, s.floor+1, a.Now(), limit)
	if err != nil {
		return false, err
	}
	analysed, err := a.analyse(ctx, page)
	if err != nil {
		return false, err
	}
	d := a.state.Load().draft()
	d.add(analysed)
	a.remember(analysed)
	d.floor = 0
	if len(page) == limit {
		d.floor = page[len(page)-1].Position - 1
	}
	a.publish(d)
	return d.floor > 0, nil
}

// audit compares some of what is in memory with the database, round and round, so
// that nothing missed stays.
func (a *Archive) audit(ctx context.Context) error {
	s := a.state.Load()
	page := s.after(a.follower.audited, auditPage)
	a.follower.audited = 0
	if len(page) == auditPage {
		a.follower.audited = page[auditPage-1].position
	}
	numbers := make([]uint32, len(page))
	for i, x := range page {
		numbers[i] = x.doc.Number
	}
	standing, err := a.Store.Standing(ctx, a.Reader, numbers)
	if err != nil {
		return err
	}
	a.drop(slices.DeleteFunc(numbers, func(n uint32) bool { _, stands := standing[n]; return stands }))
	return nil
}

// analyse analyses stored postings on half of the cores: intake has the others.
func (a *Archive) analyse(ctx context.Context, stored []alerts.Stored) ([]fresh, error) {
	analysed := make([]fresh, len(stored))
	var g errgroup.Group
	g.SetLimit(max(1, runtime.GOMAXPROCS(0)/2))
	const chunk = 64
	for from := 0; from < len(stored); from += chunk {
		g.Go(func() error {
			for i := from; i < min(from+chunk, len(stored)); i++ {
				if err := ctx.Err(); err != nil {
					return fmt.Errorf("analyse postings: %w", err)
				}
				analysed[i] = a.fresh(&stored[i])
			}
			return nil
		})
	}
	return analysed, g.Wait()
}

// fresh analyses a posting and keeps what searching needs: names that many
// postings share are kept once, its own words only in the text.
func (a *Archive) fresh(s *alerts.Stored) fresh {
	p := s.Posting
	d := a.Meaning.Document(&p)
	p.Identifier, p.Title, p.Description, p.URL = "", "", "", ""
	if p.Pay != nil {
		stated := *p.Pay
		stated.Text = ""
		p.Pay = &stated
	}
	p.Source, p.Employer, p.Language = once(p.Source), once(p.Employer), once(p.Language)
	p.Locations = slices.Clone(p.Locations)
	for i := range p.Locations {
		l := &p.Locations[i]
		l.Name, l.PostalCode, l.State, l.Country = once(l.Name), once(l.PostalCode), once(l.State), once(l.Country)
	}
	return fresh{doc: d, position: s.Position, first: s.FirstPosition}
}

func once(s string) string { return unique.Make(s).Value() }

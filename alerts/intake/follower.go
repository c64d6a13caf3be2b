package intake

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/percolate"
	"github.com/jobalertd/jobalertd/config/database"
)

// followPage is how many changes one read of the follower takes.
const followPage = 1000

// follower keeps the percolation index up with the database. Everything it holds
// can be thrown away and loaded again.
type follower struct {
	db            *database.DB
	subscriptions Subscriptions
	index         *percolate.Index

	mu sync.Mutex // one follow at a time
	// position up to which the index has followed; read before percolating, it
	// stamps the batch.
	position atomic.Int64
}

// load reads every standing subscription, and beside it learns what the index is laid
// out by. The position is read first: what changes meanwhile is applied twice, which is
// harmless.
func (f *follower) load(ctx context.Context, learn func(context.Context) error) error {
	position, err := database.Position(ctx, f.db.Reader)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return learn(gctx) })
	about, err := f.subscriptions.AboutStanding(gctx, f.db.Reader)
	if err != nil {
		return cmp.Or(g.Wait(), err)
	}
	f.index.Load(about, func(yield func(uint32, *alerts.Criteria) bool) {
		err = f.subscriptions.StandingCriteria(gctx, f.db.Reader, func(c alerts.CriteriaChange) error {
			yield(c.Subscription, c.Criteria) // never breaks off
			return nil
		})
		err = cmp.Or(g.Wait(), err) // once nothing more comes, the index is laid out
	})
	if err != nil {
		return fmt.Errorf("load criteria into the index: %w", err)
	}
	f.position.Store(position)
	return f.follow(ctx)
}

// follow applies what has changed since the index's position.
func (f *follower) follow(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		// Positions are handed out in commit order, so all changes up to this
		// one are visible to the read that follows.
		position, err := database.Position(ctx, f.db.Reader)
		if err != nil {
			return err
		}
		after := f.position.Load()
		if position <= after {
			return nil
		}
		changes, err := f.subscriptions.CriteriaChanges(ctx, f.db.Reader, after, followPage)
		if err != nil {
			return fmt.Errorf("read criteria changes: %w", err)
		}
		for _, c := range changes {
			apply(f.index, c)
		}
		if len(changes) >= followPage {
			f.position.Store(changes[len(changes)-1].Position)
			continue
		}
		if n := len(changes); n > 0 {
			position = max(position, changes[n-1].Position)
		}
		f.position.Store(position)
	}
}

func apply(index *percolate.Index, c alerts.CriteriaChange) {
	if c.Criteria == nil {
		index.Remove(c.Subscription)
		return
	}
	index.Put(c.Subscription, c.Criteria)
}

// agencies are the sources whose every posting counts as an agency's.
type agencies struct {
	sources atomic.Pointer[map[string]bool]
}

func (a *agencies) refresh(ctx context.Context, q sqlx.ExtContext, s Store) error {
	rs, err := s.Recruiters(ctx, q)
	if err != nil {
		return err
	}
	m := make(map[string]bool)
	for _, r := range rs {
		if r.Agency {
			m[r.Source] = true
		}
	}
	a.sources.Store(&m)
	return nil
}

func (a *agencies) has(source string) bool {
	m := a.sources.Load()
	return m != nil && (*m)[source]
}

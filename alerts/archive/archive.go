// Package archive searches recent postings: the newest open ones, analysed, in
// memory. What it finds for criteria is what an alert with the same criteria
// would bring, in a digest's order, because Criteria.Matches decides and
// Criteria.Rank orders.
//
// It is a follower of the database: it knows the position up to which it has
// followed, catches up from there, and can be thrown away and rebuilt. It writes
// nothing. A page shows only what the database says still stands, so that a
// follower that lags never shows what was withdrawn.
//
// cmd runs it; the pages and the recruiters' preview read it.
package archive

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
)

// DefaultMaxPostings is how many postings are kept when Options leaves it open.
const DefaultMaxPostings = 100_000

// Store reads stored postings (implemented by alerts/store).
type Store interface {
	ContentsBetween(ctx context.Context, q sqlx.ExtContext, after, through int64, f func(alerts.Stored) error) error
	OpenBefore(ctx context.Context, q sqlx.ExtContext, before int64, now time.Time, limit int) ([]alerts.Stored, error)
	LastApplied(ctx context.Context, q sqlx.ExtContext) (createdMS, sequence int64, err error)
	WithdrawnSince(ctx context.Context, q sqlx.ExtContext, createdMS, sequence int64) ([]uint32, error)
	Standing(ctx context.Context, q sqlx.ExtContext, numbers []uint32) (map[uint32]int64, error)
	Postings(ctx context.Context, q sqlx.ExtContext, numbers []uint32) ([]alerts.Stored, error)
}

// Options are the parts an archive works with.
type Options struct {
	Store   Store
	Reader  sqlx.ExtContext // reads what is committed
	Meaning *alerts.Meaning
	// MaxPostings bounds what is kept; zero means DefaultMaxPostings.
	MaxPostings int
	Log         *slog.Logger
	Now         func() time.Time
}

// Archive is one process's archive of recent postings. Its methods are safe for
// concurrent use, and searching waits for nobody.
type Archive struct {
	Options
	state   atomic.Pointer[snapshot]
	scratch sync.Pool // of *scratch

	mu       sync.Mutex // held by who follows
	follower follower
}

// New makes an empty archive; Run or Follow fills it.
func New(o Options) *Archive {
	if o.MaxPostings <= 0 {
		o.MaxPostings = DefaultMaxPostings
	}
	a := &Archive{Options: o}
	a.scratch.New = func() any { return new(scratch) }
	a.state.Store(&snapshot{})
	a.follower.at = map[uint32]int64{}
	return a
}

// Period says what an archive covers.
type Period struct {
	Postings int // open postings in memory
	// All: they are all the open ones there are. Otherwise older ones are found
	// with Older alone, and Since is when the oldest in memory was published.
	All   bool
	Since time.Time
}

// Period is what Search covers at present. Shortly after the start it grows from
// the newest postings back.
func (a *Archive) Period() Period {
	s := a.state.Load()
	p := Period{Postings: s.count, All: s.followed && s.floor == 0}
	if oldest := s.oldest(); !p.All && oldest != nil {
		p.Since = oldest.doc.PublishedAt
	}
	return p
}

// Package digest decides what each subscriber gets: it leases those who are due,
// gathers the postings of their windows from the match log and, where the log
// does not cover them, by search, verifies each against the criteria as they
// stand, ranks and caps, and records digest, envelope and the end of the window
// in one short transaction. It composes and sends nothing; cmd runs its tick and
// its follower, outbox asks it for an envelope's content.
package digest

import (
	"context"
	"embed"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/subscriptions"
)

//go:embed queries
var queryFiles embed.FS

// Postings are what digests are made of (implemented by alerts/store).
type Postings interface {
	Postings(ctx context.Context, q sqlx.ExtContext, numbers []uint32) ([]alerts.Stored, error)
	OpenBetween(ctx context.Context, q sqlx.ExtContext, after, through int64, now time.Time, f func(alerts.Stored) error) error
	// Standing returns those of numbers that are not withdrawn, with the position of
	// their content.
	Standing(ctx context.Context, q sqlx.ExtContext, numbers []uint32) (map[uint32]int64, error)
	// ClosedBetween lists what was withdrawn or expired in (since, until], and when
	// (Unix milliseconds).
	ClosedBetween(ctx context.Context, q sqlx.ExtContext, since, until time.Time) (map[uint32]int64, error)
	MatchesBetween(ctx context.Context, q sqlx.ExtContext, after, through int64, f func(alerts.Logged) error) error
	LoggedSince(ctx context.Context, q sqlx.ExtContext) (int64, error)
	Analysis(ctx context.Context, q sqlx.ExtContext) (alerts.Analysis, error)
}

// Subscriptions knows who is due (implemented by subscriptions/store).
type Subscriptions interface {
	// Due lists who is due and leased by nobody; Lease leases those of them who still are.
	Due(ctx context.Context, q sqlx.ExtContext, dueBy, now time.Time, limit int) ([]int64, error)
	Lease(ctx context.Context, tx sqlx.ExtContext, by string, subscribers []int64, dueBy, now, leaseUntil time.Time) ([]int64, error)
	// Leases tells whether a builder leases anybody; Reclaim ends the leases of one that is dead.
	Leases(ctx context.Context, q sqlx.ExtContext, by string, now time.Time) (bool, error)
	Reclaim(ctx context.Context, tx sqlx.ExtContext, by string, now time.Time) (int64, error)
	Release(ctx context.Context, tx sqlx.ExtContext, subscribers []int64) error
	DueSubscriptions(ctx context.Context, q sqlx.ExtContext, subscribers []int64, dueBy time.Time) ([]subscriptions.Due, error)
	// Criteria prepares criteria as they are stored.
	Criteria(stored string) (*alerts.Criteria, error)
	Subscribers(ctx context.Context, q sqlx.ExtContext, ids []int64) (map[int64]subscriptions.Subscriber, error)
	// Confirmed lists those of ids that are confirmed.
	Confirmed(ctx context.Context, q sqlx.ExtContext, ids []uint32) ([]subscriptions.Subscription, error)
	// Kept lists those of ids that have not ended before a time, nor were erased.
	Kept(ctx context.Context, q sqlx.ExtContext, ids []uint32, ended time.Time) ([]uint32, error)
	// Several reports which of the subscribers have, or had, more than one alert.
	Several(ctx context.Context, q sqlx.ExtContext, subscribers []int64) (map[int64]bool, error)
	// Page lists subscriptions in any state with numbers above after.
	Page(ctx context.Context, q sqlx.ExtContext, after uint32, limit int) ([]subscriptions.Subscription, error)
	// Dismissed is what each of the subscribers does not want to see again.
	Dismissed(ctx context.Context, q sqlx.ExtContext, subscribers []int64) (map[int64][]subscriptions.Dismissal, error)
	Advance(ctx context.Context, tx sqlx.ExtContext, a []subscriptions.Advance) (failed []uint32, err error)
	WakeInstant(ctx context.Context, tx sqlx.ExtContext, ids []uint32, before int64, dueAt time.Time) error
	InstantChanges(ctx context.Context, q sqlx.ExtContext, after int64, limit int) ([]subscriptions.InstantChange, error)
}

// Outbox takes the envelopes (implemented by mailer/outbox).
type Outbox interface {
	Enqueue(ctx context.Context, tx sqlx.ExtContext, envelopes []mailer.Envelope) error
}

// Options are what digests are built with.
type Options struct {
	DB            *database.DB
	Postings      Postings
	Subscriptions Subscriptions
	Outbox        Outbox
	Meaning       *alerts.Meaning
	// Twins folds near-duplicates; nil folds nothing.
	Twins    Twins
	Cadences subscriptions.Cadences
	Links    subscriptions.Links
	// MaxPostings caps a digest unless the subscriber chose her own.
	MaxPostings int
	// Hold is how long an instant alert waits, so that a burst becomes one mail.
	Hold time.Duration
	// MessageID names the envelope made for a purpose.
	MessageID func(purpose string) string
	Metrics   *Metrics
	Log       *slog.Logger
	Now       func() time.Time
	// PassSubscribers is how many subscribers one reading of the match log
	// serves; 0 means 196,608. MaxProposals is how many postings in all it may
	// propose to them, or it is done in halves; 0 means 36 million. The two
	// bound a run's memory.
	PassSubscribers, MaxProposals int
	// MaxDocuments is how many postings are kept analysed at once, some 4 KB
	// each; 0 means 120,000.
	MaxDocuments int
	// LibraryFrom is from how many alerts on a run reads its window's postings
	// once and keeps them; for fewer that costs more than it saves. 0 means 4,096.
	LibraryFrom int
	// PageSubscribers is how many are recorded in one transaction; 0 means 1,000,
	// or 500 with SQLite, where whoever else writes waits for it.
	PageSubscribers int
}

// Lease is how long a subscriber is one replica's to build for; a replica that
// dies keeps hers back for this long. A pass that takes longer gives up what it has
// not reached. That two replicas build for one subscriber costs work and nothing
// else: windows and the chain of digests let one of them record.
const Lease = 2 * time.Minute

// leaseMargin is how long before its end a lease is given up.
const leaseMargin = 20 * time.Second

// Builder builds digests. It is safe for concurrent use, and any number of
// replicas may work on one database.
type Builder struct {
	Options
	name     string // who leases
	queries  *database.Queries
	calendar *subscriptions.Calendar
	shelf    shelf
}

// New makes a builder over a migrated database.
func New(o Options) (*Builder, error) {
	if o.PassSubscribers == 0 {
		o.PassSubscribers = 196_608
	}
	if o.PageSubscribers == 0 {
		o.PageSubscribers = 1000
		if o.DB.Dialect == database.SQLite {
			o.PageSubscribers = 500
		}
	}
	if o.MaxProposals == 0 {
		o.MaxProposals = 36_000_000
	}
	if o.MaxDocuments == 0 {
		o.MaxDocuments = 120_000
	}
	if o.LibraryFrom == 0 {
		o.LibraryFrom = 4096
	}
	q, err := database.LoadQueries(queryFiles, o.DB.Dialect, "start-run", "count-run", "finish-run", "close-crashed-runs", "list-runs", "run-by-id",
		"put-digest", "latest-digests", "earlier-digests", "folding-digests",
		"delivered-before", "digests-with-twins", "digests-created", "digests-by-envelope", "digests-of-subscriber", "purge-digests",
		"put-separations", "separations-of", "purge-separations", "digests-after", "count-shown", "see-change", "count-anew",
		"vitals-of", "told-of", "told-whom", "vitals-after", "checkups-after", "purge-vitals", "purge-checkups", "tell", "start-follower", "follower-position", "move-follower", "hold-follower")
	if err != nil {
		return nil, err
	}
	return &Builder{Options: o, queries: q, calendar: subscriptions.NewCalendar(o.Cadences)}, nil
}

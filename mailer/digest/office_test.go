package digest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata" // zones the same on every machine

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/cluster"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	alertstore "github.com/jobalertd/jobalertd/alerts/store"
	"github.com/jobalertd/jobalertd/alerts/text"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/subscriptions"
	substore "github.com/jobalertd/jobalertd/subscriptions/store"
)

var meaning = sync.OnceValue(func() *alerts.Meaning {
	places, err := gazetteer.Open()
	if err != nil {
		panic(err)
	}
	return &alerts.Meaning{Text: text.New(text.Embedded()), Places: places}
})

// monday is a Monday in summer, 08:00 in Berlin.
var monday = time.Date(2026, 6, 1, 6, 0, 0, 0, time.UTC)

// twins lends alerts/cluster, as cmd does.
type twins struct{}

func (twins) Sketch(p *alerts.Posting) digest.Sketch { return cluster.New(p) }

func (twins) Groups(sketches []digest.Sketch, apart func(i, j int) bool) [][]int {
	return cluster.Groups(own(sketches), apart)
}

func (twins) Possible(sketches []digest.Sketch) [][2]int { return cluster.Possible(own(sketches)) }

func own(sketches []digest.Sketch) []*cluster.Sketch {
	out := make([]*cluster.Sketch, len(sketches))
	for i, s := range sketches {
		out[i] = s.(*cluster.Sketch)
	}
	return out
}

// office is a builder over real stores and a fresh database, with a clock of its
// own. Postings are logged by the definition of matching.
type office struct {
	testing.TB
	db       *database.DB
	postings *alertstore.Store
	subs     *substore.Store
	outbox   *outbox.Store
	options  digest.Options
	*digest.Builder
	clock *atomic.Int64 // Unix milliseconds
}

func each(t *testing.T, f func(t *testing.T, o *office)) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		t.Parallel()
		f(t, newOffice(t, db))
	})
}

func newOffice(t testing.TB, db *database.DB) *office {
	t.Helper()
	o := &office{TB: t, db: db, clock: &atomic.Int64{}}
	o.clock.Store(monday.UnixMilli())
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	cadences := subscriptions.Cadences{"fortnight": "0 7 1,15 * *"}
	var err error
	o.postings, err = alertstore.New(db)
	o.must(err)
	o.subs, err = substore.New(t.Context(), db, meaning(), cadences, quiet)
	o.must(err)
	id := func(purpose string) string { return mailer.MessageID([]byte("seed"), purpose, "example.org") }
	o.outbox, err = outbox.NewStore(db, id, o.now)
	o.must(err)
	o.options = digest.Options{DB: db, Postings: o.postings, Subscriptions: o.subs, Outbox: o.outbox, Meaning: meaning(), Twins: twins{},
		Cadences: cadences, Links: subscriptions.Links{Base: "https://jobs.example.org", Signer: subscriptions.NewSigner(make([]byte, 32))},
		MaxPostings: 20, Hold: 2 * time.Minute, MessageID: id, Log: quiet, Now: o.now}
	if db.Dialect == database.PostgreSQL { // so that every test runs with a library and without
		o.options.LibraryFrom = 1
	}
	o.Builder = o.another(nil)
	return o
}

// another is a builder as of another replica, with options changed.
func (o *office) another(change func(*digest.Options)) *digest.Builder {
	o.Helper()
	options := o.options
	options.Metrics = digest.NewMetrics(prometheus.NewRegistry())
	if change != nil {
		change(&options)
	}
	b, err := digest.New(options)
	o.must(err)
	return b
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) now() time.Time          { return time.UnixMilli(o.clock.Load()).UTC() }
func (o *office) advance(d time.Duration) { o.clock.Add(d.Milliseconds()) }

func (o *office) tx(f func(ctx context.Context, tx *sqlx.Tx) error) {
	o.Helper()
	o.must(o.db.Tx(o.Context(), func(tx *sqlx.Tx) error { return f(o.Context(), tx) }))
}

// wish is a daily one at 7:00 in Berlin for a query.
func (o *office) wish(query string) subscriptions.Wish {
	o.Helper()
	w := subscriptions.Wish{Criteria: alerts.Criteria{Query: query},
		Schedule: subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: "Europe/Berlin"}}
	o.must(meaning().Prepare(&w.Criteria))
	return w
}

// subscribe makes a confirmed alert.
func (o *office) subscribe(address string, w subscriptions.Wish) (subscriber int64, id uint32) {
	o.Helper()
	up := subscriptions.SignUp{Address: address, Locale: "de", Wish: w, How: subscriptions.Circumstances{Source: "test"}}
	o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
		e, err := o.subs.SignUp(ctx, tx, up, o.now())
		if err == nil && e.Answer != subscriptions.AskConfirmation {
			err = fmt.Errorf("the sign-up of %s was answered %q", address, e.Answer)
		}
		subscriber, id = e.Subscriber, e.Subscription
		return err
	})
	o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := o.subs.Confirm(ctx, tx, id, up.How, o.now())
		return err
	})
	return subscriber, id
}

// instantly makes the wish instant.
func instantly(w subscriptions.Wish) subscriptions.Wish {
	w.Schedule.Frequency = subscriptions.Instant
	return w
}

// posting is an open one with a text of its own.
func (o *office) posting(title string) alerts.Posting {
	return alerts.Posting{Title: title, Employer: "Haus am Park GmbH", Language: "de", PublishedAt: o.now(), ExpiresAt: o.now().AddDate(0, 2, 0),
		Locations:   []alerts.Location{{Name: "Köln", Country: "DE", Located: true, Lat: 50.94, Lon: 6.96}},
		Description: fmt.Sprintf("<p>Stelle %d für %s.</p>", o.clock.Load(), title)}
}

// publish stores postings under source/identifier and logs whom they met; it
// returns their numbers.
func (o *office) publish(identifier string, ps ...alerts.Posting) []uint32 {
	o.Helper()
	var numbers []uint32
	o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
		position, err := database.Advance(ctx, tx, int64(len(ps)))
		if err != nil {
			return err
		}
		position -= int64(len(ps))
		highest, err := o.postings.HighestNumber(ctx, tx)
		if err != nil {
			return err
		}
		keys := make([]alerts.Key, len(ps))
		for i := range ps {
			ps[i].Identifier = fmt.Sprintf("%s-%d", identifier, i)
			if ps[i].Source == "" {
				ps[i].Source = "board"
			}
			keys[i] = alerts.Key{Source: ps[i].Source, Identifier: ps[i].Identifier}
		}
		known, err := o.postings.Records(ctx, tx, keys)
		if err != nil {
			return err
		}
		standing, err := o.standing(ctx, tx)
		if err != nil {
			return err
		}
		var records []*alerts.Record
		var matches []alerts.Match
		for i := range ps {
			position++
			r := &alerts.Record{Source: ps[i].Source, Identifier: ps[i].Identifier, ContentHash: fmt.Sprint(position), Position: position,
				FirstPosition: position, StreamSequence: position, PublishedMS: ps[i].PublishedAt.UnixMilli(), ExpiresMS: ps[i].ExpiresAt.UnixMilli(),
				ChangedMS: o.now().UnixMilli(), Title: ps[i].Title, Employer: ps[i].Employer, Receipt: "{}"}
			if old := known[keys[i]]; old != nil {
				r.Number, r.FirstPosition = old.Number, old.FirstPosition
			} else {
				highest++
				r.Number = highest
			}
			ps[i].Number = r.Number
			body, err := json.Marshal(ps[i])
			if err != nil {
				return err
			}
			r.Body = string(body)
			records = append(records, r)
			numbers = append(numbers, r.Number)
			matches = append(matches, alerts.Match{Position: position, Posting: r.Number, Subscriptions: met(standing, &ps[i])})
		}
		if err := o.postings.Put(ctx, tx, records); err != nil {
			return err
		}
		return o.postings.LogMatches(ctx, tx, matches)
	})
	return numbers
}

func (o *office) standing(ctx context.Context, tx *sqlx.Tx) (all []alerts.CriteriaChange, err error) {
	err = o.subs.StandingCriteria(ctx, tx, func(c alerts.CriteriaChange) error {
		all = append(all, c)
		return nil
	})
	return all, err
}

func met(standing []alerts.CriteriaChange, p *alerts.Posting) []uint32 {
	var ids []uint32
	d := meaning().Document(p)
	for i := range standing {
		if standing[i].Criteria.Matches(d) {
			ids = append(ids, standing[i].Subscription)
		}
	}
	slices.Sort(ids)
	return ids
}

// withdraw closes a stored posting.
func (o *office) withdraw(source, identifier string) {
	o.Helper()
	o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := database.Advance(ctx, tx, 1); err != nil {
			return err
		}
		key := alerts.Key{Source: source, Identifier: identifier}
		known, err := o.postings.Records(ctx, tx, []alerts.Key{key})
		if err != nil {
			return err
		}
		known[key].Withdrawn, known[key].ChangedMS = true, o.now().UnixMilli()
		return o.postings.Put(ctx, tx, []*alerts.Record{known[key]})
	})
}

// run builds what is due now.
func (o *office) run() digest.Summary {
	o.Helper()
	sum, err := o.Run(o.Context(), o.now())
	o.must(err)
	return sum
}

// tomorrow lets a day pass and builds what is due then.
func (o *office) tomorrow() digest.Summary {
	o.Helper()
	o.advance(24 * time.Hour)
	return o.run()
}

// got lists what a subscriber was delivered, digest by digest, oldest first.
func (o *office) got(subscriber int64) [][]uint32 {
	o.Helper()
	list, err := o.Deliveries(o.Context(), subscriber, 1000)
	o.must(err)
	var out [][]uint32
	for _, d := range slices.Backward(list) {
		out = append(out, d.Delivered)
	}
	return out
}

func (o *office) get(id uint32) subscriptions.Subscription {
	o.Helper()
	s, err := o.subs.Get(o.Context(), o.db.Reader, id)
	o.must(err)
	return s
}

// exec runs SQL that no program runs: what a bug or a crash would leave.
func (o *office) exec(statement string, args ...any) {
	o.Helper()
	o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, tx.Rebind(statement), args...)
		return err
	})
}

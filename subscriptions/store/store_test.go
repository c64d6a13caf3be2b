package store_test

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // zones the same on every machine

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/text"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/subscriptions"
	"github.com/jobalertd/jobalertd/subscriptions/store"
)

var meaning = sync.OnceValue(func() *alerts.Meaning {
	places, err := gazetteer.Open()
	if err != nil {
		panic(err)
	}
	return &alerts.Meaning{Text: text.New(text.Embedded()), Places: places}
})

// noon is a Monday in summer, 14:00 in Berlin.
var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// bench is a store over a fresh database, with shorthands that fail the test.
type bench struct {
	*testing.T
	db *database.DB
	s  *store.Store
}

func each(t *testing.T, f func(b *bench)) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		f(&bench{t, db, newStore(t, db)})
	})
}

func newStore(t *testing.T, db *database.DB) *store.Store {
	t.Helper()
	s, err := store.New(t.Context(), db, meaning(), subscriptions.Cadences{"fortnight": "0 7 1,15 * *"}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bench) tx(f func(tx *sqlx.Tx) error) {
	b.Helper()
	if err := b.db.Tx(b.Context(), f); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) get(id uint32) subscriptions.Subscription {
	b.Helper()
	sub, err := b.s.Get(b.Context(), b.db.Reader, id)
	if err != nil {
		b.Fatal(err)
	}
	return sub
}

func (b *bench) clock() int64 {
	b.Helper()
	p, err := database.Position(b.Context(), b.db.Reader)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// publish moves the clock as intake does when it stores n postings.
func (b *bench) publish(n int64) {
	b.Helper()
	b.tx(func(tx *sqlx.Tx) error {
		_, err := database.Advance(b.Context(), tx, n)
		return err
	})
}

func wish(t testing.TB, query string, frequency subscriptions.Frequency) subscriptions.Wish {
	t.Helper()
	c := alerts.Criteria{Query: query, Places: []alerts.Place{{Name: "Gelsenkirchen"}}}
	if err := meaning().Prepare(&c); err != nil {
		t.Fatal(err)
	}
	return subscriptions.Wish{Criteria: c, Schedule: subscriptions.Schedule{Frequency: frequency, Hour: 7, Weekday: time.Monday, Timezone: "Europe/Berlin"}}
}

func (b *bench) signUp(address, query string, now time.Time) subscriptions.Enrolment {
	b.Helper()
	var made subscriptions.Enrolment
	b.tx(func(tx *sqlx.Tx) (err error) {
		made, err = b.s.SignUp(b.Context(), tx, subscriptions.SignUp{Address: address, Locale: "de", Wish: wish(b, query, subscriptions.Daily),
			How: subscriptions.Circumstances{TextVersion: "v1", Wording: "Ja, bitte.", Source: "page", IP: "192.0.2.7"}}, now)
		if err != nil || made.Answer != subscriptions.AskConfirmation {
			return err
		}
		return b.s.ConfirmationSent(b.Context(), tx, made.Subscriber, made.Subscription, subscriptions.Circumstances{MessageID: "m@example.org"}, now)
	})
	return made
}

func (b *bench) confirm(id uint32, now time.Time) bool {
	b.Helper()
	var changed bool
	b.tx(func(tx *sqlx.Tx) (err error) {
		changed, err = b.s.Confirm(b.Context(), tx, id, subscriptions.Circumstances{TextVersion: "v1", Source: "page"}, now)
		return err
	})
	return changed
}

// confirmed makes a confirmed subscription and returns its subscriber and number.
func (b *bench) confirmed(address, query string, frequency subscriptions.Frequency) (int64, uint32) {
	b.Helper()
	ids, err := b.s.Import(b.Context(), []subscriptions.Import{{Email: address, Locale: "de", Wish: wish(b, query, frequency), ConfirmedAt: noon}}, noon)
	if err != nil {
		b.Fatal(err)
	}
	return b.get(ids[0]).Subscriber, ids[0]
}

// dump is everything in this package's tables and the clock.
func (b *bench) dump() string {
	b.Helper()
	var out strings.Builder
	for _, table := range []string{"clock", "subscribers", "subscriptions", "dismissals", "consents", "secrets"} {
		b.dumpTable(&out, table)
	}
	return out.String()
}

func (b *bench) dumpTable(out io.Writer, table string) {
	b.Helper()
	rows, err := b.db.Reader.Queryx("SELECT * FROM " + table + " ORDER BY 1")
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			b.Error(err)
		}
	}()
	for rows.Next() {
		values, err := rows.SliceScan()
		if err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(out, "%s %v\n", table, values)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
}

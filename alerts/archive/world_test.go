package archive

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/alerts/store"
	"github.com/jobalertd/jobalertd/alerts/text"
	"github.com/jobalertd/jobalertd/config/database"
)

var meaning = sync.OnceValue(func() *alerts.Meaning {
	places, err := gazetteer.Open()
	if err != nil {
		panic(err)
	}
	return &alerts.Meaning{Text: text.New(text.Embedded()), Places: places}
})

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// words are few, so that queries and postings meet.
var words = []string{"Medizininformatiker", "Informatiker", "Medizin", "medizinische Informatik", "KIS", "Krankenhausinformationssystem", "Krankenhaus",
	"Pflegefachkraft", "Krankenschwester", "Altenpfleger", "Koch", "Köchin", "Softwareentwickler", "Software", "developer", "C++", "HL7", "Schicht", "Praktikum"}

var towns = []alerts.Location{
	{Name: "Gelsenkirchen", State: "DE-NW", Country: "DE", Located: true, Lat: 51.51, Lon: 7.1},
	{Name: "Essen", State: "DE-NW", Country: "DE", Located: true, Lat: 51.45, Lon: 7.01},
	{Name: "Herten", State: "DE-NW", Country: "DE", Located: true, Lat: 51.595, Lon: 7.14},
	{Name: "Berlin", State: "DE-BE", Country: "DE", Located: true, Lat: 52.52, Lon: 13.4},
	{Name: "Zürich", State: "CH-ZH", Country: "CH", Located: true, Lat: 47.37, Lon: 8.54},
	{Name: "Taveuni", Country: "FJ", Located: true, Lat: -16.8, Lon: 179.99},
	{Name: "Bayern", State: "DE-BY", Country: "DE"},
	{Country: "DE"},
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func picks(r *rand.Rand, most int) string {
	var out []string
	for range 1 + r.IntN(most) {
		out = append(out, pick(r, words))
	}
	return strings.Join(out, " ")
}

// randomPosting is published and expires around start; some have a twin in all
// but their number.
func randomPosting(r *rand.Rand) alerts.Posting {
	p := alerts.Posting{
		Source: pick(r, []string{"clinic", "board"}), Title: picks(r, 2), Description: "<p>" + picks(r, 8) + ".</p><p>" + picks(r, 8) + "</p>",
		Employer: pick(r, []string{"", "Klinikum Nord gGmbH", "Klinikum Süd", "Muster AG"}), Language: pick(r, []string{"de", "de", "en"}),
		Agency: r.IntN(4) == 0, Remote: r.IntN(5) == 0, URL: "https://example.org/job",
		PublishedAt: start.Add(-time.Duration(r.IntN(30*24)) * time.Hour), ExpiresAt: start.Add(time.Duration(1+r.IntN(100)) * time.Hour),
	}
	for range r.IntN(3) {
		p.Locations = append(p.Locations, pick(r, towns))
	}
	if r.IntN(2) == 0 {
		p.EmploymentTypes = []alerts.EmploymentType{pick(r, alerts.EmploymentTypes)}
	}
	if r.IntN(2) == 0 {
		s := pay.Normalise(0, float64(20+r.IntN(60))*1000, pick(r, []string{"EUR", "CHF"}), pay.Year, pay.Hints{})
		p.Pay = &s
	}
	return p
}

// randomCriteria can be prepared; every kind of criterion occurs.
func randomCriteria(r *rand.Rand) *alerts.Criteria {
	for {
		c := &alerts.Criteria{}
		one := func(odds int) bool { return r.IntN(odds) == 0 }
		if !one(4) {
			c.Query = pick(r, []string{"", "title:", "-Praktikum "}) + pick(r, words) + pick(r, []string{"", "", " " + pick(r, words), " OR " + pick(r, words), " -Koch"})
		}
		if one(2) {
			town, radius := pick(r, towns[:6]), pick(r, []float64{0, 3, 9.5, 25, 60, 500})
			lat, lon := town.Lat+r.Float64()/5-0.1, town.Lon
			c.Places = []alerts.Place{{Lat: &lat, Lon: &lon, RadiusKM: &radius}}
		}
		if one(6) {
			c.States = []string{pick(r, []string{"DE-NW", "DE-BE", "DE-BY"})}
		}
		if one(8) {
			c.Countries = []string{pick(r, []string{"DE", "CH"})}
		}
		c.Remote = pick(r, []alerts.RemotePolicy{"", "", alerts.RemoteOnly, alerts.RemoteExclude})
		if one(3) {
			c.Salary = &alerts.Salary{Min: float64(20+r.IntN(50)) * 1000, Currency: "EUR", Unit: "YEAR"}
			c.SalaryUnknown = pick(r, []alerts.UnknownPay{"", alerts.UnknownDrop, alerts.UnknownMark})
		}
		if one(4) {
			c.EmploymentTypes = []alerts.EmploymentType{pick(r, alerts.EmploymentTypes)}
		}
		if one(6) {
			c.Employers = []string{pick(r, []string{"Klinikum Nord", "muster ag"})}
		}
		if one(6) {
			c.NotEmployers = []string{"Klinikum Süd"}
		}
		c.NoAgencies = one(4)
		if one(6) {
			c.Languages = []string{"de"}
		}
		if one(6) {
			c.Sources = []string{"board"}
		}
		if meaning().Prepare(c) == nil {
			return c
		}
	}
}

// world is a database with an archive that follows it, and what happens to them.
type world struct {
	t        *testing.T
	db       *database.DB
	store    *store.Store
	archive  *Archive
	clock    atomic.Int64 // Unix milliseconds
	rng      *rand.Rand
	sequence int64
	number   uint32
	records  []*alerts.Record // by number less one
}

func newWorld(t *testing.T, db *database.DB, seed uint64, most int) *world {
	t.Helper()
	s, err := store.New(db)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, store: s, rng: rand.New(rand.NewPCG(seed, 11))}
	w.clock.Store(start.UnixMilli())
	w.archive = w.newArchive(most)
	return w
}

func (w *world) newArchive(most int) *Archive {
	return New(Options{Store: w.store, Reader: w.db.Reader, Meaning: meaning(), MaxPostings: most, Log: slog.New(slog.DiscardHandler), Now: w.now})
}

func (w *world) now() time.Time { return time.UnixMilli(w.clock.Load()).UTC() }

// commit stores records as intake does: the clock first.
func (w *world) commit(change func(position int64) *alerts.Record) {
	w.t.Helper()
	err := w.db.Tx(w.t.Context(), func(tx *sqlx.Tx) error {
		position, err := database.Advance(w.t.Context(), tx, 1)
		if err != nil {
			return err
		}
		w.sequence++
		r := change(position)
		r.StreamCreatedMS, r.StreamSequence, r.ChangedMS = 1, w.sequence, w.clock.Load()
		return w.store.Put(w.t.Context(), tx, []*alerts.Record{r})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// publish stores a posting under a number, 0 for a new one.
func (w *world) publish(number uint32, p alerts.Posting) uint32 {
	w.t.Helper()
	w.commit(func(position int64) *alerts.Record {
		var r *alerts.Record
		if number == 0 {
			w.number++
			number = w.number
			r = &alerts.Record{Number: number, Source: p.Source, Identifier: fmt.Sprint(number), FirstPosition: position}
			w.records = append(w.records, r)
		}
		r = w.records[number-1]
		p.Number, p.Source, p.Identifier = number, r.Source, r.Identifier
		body, err := json.Marshal(p)
		if err != nil {
			w.t.Fatal(err)
		}
		r.Position, r.Withdrawn, r.Body, r.Title = position, false, string(body), p.Title
		r.PublishedMS, r.ExpiresMS, r.Receipt = p.PublishedAt.UnixMilli(), p.ExpiresAt.UnixMilli(), "{}"
		return r
	})
	return number
}

func (w *world) withdraw(number uint32) {
	w.t.Helper()
	w.commit(func(int64) *alerts.Record {
		w.records[number-1].Withdrawn = true
		return w.records[number-1]
	})
}

// act does one random thing that happens to postings.
func (w *world) act() {
	w.t.Helper()
	switch n := w.rng.IntN(20); {
	case n < 11 || w.number == 0:
		w.publish(0, randomPosting(w.rng))
	case n < 14:
		w.publish(1+w.rng.Uint32N(w.number), randomPosting(w.rng)) // an update, or open again
	case n < 17:
		w.withdraw(1 + w.rng.Uint32N(w.number))
	case n < 18: // a change of something else moves the clock too
		err := w.db.Tx(w.t.Context(), func(tx *sqlx.Tx) error {
			_, err := database.Advance(w.t.Context(), tx, 3)
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
	default:
		w.clock.Add(int64(time.Hour / time.Millisecond))
	}
}

func (w *world) follow() {
	w.t.Helper()
	if err := w.archive.Follow(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// newest are the documents that an archive of that size should have.
func (w *world) newest(most int) []fresh {
	w.t.Helper()
	open, err := w.store.OpenBefore(w.t.Context(), w.db.Reader, 1<<60, w.now(), 1<<20)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []fresh
	for i := range open[:min(most, len(open))] {
		out = append(out, fresh{meaning().Document(&open[i].Posting), open[i].Position, open[i].FirstPosition})
	}
	return out
}

// naive asks every posting, sorts all that match, and gives their numbers.
func naive(postings []fresh, c *alerts.Criteria) []uint32 {
	var rs []ranked
	for _, x := range postings {
		if c.Matches(x.doc) {
			rs = append(rs, ranked{c.Rank(x.doc, x.first), &item{doc: x.doc}})
		}
	}
	slices.SortFunc(rs, func(a, b ranked) int { return a.rank.Compare(b.rank) })
	return numbersOf(rs)
}

func numbersOf(rs []ranked) []uint32 {
	out := make([]uint32, len(rs))
	for i := range rs {
		out[i] = rs[i].item.doc.Number
	}
	return out
}

func numbers(list []alerts.Stored) []uint32 {
	out := make([]uint32, len(list))
	for i := range list {
		out[i] = list[i].Number
	}
	return out
}

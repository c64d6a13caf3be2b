package archive

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

// TestSearchFindsWhatAScanFinds: parts with and without lists, with postings that
// have left them, random criteria, any page.
func TestSearchFindsWhatAScanFinds(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	d := (&snapshot{}).draft()
	position := int64(0)
	whole := map[int64]fresh{} // by position
	for _, size := range []int{3 * listsFrom, listsFrom, listsFrom - 1, 30, 1} {
		var postings []fresh
		for range size {
			position++
			p := randomPosting(r)
			p.Number = uint32(position)
			whole[position] = fresh{meaning().Document(&p), position, position}
			postings = append(postings, whole[position])
		}
		r.Shuffle(len(postings), func(i, j int) { postings[i], postings[j] = postings[j], postings[i] })
		d.add(postings)
	}
	for range 200 {
		d.kill(1 + r.Int64N(position))
	}
	a := New(Options{Meaning: meaning(), Now: func() time.Time { return start.Add(30 * time.Hour) }})
	matched := 0
	for n := range 1200 {
		if n == 600 {
			d.merge()
		}
		var live []fresh
		for i := range d.parts {
			for j, x := range d.parts[i].items {
				if d.parts[i].lives(j) && x.doc.Open(a.Now()) {
					live = append(live, whole[x.position])
				}
			}
		}
		c := randomCriteria(r)
		want := naive(live, c)
		k := r.IntN(60)
		got, total, err := a.rank(t.Context(), &d.snapshot, c, a.Now(), k)
		if err != nil {
			t.Fatal(err)
		}
		if total != len(want) || !slices.Equal(numbersOf(got), want[:min(k, len(want))]) {
			t.Fatalf("first %d of %d: %v\nwant of %d: %v\ncriteria %+v", k, total, numbersOf(got), len(want), want[:min(k, len(want))], c)
		}
		matched += len(want)
	}
	if matched < 5000 {
		t.Fatalf("only %d matches: the criteria prove little", matched)
	}
}

// TestTheArchiveFollowsTheDatabase: after whatever happens to postings, it is what
// a rebuilt one would be, and finds what a scan of the table finds.
func TestTheArchiveFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, 5, 0)
		for range 40 {
			w.act()
		}
		for step := range 150 {
			for range w.rng.IntN(4) {
				w.act()
			}
			w.follow()
			open := w.newest(1 << 20)
			if p := w.archive.Period(); p.Postings != len(open) || !p.All {
				t.Fatalf("step %d: period %+v, %d postings are open", step, p, len(open))
			}
			c := randomCriteria(w.rng)
			want := naive(open, c)
			got, total, err := w.archive.Search(t.Context(), c, 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			if total != len(want) || !slices.Equal(numbers(got), want) {
				t.Fatalf("step %d: found %v of %d, want %v\ncriteria %+v", step, numbers(got), total, want, c)
			}
			if n, err := w.archive.Count(t.Context(), c); err != nil || n != len(want) {
				t.Fatalf("step %d: counted %d, %v; want %d", step, n, err, len(want))
			}
			offset, limit := w.rng.IntN(8), w.rng.IntN(8)
			page, total, err := w.archive.Search(t.Context(), c, offset, limit)
			if err != nil || total != len(want) || !slices.Equal(numbers(page), want[min(offset, len(want)):min(offset+limit, len(want))]) {
				t.Fatalf("step %d: page %d+%d is %v of %d, %v; all %v", step, offset, limit, numbers(page), total, err, want)
			}
		}
	})
}

// TestTheArchiveKeepsTheNewestAndOlderOnesAreSearched: memory is bounded, and
// what it holds and what Older finds make up all there is.
func TestTheArchiveKeepsTheNewestAndOlderOnesAreSearched(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		const most = 25
		w := newWorld(t, db, 9, most)
		for range 120 {
			w.act()
		}
		for step := range 60 {
			w.act()
			w.follow()
			open := w.newest(1 << 20)
			period := w.archive.Period()
			if period.Postings > most || period.Postings < min(len(open), most-1) || period.All != (period.Postings == len(open)) {
				t.Fatalf("step %d: period %+v of %d open postings", step, period, len(open))
			}
			held := open[:period.Postings]
			if oldest := held[len(held)-1].doc; !period.All && !period.Since.Equal(oldest.PublishedAt) {
				t.Fatalf("step %d: covers since %s, the oldest was published %s", step, period.Since, oldest.PublishedAt)
			}
			c := randomCriteria(w.rng)
			got, _, err := w.archive.Search(t.Context(), c, 0, 1000)
			if err != nil || !slices.Equal(numbers(got), naive(held, c)) {
				t.Fatalf("step %d: found %v, %v; want %v", step, numbers(got), err, naive(held, c))
			}
			var latest []uint32
			for _, x := range held {
				if c.Matches(x.doc) {
					latest = append(latest, x.doc.Number)
				}
			}
			if got, err := w.archive.Latest(t.Context(), c, 7); err != nil || !slices.Equal(numbers(got), latest[:min(7, len(latest))]) {
				t.Fatalf("step %d: the latest are %v, %v; want %v", step, numbers(got), err, latest)
			}
			var older, want []uint32
			for _, x := range open[period.Postings:] {
				if c.Matches(x.doc) {
					want = append(want, x.doc.Number)
				}
			}
			for before, more := int64(0), true; more; more = before > 0 {
				var page []alerts.Stored
				if page, before, err = w.archive.Older(t.Context(), c, before, 2); err != nil {
					t.Fatal(err)
				}
				older = append(older, numbers(page)...)
			}
			if !slices.Equal(older, want) {
				t.Fatalf("step %d: older %v, want %v", step, older, want)
			}
		}
	})
}

// TestTheLastPageOfPostingsIsReadToo: what is not worth a query later on is read
// at the start.
func TestTheLastPageOfPostingsIsReadToo(t *testing.T) {
	t.Parallel()
	const most = addPage + 100
	w := newWorld(t, databasetest.SQLite(t), 1, most)
	for range most - 5 {
		w.publish(0, randomPosting(w.rng))
	}
	w.follow()
	if p := w.archive.Period(); p.Postings != most-5 || !p.All {
		t.Errorf("period %+v, want all of %d postings", p, most-5)
	}
}

func TestAPageShowsWhatStandsEvenIfTheArchiveLags(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, 1, 0)
		cook := alerts.Posting{Source: "clinic", Title: "Koch", PublishedAt: start, ExpiresAt: start.AddDate(0, 0, 9)}
		var ids []uint32
		for range 4 {
			ids = append(ids, w.publish(0, cook))
		}
		w.follow()
		w.withdraw(ids[0])
		other := cook
		other.Title = "Softwareentwickler"
		w.publish(ids[1], other)
		cook.Title = "Küchenchef und Koch"
		w.publish(ids[2], cook)

		c := &alerts.Criteria{Query: "Koch"}
		if err := meaning().Prepare(c); err != nil {
			t.Fatal(err)
		}
		got, total, err := w.archive.Search(t.Context(), c, 0, 10)
		if err != nil || total != 2 || len(got) != 2 {
			t.Fatalf("found %v of %d, %v", numbers(got), total, err)
		}
		for _, p := range got {
			if p.Number == ids[2] && p.Title != "Küchenchef und Koch" || p.Number == ids[0] || p.Number == ids[1] {
				t.Errorf("shows %d %q", p.Number, p.Title)
			}
		}
	})
}

func TestTheAuditFindsAWithdrawalThatWasMissed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, databasetest.SQLite(t), 1, 0)
	for range 2*auditPage + 50 {
		w.publish(0, randomPosting(w.rng))
	}
	w.follow()
	before := w.archive.Period().Postings
	// Withdrawn by a message far behind the others, as no replica should.
	last := w.sequence
	w.sequence = -3 * lookBack
	w.withdraw(2*auditPage + 20)
	w.sequence = last
	w.follow()
	for range 3 {
		w.follow()
	}
	if got := w.archive.Period().Postings; got != before-1 {
		t.Errorf("%d postings in memory, want %d", got, before-1)
	}
}

func TestAnEmptyArchiveFindsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, databasetest.SQLite(t), 1, 0)
	c := randomCriteria(w.rng)
	if p := w.archive.Period(); p.All {
		t.Errorf("an archive that has not begun covers all: %+v", p)
	}
	for range 2 {
		if got, total, err := w.archive.Search(t.Context(), c, 0, 10); len(got) != 0 || total != 0 || err != nil {
			t.Errorf("found %v of %d, %v", got, total, err)
		}
		if got, next, err := w.archive.Older(t.Context(), c, 0, 10); len(got) != 0 || next != 0 || err != nil {
			t.Errorf("older %v, next %d, %v", got, next, err)
		}
		w.follow()
	}
	if p := w.archive.Period(); !p.All || p.Postings != 0 {
		t.Errorf("period of nothing: %+v", p)
	}
	if _, _, err := w.archive.Search(t.Context(), c, -1, 10); err == nil {
		t.Error("took a negative offset")
	}
}

// TestReadersSeeOneInstant: while postings come, change, expire and go, every
// snapshot is searched as a scan of it would be.
func TestReadersSeeOneInstant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, databasetest.SQLite(t), 21, 300)
	for range 400 {
		w.publish(0, randomPosting(w.rng))
	}
	w.follow()
	stop := make(chan struct{})
	faults := make(chan string, 4)
	var readers sync.WaitGroup
	for n := range 3 {
		readers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 3))
			for {
				select {
				case <-stop:
					return
				default:
				}
				if fault := searchOneInstant(t, w.archive, randomCriteria(r)); fault != "" {
					faults <- fault
					return
				}
			}
		})
	}
	for range 50 {
		for range 3 {
			w.act()
		}
		w.follow()
	}
	close(stop)
	readers.Wait()
	close(faults)
	for fault := range faults {
		t.Error(fault)
	}
}

func searchOneInstant(t *testing.T, a *Archive, c *alerts.Criteria) string {
	s, now := a.state.Load(), a.Now()
	var live []fresh
	count := 0
	for i := range s.parts {
		p := &s.parts[i]
		wanted := c.Parsed().Wanted(p.terms)
		for j, x := range p.items {
			if p.lives(j) {
				count++
				if x.doc.Open(now) {
					h := hit{item: &x, buffers: new(scratch), wanted: wanted}
					live = append(live, fresh{h.document(), x.position, x.first})
				}
			}
		}
	}
	if count != s.count {
		return fmt.Sprintf("counts %d postings, has %d", s.count, count)
	}
	got, total, err := a.rank(t.Context(), s, c, now, 50)
	want := naive(live, c)
	if err != nil || total != len(want) || !slices.Equal(numbersOf(got), want[:min(50, len(want))]) {
		return fmt.Sprintf("found %v of %d, %v; want %v\ncriteria %+v", numbersOf(got), total, err, want, c)
	}
	if _, _, err := a.Search(t.Context(), c, 0, 20); err != nil {
		return err.Error()
	}
	return ""
}

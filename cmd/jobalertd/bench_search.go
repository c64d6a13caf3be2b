package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/archive"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

type benchSearchCmd struct {
	Postings string `help:"How many to make, or a file of JobPostings." default:"20000" placeholder:"N|FILE"`
	Searches string `help:"How many to make, or a file of import lines whose criteria are searched." default:"2000" placeholder:"N|FILE"`
	Check    int    `help:"How many of the searches are compared with asking every posting." default:"50"`
	Mix      string `help:"After whose postings both are made: sample (the program's own), generated, or a file of JobPostings." default:"sample" placeholder:"MIX"`
	Seed     uint64 `help:"Of what is made." default:"1"`
	Database string `help:"An empty database's URL, or postgres for a private server; SQLite if not given." placeholder:"URL"`
	Profile  string `help:"Where to write a CPU profile of the searches." placeholder:"FILE" name:"cpu-profile"`
	JSON     bool   `help:"On one line at a terminal too." name:"json"`
}

func (benchSearchCmd) Help() string {
	return "Example:\n  jobalertd bench search --postings 100000\n\n" +
		"The first page of each search, 20 postings, from criteria to postings read from the database, one after the other."
}

// searchFigures are the answer of bench search.
type searchFigures struct {
	machine
	Database          string  `json:"database"`
	Postings          int     `json:"postings"`
	Searches          int     `json:"searches"`
	Mix               string  `json:"mix,omitempty"` // of what was made
	SearchesPerSecond float64 `json:"searches_per_second"`
	P50               float64 `json:"p50_ms"`
	P99               float64 `json:"p99_ms"`
	Slowest           float64 `json:"slowest_ms"`
	FoundPerSearch    float64 `json:"found_per_search"`
	spent
	LoadSeconds     float64 `json:"load_seconds"` // the archive, from the database
	BytesPerPosting float64 `json:"bytes_per_posting"`
	Checked         int     `json:"checked_searches"`
	Agrees          bool    `json:"agrees"`
}

// Run measures on parts of its own.
func (c benchSearchCmd) Run(ctx context.Context, s *session) error {
	room, err := newRoom(c.Database)
	if err != nil {
		return err
	}
	defer room.close()
	m, err := s.meaning(room.config)
	if err != nil {
		return err
	}
	st, err := openStores(ctx, room.config, m, s.quiet(), time.Now)
	if err != nil {
		return err
	}
	defer st.close()
	f := searchFigures{machine: thisMachine(), Database: room.kind()}
	if c.makes() {
		f.Mix = c.Mix
	}
	l, searches, err := c.load(st)
	if err != nil {
		return err
	}
	if f.Postings, err = st.storeAll(ctx, s, l); err != nil {
		return err
	}
	if f.Searches = len(searches); f.Searches == 0 || f.Postings == 0 {
		return usagef("there must be at least one search and one posting")
	}
	a := archive.New(archive.Options{Store: st.postings, Reader: st.db.Reader, Meaning: m, MaxPostings: f.Postings, Log: st.log, Now: st.now})
	s.say("loading the archive")
	before, began := heapInUse(), time.Now()
	if err := a.Follow(ctx); err != nil {
		return err
	}
	f.LoadSeconds = time.Since(began).Seconds()
	f.BytesPerPosting = float64(heapInUse()-before) / float64(f.Postings)

	s.say("searching")
	profiled, err := profileTo(c.Profile)
	if err != nil {
		return err
	}
	totals, err := f.measure(ctx, a, searches)
	if err := errors.Join(err, profiled()); err != nil {
		return err
	}
	if err := f.check(ctx, st, searches, totals, c.Check); err != nil {
		return err
	}
	if err := s.report(f, c.JSON); err != nil {
		return err
	}
	if !f.Agrees {
		return errors.New("the archive and Criteria.Matches disagree: the figures mean nothing")
	}
	return nil
}

// makes reports whether anything is made: files know no mix.
func (c benchSearchCmd) makes() bool {
	_, postings := number(c.Postings)
	_, searches := number(c.Searches)
	return postings || searches
}

// generatedMix is the load that the other benches make.
const generatedMix = "generated"

// load makes the postings and the searches, or says where they are read.
func (c benchSearchCmd) load(st *stores) (load, []*alerts.Criteria, error) {
	l := load{seed: c.Seed, subscriptions: c.Searches, postings: c.Postings}
	rules := subscriptions.ImportRules{Meaning: st.meaning, Calendar: subscriptions.NewCalendar(nil), Timezone: st.config.Digest.Timezone, Now: st.now()}
	if c.Mix == generatedMix || !c.makes() {
		criteria, err := criteriaOf(l, rules)
		return l, criteria, err
	}
	reader, err := newReader(st.config, st.meaning)
	if err != nil {
		return l, nil, err
	}
	m, err := newMix(c.Mix, c.Seed, reader, st.now())
	if err != nil {
		return l, nil, fmt.Errorf("--mix: %w", err)
	}
	if n, ok := number(c.Postings); ok {
		l.docs = m.postings(n)
	}
	searches, made := number(c.Searches)
	if !made {
		criteria, err := criteriaOf(l, rules)
		return l, criteria, err
	}
	criteria, err := m.searches(searches, st.meaning)
	return l, criteria, err
}

// measure searches once to warm up, and then times each search.
func (f *searchFigures) measure(ctx context.Context, a *archive.Archive, searches []*alerts.Criteria) (totals []int, err error) {
	const page = 20
	var taken latencies
	sum := 0
	for round := range 2 {
		meter := startMeter()
		taken, totals, sum = taken[:0], totals[:0], 0
		for _, c := range searches {
			began := time.Now()
			_, total, err := a.Search(ctx, c, 0, page)
			if err != nil {
				return nil, err
			}
			taken, totals = append(taken, time.Since(began)), append(totals, total)
			sum += total
		}
		if round == 1 {
			f.spent = meter.stop()
		}
	}
	f.SearchesPerSecond = float64(len(searches)) / f.Seconds
	f.FoundPerSearch = float64(sum) / float64(len(searches))
	f.P50, f.P99, f.Slowest = millis(taken.quantile(0.50)), millis(taken.quantile(0.99)), millis(taken.quantile(1))
	return totals, nil
}

// check compares the totals of some searches with what Criteria.Matches says of
// every stored posting.
func (f *searchFigures) check(ctx context.Context, st *stores, searches []*alerts.Criteria, totals []int, most int) error {
	step := max(1, len(searches)/max(1, most))
	naive := make([]int, len(searches))
	err := st.postings.OpenBetween(ctx, st.db.Reader, 0, 1<<62, st.now(), func(p alerts.Stored) error {
		d := st.meaning.Document(&p.Posting)
		for i := 0; i < len(searches); i += step {
			if searches[i].Matches(d) {
				naive[i]++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	f.Agrees = true
	for i := 0; i < len(searches); i += step {
		f.Checked++
		f.Agrees = f.Agrees && naive[i] == totals[i]
	}
	return nil
}

// criteriaOf are the criteria of import lines; a line that the import would
// refuse is an error.
func criteriaOf(l load, rules subscriptions.ImportRules) ([]*alerts.Criteria, error) {
	var out []*alerts.Criteria
	for line, err := range l.subscriptionLines() {
		if err != nil {
			return nil, err
		}
		one, err := subscriptions.DecodeImportLine(line, rules)
		if err != nil {
			return nil, fmt.Errorf("search %d: %w", len(out)+1, err)
		}
		criteria := one.Wish.Criteria
		out = append(out, &criteria)
	}
	return out, nil
}

// storeAll puts postings straight into the database, without a stream.
func (s *stores) storeAll(ctx context.Context, session *session, l load) (stored int, err error) {
	session.say("storing postings")
	reader, err := newReader(s.config, s.meaning)
	if err != nil {
		return 0, err
	}
	const batch = 500
	var page []*alerts.Record
	put := func() error {
		return s.db.Tx(ctx, func(tx *sqlx.Tx) error {
			last, err := database.Advance(ctx, tx, int64(len(page)))
			if err != nil {
				return err
			}
			for i, r := range page {
				r.Position = last - int64(len(page)-1-i)
				r.FirstPosition, r.StreamSequence = r.Position, r.Position
			}
			return s.postings.Put(ctx, tx, page)
		})
	}
	for raw, err := range l.postingDocuments() {
		if err != nil {
			return 0, err
		}
		reading, rejected := read(reader, benchSource, raw, s.now())
		if rejected != nil {
			return 0, fmt.Errorf("posting %d: %w", stored+1, rejected)
		}
		stored++
		p := &reading.Posting
		p.Number = uint32(stored)
		body, err := p.Body()
		if err != nil {
			return 0, err
		}
		page = append(page, &alerts.Record{Number: p.Number, Source: p.Source, Identifier: p.Identifier, ContentHash: reading.Hash,
			PublishedMS: p.PublishedAt.UnixMilli(), ExpiresMS: p.ExpiresAt.UnixMilli(), ChangedMS: s.now().UnixMilli(),
			Title: p.Title, Employer: p.Employer, Body: body, Receipt: "{}"})
		if len(page) == batch {
			if err := put(); err != nil {
				return 0, err
			}
			page = page[:0]
		}
	}
	if len(page) > 0 {
		err = put()
	}
	return stored, err
}

// heapInUse is what is reachable.
func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

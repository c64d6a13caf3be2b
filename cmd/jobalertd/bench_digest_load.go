package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
	"github.com/jobalertd/jobalertd/alerts/percolate"
	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// storing puts postings into the store with whom they meet, as intake does,
// without the stream in between.
type storing struct {
	*stores
	reader *jobposting.Reader
	index  *percolate.Index
	number uint32
}

// storedPosting is a posting on its way into the store.
type storedPosting struct {
	reading *jobposting.Reading
	matched []uint32
}

// storedAtOnce is how many go through in one transaction.
const storedAtOnce = 400

// learntFrom is from how many postings the index learns which words are rare.
const learntFrom = 2000

func (s *stores) storeLoad(ctx context.Context, l load) error {
	reader, err := newReader(s.config, s.meaning)
	if err != nil {
		return err
	}
	words, n := new(percolate.Frequencies), 0
	for raw, err := range l.postingDocuments() {
		if n++; err != nil || n > learntFrom {
			break
		}
		if r, err := reader.Read(benchSource, raw, s.now()); err == nil {
			words.Learn(s.meaning.Document(&r.Posting))
		}
	}
	w := &storing{stores: s, reader: reader, index: percolate.New(words)}
	if err := s.subscriptions.StandingCriteria(ctx, s.db.Reader, func(c alerts.CriteriaChange) error {
		w.index.Put(c.Subscription, c.Criteria)
		return nil
	}); err != nil {
		return err
	}
	if err := w.index.Merge(ctx); err != nil {
		return err
	}
	var batch []json.RawMessage
	for raw, err := range l.postingDocuments() {
		if err != nil {
			return err
		}
		if batch = append(batch, raw); len(batch) == storedAtOnce {
			if err := w.store(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return w.store(ctx, batch)
}

// store reads and percolates a batch on all cores and writes it in order.
func (w *storing) store(ctx context.Context, batch []json.RawMessage) error {
	if len(batch) == 0 {
		return nil
	}
	read := make([]storedPosting, len(batch))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, raw := range batch {
		g.Go(func() error {
			r, err := w.reader.Read(benchSource, raw, w.now())
			if err != nil {
				return fmt.Errorf("posting %d: %w", int(w.number)+i+1, err)
			}
			read[i] = storedPosting{r, w.index.Percolate(nil, w.meaning.Document(&r.Posting))}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return w.db.Tx(ctx, func(tx *sqlx.Tx) error {
		last, err := database.Advance(ctx, tx, int64(len(read)))
		if err != nil {
			return err
		}
		records, matches := make([]*alerts.Record, len(read)), make([]alerts.Match, len(read))
		for i := range read {
			w.number++
			p, position := &read[i].reading.Posting, last-int64(len(read)-1-i)
			p.Number = w.number
			body, err := json.Marshal(p)
			if err != nil {
				return err
			}
			records[i] = &alerts.Record{Number: p.Number, Source: p.Source, Identifier: p.Identifier, ContentHash: read[i].reading.Hash,
				Position: position, FirstPosition: position, StreamCreatedMS: 1, StreamSequence: int64(p.Number), PublishedMS: p.PublishedAt.UnixMilli(),
				ExpiresMS: p.ExpiresAt.UnixMilli(), ChangedMS: w.now().UnixMilli(), Title: p.Title, Employer: p.Employer, Body: string(body), Receipt: "{}"}
			matches[i] = alerts.Match{Position: position, Posting: p.Number, Subscriptions: read[i].matched}
		}
		if err := w.postings.Put(ctx, tx, records); err != nil {
			return err
		}
		return w.postings.LogMatches(ctx, tx, matches)
	})
}

// logged counts the postings of the log and the mean of their matches.
func (s *stores) logged(ctx context.Context) (postings int, mean float64, err error) {
	pairs := uint64(0)
	err = s.postings.MatchesBetween(ctx, s.db.Reader, 0, 1<<62, func(l alerts.Logged) error {
		pairs += l.Subscriptions.GetCardinality()
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	n, err := s.postings.HighestNumber(ctx, s.db.Reader)
	return int(n), float64(pairs) / float64(max(1, n)), err
}

// signUpMeanwhile lets somebody sign up ten times a second until the function it
// returns is called, which gives how long each took.
func (s *stores) signUpMeanwhile(ctx context.Context) (stop func() (latencies, error)) {
	var taken latencies
	ctx, cancel := context.WithCancel(ctx)
	var g errgroup.Group
	g.Go(func() error {
		tick := time.NewTicker(time.Second / 10)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
			wish := subscriptions.Wish{Criteria: alerts.Criteria{Query: "Koch"},
				Schedule: subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: "Europe/Berlin"}}
			if err := s.meaning.Prepare(&wish.Criteria); err != nil {
				return err
			}
			began := time.Now()
			_, _, err := s.signUp(context.WithoutCancel(ctx), subscriptions.SignUp{Address: "meanwhile" + strconv.Itoa(n) + "@example.org", Locale: "de",
				Wish: wish, How: subscriptions.Circumstances{Source: "bench"}}, false)
			if err != nil {
				return fmt.Errorf("sign up meanwhile: %w", err)
			}
			taken = append(taken, time.Since(began))
		}
	})
	return func() (latencies, error) {
		cancel()
		err := g.Wait()
		return taken, err
	}
}

// takeIn publishes postings and waits until intake has stored them all.
func (b *benchDaemon) takeIn(ctx context.Context, s *session, l load) error {
	s.say("taking postings in")
	n, err := b.fill(ctx, l)
	if err != nil {
		return err
	}
	if err := loadIndex(ctx, b.intake); err != nil {
		return err
	}
	stop := b.runIntake(ctx)
	return errors.Join(b.drained(ctx, broker.IntakeConsumer, uint64(n)), stop())
}

package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
)

// errOutstanding rolls a batch back: more changes than maxOutstanding have
// happened since it was percolated, and testing them all would hold the clock.
var errOutstanding = errors.New("too many criteria changes outstanding")

const maxOutstanding = 1000

// store writes the batch in one transaction under the clock, and returns for how
// long it held that. It sets each message's receipt; a failed attempt leaves
// nothing that a further one does not overwrite.
func (in *Intake) store(ctx context.Context, b *batch) (held time.Duration, err error) {
	ordered := slices.Clone(b.messages)
	slices.SortStableFunc(ordered, func(a, b *message) int { return compare(a.sequence, b.sequence) })
	var began time.Time
	err = in.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		// Statements of their own, after the lock: their snapshots must be younger.
		t := new(database.Trip)
		t.ByIndex()
		analysis := in.Store.AskAnalysis(t)
		asked := in.Subscriptions.AskCriteriaChanges(t, b.stamp, maxOutstanding+1)
		records, number := in.Store.AskRecords(t, keysOf(ordered)), in.Store.AskHighestNumber(t)
		last, err := database.AdvanceAlong(ctx, tx, int64(len(ordered)), t)
		if err != nil {
			return fmt.Errorf("read what a batch is judged against: %w", err)
		}
		began = time.Now()
		if err := in.checkHash(analysis()); err != nil {
			return err
		}
		changes := asked()
		if len(changes) > maxOutstanding {
			return errOutstanding
		}
		s := &batchState{records: records(), number: number(), nowMS: in.Now().UnixMilli(), created: in.StreamCreated.UnixMilli(), changes: latest(changes)}
		if err := s.messages(ordered, last-int64(len(ordered))); err != nil {
			return err
		}
		return in.Store.Finish(ctx, tx, s.touched, s.matches)
	})
	return time.Since(began), err
}

func keysOf(messages []*message) []alerts.Key {
	keys := make([]alerts.Key, len(messages))
	for i, m := range messages {
		keys[i] = alerts.Key{Source: m.source, Identifier: m.identifier}
	}
	return keys
}

// latest keeps each subscription's last change.
func latest(changes []alerts.CriteriaChange) map[uint32]alerts.CriteriaChange {
	m := make(map[uint32]alerts.CriteriaChange, len(changes))
	for _, c := range changes {
		m[c.Subscription] = c
	}
	return m
}

// batchState is what one transaction knows and gathers.
type batchState struct {
	records map[alerts.Key]*alerts.Record
	touched []*alerts.Record
	matches []alerts.Match
	number  uint32 // the highest handed out
	nowMS   int64
	created int64 // of the stream, Unix milliseconds
	changes map[uint32]alerts.CriteriaChange
}

// messages judges a batch in sequence against what is stored. The message at
// index i has position before+1+i.
func (s *batchState) messages(ordered []*message, before int64) error {
	for i, m := range ordered {
		if err := s.message(m, before+1+int64(i)); err != nil {
			return err
		}
	}
	return nil
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// message applies one message at position.
func (s *batchState) message(m *message, position int64) error {
	key := alerts.Key{Source: m.source, Identifier: m.identifier}
	r, known := s.records[key]
	if known && !s.newer(m, r) {
		return repeat(m, r)
	}
	if !known {
		s.number++
		r = &alerts.Record{Number: s.number, Source: m.source, Identifier: m.identifier}
		s.records[key] = r
	}
	if !slices.Contains(s.touched, r) {
		s.touched = append(s.touched, r)
	}
	r.StreamCreatedMS, r.StreamSequence, r.ChangedMS = s.created, int64(m.sequence), s.nowMS
	m.receipt = alerts.Receipt{Identifier: m.identifier, StreamSequence: m.sequence}
	switch {
	case m.withdrawal:
		r.Withdrawn = true
		if !known {
			r.ExpiresMS = s.nowMS
		}
		m.receipt.Status, m.receipt.Position = alerts.StatusWithdrawn, r.Position
	case known && !r.Withdrawn && r.ContentHash == m.reading.Hash:
		m.receipt.Status, m.receipt.Position = alerts.StatusUnchanged, r.Position
	default:
		s.content(m, r, position)
	}
	r.Receipt = encodeReceipt(m.receipt)
	return nil
}

// newer reports whether m comes after the last message applied to r.
func (s *batchState) newer(m *message, r *alerts.Record) bool {
	if s.created != r.StreamCreatedMS {
		return s.created > r.StreamCreatedMS
	}
	return int64(m.sequence) > r.StreamSequence
}

// repeat answers a message that was applied already, or came too late, with the
// receipt that stands.
func repeat(m *message, r *alerts.Record) error {
	if err := json.Unmarshal([]byte(r.Receipt), &m.receipt); err != nil {
		return fmt.Errorf("decode receipt of posting %d: %w", r.Number, err)
	}
	return nil
}

// content stores new content: a new posting, an update, or a publish after a
// withdrawal.
func (s *batchState) content(m *message, r *alerts.Record, position int64) {
	m.receipt.Status = alerts.StatusStored
	if r.Position != 0 && !r.Withdrawn {
		m.receipt.Status = alerts.StatusUpdated
	}
	r.Withdrawn = false
	r.Position = position
	if r.FirstPosition == 0 {
		r.FirstPosition = position
	}
	p := &m.reading.Posting
	p.Number = r.Number
	r.Body, r.ContentHash, r.Title, r.Employer = m.body, m.reading.Hash, p.Title, p.Employer
	r.PublishedMS, r.ExpiresMS = p.PublishedAt.UnixMilli(), p.ExpiresAt.UnixMilli()
	reached := s.reached(m)
	s.matches = append(s.matches, alerts.Match{Position: position, Posting: r.Number, Subscriptions: reached})
	m.receipt.Position = position
	m.receipt.Reached = roundReached(len(reached))
	m.receipt.Warnings = fieldErrors(m.reading.Warnings)
}

// reached is what the index found, put right by the changes it had not followed.
// Those are few beside what it found, which stays as it is for another attempt.
func (s *batchState) reached(m *message) []uint32 {
	out, own := m.matched, false
	for id, c := range s.changes {
		at, found := slices.BinarySearch(out, id)
		holds := c.Criteria != nil && c.Criteria.Matches(m.document)
		if holds == found {
			continue
		}
		if !own {
			out, own = slices.Clone(out), true
		}
		if holds {
			out = slices.Insert(out, at, id)
		} else {
			out = slices.Delete(out, at, at+1)
		}
	}
	return out
}

// roundReached hides small counts, so that no single subscriber can be guessed.
func roundReached(n int) string {
	switch {
	case n == 0:
		return "0"
	case n < 5:
		return "<5"
	}
	return fmt.Sprint(n)
}

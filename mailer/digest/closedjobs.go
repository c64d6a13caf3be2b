package digest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jobalertd/jobalertd/config/database"
)

// jobs tells which postings were shown to whom as one job, and which of those are
// still open.
type jobs struct {
	of   map[int64]map[uint32][]uint32 // by subscriber and posting; nothing for one shown alone
	ends map[uint32]int64              // when postings closed (Unix milliseconds), as far back as anybody asks
	open map[uint32]bool               // of those in of that are not in ends: the others closed before
}

// shownTwins reads which postings of some digests were shown as one job.
func (b *Builder) shownTwins(ctx context.Context, digests []int64, ends map[uint32]int64) (jobs, error) {
	j := jobs{of: map[int64]map[uint32][]uint32{}, ends: ends, open: map[uint32]bool{}}
	if len(digests) == 0 {
		return j, nil
	}
	var rows []row
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "digests-with-twins", map[string]any{"ids": database.Array{Slice: digests}}); err != nil {
		return j, fmt.Errorf("read what was shown as one job: %w", err)
	}
	if len(rows) == 0 {
		return j, nil
	}
	subscribers := make([]int64, len(rows))
	for i := range rows {
		subscribers[i] = rows[i].Subscriber
	}
	apart, err := b.readSeparations(ctx, distinct(subscribers))
	if err != nil {
		return j, err
	}
	var unknown []uint32
	for i := range rows {
		var c content
		if err := json.Unmarshal([]byte(rows[i].Content), &c); err != nil {
			continue // it was sent long since
		}
		for k := range c.Postings {
			e := &c.Postings[k]
			mistaken := e.mistaken(apart[rows[i].Subscriber])
			e.Twins = slices.DeleteFunc(e.Twins, func(n uint32) bool { return slices.Contains(mistaken, n) })
			unknown = append(unknown, j.add(rows[i].Subscriber, e)...)
		}
	}
	if len(unknown) == 0 {
		return j, nil
	}
	stored, err := b.Postings.Postings(ctx, b.DB.Reader, distinct(unknown))
	if err != nil {
		return j, fmt.Errorf("read what is still open: %w", err)
	}
	now := b.Now()
	for i := range stored {
		j.open[stored[i].Number] = stored[i].Standing(now)
	}
	return j, nil
}

// add notes the postings of an entry, and returns those of which it is not known
// whether they are open; where none of them has closed nobody will ask.
func (j *jobs) add(subscriber int64, e *entry) (unknown []uint32) {
	if len(e.Twins) == 0 {
		return nil
	}
	numbers := e.numbers()
	for _, n := range numbers {
		if _, closed := j.ends[n]; !closed {
			unknown = append(unknown, n)
		}
	}
	if len(unknown) == len(numbers) {
		return nil
	}
	if j.of[subscriber] == nil {
		j.of[subscriber] = map[uint32][]uint32{}
	}
	for _, n := range numbers {
		j.of[subscriber][n] = numbers
	}
	return unknown
}

// closed counts the jobs that ended with some postings of a subscriber's, ascending,
// by a time (Unix milliseconds): those of which nothing is open any more.
func (j *jobs) closed(subscriber int64, ended []uint32, byMS int64) (n int) {
	for _, posting := range ended {
		together := j.of[subscriber][posting]
		first := !slices.ContainsFunc(together, func(t uint32) bool {
			_, also := slices.BinarySearch(ended, t)
			return also && t < posting
		})
		open := slices.ContainsFunc(together, func(t uint32) bool {
			at, known := j.ends[t]
			return known && at > byMS || !known && j.open[t]
		})
		if first && !open {
			n++
		}
	}
	return n
}

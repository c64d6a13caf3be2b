package digest

import (
	"context"
	"slices"
	"sync"
)

// shelf keeps postings read and analysed between the envelopes that are composed
// one after another: the same postings are in very many of them. Which content
// stands is asked each time. It is bounded and safe for concurrent use.
type shelf struct {
	mu sync.Mutex
	// Two generations: the older one is dropped when the newer is full, and what is
	// used moves up.
	newer, older map[uint32]*document
}

// maxShelf bounds a generation, some 6 KB a posting.
const maxShelf = 2048

// standingAtOnce bounds the numbers of one question.
const standingAtOnce = 2000

// load returns those of numbers, ascending, that stand now: neither withdrawn nor
// removed. Whether one has expired is left to the caller.
func (s *shelf) load(ctx context.Context, b *Builder, numbers []uint32) (*documents, error) {
	docs := &documents{known: make(map[uint32]*document, len(numbers))}
	for part := range slices.Chunk(numbers, standingAtOnce) {
		standing, err := b.Postings.Standing(ctx, b.DB.Reader, part)
		if err != nil {
			return nil, err
		}
		missing := s.fetch(standing, docs.known)
		stored, err := b.Postings.Postings(ctx, b.DB.Reader, missing)
		if err != nil {
			return nil, err
		}
		for i := range stored {
			p := stored[i]
			d := &document{Document: b.Meaning.Document(&p.Posting), stored: &p}
			p.Description = "" // analysed, and in no mail
			docs.known[p.Number] = d
		}
		s.keep(docs.known, missing)
	}
	return docs, nil
}

// fetch puts into found those that are kept with the content that stands, and
// returns the numbers of the others, ascending.
func (s *shelf) fetch(standing map[uint32]int64, found map[uint32]*document) (missing []uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for number, position := range standing {
		d := s.newer[number]
		if d == nil {
			if d = s.older[number]; d != nil {
				s.put(d)
			}
		}
		if d == nil || d.stored.Position != position {
			missing = append(missing, number)
			continue
		}
		found[number] = d
	}
	slices.Sort(missing)
	return missing
}

// keep takes in what was read anew.
func (s *shelf) keep(read map[uint32]*document, numbers []uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range numbers {
		if d := read[n]; d != nil {
			s.put(d)
		}
	}
}

func (s *shelf) put(d *document) {
	if s.newer == nil || len(s.newer) >= maxShelf {
		s.older, s.newer = s.newer, make(map[uint32]*document, maxShelf)
	}
	s.newer[d.Number] = d
}

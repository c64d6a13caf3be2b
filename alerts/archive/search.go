package archive

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// Search finds what meets prepared criteria, in the order of a digest: limit
// postings from offset on, and how many there are in memory in all. Postings come
// from the database, whole; one that has just been withdrawn, or no longer
// matches, is left out even where the archive has not followed yet, so that a
// page may be short by it.
func (a *Archive) Search(ctx context.Context, c *alerts.Criteria, offset, limit int) (found []alerts.Stored, total int, err error) {
	if offset < 0 || limit < 0 {
		return nil, 0, fmt.Errorf("search postings: offset %d, limit %d", offset, limit)
	}
	now := a.Now()
	ranked, total, err := a.rank(ctx, a.state.Load(), c, now, offset+limit)
	if err != nil {
		return nil, 0, err
	}
	if offset >= len(ranked) {
		return nil, total, nil
	}
	ranked = ranked[offset:]
	found, err = a.whole(ctx, c, ranked, now)
	return found, total - (len(ranked) - len(found)), err
}

// Count is how many postings in memory meet prepared criteria.
func (a *Archive) Count(ctx context.Context, c *alerts.Criteria) (int, error) {
	n := 0
	err := a.each(ctx, a.state.Load(), c, a.Now(), func(*hit) { n++ })
	return n, err
}

// each calls f for every posting of a snapshot that meets c, newest first within
// a part.
func (a *Archive) each(ctx context.Context, s *snapshot, c *alerts.Criteria, now time.Time, f func(*hit)) error {
	h := hit{buffers: a.scratch.Get().(*scratch), query: c.Parsed()}
	defer a.scratch.Put(h.buffers)
	plan, probe := h.query.Plan(), probeOf(c, now)
	wordless, more := c.Without(alerts.ByQuery)
	if h.query.IsZero() {
		wordless, more = *c, true
	}
	try := func(p *part, i int, sure bool) {
		h.item, h.card, h.read = &p.items[i], &p.cards[i], false
		// In the order of what they cost: the card, the posting, its words.
		v := probe.judge(h.card)
		if v == refused || !p.lives(i) || v == perhaps && more && !wordless.Matches(h.item.doc) {
			return
		}
		if sure || h.query.Matches(h.document().Text) {
			f(&h)
		}
	}
	for n := range s.parts {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("search postings: %w", err)
		}
		p := &s.parts[n]
		h.wanted = h.query.Wanted(p.terms)
		if !p.candidates(&plan, h.buffers) {
			for i := len(p.items) - 1; i >= 0; i-- {
				try(p, i, h.query.IsZero())
			}
			continue
		}
		for w := len(h.buffers.may) - 1; w >= 0; w-- {
			for word := h.buffers.may[w]; word != 0; {
				bit := 63 - bits.LeadingZeros64(word)
				word &^= 1 << bit
				try(p, w<<6|bit, h.buffers.sure[w]&(1<<bit) != 0)
			}
		}
	}
	return nil
}

// hit is a posting that a search is looking at.
type hit struct {
	item    *item
	card    *card
	buffers *scratch
	query   text.Query
	wanted  text.Wanted
	read    bool
}

// document is the posting with its words, as far as the query goes; it is valid until
// the next posting.
func (h *hit) document() *alerts.Document {
	if !h.read {
		h.buffers.doc = *h.item.doc
		h.buffers.doc.Text = h.buffers.unpacked.Read(h.item.text, &h.wanted)
		h.read = true
	}
	return &h.buffers.doc
}

// ranked is a posting with its place in the order.
type ranked struct {
	rank alerts.Rank
	item *item
}

// rank returns the first k of what meets c, best first, and how many do in all.
// The words of a posting are only looked into where it may be among the first.
func (a *Archive) rank(ctx context.Context, s *snapshot, c *alerts.Criteria, now time.Time, k int) ([]ranked, int, error) {
	t := top{k: k}
	total := 0
	err := a.each(ctx, s, c, now, func(h *hit) {
		total++
		x := h.item
		if k == 0 || t.full && (alerts.BestRankOf(time.Unix(h.card.best, 0)).Compare(t.worst) > 0 || c.BestRank(x.doc, x.first).Compare(t.worst) > 0) {
			return
		}
		t.add(ranked{c.Rank(h.document(), x.first), x})
	})
	t.cut()
	return t.list, total, err
}

// top keeps the best k.
type top struct {
	k     int
	list  []ranked // the best k and a few more
	full  bool     // there were k: what is worse than worst is not among them
	worst alerts.Rank
}

func (t *top) add(r ranked) {
	if t.full && r.rank.Compare(t.worst) > 0 {
		return
	}
	if t.list = append(t.list, r); len(t.list) >= 2*t.k {
		t.cut()
	}
}

// cut sorts, and leaves the best k.
func (t *top) cut() {
	slices.SortFunc(t.list, func(a, b ranked) int { return a.rank.Compare(b.rank) })
	if len(t.list) >= t.k && t.k > 0 {
		t.list = t.list[:t.k]
		t.full, t.worst = true, t.list[t.k-1].rank
	}
}

// whole reads ranked postings from the database, in their order, without those
// that do not stand or, having changed, do not meet c.
func (a *Archive) whole(ctx context.Context, c *alerts.Criteria, rs []ranked, now time.Time) ([]alerts.Stored, error) {
	numbers := make([]uint32, len(rs))
	for i, r := range rs {
		numbers[i] = r.item.doc.Number
	}
	stored, err := a.Store.Postings(ctx, a.Reader, numbers)
	if err != nil {
		return nil, fmt.Errorf("search postings: %w", err)
	}
	byNumber := make(map[uint32]*alerts.Stored, len(stored))
	for i := range stored {
		byNumber[stored[i].Number] = &stored[i]
	}
	found := make([]alerts.Stored, 0, len(rs))
	for _, r := range rs {
		p := byNumber[r.item.doc.Number]
		if p == nil || !p.Standing(now) || p.Position != r.item.position && !c.Matches(a.Meaning.Document(&p.Posting)) {
			continue
		}
		found = append(found, *p)
	}
	return found, nil
}

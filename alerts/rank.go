package alerts

import (
	"cmp"
	"math"
	"time"
)

// Rank orders the postings that meet criteria, best first, in digests and on
// pages alike. The parts count in this order (docs/matching.md, "Order"): words
// in the title over words in the text; the word itself over a synonym or a
// compound's parts; nearer, in steps of 10 km; newer, by the day; pay stated, and
// higher. Position and number decide last, so that every order is one order.
type Rank struct {
	position int64 // of its first content
	fit      Fit
	pay      uint32 // gross yearly, as far as it goes; 0 when not stated
	day      int32  // days since 1970 on which it was published
	number   uint32
}

// Fit is the part of a rank that criteria and posting make together, the least the
// best: query words found in the text alone, in the highest byte; those found by way
// of a synonym or a compound's parts; tens of kilometres to the nearest place asked
// for. What remains of a rank is the posting's own, whoever gets it.
type Fit uint32

func fitOf(inText, indirect int, steps uint16) Fit {
	return Fit(min(inText, math.MaxUint8))<<24 | Fit(min(indirect, math.MaxUint8))<<16 | Fit(steps)
}

// kilometresAStep is how far two postings must lie apart for distance to count.
const kilometresAStep = 10

// stepsOf is a distance as ranks have it; 0 for no distance, which is negative.
func stepsOf(km float64) uint16 { return uint16(max(km, 0)) / kilometresAStep }

const secondsADay = int64(24 * time.Hour / time.Second)

// Rank places d, which meets c; first is the position of its first content.
func (c *Criteria) Rank(d *Document, first int64) Rank {
	inText, indirect := c.query.Weigh(d.Text)
	return d.rank(first).With(fitOf(inText, indirect, c.steps(d)))
}

// BestRank is the best that Rank can come to, whatever the words: it costs a
// tenth, and who wants the first few alone need not ask for more of most.
func (c *Criteria) BestRank(d *Document, first int64) Rank {
	return d.rank(first).With(fitOf(0, 0, c.steps(d)))
}

func (c *Criteria) steps(d *Document) uint16 {
	if len(c.Places) == 0 {
		return 0
	}
	km, _ := c.nearestPlace(d)
	return stepsOf(km)
}

// rank is the posting's own part of its ranks.
func (d *Document) rank(first int64) Rank {
	return Rank{day: int32(d.PublishedAt.Unix() / secondsADay), pay: uint32(max(0, min(d.PayReach(), math.MaxUint32))), position: first, number: d.Number}
}

// BestRankOf is the best that any posting published then can come to.
func BestRankOf(published time.Time) Rank {
	return Rank{day: int32(published.Unix() / secondsADay), pay: math.MaxUint32, position: math.MaxInt64}
}

// Posting is the number of the posting that it ranks.
func (r Rank) Posting() uint32 { return r.number }

// Fit is its part of criteria and posting together.
func (r Rank) Fit() Fit { return r.fit }

// With is the rank of the same posting where it fits like that.
func (r Rank) With(f Fit) Rank {
	r.fit = f
	return r
}

// Compare is negative when r comes before o.
func (r Rank) Compare(o Rank) int {
	switch {
	case r.fit != o.fit:
		return cmp.Compare(r.fit, o.fit)
	case r.day != o.day:
		return cmp.Compare(o.day, r.day)
	case r.pay != o.pay:
		return cmp.Compare(o.pay, r.pay)
	case r.position != o.position:
		return cmp.Compare(o.position, r.position)
	}
	return cmp.Compare(r.number, o.number)
}

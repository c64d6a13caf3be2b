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
	inText   int   // query words found in the text alone
	indirect int   // query words found by way of a synonym or a compound's parts
	steps    int   // tens of kilometres to the nearest place asked for
	day      int64 // days since 1970 on which it was published
	pay      int64 // gross yearly; 0 when not stated
	position int64 // of its first content
	number   uint32
}

// kilometresAStep is how far two postings must lie apart for distance to count.
const kilometresAStep = 10

const secondsADay = int64(24 * time.Hour / time.Second)

// Rank places d, which meets c; first is the position of its first content.
func (c *Criteria) Rank(d *Document, first int64) Rank {
	r := c.BestRank(d, first)
	if c.query.IsZero() {
		return r
	}
	r.inText, r.indirect = c.query.Weigh(d.Text)
	return r
}

// BestRank is the best that Rank can come to, whatever the words: it costs a
// tenth, and who wants the first few alone need not ask for more of most.
func (c *Criteria) BestRank(d *Document, first int64) Rank {
	r := Rank{day: d.PublishedAt.Unix() / secondsADay, pay: d.PayReach(), position: first, number: d.Number}
	if len(c.Places) > 0 {
		if km, _ := c.nearestPlace(d); km > 0 {
			r.steps = int(km) / kilometresAStep
		}
	}
	return r
}

// BestRankOf is the best that any posting published then can come to.
func BestRankOf(published time.Time) Rank {
	return Rank{day: published.Unix() / secondsADay, pay: math.MaxInt64, position: math.MaxInt64}
}

// IsZero tells the rank that no posting has.
func (r Rank) IsZero() bool { return r.number == 0 }

// Compare is negative when r comes before o.
func (r Rank) Compare(o Rank) int {
	return cmp.Or(
		cmp.Compare(r.inText, o.inText),
		cmp.Compare(r.indirect, o.indirect),
		cmp.Compare(r.steps, o.steps),
		cmp.Compare(o.day, r.day),
		cmp.Compare(o.pay, r.pay),
		cmp.Compare(o.position, r.position),
		cmp.Compare(r.number, o.number),
	)
}

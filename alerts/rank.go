package alerts

import (
	"cmp"
	"math"
	"time"

	"github.com/jobalertd/jobalertd/alerts/text"
)

// Rank orders the postings that meet criteria, best first, in digests and on
// pages alike. The parts count in this order (docs/matching.md, "Order"): words
// in the title over words in the text; the word itself over a synonym or a
// compound's parts; nearer, in steps of 10 km; newer, by the day; pay stated, and
// higher. Position and number decide last, so that every order is one order.
type Rank struct {
	position int64  // of its first content
	pay      uint32 // gross yearly, as far as it goes; 0 when not stated
	day      int32  // days since 1970 on which it was published
	number   uint32
	steps    uint16 // tens of kilometres to the nearest place asked for
	inText   uint8  // query words found in the text alone
	indirect uint8  // query words found by way of a synonym or a compound's parts
}

// kilometresAStep is how far two postings must lie apart for distance to count.
const kilometresAStep = 10

const secondsADay = int64(24 * time.Hour / time.Second)

// Rank places d, which meets c; first is the position of its first content.
func (c *Criteria) Rank(d *Document, first int64) Rank {
	return c.BestRank(d, first).weighed(c.query.Weigh(d.Text))
}

func (r Rank) weighed(inText, indirect int) Rank {
	r.inText, r.indirect = uint8(min(inText, math.MaxUint8)), uint8(min(indirect, math.MaxUint8))
	return r
}

// Ranking is Rank for many criteria that one document after another meets: what they
// share is found once. It belongs to one goroutine.
type Ranking struct {
	d     *Document
	first int64
	words text.Weigher
}

// Next takes up a document, which must stay as it is until the next.
func (r *Ranking) Next(d *Document, first int64) {
	r.d, r.first = d, first
	r.words.Next(d.Text)
}

// Rank is c.Rank of the document.
func (r *Ranking) Rank(c *Criteria) Rank {
	return c.BestRank(r.d, r.first).weighed(r.words.Weigh(c.query))
}

// BestRank is the best that Rank can come to, whatever the words: it costs a
// tenth, and who wants the first few alone need not ask for more of most.
func (c *Criteria) BestRank(d *Document, first int64) Rank {
	r := Rank{day: int32(d.PublishedAt.Unix() / secondsADay), pay: uint32(max(0, min(d.PayReach(), math.MaxUint32))), position: first, number: d.Number}
	if len(c.Places) > 0 {
		if km, _ := c.nearestPlace(d); km > 0 {
			r.steps = uint16(km) / kilometresAStep
		}
	}
	return r
}

// BestRankOf is the best that any posting published then can come to.
func BestRankOf(published time.Time) Rank {
	return Rank{day: int32(published.Unix() / secondsADay), pay: math.MaxUint32, position: math.MaxInt64}
}

// Posting is the number of the posting that it ranks.
func (r Rank) Posting() uint32 { return r.number }

// Compare is negative when r comes before o.
func (r Rank) Compare(o Rank) int {
	switch {
	case r.inText != o.inText:
		return cmp.Compare(r.inText, o.inText)
	case r.indirect != o.indirect:
		return cmp.Compare(r.indirect, o.indirect)
	case r.steps != o.steps:
		return cmp.Compare(r.steps, o.steps)
	case r.day != o.day:
		return cmp.Compare(o.day, r.day)
	case r.pay != o.pay:
		return cmp.Compare(o.pay, r.pay)
	case r.position != o.position:
		return cmp.Compare(o.position, r.position)
	}
	return cmp.Compare(r.number, o.number)
}

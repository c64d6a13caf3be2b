package digest

import (
	"cmp"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// score orders a digest, best first. The parts count in this order
// (docs/matching.md, "Order"): words in the title over words in the text; the
// word itself over a synonym or a compound's parts; nearer, in steps of 10 km;
// newer, by the day; pay stated, and higher. Position and number decide last, so
// that two builds give one order.
type score struct {
	inText   int   // query words found in the text alone
	indirect int   // query words found by way of a synonym or a compound's parts
	steps    int   // tens of kilometres to the nearest place asked for
	day      int64 // days since 1970 on which it was published
	pay      int64 // gross yearly; 0 when not stated
	position int64
	number   uint32
}

// kilometresAStep is how far two postings must lie apart for distance to count.
const kilometresAStep = 10

func rank(c *alerts.Criteria, d *document) score {
	s := score{number: d.Number, position: d.stored.FirstPosition, day: d.PublishedAt.Unix() / int64((24 * time.Hour).Seconds())}
	_, reasons := c.Explain(d.Document)
	for _, r := range reasons {
		if r.Criterion == alerts.ByQuery && !r.InTitle {
			s.inText++
		}
		if r.Indirect {
			s.indirect++
		}
		if r.Criterion == alerts.ByPlace && r.DistanceKM > 0 {
			s.steps = int(r.DistanceKM) / kilometresAStep
		}
	}
	s.pay = d.PayReach()
	return s
}

func (s score) compare(o score) int {
	return cmp.Or(
		cmp.Compare(s.inText, o.inText),
		cmp.Compare(s.indirect, o.indirect),
		cmp.Compare(s.steps, o.steps),
		cmp.Compare(o.day, s.day),
		cmp.Compare(o.pay, s.pay),
		cmp.Compare(o.position, s.position),
		cmp.Compare(s.number, o.number),
	)
}

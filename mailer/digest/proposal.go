package digest

import (
	"math"
	"slices"

	"github.com/jobalertd/jobalertd/alerts"
)

// proposal is a posting proposed to an alert, small since there are very many: how
// well it fits, above the number of its card. Once the cards are in order, proposals
// compare as the ranks that they stand for.
type proposal uint64

func propose(fit alerts.Fit, card uint32) proposal { return proposal(fit)<<32 | proposal(card) }

func (p proposal) card() uint32 { return uint32(p) }

// at is the same with another card.
func (p proposal) at(card uint32) proposal { return p&^math.MaxUint32 | proposal(card) }

// rank is the rank that it stands for; cards are those of its deck.
func (p proposal) rank(c cards) alerts.Rank { return c.ranks[p.card()].With(alerts.Fit(p >> 32)) }

// cards are a range's in their order.
type cards struct {
	ranks    []alerts.Rank
	postings []uint32 // the same, numbers alone
}

// deck has a card for each posting of a range: its own part of its ranks.
type deck struct {
	cards []alerts.Rank
	of    map[uint32]uint32 // by posting
}

// card is the number of the card of the posting that r ranks, for whomever.
func (d *deck) card(r alerts.Rank) uint32 {
	n, dealt := d.of[r.Posting()]
	if !dealt {
		n = uint32(len(d.cards))
		d.of[r.Posting()], d.cards = n, append(d.cards, r.With(0))
	}
	return n
}

// sort gives the cards in order, and where each went.
func (d *deck) sort() (sorted cards, place []uint32) {
	order := make([]uint32, len(d.cards))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return d.cards[a].Compare(d.cards[b]) })
	place = make([]uint32, len(d.cards))
	sorted = cards{make([]alerts.Rank, len(d.cards)), make([]uint32, len(d.cards))}
	for i, was := range order {
		sorted.ranks[i], sorted.postings[i] = d.cards[was], d.cards[was].Posting()
		place[was] = uint32(i)
	}
	return sorted, place
}

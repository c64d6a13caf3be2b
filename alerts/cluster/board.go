package cluster

import (
	"net/url"

	"github.com/jobalertd/jobalertd/alerts"
)

// boardOf names who published a posting: its source, and the host of its address,
// which tells boards apart where one source brings several together; 0 if neither is known.
func boardOf(p *alerts.Posting) uint32 {
	host := ""
	if u, err := url.Parse(p.URL); err == nil {
		host = u.Host
	}
	if p.Source == "" && host == "" {
		return 0
	}
	return hashWord(p.Source + " " + host)
}

// siblings reports whether two ads of one board, alike in title, are two jobs: a
// board writes one job's ad once and in one way, so that each of two has words of
// its own where they are two.
func (t *batch) siblings(a, b *Sketch) bool {
	return a.board != 0 && a.board == b.board && !t.mixed[a.board] && (bothHaveMore(a.text, b.text) || otherPostcodes(a, b))
}

// otherPostcodes reports whether both say in which part of a town they are, and
// it is not the same: two branches.
func otherPostcodes(a, b *Sketch) bool {
	if len(a.places) != 1 || len(b.places) != 1 {
		return false
	}
	x, y := a.places[0].postcode, b.places[0].postcode
	return x != "" && y != "" && x != y
}

// ownWords is the share of an ad that another does not have, from which it is taken for more than a date.
const ownWords = 0.15

func bothHaveMore(a, b sample) bool {
	inA, inB, common := countSamples(a, b)
	own := max(fewShingles/2, int(ownWords*float64(max(inA, inB))))
	return inA-common >= own && inB-common >= own
}

// mixedBoards are those that list jobs more than once, so often that they must be
// several: a file or a source into which somebody brought many boards' ads together.
func mixedBoards(sketches []*Sketch, pairs []pair) map[uint32]bool {
	const siblingsForTwin = 3
	balance := map[uint32]int{}
	for _, p := range pairs {
		a, b := sketches[p.i], sketches[p.j]
		if a.board == 0 || a.board != b.board {
			continue
		}
		if e := compareEmployers(a, b); e != sameEmployer || contradict(a, b, e) || comparePlaces(a, b) != together || compareTitles(a, b) < closeTitles {
			continue
		}
		switch containment, _ := compareSamples(a.text, b.text); {
		case bothHaveMore(a.text, b.text):
			balance[a.board]--
		case containment >= needed[sameEmployer][partTitles]:
			balance[a.board] += siblingsForTwin
		}
	}
	mixed := map[uint32]bool{}
	for board, n := range balance {
		if n > 0 {
			mixed[board] = true
		}
	}
	return mixed
}

package cluster

import "slices"

// An ad in other words keeps most of its words, though few of its runs of words.
// But an employer's ads have most words in common, whichever job they are of, and
// all ads have some. So words are evidence only less those that a batch of postings
// shows to be common: what is left is the job's own.

// filler are folded words that stand in every ad.
var filler = set(`und oder der die das den dem des ein eine einen einer eines einem wir sie ihr ihre ihren ihrem du dein deine deinen uns unser unsere unseren unserem fuer mit von vom zu
	zum zur im in ins an am auf aus bei als auch ist sind wird werden hat haben sich nach ueber unter um bis je ab so wie dass wenn sowie durch dich dir ihnen mehr sehr
	the and of to a for with you our we are is on at your that as be or in by from will have has us an`)

// tells reports whether a folded word of a text may tell jobs apart.
func tells(w string) bool {
	return !filler[w] && (len(w) >= 3 || w[0] <= '9')
}

// ownText is what two postings' own words have in common.
type ownText struct {
	fewest      int // own words of the one with fewer; 0 too where it is not known which are
	containment float64
	resemblance float64
	single      bool // an employer with one ad a board: which words are its own is known only of other employers
	boards      int  // of the two employers
	akin        bool // their titles have a word in common
}

// commonWords are those that say nothing of which job an ad is of.
type commonWords struct {
	ofFirm  map[uint32]boilerplate     // by the employer that writes them into each of its ads
	several map[uint32]bool            // employers with several ads of a town on one board
	boards  map[uint32]map[uint32]bool // on which an employer advertises
	generic boilerplate                // in ads of many employers; nil: there are too few to say
}

// leastWords is the containment of all words below which own words are not looked
// at: two ads of one employer, and of two.
const (
	leastWords       = 0.30
	leastWordsOfFirm = 0.35
)

func fewWords(a, b *Sketch, e employers) bool {
	least := leastWords
	if e == sameEmployer || e == sameAgency {
		least = leastWordsOfFirm
	}
	containment, _ := compareSamples(a.words, b.words)
	return containment < least
}

// ownText compares what two postings say beyond what is common.
func (t *batch) ownText(a, b *Sketch, e employers, ts titles) ownText {
	if t.words == nil || fewWords(a, b, e) {
		return ownText{}
	}
	c := t.words()
	firmA, firmB := c.ofFirm[a.firm], c.ofFirm[b.firm]
	byFirm := func(h uint32) bool { return firmA[h] || firmB[h] }
	if e == sameEmployer || e == sameAgency {
		if firmA != nil || firmB != nil {
			return own(a, b, byFirm)
		}
		if e == sameAgency || c.generic == nil || c.several[a.firm] || c.several[b.firm] {
			return ownText{}
		}
		o := own(a, b, func(h uint32) bool { return c.generic[h] })
		o.single, o.boards, o.akin = true, c.boardsOf(a.firm, b.firm), akin(a.title.words, b.title.words)
		return o
	}
	if c.generic == nil {
		return ownText{}
	}
	o := own(a, b, func(h uint32) bool { return c.generic[h] || byFirm(h) })
	if o.fewest < fewOwn && e == agencyBetween && ts != otherTitles { // an employer's two jobs in nearly the same words
		o = own(a, b, func(h uint32) bool { return c.generic[h] })
	}
	return o
}

// akin reports whether two titles have a word, or the beginning of one, in common.
func akin(x, y []string) bool {
	for _, v := range x {
		for _, w := range y {
			if v == w || len(v) > keyBeginning && len(w) > keyBeginning && v[:keyBeginning] == w[:keyBeginning] {
				return true
			}
		}
	}
	return false
}

func own(a, b *Sketch, common func(h uint32) bool) ownText {
	inA, inB, both := countBeyond(a.words, b.words, common)
	o := ownText{fewest: min(inA, inB)}
	if o.fewest > 0 {
		o.containment, o.resemblance = float64(both)/float64(o.fewest), float64(both)/float64(inA+inB-both)
	}
	return o
}

// countBeyond is countSamples without what skip takes out.
func countBeyond(a, b sample, skip func(h uint32) bool) (inA, inB, both int) {
	x, y, limit := a.smallest, b.smallest, min(a.limit, b.limit)
	for len(x) > 0 || len(y) > 0 {
		var h uint32
		fromX := len(y) == 0 || len(x) > 0 && x[0] <= y[0]
		fromY := len(x) == 0 || len(y) > 0 && y[0] <= x[0]
		if fromX {
			h, x = x[0], x[1:]
		}
		if fromY {
			h, y = y[0], y[1:]
		}
		switch {
		case h > limit:
			return inA, inB, both
		case skip(h):
			continue
		case fromX && fromY:
			both++
		}
		if fromX {
			inA++
		}
		if fromY {
			inB++
		}
	}
	return inA, inB, both
}

// A word is generic that so many employers use: a few, and one in genericShare.
const (
	genericEmployers = 4
	genericShare     = 5
)

// commonWords finds what is common among a batch's postings.
func (t *batch) commonWords(sketches []*Sketch) commonWords {
	c := commonWords{ofFirm: map[uint32]boilerplate{}, several: map[uint32]bool{}, boards: boardsOf(sketches), generic: genericWords(sketches)}
	for x, y := range t.otherJobs(sketches) {
		b := c.ofFirm[x.firm]
		if b == nil {
			b = boilerplate{}
			c.ofFirm[x.firm] = b
		}
		b.add(x.words, y.words)
	}
	for x, y := range t.onOneBoard(sketches) {
		c.several[x.firm] = c.several[x.firm] || comparePlaces(x, y) != elsewhere
	}
	return c
}

func boardsOf(sketches []*Sketch) map[uint32]map[uint32]bool {
	of := map[uint32]map[uint32]bool{}
	for _, s := range sketches {
		if s.board == 0 {
			continue
		}
		if of[s.firm] == nil {
			of[s.firm] = map[uint32]bool{}
		}
		of[s.firm][s.board] = true
	}
	return of
}

// boardsOf counts the boards of two employers that are one.
func (c *commonWords) boardsOf(x, y uint32) int {
	n := len(c.boards[x])
	for b := range c.boards[y] {
		if !c.boards[x][b] {
			n++
		}
	}
	return n
}

// genericWords are those in ads of many employers; nil where there are too few to say.
func genericWords(sketches []*Sketch) boilerplate {
	var firms []uint32
	words := 0
	for _, s := range sketches {
		if s.firm != 0 {
			firms, words = append(firms, s.firm), words+len(s.words.smallest)
		}
	}
	slices.Sort(firms)
	n := len(slices.Compact(firms))
	if n < genericEmployers {
		return nil
	}
	uses := make([]uint64, 0, words) // a word, and who uses it
	for _, s := range sketches {
		for _, h := range s.words.smallest {
			if s.firm != 0 {
				uses = append(uses, uint64(h)<<32|uint64(s.firm))
			}
		}
	}
	slices.Sort(uses)
	uses = slices.Compact(uses)
	generic, from := boilerplate{}, 0
	for i := range uses {
		if i+1 < len(uses) && uses[i+1]>>32 == uses[i]>>32 {
			continue
		}
		if i+1-from >= max(genericEmployers, n/genericShare) {
			generic[uint32(uses[i]>>32)] = true
		}
		from = i + 1
	}
	return generic
}

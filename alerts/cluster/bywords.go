package cluster

// neededWords is the least containment of own words, by what else speaks for it.
var neededWords = map[employers]float64{sameEmployer: 0.50, sameAgency: 0.60, agencyBetween: 0.45, relatedEmployer: 0.55, othersEmployer: 0.80}

// sure is the least containment where there are few own words.
var sure = map[titles]float64{equalTitles: 0.60, closeTitles: 0.60, partTitles: 0.80, otherTitles: 0.80}

// otherWords is the same where each title says what the other does not.
var otherWords = map[employers]float64{sameEmployer: 0.75, sameAgency: never, agencyBetween: 0.60, relatedEmployer: 0.75, othersEmployer: never}

// singleWords is the same of an employer of whom it is not known what all its ads say.
var singleWords = map[titles]float64{equalTitles: 0.70, closeTitles: 0.80, partTitles: 0.80, otherTitles: 0.85}

const (
	never       = 2 // no containment is as much
	fewInCommon = 0.30
	allButAll   = 0.90
	fewestOwn   = 3 // so many own words are evidence,
	fewOwn      = 8
	manyOwn     = 12 // and so many outweigh a title
	fewBoards   = 3  // on so many an employer with one ad on each is taken to have one job,
	manyBoards  = 4  // whatever its titles: of two jobs some board would list both
)

// byWords judges by the words that are the postings' own.
func byWords(a, b *Sketch, e employers, ts titles, where placed, own ownText) verdict {
	need := wordsNeeded(e, ts, own)
	if ofOneLevel(a, b) != sameLevel {
		need = max(need, wordsNeeded(e, otherTitles, own))
	}
	if where == unsaid {
		need = max(need, placeUnsaid)
	}
	switch {
	case e == othersEmployer && ts != equalTitles, ts == otherTitles && bothSayMore(a, b):
		need = never
	case !own.single && own.fewest >= fewOwn: // enough to outweigh what follows
	case e == sameEmployer && otherPostcodes(a, b):
		need = never
	case ts < closeTitles && (own.single || own.containment < allButAll) && eitherSaysMore(a, b):
		need = never
	}
	return verdict{same: own.containment >= need, apart: own.containment < min(need, fewInCommon), strength: own.containment + own.resemblance}
}

// wordsNeeded is the least containment of own words at which two postings are one
// job: the fewer there are and the less else speaks for it, the more.
func wordsNeeded(e employers, ts titles, own ownText) float64 {
	need := neededWords[e]
	if own.fewest < fewOwn {
		need = max(need, sure[ts])
	}
	switch {
	case own.single && (own.fewest < manyOwn || own.boards < fewBoards || ts == otherTitles && (!own.akin || own.boards < manyBoards)):
		return never
	case own.single:
		need = max(need, singleWords[ts])
	case ts == otherTitles && own.fewest < manyOwn:
		need = max(need, sure[ts])
	case ts == otherTitles:
		need = max(need, otherWords[e])
	}
	return need
}

// bothSayMore reports whether each title names what its own text speaks of and the
// other's does not: stations, branches, subjects.
func bothSayMore(a, b *Sketch) bool {
	x, y, _ := compared(a, b)
	return a.alone(b, beyond(x, y)) && b.alone(a, beyond(y, x))
}

// eitherSaysMore is the same of one title, where the other's text is no excerpt.
func eitherSaysMore(a, b *Sketch) bool {
	x, y, _ := compared(a, b)
	return !a.excerptOf(b) && b.alone(a, beyond(y, x)) || !b.excerptOf(a) && a.alone(b, beyond(x, y))
}

// excerptOf reports whether a text is so much shorter than another that it leaves things out.
func (s *Sketch) excerptOf(o *Sketch) bool {
	const share = 0.6
	return float64(len(s.words.smallest)) < share*float64(len(o.words.smallest))
}

func (s *Sketch) alone(o *Sketch, words []string) bool {
	for _, w := range words {
		if h := hashWord(w); s.said.has(h) && !o.said.has(h) {
			return true
		}
	}
	return false
}

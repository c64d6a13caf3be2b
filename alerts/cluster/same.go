package cluster

import (
	"slices"
	"strings"
)

// needed is the least containment (share of the shorter text that stands in the
// longer) at which two postings are one job, by what else speaks for it. Set on
// blocks of cross-posts with hard negatives (see the tests), for precision before
// recall. An agency advertises many jobs in the same words.
var needed = map[employers]map[titles]float64{
	sameEmployer:   {equalTitles: 0.60, closeTitles: 0.72, partTitles: 0.85},
	sameAgency:     {equalTitles: 0.85, closeTitles: 0.90, partTitles: 0.95},
	agencyBetween:  {equalTitles: 0.55, closeTitles: 0.70, partTitles: 0.90},
	othersEmployer: {equalTitles: otherEmployer},
}

const (
	otherEmployer = 0.92 // and resemblance as much: an employer under another name
	placeUnsaid   = 0.85
	plainlyUnlike = 0.20
	shortText     = 0.95 // a line or two say too little to differ in
)

// closeTitle is the Dice coefficient of letters from which words of at least
// longWord letters are taken for one another.
const (
	closeTitle = 0.84
	longWord   = 8
)

// verdict is the outcome of comparing two sketches.
type verdict struct {
	same bool
	// apart: something contradicts, so that no chain of likenesses may join them.
	apart    bool
	strength float64 // containment plus resemblance
}

// Same reports whether a and b advertise one job, as far as the two alone can tell:
// among others, Groups knows what is boilerplate. It is symmetric.
func Same(a, b *Sketch) bool { return new(batch).compare(a, b).same }

// batch is what the postings compared tell of one another.
type batch struct {
	common func() boilerplate // nil: none is known
	words  func() commonWords // likewise
	mixed  map[uint32]bool    // boards under whose name several are brought together
}

func (t *batch) compare(a, b *Sketch) verdict {
	employer := compareEmployers(a, b)
	where := comparePlaces(a, b)
	if where == elsewhere || contradict(a, b, employer) || t.siblings(a, b) {
		return verdict{apart: true}
	}
	titles := compareTitles(a, b)
	own := t.ownText(a, b, employer, titles)
	if own.fewest >= fewestOwn {
		if v := byWords(a, b, employer, titles, where, own); v.same || !own.single || titles == otherTitles {
			return v
		}
	}
	if titles == otherTitles || ofOneLevel(a, b) != sameLevel || !own.single && own.fewest > 0 && own.containment < fewInCommon {
		return verdict{apart: true}
	}
	if titles == partTitles && eitherSaysMore(a, b) || employer == sameEmployer && otherPostcodes(a, b) {
		return verdict{}
	}
	return t.byText(a, b, employer, titles, where)
}

// byText judges by runs of words.
func (t *batch) byText(a, b *Sketch, employer employers, titles titles, where placed) verdict {
	if employer == relatedEmployer {
		employer = othersEmployer
	}
	// What is plainly unlike need not be looked at for boilerplate, which costs more.
	containment, resemblance := compareSamples(a.text, b.text)
	if unlike(containment, resemblance, employer) {
		return verdict{apart: employer == othersEmployer}
	}
	if t.common != nil {
		containment, resemblance = overlap(a.text, b.text, t.common())
	}
	if employer == othersEmployer && (resemblance < otherEmployer || titles != equalTitles) {
		return verdict{apart: true}
	}
	need := needed[employer][titles]
	if where == unsaid {
		need = max(need, placeUnsaid)
	}
	if min(len(a.text.smallest), len(b.text.smallest)) < fewShingles {
		need = max(need, shortText)
	}
	return verdict{same: containment >= need, strength: containment + resemblance}
}

// unlike reports texts whose likeness no boilerplate explains away.
func unlike(containment, resemblance float64, e employers) bool {
	return containment < plainlyUnlike || e == othersEmployer && resemblance < otherEmployer
}

// contradict reports what no likeness of texts outweighs.
func contradict(a, b *Sketch, e employers) bool {
	switch {
	case ofOneLevel(a, b) == otherLevel, numbersDiffer(a, b):
		return true
	case len(a.types) > 0 && len(b.types) > 0 && shared(a.types, b.types) == 0:
		return true
	case payDiffers(a, b):
		return true
	case e == sameEmployer && refsDiffer(a.refs, b.refs):
		return true
	}
	return false
}

func numbersDiffer(a, b *Sketch) bool {
	return len(beyond(a.title.numbers, b.title.numbers)) > 0 && len(beyond(b.title.numbers, a.title.numbers)) > 0
}

// levelled says how the levels of two titles go together.
type levelled int

const (
	sameLevel   levelled = iota
	unsaidLevel          // one has a level where the other has none, of which boards are not always sure
	otherLevel
)

func ofOneLevel(a, b *Sketch) levelled {
	x, y := a.title.levels, b.title.levels
	switch {
	case slices.Equal(x, y):
		return sameLevel
	case len(x) > 0 && len(y) > 0:
		return otherLevel
	}
	for _, l := range slices.Concat(x, y) {
		if !trades[l] {
			return otherLevel
		}
	}
	return unsaidLevel
}

// trades are levels whose words are also those of trades: Operationstechnische
// Assistenz, Helfer Lagerwirtschaft, Chef de Partie, Night Auditor.
var trades = set("assistant helper chief night specialist")

// payDiffers: both state pay, and the spans lie apart by more than what 12 or 13
// salaries a year make.
func payDiffers(a, b *Sketch) bool {
	if a.payMax == 0 || b.payMax == 0 || a.currency != b.currency {
		return false
	}
	const tolerance = 1.15
	return float64(a.payMin) > float64(b.payMax)*tolerance || float64(b.payMin) > float64(a.payMax)*tolerance
}

// titles says how two titles go together.
type titles int

const (
	otherTitles titles = iota // each says of the job what the other does not
	partTitles                // one says no more than the other
	closeTitles               // alike in letters, or what one says beyond the other stands in the other's text
	equalTitles
)

func compareTitles(a, b *Sketch) titles {
	x, y, equal := compared(a, b)
	switch {
	case equal:
		return equalTitles
	case len(x) == 0 || len(y) == 0:
		return otherTitles
	}
	moreX, moreY := beyond(x, y), beyond(y, x)
	switch {
	case len(moreX) < len(x) && b.hasWords(moreX) && a.hasWords(moreY), alike(moreX, moreY):
		return closeTitles
	case len(moreX) == 0 && len(beyond(a.title.parts, y)) == 0, len(moreY) == 0 && len(beyond(b.title.parts, x)) == 0:
		return partTitles
	}
	return otherTitles
}

// compared gives what of two titles is compared, and whether it is the same.
func compared(a, b *Sketch) (x, y []string, equal bool) {
	x, y = a.title.words, b.title.words
	if len(x) == 0 || len(y) == 0 || slices.Equal(x, y) {
		return x, y, len(x) > 0 && len(y) > 0
	}
	// An agency puts its client's name into the title, a board the town.
	if bareX, bareY := beyond(x, b.aside), beyond(y, a.aside); len(bareX) > 0 && len(bareY) > 0 {
		x, y = bareX, bareY
	}
	return x, y, slices.Equal(x, y)
}

// alike reports whether the words in which titles differ are one another, put
// together or inflected otherwise: "Software Entwickler" and "Softwareentwickler".
// Short words tell stations, shifts and grades apart, and are never alike.
func alike(x, y []string) bool {
	if len(x) == 0 || len(y) == 0 {
		return false
	}
	if abbreviates(x, y) || abbreviates(y, x) {
		return true
	}
	a, b := strings.Join(x, ""), strings.Join(y, "")
	if min(len(a), len(b)) < longWord {
		return false
	}
	for _, turned := range [][2]string{{a, b}, {turn(x), b}, {a, turn(y)}} { // words are kept in order of the alphabet
		if dice(letters(turned[0]), letters(turned[1])) >= closeTitle {
			return true
		}
	}
	return false
}

// abbreviates reports whether a single short word is made of the others' initials
// and of letters within them: "ZFA" and "Zahnmedizinische Fachangestellte". The
// others, two or three, may stand in any order.
func abbreviates(short, long []string) bool {
	const fewest, most, words = 2, 5, 3
	if len(short) != 1 || len(short[0]) < fewest || len(short[0]) > most || len(long) < 2 || len(long) > words {
		return false
	}
	return initials(short[0], long)
}

func initials(short string, words []string) bool {
	if len(words) == 0 {
		return short == ""
	}
	for i, w := range words {
		others := slices.Delete(slices.Clone(words), i, i+1)
		// short begins with w's initial and goes on with letters that follow in w.
		for n, at := 0, 0; n < len(short); n++ {
			found := strings.IndexByte(w[at:], short[n])
			if found < 0 || n == 0 && found > 0 {
				break
			}
			if at += found + 1; initials(short[n+1:], others) {
				return true
			}
		}
	}
	return false
}

// turn puts words together from the last to the first.
func turn(words []string) string {
	words = slices.Clone(words)
	slices.Reverse(words)
	return strings.Join(words, "")
}

func (s *Sketch) hasWords(words []string) bool {
	for _, w := range words {
		if !s.said.has(hashWord(w)) {
			return false
		}
	}
	return true
}

// disjointTitles keeps jobs without a common word in their titles apart, however
// much of an employer's text they share.
func disjointTitles(a, b *Sketch) bool {
	return len(a.title.words) > 0 && len(b.title.words) > 0 && shared(a.title.words, b.title.words) == 0
}

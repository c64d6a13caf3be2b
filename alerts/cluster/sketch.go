package cluster

import (
	"maps"
	"slices"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// Sketch is what of a posting is needed to compare it: about 2.5 KB. It is
// immutable and holds no reference to the posting.
type Sketch struct {
	title    title
	aside    []string // stems of its employer and towns, which may stand in a title; ascending
	places   []place
	remote   bool
	employer []string // folded words without legal forms, ascending
	named    uint64   // see namedOf
	firm     uint32   // a hash of employer; 0: unsaid
	agency   bool
	types    []string // ascending
	currency string
	payMin   int64 // gross yearly; payMax 0: pay not stated
	payMax   int64
	refs     []ref
	board    uint32   // see boardOf
	keys     []uint32 // of the title's words and their beginnings, ascending
	order    uint32   // a hash of what is compared, for an order that is the postings' own
	text     sample   // of its runs of words
	words    sample   // of its words that may tell jobs apart
	said     wordSet
}

// ref is a number by which the advertiser tells its vacancies apart, and what it
// is called, since a board's own number differs from the employer's.
type ref struct{ kind, value string }

// New makes a posting's sketch.
func New(p *alerts.Posting) *Sketch {
	s := &Sketch{board: boardOf(p), remote: p.Remote, agency: p.Agency, places: placesOf(p), employer: employerWords(p.Employer)}
	without := map[string]bool{} // true: a part of the town, not the town
	for _, pl := range s.places {
		for n, w := range strings.Fields(pl.name) {
			without[stem(w)] = n > 0
		}
	}
	for _, w := range s.employer {
		without[stem(w)] = false
	}
	if len(s.employer) > 0 {
		s.firm = hashWord(strings.Join(s.employer, " "))
	}
	s.named = namedOf(s.employer)
	s.aside = slices.Sorted(maps.Keys(without))
	s.title = readTitle(p.Title, without)
	if len(s.title.words) == 0 { // a title that is all employer and town
		s.title = readTitle(p.Title, nil)
	}
	for _, t := range p.EmploymentTypes {
		if t != alerts.Other {
			s.types = append(s.types, string(t))
		}
	}
	if len(s.types) == 0 {
		s.types = s.title.types
	}
	slices.Sort(s.types)
	if p.Pay != nil && p.Pay.YearlyMax+p.Pay.YearlyMin > 0 {
		s.currency, s.payMin, s.payMax = p.Pay.Currency, p.Pay.YearlyMin, alerts.Reach(p.Pay)
	}
	s.keys = keysOf(s.title.words, s.employer)
	r := readers.Get().(*reader)
	defer readers.Put(r)
	s.readText(r, p)
	s.order = s.hash()
	s.pack() // what was read is in r's memory until now
	return s
}

// pack puts its lists into one piece of memory of a kind: of a hundred thousand sketches
// that is half a million pieces less to be looked after.
func (s *Sketch) pack() {
	lists := [...]*[]string{&s.aside, &s.title.words, &s.title.levels, &s.title.numbers, &s.title.parts, &s.title.types, &s.employer, &s.types}
	n := 0
	for _, l := range lists {
		n += len(*l)
	}
	words := make([]string, 0, n)
	for _, l := range lists {
		words, *l = moved(words, *l)
	}
	hashes := make([]uint32, 0, len(s.keys)+len(s.text.smallest)+len(s.words.smallest))
	for _, l := range [...]*[]uint32{&s.keys, &s.text.smallest, &s.words.smallest} {
		hashes, *l = moved(hashes, *l)
	}
}

// moved appends a list to all, and is that part of it.
func moved[T any](all, list []T) (grown, part []T) {
	from := len(all)
	all = append(all, list...)
	return all, all[from:len(all):len(all)]
}

func (s *Sketch) hash() uint32 {
	h := mix(hashSeed, s.board)
	for _, list := range [][]string{s.title.words, s.title.numbers, s.employer, s.types} {
		for _, w := range list {
			h = mix(h, hashWord(w))
		}
	}
	for _, p := range s.places {
		h = mix(mix(h, hashWord(p.name)), hashWord(p.postcode))
	}
	for _, x := range s.text.smallest {
		h = mix(h, x)
	}
	return h
}

// readText makes of the description what is kept of it, in r's memory, and finds
// reference numbers in it and in the title.
func (s *Sketch) readText(r *reader, p *alerts.Posting) {
	r.begin()
	var f refFinder
	f.line(strings.Fields(text.Fold(p.Title)))
	for line := range strings.Lines(alerts.PlainText(p.Description)) {
		folded := text.Fold(line)
		labelled := false
		for w := range strings.FieldsSeq(folded) {
			x := r.look(w)
			labelled = labelled || x.label
			if x.mark {
				continue
			}
			s.said.add(x.hash)
			r.words = append(r.words, x.hash)
			if x.tells {
				r.telling = append(r.telling, scatter(x.hash))
			}
		}
		if labelled {
			f.line(strings.Fields(folded))
		}
		r.ends = append(r.ends, len(r.words))
	}
	s.text, s.words, s.refs = r.shingled(), smallest(r.telling), f.found
}

// refsDiffer reports whether two postings number their vacancies by the same
// label and share none of the numbers.
func refsDiffer(a, b []ref) bool {
	comparable := false
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return false
			}
			comparable = comparable || x.kind == y.kind
		}
	}
	return comparable
}

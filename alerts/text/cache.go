package text

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"
)

// How many words an Analyser remembers. Postings of a job market use some 40,000
// spellings again and again; of three times as many places hardly any row has more of
// them than it holds. What analysis needs of a word takes an eighth of a kilobyte.
const (
	wordSlots = 1 << 17
	cutSlots  = 1 << 13 // for queries, and for the few words of a posting that need more
	unitSlots = 1 << 15 // so that a million subscriptions share the ways of some ten thousand words
	pairSlots = 1 << 13 // of words in a row, which are far more and seldom asked for twice
	rowSlots  = 4       // among which a key has its place
)

// slots are places for what was made of keys. A key has its place in one row, from
// which newer ones push the oldest, so they are bounded, never locked, and never
// change an answer.
type slots[E any] struct {
	seed maphash.Seed
	rows []row[E]
}

// row is a line of the processor's cache: most keys that are not in it are told by
// their hash alone. A hash and what it belongs to are not set at once; the key
// itself decides.
type row[E any] struct {
	hashes [rowSlots]atomic.Uint64
	kept   [rowSlots]atomic.Pointer[E]
}

// newSlots makes n places, a power of two.
func newSlots[E any](n int) slots[E] {
	return slots[E]{seed: maphash.MakeSeed(), rows: make([]row[E], n/rowSlots)}
}

func (s *slots[E]) hash(key string) uint64 { return maphash.String(s.seed, key) }

func (s *slots[E]) row(hash uint64) *row[E] { return &s.rows[hash&uint64(len(s.rows)-1)] }

// likely returns what was put for a key of that hash: whoever asks compares the key.
// nil if there is none.
func (s *slots[E]) likely(hash uint64) *E {
	row := s.row(hash)
	for i := range row.hashes {
		if row.hashes[i].Load() == hash {
			return row.kept[i].Load()
		}
	}
	return nil
}

func (s *slots[E]) put(hash uint64, e *E) {
	row := s.row(hash)
	for i := rowSlots - 1; i > 0; i-- { // whoever races loses a key or has it twice
		row.hashes[i].Store(row.hashes[i-1].Load())
		row.kept[i].Store(row.kept[i-1].Load())
	}
	row.hashes[0].Store(hash)
	row.kept[0].Store(e)
}

// cache remembers a value for each of many keys.
type cache[V any] struct{ slots[remembered[V]] }

type remembered[V any] struct {
	key   string
	value V
}

func newCache[V any](n int) cache[V] { return cache[V]{newSlots[remembered[V]](n)} }

// get returns what was kept for key, or nil. It is shared and must not be changed.
func (c *cache[V]) get(key string) *V {
	if r := c.likely(c.hash(key)); r != nil && r.key == key {
		return &r.value
	}
	return nil
}

// keep remembers v for key, which it holds on to, and returns where v now is.
func (c *cache[V]) keep(key string, v V) *V {
	r := &remembered[V]{key, v}
	c.put(c.hash(key), r)
	return &r.value
}

// maxRemembered is how long a posting's word, in bytes, is remembered at most. Two
// words of a title written as one are often longer than any other.
const maxRemembered = 64

// knownWord is a word with its analysis, in two lines of the processor's cache side
// by side: a posting's words lie scattered over megabytes, and each further place
// would be waited for.
type knownWord struct {
	length  uint8
	letters [39]byte // of a word that is no longer; else they are in more
	wordInfo
	room [3]emission // for the emissions, of which most words have no more
}

func (w *knownWord) is(word string) bool {
	if int(w.length) > len(w.letters) {
		return w.more.letters == word
	}
	return string(w.letters[:w.length]) == word
}

// lookup is where look has got to with a word.
type lookup struct {
	hash uint64
	kept *knownWord
}

// lookAtOnce is how many words are looked up together: what they need fits into the
// processor's first cache.
const lookAtOnce = 128

// look sets the info of each token of s. A posting's words lie scattered over megabytes, so
// that looking one up is waiting for memory, twice. Each step is taken for many words
// before the next one. Those that fetch are loops that do nothing else, without a branch
// on what they fetch, so that the processor waits for dozens of words together.
func (a *Analyser) look(s *scratch) {
	for chunk := range slices.Chunk(s.list, lookAtOnce) {
		for i := range chunk {
			t := &chunk[i]
			t.seen.hash = a.words.hash(t.word)
		}
		for i := range chunk {
			_ = a.words.row(chunk[i].seen.hash).hashes[0].Load() // fetches it
		}
		for i := range chunk {
			t := &chunk[i]
			t.seen.kept = a.words.likely(t.seen.hash)
		}
		for i := range chunk {
			if k := chunk[i].seen.kept; k != nil {
				s.fetched += k.length + k.steps // one in each of its two lines
			}
		}
		for i := range chunk {
			t := &chunk[i]
			if k := t.seen.kept; k != nil && k.is(t.word) {
				t.info = &k.wordInfo
			} else {
				t.info = a.word(t.word)
			}
		}
	}
}

// word returns the analysis of a word as written.
func (a *Analyser) word(surface string) *wordInfo {
	hash := a.words.hash(surface)
	if k := a.words.likely(hash); k != nil && k.is(surface) {
		return &k.wordInfo
	}
	if len(surface) > maxRemembered {
		w := a.info(surface)
		return &w
	}
	k := &knownWord{length: uint8(len(surface)), wordInfo: a.info(surface)}
	if copy(k.letters[:], surface) < len(surface) {
		more := wordMore{}
		if k.more != nil {
			more = *k.more
		}
		more.letters = strings.Clone(surface)
		k.more = &more
	}
	k.emissions = append(k.room[:0], k.emissions...)
	a.words.put(hash, k)
	return &k.wordInfo
}

// cutWord is what a query needs of a word.
type cutWord struct {
	pieces []piece
	asked  asked
}

func (a *Analyser) cutOf(word string) *cutWord {
	if w := a.cuts.get(word); w != nil {
		return w
	}
	word = strings.Clone(word)
	ps := a.cut(word)
	return a.cuts.keep(word, cutWord{pieces: ps, asked: a.askedAs(word, ps)})
}

// pieces are a word's elements between hyphens.
func (a *Analyser) pieces(word string) []piece { return a.cutOf(word).pieces }

// asked is a word as a query asks for it.
func (a *Analyser) asked(word string) asked { return a.cutOf(word).asked }

// once returns what was made for key before, or makes it.
func (c *cache[V]) once(key string, make func() V) V {
	if v := c.get(key); v != nil {
		return *v
	}
	return *c.keep(key, make())
}

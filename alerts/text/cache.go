package text

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"
)

// How many words an Analyser remembers. Postings of a job market use some 40,000
// spellings again and again; what analysis needs of one takes a quarter of a
// kilobyte.
const (
	wordSlots = 1 << 16
	cutSlots  = 1 << 13 // for queries, and for the few words of a posting that need more
	unitSlots = 1 << 15 // so that a million subscriptions share the ways of some ten thousand words
	pairSlots = 1 << 13 // of words in a row, which are far more and seldom asked for twice
	rowSlots  = 4       // among which a key has its place
)

// maxRemembered is how long a posting's word, in bytes, is remembered at most.
const maxRemembered = 64

// cache remembers what was made of keys. A key has its place in one row, from
// which newer ones push the oldest, so a cache is bounded, never locked, and never
// changes an answer.
type cache[V any] struct {
	seed maphash.Seed
	rows []row[V]
}

// row is a line of the processor's cache: most keys that are not in it are told by
// their hash alone. A hash and what it belongs to are not set at once; the key
// itself decides.
type row[V any] struct {
	hashes [rowSlots]atomic.Uint64
	kept   [rowSlots]atomic.Pointer[remembered[V]]
}

type remembered[V any] struct {
	key   string
	value V
}

func newCache[V any](slots int) cache[V] {
	return cache[V]{seed: maphash.MakeSeed(), rows: make([]row[V], slots/rowSlots)}
}

func (c *cache[V]) hash(key string) uint64 { return maphash.String(c.seed, key) }

func (c *cache[V]) row(hash uint64) *row[V] { return &c.rows[hash%uint64(len(c.rows))] }

// get returns what was kept for key, or nil. It is shared and must not be changed.
func (c *cache[V]) get(key string) *V {
	hash := c.hash(key)
	row := c.row(hash)
	for i := range row.hashes {
		if row.hashes[i].Load() != hash {
			continue
		}
		if r := row.kept[i].Load(); r != nil && r.key == key {
			return &r.value
		}
	}
	return nil
}

// keep remembers v for key, which it holds on to, and returns where v now is.
func (c *cache[V]) keep(key string, v V) *V {
	hash := c.hash(key)
	row := c.row(hash)
	for i := rowSlots - 1; i > 0; i-- { // whoever races loses a key or has it twice
		row.hashes[i].Store(row.hashes[i-1].Load())
		row.kept[i].Store(row.kept[i-1].Load())
	}
	r := &remembered[V]{key, v}
	row.hashes[0].Store(hash)
	row.kept[0].Store(r)
	return &r.value
}

// likely returns what was kept for a key of that hash, most likely: whoever asks
// compares the key. nil if there is none.
func (c *cache[V]) likely(hash uint64) *remembered[V] {
	row := c.row(hash)
	for i := range row.hashes {
		if row.hashes[i].Load() == hash {
			return row.kept[i].Load()
		}
	}
	return nil
}

// lookup is where look has got to with a word.
type lookup struct {
	hash uint64
	kept *remembered[wordInfo]
}

// lookAtOnce is how many words are looked up together: what they need fits into the
// processor's first cache.
const lookAtOnce = 128

// look sets each token's info. A posting's words lie scattered over megabytes, so that
// looking one up is waiting for memory, thrice. Each step is taken for many words
// before the next one, without a branch on what it fetches, and the processor waits
// for all of them together.
func (a *Analyser) look(tokens []token) {
	for chunk := range slices.Chunk(tokens, lookAtOnce) {
		for i := range chunk {
			t := &chunk[i]
			t.seen.hash = a.words.hash(t.word)
			_ = a.words.row(t.seen.hash).hashes[0].Load() // fetches it
		}
		for i := range chunk {
			t := &chunk[i]
			t.seen.kept = a.words.likely(t.seen.hash)
		}
		for i := range chunk {
			t := &chunk[i]
			if k := t.seen.kept; k != nil && k.key == t.word {
				t.info = &k.value
			} else {
				t.info = a.word(t.word)
			}
		}
	}
}

// word returns the analysis of a word as written.
func (a *Analyser) word(surface string) *wordInfo {
	if w := a.words.get(surface); w != nil {
		return w
	}
	if len(surface) > maxRemembered {
		w := a.info(surface)
		return &w
	}
	surface = strings.Clone(surface) // a posting must not be held by one of its words
	return a.words.keep(surface, a.info(surface))
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

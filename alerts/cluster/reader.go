package cluster

import (
	"strings"
	"sync"
)

// marks are what folding leaves of gender tags and endings in running text.
var marks = set("in innen m w d x i gn mwd")

// word is what is looked at of a folded word of a text.
type word struct {
	hash  uint32 // of its stem
	mark  bool
	tells bool
	label bool // a reference number may follow
}

// reader knows the words of the texts that it read before, since most of the next one's
// are among them, and has room for one.
type reader struct {
	known    map[string]word
	words    []uint32 // hashes of the text's words, line by line
	ends     []int    // of its lines in words
	telling  []uint32
	shingles []uint32
}

var readers = sync.Pool{New: func() any { return &reader{known: map[string]word{}} }}

func (r *reader) begin() { r.words, r.ends, r.telling = r.words[:0], r.ends[:0], r.telling[:0] }

// maxKnown bounds the words that are known, longestKnown each: a reader that is full
// begins anew.
const (
	maxKnown     = 1 << 15
	longestKnown = 48
)

func (r *reader) look(w string) word {
	x, known := r.known[w]
	if !known {
		x = word{hash: hashWord(stem(w)), mark: marks[w], tells: tells(w), label: refKinds[w] != "" || refFirsts[w]}
		if len(r.known) >= maxKnown {
			clear(r.known)
		}
		if len(w) <= longestKnown {
			r.known[strings.Clone(w)] = x // of a text that need not be kept
		}
	}
	return x
}

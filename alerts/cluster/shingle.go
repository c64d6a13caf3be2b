package cluster

import "slices"

// shingleWords is how many words in a row are compared at once.
const shingleWords = 3

// sketchSize is how many shingles a sketch keeps: the smallest hashes. An ad of
// 250 words has about as many, so most texts are compared whole.
const sketchSize = 256

// sample is the smallest hashes of a text's runs of words, or of its words, ascending.
type sample struct {
	smallest []uint32
	limit    uint32 // up to here there are no others
}

// shingled are the runs of words of a text's lines. Runs do not cross lines, so
// that a list in another order has the same shingles, and all of them are also in
// a copy that runs the lines together. Lines of a word or two have none, unless
// the text has little else: then it is taken as one line.
func (r *reader) shingled() sample {
	all, from := r.shingles[:0], 0
	for _, end := range r.ends {
		all = appendShingles(all, r.words[from:end])
		from = end
	}
	if len(all) < fewShingles {
		if all = appendShingles(all[:0], r.words); len(all) == 0 && len(r.words) > 0 {
			all = append(all, shingle(r.words))
		}
	}
	r.shingles = all
	return smallest(all)
}

func appendShingles(all, line []uint32) []uint32 {
	for from := 0; from+shingleWords <= len(line); from++ {
		all = append(all, shingle(line[from:from+shingleWords]))
	}
	return all
}

func shingle(words []uint32) uint32 {
	h := hashSeed
	for _, w := range words {
		h = mix(h, w)
	}
	return scatter(h)
}

// smallest keeps the smallest of a text's shingles, which it puts in order, within
// their memory.
func smallest(all []uint32) sample {
	slices.Sort(all)
	all = slices.Compact(all)
	s := sample{smallest: all, limit: ^uint32(0)}
	if len(all) > sketchSize {
		s.smallest, s.limit = all[:sketchSize], all[sketchSize-1]
	}
	return s
}

// overlap estimates how much of the shorter text is in the longer (containment)
// and how much of both is common (resemblance). Both sketches are complete below
// the smaller of their largest hashes, and what lies there is a fair sample.
// Shingles that are common are not looked at, unless they are nearly all.
func overlap(a, b sample, common boilerplate) (containment, resemblance float64) {
	if len(common) > 0 {
		if x, y := common.without(a), common.without(b); min(len(x.smallest), len(y.smallest)) >= fewShingles {
			a, b = x, y
		}
	}
	return compareSamples(a, b)
}

// fewShingles say too little to go by.
const fewShingles = 12

func compareSamples(a, b sample) (containment, resemblance float64) {
	inA, inB, common := countSamples(a, b)
	if inA == 0 || inB == 0 {
		return 0, 0
	}
	return float64(common) / float64(min(inA, inB)), float64(common) / float64(inA+inB-common)
}

// countSamples counts, in the part where both sketches are complete, those of
// each and those of both.
func countSamples(a, b sample) (inA, inB, common int) {
	limit := min(a.limit, b.limit)
	x, y := upTo(a.smallest, limit), upTo(b.smallest, limit)
	for i, j := 0, 0; i < len(x) && j < len(y); {
		// Which is the smaller no processor guesses, so nothing branches on it.
		p, q := int64(x[i]), int64(y[j])
		notAfter, notBefore := int(uint64(p-q-1)>>63), int(uint64(q-p-1)>>63)
		i, j, common = i+notAfter, j+notBefore, common+notAfter&notBefore
	}
	return len(x), len(y), common
}

// upTo are those of an ascending list up to a limit.
func upTo(list []uint32, limit uint32) []uint32 {
	n, found := slices.BinarySearch(list, limit)
	if found {
		n++
	}
	return list[:n]
}

// wordSet is a Bloom filter of a text's words with one hash: the question is
// whether a title's word stands in the other's text, and one false yes in ten is
// no matter beside the other evidence.
type wordSet [32]uint64

func (s *wordSet) add(h uint32)      { h = scatter(h); s[h>>6&31] |= 1 << (h & 63) }
func (s *wordSet) has(h uint32) bool { h = scatter(h); return s[h>>6&31]&(1<<(h&63)) != 0 }

// hashSeed and mix are FNV-1a (Fowler, Noll, Vo) by words of 32 bits; scatter is
// the finalizer of MurmurHash3, so that the smallest hashes are a fair sample.
const hashSeed = uint32(2166136261)

func mix(h, v uint32) uint32 { return (h ^ v) * 16777619 }

func scatter(h uint32) uint32 {
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}

func hashWord(w string) uint32 {
	h := hashSeed
	for i := range len(w) {
		h = mix(h, uint32(w[i]))
	}
	return h
}

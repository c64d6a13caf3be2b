package percolate

import (
	"slices"
	"sync"
)

// parts runs f on parts of n things, beside each other on as many cores as the builder
// may take.
func (b *builder) parts(n int, f func(part, from, to int, p *pace)) {
	if b.cores == 1 {
		f(0, 0, n, &b.pace)
		return
	}
	fs := make([]func(*pace), b.cores)
	for part := range fs {
		fs[part] = func(p *pace) { f(part, part*n/b.cores, (part+1)*n/b.cores, p) }
	}
	b.beside(fs...)
}

// beside runs each of fs, beside each other where the builder may take several cores.
func (b *builder) beside(fs ...func(p *pace)) {
	if b.cores == 1 {
		for _, f := range fs {
			f(&b.pace)
		}
		return
	}
	var all sync.WaitGroup
	for _, f := range fs {
		all.Go(func() {
			var p pace
			p.hurry()
			f(&p)
		})
	}
	all.Wait()
}

// partsBy is parts of what lies in buckets, of which starts has the first places and
// the end: parts of the buckets with about as much in each.
func (b *builder) partsBy(starts []uint32, f func(part, from, to int, p *pace)) {
	buckets := len(starts) - 1
	size := int(starts[buckets])
	begin := func(n int) int {
		if n == size {
			return buckets
		}
		bucket, _ := slices.BinarySearch(starts, uint32(n))
		return bucket
	}
	b.parts(size, func(part, from, to int, p *pace) { f(part, begin(from), begin(to), p) })
}

// scatter puts what is in lists into n buckets, and returns it with where each
// begins, and the end.
func scatter[E any](b *builder, lists [][]E, n int, bucket func(*E) uint32) (all []E, starts []uint32) {
	next := make([][]uint32, len(lists)) // by list and bucket
	b.parts(len(lists), func(_, from, to int, p *pace) {
		for l := from; l < to; l++ {
			next[l] = make([]uint32, n)
			for i := range lists[l] {
				p.spend(aStep)
				next[l][bucket(&lists[l][i])]++
			}
		}
	})
	starts = make([]uint32, n+1)
	at := uint32(0)
	for k := range n {
		starts[k] = at
		for l := range lists {
			next[l][k], at = at, at+next[l][k]
		}
	}
	starts[n], all = at, make([]E, at)
	b.parts(len(lists), func(_, from, to int, p *pace) {
		for l := from; l < to; l++ {
			for i := range lists[l] {
				p.spend(aStep)
				at := &next[l][bucket(&lists[l][i])]
				all[*at] = lists[l][i]
				*at++
			}
		}
	})
	return all, starts
}

package percolate

import "sync/atomic"

// idSet is a set of subscription numbers in pages, since numbers are dense. Bits
// may be read while one writer sets others.
type idSet struct{ pages []atomic.Pointer[idPage] }

type idPage [idPageBits / 32]atomic.Uint32

const idPageBits = 1 << 16

// newIDSet has room for numbers up to highest.
func newIDSet(highest uint32) idSet {
	return idSet{make([]atomic.Pointer[idPage], highest/idPageBits+1)}
}

func (s *idSet) has(id uint32) bool {
	if int(id/idPageBits) >= len(s.pages) {
		return false
	}
	p := s.pages[id/idPageBits].Load()
	return p != nil && p[id%idPageBits/32].Load()&(1<<(id%32)) != 0
}

func (s *idSet) put(id uint32) {
	page := &s.pages[id/idPageBits]
	p := page.Load()
	if p == nil {
		p = new(idPage)
		page.Store(p)
	}
	p[id%idPageBits/32].Or(1 << (id % 32))
}

func (s *idSet) bytes() int64 {
	n := int64(len(s.pages)) * 8
	for i := range s.pages {
		if s.pages[i].Load() != nil {
			n += idPageBits / 8
		}
	}
	return n
}

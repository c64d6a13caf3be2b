package digest

import (
	"encoding/binary"
	"sync"

	"github.com/jobalertd/jobalertd/alerts"
)

// packed is what is proposed to the alerts of a page, in the order in which it was
// found, some four bytes a proposal: how much further its card is than the one before,
// which of the page's alerts, and the number of its fit. The zero value is empty.
type packed struct {
	sheets []*sheet
	card   uint32 // the last one's
}

// sheet is room for packed proposals.
type sheet struct {
	n     int // bytes in use
	bytes [4096 - 8]byte
}

// longestPacked is how many bytes a proposal takes at most.
const longestPacked = 3 * binary.MaxVarintLen32

func (k *packed) add(from *pad, alert, fit, card uint32) {
	var s *sheet
	if n := len(k.sheets); n > 0 && len(k.sheets[n-1].bytes)-k.sheets[n-1].n >= longestPacked {
		s = k.sheets[n-1]
	} else {
		s = from.sheet()
		k.sheets = append(k.sheets, s)
	}
	b := binary.AppendVarint(s.bytes[:s.n], int64(card)-int64(k.card))
	b = binary.AppendUvarint(b, uint64(alert))
	b = binary.AppendUvarint(b, uint64(fit))
	s.n, k.card = len(b), card
}

// each reads what was added, in that order.
func (k *packed) each(f func(alert, fit, card uint32)) {
	card := int64(0)
	for _, s := range k.sheets {
		for b := s.bytes[:s.n]; len(b) > 0; {
			further, n := binary.Varint(b)
			b = b[n:]
			alert, n := binary.Uvarint(b)
			b = b[n:]
			fit, n := binary.Uvarint(b)
			b = b[n:]
			card += further
			f(uint32(alert), uint32(fit), uint32(card))
		}
	}
}

// pad has the sheets that a run used before and has no use for at present: what one
// goroutine has recorded leaves room for what another proposes.
type pad struct {
	mu     sync.Mutex
	sheets []*sheet
}

func (p *pad) sheet() *sheet {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.sheets) - 1
	if last < 0 {
		return new(sheet)
	}
	s := p.sheets[last]
	p.sheets = p.sheets[:last]
	s.n = 0
	return s
}

// takeBack empties k, whom nobody reads any more.
func (p *pad) takeBack(k *packed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sheets = append(p.sheets, k.sheets...)
	*k = packed{}
}

// fits numbers the fits of a range's proposals, which are few.
type fits struct {
	of      []alerts.Fit // by number
	numbers map[alerts.Fit]uint32
	recent  [256]struct {
		fit  alerts.Fit
		next uint32 // its number + 1
	}
}

func (f *fits) number(x alerts.Fit) uint32 {
	r := &f.recent[uint32(x)*0x9E3779B1>>24] // spread by the golden ratio
	if r.fit == x && r.next > 0 {
		return r.next - 1
	}
	n, known := f.numbers[x]
	if !known {
		if f.numbers == nil {
			f.numbers = map[alerts.Fit]uint32{}
		}
		n = uint32(len(f.of))
		f.numbers[x], f.of = n, append(f.of, x)
	}
	r.fit, r.next = x, n+1
	return n
}

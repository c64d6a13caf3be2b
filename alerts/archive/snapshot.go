package archive

import (
	"cmp"
	"slices"
)

// snapshot is the archive at one instant. It is immutable: readers take one and
// keep it for as long as they like.
type snapshot struct {
	parts []part
	count int // live postings
	// Open postings with a content position at or below floor are not here; 0
	// when all are.
	floor    int64
	followed bool // floor counts: the follower has begun
}

// part is a segment with the postings that have left it since it was built.
type part struct {
	*segment
	dead []uint64 // a bit an item; nil when all live
	live int
}

func (p *part) lives(i int) bool { return p.dead == nil || p.dead[i>>6]&(1<<(i&63)) == 0 }

// oldest is the live posting with the lowest position, nil when there is none.
func (s *snapshot) oldest() *item {
	var oldest *item
	for n := range s.parts {
		if i := s.parts[n].firstLive(0); i >= 0 && (oldest == nil || s.parts[n].items[i].position < oldest.position) {
			oldest = &s.parts[n].items[i]
		}
	}
	return oldest
}

// after lists the live postings behind a position, in order, n at most.
func (s *snapshot) after(position int64, n int) []*item {
	var found []*item
	for k := range s.parts {
		p := &s.parts[k]
		i, _ := slices.BinarySearchFunc(p.items, position+1, func(x item, to int64) int { return cmp.Compare(x.position, to) })
		for taken := 0; taken < n; taken++ {
			if i = p.firstLive(i); i < 0 {
				break
			}
			found = append(found, &p.items[i])
			i++
		}
	}
	slices.SortFunc(found, func(a, b *item) int { return cmp.Compare(a.position, b.position) })
	return found[:min(n, len(found))]
}

// firstLive is the index of the first live item from one on, -1 for none.
func (p *part) firstLive(from int) int {
	for i := from; i < len(p.items); i++ {
		if p.lives(i) {
			return i
		}
	}
	return -1
}

// draft is a snapshot being changed. It shares with the snapshot it began from
// what it does not change.
type draft struct {
	snapshot
	own []bool // by part: dead is the draft's own
}

func (s *snapshot) draft() *draft {
	d := &draft{snapshot: *s, own: make([]bool, len(s.parts))}
	d.parts = slices.Clone(s.parts)
	return d
}

// add puts postings in; none of them may be in already.
func (d *draft) add(postings []fresh) {
	if len(postings) == 0 {
		return
	}
	d.parts = append(d.parts, part{segment: newSegment(postings), live: len(postings)})
	d.own = append(d.own, false)
	d.count += len(postings)
}

// kill takes out the posting whose content has a position, if it is here.
func (d *draft) kill(position int64) {
	for n := range d.parts {
		if i := d.parts[n].find(position); i >= 0 && d.parts[n].lives(i) {
			d.killAt(n, i)
			return
		}
	}
}

func (d *draft) killAt(n, i int) {
	p := &d.parts[n]
	switch {
	case p.dead == nil:
		p.dead = make([]uint64, (len(p.items)+63)/64)
	case !d.own[n]:
		p.dead = slices.Clone(p.dead)
	}
	d.own[n] = true
	p.dead[i>>6] |= 1 << (i & 63)
	p.live--
	d.count--
}

// expire takes out what has expired at an instant (Unix milliseconds), and gives
// their numbers to gone.
func (d *draft) expire(now int64, gone func(number uint32)) {
	for n := range d.parts {
		p := &d.parts[n]
		for i := range p.cards {
			if p.cards[i].expires <= now && p.lives(i) {
				d.killAt(n, i)
				gone(p.items[i].doc.Number)
			}
		}
	}
}

// evict takes out the oldest until at most most are left, and raises the floor
// to the newest of them.
func (d *draft) evict(most int, gone func(number uint32)) {
	next := make([]int, len(d.parts)) // by part: no live item stands before it
	for d.count > most {
		oldest := -1
		for n := range d.parts {
			p := &d.parts[n]
			if next[n] >= 0 {
				next[n] = p.firstLive(next[n])
			}
			if next[n] >= 0 && (oldest < 0 || p.items[next[n]].position < d.parts[oldest].items[next[oldest]].position) {
				oldest = n
			}
		}
		i := next[oldest]
		d.floor = max(d.floor, d.parts[oldest].items[i].position)
		d.killAt(oldest, i)
		gone(d.parts[oldest].items[i].doc.Number)
	}
}

// merge joins the smallest parts into one as soon as they are together as large
// as the next, and rebuilds a part a quarter of which is dead. A posting is so
// moved about as often as its part can double, and parts stay few.
func (d *draft) merge() {
	slices.SortFunc(d.parts, func(a, b part) int { return cmp.Compare(b.live, a.live) })
	from, smaller := len(d.parts), 0
	for i := len(d.parts) - 1; i >= 0; i-- {
		p := &d.parts[i]
		if i < len(d.parts)-1 && smaller >= p.live || p.live < len(p.items)*3/4 {
			from = i
		}
		smaller += p.live
	}
	if from < len(d.parts) {
		s := joined(d.parts[from:])
		clear(d.parts[from:])
		d.parts = d.parts[:from]
		if len(s.items) > 0 {
			d.parts = append(d.parts, part{segment: s, live: len(s.items)})
		}
	}
	d.own = make([]bool, len(d.parts))
}

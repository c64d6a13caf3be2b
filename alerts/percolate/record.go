package percolate

import (
	"math"

	"github.com/jobalertd/jobalertd/alerts"
)

// record is one filing of one subscription in a base: with its anchor, its
// group's second unit and its extras it says all that the criteria say. 24 bytes.
type record struct {
	id     uint32
	lat    int32 // of a circle's centre; the number of a set of places
	lon    int32
	wish   uint32 // least yearly reach of pay in EUR, or 0
	extra  uint32 // where its extras begin, if it has any; else one more unit that must hold, or must not, or 0
	traits traits
}

// traits are in the eight lowest bits the employment types that are not taken, where
// some are named, and in the eight highest the number of a circle: which of the base's,
// or anywhere, or inSet.
type traits uint32

const (
	dropsUnpaid traits = 1 << (iota + 8) // and what is paid in another currency
	onlyRemote
	notRemote
	notAgencies
	namesTypes
	hasExtras
	asksExtras  // and something in them does not hold by the anchor alone
	asksUnit    // it has no extras, and extra must hold
	excludesOne // it has no extras, and extra must not hold
	looseAnchor // the anchor is no condition: an alternative, a cell, …
	isCopy      // of a subscription filed under several anchors, not the first
)

const circleShift = 24

func (t traits) circle() uint8 { return uint8(t >> circleShift) }

func (t traits) withCircle(n uint8) traits {
	return t&^(math.MaxUint8<<circleShift) | traits(n)<<circleShift
}

// asks are what a record has that its own fields do not decide.
const asks = asksExtras | asksUnit | excludesOne

// extras are what does not fit into a record: units that must hold, units that
// must not, groups of which one must, and a wish in another currency than EUR.
//
//	counts, required …, excluded …, (count, alternatives …) …, currency, wish, unpaid
//
// The same form serves while a base is built, with all units in it.
type extras []uint32

func countsOf(required, excluded, groups int, foreign bool) uint32 {
	c := uint32(required) | uint32(excluded)<<8 | uint32(groups)<<16
	if foreign {
		c |= hasForeign
	}
	return c
}

// hasForeign marks the counts of extras with a wish, of foreignSize words.
const (
	hasForeign  = 1 << 31
	foreignSize = 3
)

func (x extras) required() extras { return x[1 : 1+x[0]&0xff] }

func (x extras) excluded() extras {
	from := 1 + x[0]&0xff
	return x[from : from+x[0]>>8&0xff]
}

// groups returns how many groups there are, and where next finds the first.
func (x extras) groups() (n uint32, rest extras) {
	return x[0] >> 16 & 0xff, x[1+x[0]&0xff+x[0]>>8&0xff:]
}

// next cuts a group off what groups, or next, has returned.
func (x extras) next() (group, rest extras) { return x[1 : 1+x[0]], x[1+x[0]:] }

// eachUnits gives f each list of units in x.
func (x extras) eachUnits(f func([]uint32)) {
	f(x.required())
	f(x.excluded())
	n, rest := x.groups()
	for range n {
		var group extras
		group, rest = rest.next()
		f(group)
	}
}

func (x extras) size() uint32 {
	n := 1 + x[0]&0xff + x[0]>>8&0xff
	for range x[0] >> 16 & 0xff {
		n += 1 + x[n]
	}
	if x[0]&hasForeign != 0 {
		n += foreignSize
	}
	return n
}

// foreign is a wish for pay in another currency than EUR.
type foreign struct {
	currency, wish uint32
	dropsUnpaid    bool
}

// foreign returns the wish, if there is one.
func (x extras) foreign() (f foreign, ok bool) {
	if x[0]&hasForeign == 0 {
		return f, false
	}
	w := x[x.size()-foreignSize:]
	return foreign{w[0], w[1], w[2] != 0}, true
}

func (f foreign) appendTo(x extras) extras {
	if f.currency == 0 {
		return x
	}
	drops := uint32(0)
	if f.dropsUnpaid {
		drops = 1
	}
	return append(x, f.currency, f.wish, drops)
}

// currencyCode is 0 for EUR and differs for any two currencies of which one has
// three letters.
func currencyCode(iso string) uint32 {
	if iso == "EUR" {
		return 0
	}
	code := uint32(1)
	for i := range min(len(iso), 4) {
		code = code<<8 | uint32(iso[i])
	}
	return code
}

// asked is a posting as records are tested against it.
type asked struct {
	spots    []spot
	never    traits // of which any refuses this posting
	types    traits // that refuse it together: several employment types, or 0
	reach    uint32 // of pay in EUR; nothing is beyond it where none is stated
	remote   bool
	currency uint32 // 0 where pay is in EUR or not stated
	paid     int64  // in that currency
}

func (a *asked) set(d *alerts.Document) {
	a.spots = a.spots[:0]
	for i := range d.Locations {
		if l := &d.Locations[i]; l.Located {
			a.spots = append(a.spots, newSpot(l.Lat, l.Lon))
		}
	}
	a.remote, a.never = d.Remote, onlyRemote
	if d.Remote {
		a.never = notRemote
	}
	if d.Agency {
		a.never |= notAgencies
	}
	a.types = 0
	for _, t := range d.EmploymentTypes {
		a.types |= traits(typeBit(t))
	}
	switch {
	case a.types == 0 && len(d.EmploymentTypes) > 0: // such as nobody can name
		a.never |= namesTypes
	case a.types&(a.types-1) == 0: // one of them or none
		a.never |= a.types
		a.types = 0
	}
	a.reach, a.currency, a.paid = math.MaxUint32, 0, 0
	switch {
	case d.Pay == nil:
		a.never |= dropsUnpaid
	case currencyCode(d.Pay.Currency) != 0:
		a.never |= dropsUnpaid
		a.currency, a.paid = currencyCode(d.Pay.Currency), alerts.Reach(d.Pay)
	default:
		a.reach = uint32(min(max(alerts.Reach(d.Pay), 0), math.MaxUint32))
	}
}

// refuses decides all of a record's own fields but its place.
func (r *record) refuses(a *asked) bool {
	return r.traits&a.never != 0 || r.wish > a.reach || a.types != 0 && r.traits&a.types == a.types
}

// pays decides a wish in another currency than EUR.
func (a *asked) pays(f foreign) bool {
	if a.currency != f.currency {
		return !f.dropsUnpaid
	}
	return a.paid >= int64(f.wish)
}

// typeBit gives each employment type its bit; 0 for one that criteria cannot name.
func typeBit(t alerts.EmploymentType) uint8 {
	for i, known := range alerts.EmploymentTypes {
		if t == known {
			return 1 << i
		}
	}
	return 0
}

// near decides a circle, in the order of the criteria's own test.
func (a *asked) near(r *record, circles []circle) bool {
	c := &circles[r.traits.circle()]
	for i := range a.spots {
		if a.spots[i].within(c, r.lat, r.lon) {
			return true
		}
	}
	return false
}

// plain makes the record's own fields of c, but for its place, and returns a wish
// for which there is no room in them.
func (r *record) plain(c *alerts.Criteria) (f foreign) {
	if len(c.EmploymentTypes) > 0 {
		r.traits |= namesTypes | math.MaxUint8
		for _, t := range c.EmploymentTypes {
			r.traits &^= traits(typeBit(t))
		}
	}
	if c.Salary != nil {
		wish, drops := uint32(min(max(c.YearlySalary(), 0), math.MaxUint32)), c.UnknownPayRule() == alerts.UnknownDrop
		switch code := currencyCode(c.Salary.Currency); {
		case code != 0:
			f = foreign{code, wish, drops}
		default:
			r.wish = wish
			if drops {
				r.traits |= dropsUnpaid
			}
		}
	}
	switch c.RemoteRule() {
	case alerts.RemoteOnly:
		r.traits |= onlyRemote
	case alerts.RemoteExclude:
		r.traits |= notRemote
	}
	if c.NoAgencies {
		r.traits |= notAgencies
	}
	return f
}

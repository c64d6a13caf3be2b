package percolate

import (
	"math"

	"github.com/jobalertd/jobalertd/alerts"
)

// record is one filing of one subscription in a base: with its anchor, its
// group's second unit and its extras it says all that the criteria say. 28 bytes.
type record struct {
	id     uint32
	third  uint32 // a unit that must hold, or 0
	lat    int32  // of a circle's centre; the number of a set of places
	lon    int32
	wish   uint32 // least yearly reach of pay
	extra  uint32 // where its extras begin
	circle uint8
	types  uint8 // employment types taken, a bit each; 0: all
	flags  recordFlags
}

type recordFlags uint16

const (
	inCircle recordFlags = 1 << iota
	inSet
	wantsSalary
	dropsUnknown
	onlyRemote
	notRemote
	notAgencies
	hasExtras
	looseAnchor // the anchor is no condition: an alternative, a cell, …
	isCopy      // of a subscription filed under several anchors, not the first
)

// extras are what does not fit into a record: units that must hold, units that
// must not, groups of which one must, and a currency that is not EUR.
//
//	counts, required …, excluded …, (count, alternatives …) …, currency
//
// The same form serves while a base is built, with all units in it.
type extras []uint32

func countsOf(required, excluded, groups int, currency bool) uint32 {
	c := uint32(required) | uint32(excluded)<<8 | uint32(groups)<<16
	if currency {
		c |= 1 << 31
	}
	return c
}

func (x extras) required() extras { return x[1 : 1+x[0]&0xff] }

func (x extras) excluded() extras {
	from := 1 + x[0]&0xff
	return x[from : from+x[0]>>8&0xff]
}

// groups calls f for each group until it is false.
func (x extras) groups(f func(extras) bool) bool {
	at := 1 + x[0]&0xff + x[0]>>8&0xff
	for range x[0] >> 16 & 0xff {
		n := x[at]
		if !f(x[at+1 : at+1+n]) {
			return false
		}
		at += 1 + n
	}
	return true
}

func (x extras) size() uint32 {
	n := 1 + x[0]&0xff + x[0]>>8&0xff
	for range x[0] >> 16 & 0xff {
		n += 1 + x[n]
	}
	return n + x[0]>>31
}

// currency is 0 for EUR.
func (x extras) currency() uint32 {
	if x[0]>>31 == 0 {
		return 0
	}
	return x[x.size()-1]
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
	reach    int64
	currency uint32
	paid     bool
	typed    bool
	types    uint8
	remote   bool
	never    recordFlags // what refuses this posting outright
}

func (a *asked) set(d *alerts.Document) {
	a.spots = a.spots[:0]
	for i := range d.Locations {
		if l := &d.Locations[i]; l.Located {
			a.spots = append(a.spots, newSpot(l.Lat, l.Lon))
		}
	}
	a.reach, a.currency, a.paid = 0, 0, d.Pay != nil
	if a.paid {
		a.reach, a.currency = alerts.Reach(d.Pay), currencyCode(d.Pay.Currency)
	}
	a.typed, a.types = len(d.EmploymentTypes) > 0, 0
	for _, t := range d.EmploymentTypes {
		a.types |= typeBit(t)
	}
	a.remote, a.never = d.Remote, onlyRemote
	if d.Remote {
		a.never = notRemote
	}
	if d.Agency {
		a.never |= notAgencies
	}
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

// pays decides the wish of a record for pay in a currency.
func (a *asked) pays(r *record, currency uint32) bool {
	if !a.paid || a.currency != currency {
		return r.flags&dropsUnknown == 0
	}
	return a.reach >= int64(r.wish)
}

// near decides a circle, in the order of the criteria's own test.
func (a *asked) near(r *record, circles []circle) bool {
	c := &circles[r.circle]
	for i := range a.spots {
		if a.spots[i].within(c, r.lat, r.lon) {
			return true
		}
	}
	return false
}

// plain makes the record's own fields of c, but for its place.
func (r *record) plain(c *alerts.Criteria) (currency uint32) {
	for _, t := range c.EmploymentTypes {
		r.types |= typeBit(t)
	}
	if c.Salary != nil {
		r.flags |= wantsSalary
		r.wish = uint32(min(max(c.YearlySalary(), 0), math.MaxUint32))
		if c.UnknownPayRule() == alerts.UnknownDrop {
			r.flags |= dropsUnknown
		}
		currency = currencyCode(c.Salary.Currency)
	}
	switch c.RemoteRule() {
	case alerts.RemoteOnly:
		r.flags |= onlyRemote
	case alerts.RemoteExclude:
		r.flags |= notRemote
	}
	if c.NoAgencies {
		r.flags |= notAgencies
	}
	return currency
}

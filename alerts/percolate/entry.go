package percolate

import (
	"math"

	"github.com/jobalertd/jobalertd/alerts"
)

// entry is what of a change's criteria can be tested in passing. It refuses only
// what Matches refuses.
type entry struct {
	lat, lon   float32 // of a single circle …
	dLat, dLon float32 // … and the half sides of the box around it
	wish       uint32  // least yearly reach of pay in EUR
	state      uint16  // hash of a single state
	types      uint8   // employment types taken, a bit each; 0: all
	flags      uint8
}

const (
	inBox uint8 = 1 << iota // the place is one circle, and nothing else
	inState
	wantsPay // wish is set
	dropsUnstated
	remoteOnly
	remoteExclude
	noAgencies
)

// earthRadius is the sphere's of gazetteer.DistanceKM, in km.
const earthRadius = 6371.0087714

// margin is added to boxes, in degrees: more than single precision loses.
const margin = 2e-4

// box is centre and half sides of the box around a circle, in degrees. A dLon of
// 180 or more is all the way round.
type box struct{ lat, lon, dLat, dLon float64 }

// boxAround is the smallest box on the sphere with all points of the circle in it.
func boxAround(p *alerts.Place) box { return boxOf(*p.Lat, *p.Lon, p.Radius()) }

func boxOf(lat, lon, km float64) box {
	angle := km / earthRadius
	b := box{lat: lat, lon: lon, dLat: angle*180/math.Pi + margin, dLon: 360}
	if math.Abs(b.lat)+b.dLat < 90 {
		b.dLon = math.Asin(min(1, math.Sin(angle)/math.Cos(b.lat*math.Pi/180)))*180/math.Pi + margin
	}
	return b
}

// makeEntry takes what an entry can hold of c.
func makeEntry(c *alerts.Criteria) entry {
	e := entry{types: typeBits(c.EmploymentTypes)}
	switch {
	case len(c.Places) == 1 && len(c.States)+len(c.Countries) == 0:
		b := boxAround(&c.Places[0])
		e.flags |= inBox
		e.lat, e.lon, e.dLat, e.dLon = float32(b.lat), float32(b.lon), float32(b.dLat), float32(b.dLon)
	case len(c.States) == 1 && len(c.Places)+len(c.Countries) == 0:
		e.flags |= inState
		e.state = stateBits(c.States[0])
	}
	if c.Salary != nil && c.Salary.Currency == "EUR" {
		e.flags |= wantsPay
		e.wish = uint32(min(max(c.YearlySalary(), 0), math.MaxUint32))
		if c.UnknownPayRule() == alerts.UnknownDrop {
			e.flags |= dropsUnstated
		}
	}
	switch c.RemoteRule() {
	case alerts.RemoteOnly:
		e.flags |= remoteOnly
	case alerts.RemoteExclude:
		e.flags |= remoteExclude
	}
	if c.NoAgencies {
		e.flags |= noAgencies
	}
	return e
}

func stateBits(code string) uint16 { return uint16(wordKey(ofState, code)) }

// typeBits gives each employment type its bit, in the order of
// alerts.EmploymentTypes; 0 when none is named, or one that has no bit.
func typeBits(types []alerts.EmploymentType) uint8 {
	bits := uint8(0)
	for _, t := range types {
		bit := uint8(0)
		for i, known := range alerts.EmploymentTypes {
			if t == known && i < 8 {
				bit = 1 << i
			}
		}
		if bit == 0 {
			return 0
		}
		bits |= bit
	}
	return bits
}

// probe is a posting as entries are tested against it.
type probe struct {
	points []point
	states []uint16
	reach  uint32 // of pay in EUR
	stated bool   // pay is stated in EUR
	types  uint8
	// never are the flags that refuse this posting outright.
	never  uint8
	remote bool
}

type point struct{ lat, lon float32 }

func (p *probe) set(d *alerts.Document) {
	p.points, p.states = p.points[:0], p.states[:0]
	for i := range d.Locations {
		l := &d.Locations[i]
		if l.Located {
			p.points = append(p.points, point{float32(l.Lat), float32(l.Lon)})
		}
		if l.State != "" {
			p.states = append(p.states, stateBits(l.State))
		}
	}
	p.stated = d.Pay != nil && d.Pay.Currency == "EUR"
	p.reach = 0
	if p.stated {
		p.reach = uint32(min(max(alerts.Reach(d.Pay), 0), math.MaxUint32))
	}
	p.types = typeBits(d.EmploymentTypes)
	p.remote = d.Remote
	p.never = remoteOnly
	if d.Remote {
		p.never = remoteExclude
	}
	if d.Agency {
		p.never |= noAgencies
	}
}

// admits is false only if the criteria behind e do not match the posting.
func (p *probe) admits(e *entry) bool {
	if e.flags&p.never != 0 {
		return false
	}
	if e.flags&(inBox|inState) != 0 && !p.remote && !p.near(e) {
		return false
	}
	if e.types != 0 && p.types != 0 && e.types&p.types == 0 {
		return false
	}
	if e.flags&wantsPay != 0 {
		if p.stated {
			return p.reach >= e.wish
		}
		return e.flags&dropsUnstated == 0
	}
	return true
}

func (p *probe) near(e *entry) bool {
	if e.flags&inState != 0 {
		for _, s := range p.states {
			if s == e.state {
				return true
			}
		}
		return false
	}
	for _, at := range p.points {
		if abs(at.lat-e.lat) > e.dLat {
			continue
		}
		dLon := abs(at.lon - e.lon)
		if dLon <= e.dLon || 360-dLon <= e.dLon {
			return true
		}
	}
	return false
}

func abs(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }

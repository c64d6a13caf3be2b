package archive

import (
	"math"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// card is what can be asked of a posting without touching it: a search without
// words looks at all of them, side by side. It refuses only what Matches refuses.
type card struct {
	expires  int64      // Unix milliseconds
	at       [3]float32 // on the unit sphere, of a single location that is located
	employer uint32     // hash of the key
	state    uint16     // hashes, of a single location
	country  uint16
	flags    uint8
}

const (
	isRemote uint8 = 1 << iota
	single         // at most one location
	located        // and at is set
)

func cardOf(d *alerts.Document) card {
	c := card{expires: d.ExpiresAt.UnixMilli(), employer: hash(d.EmployerKey())}
	if d.Remote {
		c.flags |= isRemote
	}
	if len(d.Locations) > 1 {
		return c
	}
	c.flags |= single
	if len(d.Locations) == 1 {
		l := &d.Locations[0]
		c.state, c.country = shortHash(l.State), shortHash(l.Country)
		if l.Located {
			c.flags |= located
			c.at = onSphere(l.Lat, l.Lon)
		}
	}
	return c
}

// probe is what criteria ask of cards.
type probe struct {
	now       int64
	remote    alerts.RemotePolicy
	places    bool // any place, state or country is asked for
	circles   []circle
	states    []uint16
	countries []uint16
	employers []uint32
}

// circle is a place: its centre, and the square of the straight line through the
// sphere to its edge.
type circle struct {
	at    [3]float32
	chord float32
}

const (
	earthRadius = 6371.0087714 // km, that of gazetteer.DistanceKM
	// slack is more than single precision loses over a chord, some 13 m.
	slack = 2e-6
)

func probeOf(c *alerts.Criteria, now time.Time) *probe {
	p := &probe{now: now.UnixMilli(), remote: c.RemoteRule(), places: c.HasPlace()}
	for i := range c.Places {
		place := &c.Places[i]
		chord := 2*math.Sin(min(place.Radius()/earthRadius, math.Pi)/2) + slack
		p.circles = append(p.circles, circle{onSphere(*place.Lat, *place.Lon), float32(chord * chord * (1 + slack))})
	}
	for _, s := range c.States {
		p.states = append(p.states, shortHash(s))
	}
	for _, s := range c.Countries {
		p.countries = append(p.countries, shortHash(s))
	}
	for _, e := range c.EmployerKeys() {
		p.employers = append(p.employers, hash(e))
	}
	return p
}

// admits reports whether the posting may match: false is certain.
func (p *probe) admits(c *card) bool {
	if c.expires <= p.now {
		return false
	}
	remote := c.flags&isRemote != 0
	if p.remote == alerts.RemoteOnly && !remote || p.remote == alerts.RemoteExclude && remote {
		return false
	}
	if p.places && !remote && c.flags&single != 0 && !p.placeMayHold(c) {
		return false
	}
	return len(p.employers) == 0 || contains(p.employers, c.employer)
}

func (p *probe) placeMayHold(c *card) bool {
	if contains(p.states, c.state) || contains(p.countries, c.country) {
		return true
	}
	if c.flags&located == 0 {
		return false
	}
	for i := range p.circles {
		o := &p.circles[i]
		x, y, z := c.at[0]-o.at[0], c.at[1]-o.at[1], c.at[2]-o.at[2]
		if x*x+y*y+z*z <= o.chord {
			return true
		}
	}
	return false
}

func contains[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

func onSphere(lat, lon float64) [3]float32 {
	phi, lambda := lat*math.Pi/180, lon*math.Pi/180
	return [3]float32{float32(math.Cos(phi) * math.Cos(lambda)), float32(math.Cos(phi) * math.Sin(lambda)), float32(math.Sin(phi))}
}

// hash is FNV-1a.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

func shortHash(s string) uint16 { h := hash(s); return uint16(h>>16 ^ h) }

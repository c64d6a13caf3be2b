package archive

import (
	"math"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// card is what can be asked of a posting without touching it: a search without
// words looks at all of them, side by side. It refuses only what Matches refuses,
// and takes only what Matches takes.
type card struct {
	expires  int64      // Unix milliseconds
	best     int64      // Unix seconds of its publication, which bounds its rank
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
	c := card{expires: d.ExpiresAt.UnixMilli(), best: d.PublishedAt.Unix(), employer: hash(d.EmployerKey())}
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
	decides   bool // nothing else is asked than what cards can tell
	remote    alerts.RemotePolicy
	places    bool // any place, state or country is asked for
	circles   []circle
	states    []uint16
	countries []uint16
	employers []uint32
}

// circle is a place: its centre, and the squares of straight lines through the
// sphere, one to just within its edge and one to just beyond.
type circle struct {
	at             [3]float32
	inside, beyond float32
}

// verdict is what a card tells of a posting.
type verdict uint8

const (
	refused verdict = iota // certainly not
	perhaps                // Matches must be asked
	taken                  // certainly, as far as all but the words go
)

const (
	earthRadius = 6371.0087714 // km, that of gazetteer.DistanceKM
	// slack is more than single precision loses over a chord, some 13 m.
	slack = 2e-6
)

func probeOf(c *alerts.Criteria, now time.Time) *probe {
	p := &probe{now: now.UnixMilli(), remote: c.RemoteRule(), places: c.HasPlace(), decides: len(c.Asked()) > 0}
	for _, asked := range c.Asked() {
		p.decides = p.decides && (asked == alerts.ByQuery || asked == alerts.ByPlace || asked == alerts.ByRemote)
	}
	for i := range c.Places {
		place := &c.Places[i]
		chord := 2 * math.Sin(min(place.Radius()/earthRadius, math.Pi)/2)
		within, beyond := max(chord-slack, 0), chord+slack
		p.circles = append(p.circles, circle{onSphere(*place.Lat, *place.Lon), float32(within * within * (1 - slack)), float32(beyond * beyond * (1 + slack))})
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

// judge says what the card tells.
func (p *probe) judge(c *card) verdict {
	if c.expires <= p.now {
		return refused
	}
	remote := c.flags&isRemote != 0
	if p.remote == alerts.RemoteOnly && !remote || p.remote == alerts.RemoteExclude && remote {
		return refused
	}
	if len(p.employers) > 0 && !contains(p.employers, c.employer) {
		return refused
	}
	v := taken
	if p.places && !remote {
		v = p.place(c)
	}
	if v == taken && !p.decides {
		return perhaps
	}
	return v
}

func (p *probe) place(c *card) verdict {
	if c.flags&single == 0 {
		return perhaps
	}
	v := refused
	if contains(p.states, c.state) || contains(p.countries, c.country) {
		v = perhaps // others may have the same hash
	}
	if c.flags&located == 0 {
		return v
	}
	for i := range p.circles {
		o := &p.circles[i]
		x, y, z := c.at[0]-o.at[0], c.at[1]-o.at[1], c.at[2]-o.at[2]
		switch square := x*x + y*y + z*z; {
		case square < o.inside:
			return taken
		case square <= o.beyond:
			v = perhaps
		}
	}
	return v
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

package percolate

import (
	"math"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
)

// degree is how finely records hold positions: in ten-millionths, a centimetre.
// A position that is no whole number of them goes to a record as a set.
const degree = 1e7

// fixed gives a coordinate in ten-millionths of a degree, from which exact gives
// it back to the last bit; ok is false where it would not.
func fixed(v float64) (n int32, ok bool) {
	r := math.Round(v * degree)
	if !(math.Abs(r) < math.MaxInt32) {
		return 0, false
	}
	return int32(r), exact(int32(r)) == v
}

func exact(n int32) float64 { return float64(n) / degree }

// circle is what the records of one radius have in common. Squares are in
// ten-millionths of a degree on a map that is flat around the posting.
type circle struct {
	km        float64
	latitudes float64 // half its height, and a little more
	ring
}

// ring is where the flat map cannot tell: nearer squares are within for certain, farther
// ones outside.
type ring struct{ inner, outer float64 }

// rings are those of records' circles, by number. A record without a circle has one
// too, which says always or undecided: then all records are asked the same.
type rings [math.MaxUint8 + 1]ring

var (
	always    = ring{math.Inf(1), math.Inf(1)}
	undecided = ring{-1, math.Inf(1)}
	never     = ring{-1, -1}

	remoteRings    = newRings(always, always)       // of a posting that passes any place
	placelessRings = newRings(undecided, never)     // of one that names no place
	carefulRings   = newRings(undecided, undecided) // of one with several places, or where the map is not flat
)

func newRings(set, circle ring) *rings {
	r := new(rings)
	for i := range r {
		r[i] = circle
	}
	r[anywhere], r[inSet] = always, set
	return r
}

// newCircle sets the ring in which the flat map may be wrong. It takes the
// cosine of the latitude as a straight line and angles as their sines: below
// flatBelow degrees of latitude both together are less than four parts in
// (radius / earth's radius)².
func newCircle(km float64) circle {
	angle := km / earthRadius
	chord := 2 * math.Sin(angle/2) * 180 / math.Pi * degree
	wrong := 4*angle*angle + 1e-6
	return circle{
		km: km, latitudes: angle*180/math.Pi*degree*(1+1e-9) + 1,
		ring: ring{inner: chord*chord*(1-wrong) - 1, outer: chord*chord*(1+wrong) + 1},
	}
}

// Where the map is flat, in degrees of a posting's latitude and longitude: farther on
// meridians draw together, or a circle could reach over the last one.
const (
	flatBelow  = 70
	flatWithin = 150
)

var _ [500 - alerts.MaxRadiusKM]struct{} // 17 degrees of longitude where the map ends

// spot is one of a posting's positions, made ready for the flat map.
type spot struct {
	lat, lon float64 // degrees
	y, x     float64 // ten-millionths
	square   float64 // of the latitude's cosine
	slope    float64 // that this loses with each ten-millionth to the north
	flat     bool
}

func newSpot(lat, lon float64) spot {
	sin, cos := math.Sincos(lat * math.Pi / 180)
	return spot{
		lat: lat, lon: lon, y: lat * degree, x: lon * degree,
		square: cos * cos, slope: cos * sin * math.Pi / 180 / degree,
		flat: math.Abs(lat) < flatBelow && math.Abs(lon) < flatWithin,
	}
}

// flatTo is the square of a position's distance on the flat map. It is no less than that
// of the distance in latitude, however far the position: the straight line that stands for
// the cosine reaches zero beyond the pole.
func (p *spot) flatTo(lat, lon int32) float64 {
	dy, dx := float64(lat)-p.y, float64(lon)-p.x
	return dy*dy + (p.square-p.slope*dy)*dx*dx
}

// within agrees with alerts.Place.Contains.
func (p *spot) within(c *circle, lat, lon int32) bool {
	if p.flat {
		square := p.flatTo(lat, lon)
		if square > c.outer {
			return false
		}
		if square < c.inner {
			return true
		}
	}
	return gazetteer.DistanceKM(exact(lat), exact(lon), p.lat, p.lon) <= c.km
}

// places keeps the circles' radii and the sets of alternatives that records
// refer to, during a build and after it.
type places struct {
	circles []circle
	sets    []alerts.Where
}

// circleFor is the number of a radius, unless there are too many.
func (p *places) circleFor(km float64) (uint8, bool) {
	if len(p.circles) == 0 {
		p.circles = make([]circle, firstCircle)
	}
	for i := firstCircle; i < len(p.circles); i++ {
		if p.circles[i].km == km {
			return uint8(i), true
		}
	}
	if len(p.circles) > math.MaxUint8 {
		return 0, false
	}
	p.circles = append(p.circles, newCircle(km))
	return uint8(len(p.circles) - 1), true
}

// What the number of a record's circle can be. More radii have one than a slider has steps.
const (
	anywhere = iota
	inSet
	firstCircle
)

// rings are those of a posting with one place on the flat map.
func (p *places) rings() *rings {
	r := newRings(undecided, never)
	for i := firstCircle; i < len(p.circles); i++ {
		r[i] = p.circles[i].ring
	}
	return r
}

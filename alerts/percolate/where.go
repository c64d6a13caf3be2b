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
	km           float64
	latitudes    float64 // half its height, and a little more
	inner, outer float64 // nearer squares are within for certain, farther ones outside
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
		inner: chord*chord*(1-wrong) - 1, outer: chord*chord*(1+wrong) + 1,
	}
}

const flatBelow = 70

// spot is one of a posting's positions, made ready for the flat map.
type spot struct {
	lat, lon float64 // degrees
	y, x     float64 // ten-millionths
	cos, sin float64 // of the latitude; sin for each ten-millionth
	flat     bool
}

func newSpot(lat, lon float64) spot {
	sin, cos := math.Sincos(lat * math.Pi / 180)
	return spot{lat: lat, lon: lon, y: lat * degree, x: lon * degree, cos: cos, sin: sin * math.Pi / 180 / degree, flat: math.Abs(lat) < flatBelow}
}

// flatTo is how far a position is to the north on the flat map, and the square of its
// distance.
func (p *spot) flatTo(lat, lon int32) (dy, square float64) {
	dy = float64(lat) - p.y
	dx := math.Abs(float64(lon) - p.x)
	dx = min(dx, 360*degree-dx)
	return dy, dy*dy + p.cos*(p.cos-p.sin*dy)*dx*dx
}

// within agrees with alerts.Place.Contains.
func (p *spot) within(c *circle, lat, lon int32) bool {
	dy, square := p.flatTo(lat, lon)
	if math.Abs(dy) > c.latitudes {
		return false
	}
	if p.flat {
		if square < c.inner {
			return true
		}
		if square > c.outer {
			return false
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
	for i := range p.circles {
		if p.circles[i].km == km {
			return uint8(i), true
		}
	}
	if len(p.circles) >= maxCircles {
		return 0, false
	}
	p.circles = append(p.circles, newCircle(km))
	return uint8(len(p.circles) - 1), true
}

// maxCircles is how many radii have a number: more than a slider has steps.
const maxCircles = 255

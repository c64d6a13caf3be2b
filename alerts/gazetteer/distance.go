package gazetteer

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// earthRadiusKM is the mean radius of the WGS 84 ellipsoid, (2a+b)/3.
const earthRadiusKM = 6371.0087714

// DegreeKM is how many kilometres a degree of a great circle has.
const DegreeKM = earthRadiusKM * math.Pi / 180

// DistanceKM is the great-circle distance in kilometres between two positions
// in degrees, by the haversine formula, which is exact to rounding for small
// distances too. The sphere differs from the ellipsoid by at most 0.6 %.
func DistanceKM(lat1, lon1, lat2, lon2 float64) float64 {
	const radian = math.Pi / 180
	sinLat := math.Sin((lat2 - lat1) * radian / 2)
	sinLon := math.Sin((lon2 - lon1) * radian / 2)
	h := sinLat*sinLat + math.Cos(lat1*radian)*math.Cos(lat2*radian)*sinLon*sinLon
	return 2 * earthRadiusKM * math.Asin(math.Sqrt(min(1, h)))
}

// Near returns the places (no quarters) within km of a position that have at
// least minPopulation inhabitants, nearest first; namesakes of equal distance
// by name. Zero includes places of unknown population.
func (g *Gazetteer) Near(lat, lon, km float64, minPopulation int) []Place {
	if !(km >= 0) || math.IsNaN(lat) || math.IsNaN(lon) {
		return nil
	}
	band := km / DegreeKM * 1.0001
	from := sort.Search(len(g.byLat), func(i int) bool { return g.records[g.byLat[i]].lat >= lat-band })
	type near struct {
		place Place
		km    float64
	}
	var found []near
	for _, n := range g.byLat[from:] {
		r := &g.records[n]
		if r.lat > lat+band {
			break
		}
		if int(r.population) < minPopulation {
			continue
		}
		if d := DistanceKM(lat, lon, r.lat, r.lon); d <= km {
			found = append(found, near{g.place(n), d})
		}
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.km, b.km), cmp.Compare(a.place.Name, b.place.Name))
	})
	places := make([]Place, len(found))
	for i, f := range found {
		places[i] = f.place
	}
	return places
}

package gazetteer

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestDistanceKM_AgreesWithKnownDistances(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lat1, lon1, lat2, lon2, want float64 }{
		{52.52, 13.405, 48.137, 11.575, 504.3}, // Berlin to München
		{51.511, 7.097, 51.538, 7.225, 9.35},   // Gelsenkirchen to Herne
		{51.511, 7.097, 51.961, 7.626, 62.0},   // Gelsenkirchen to Münster
		{0, 0, 0, 180, math.Pi * earthRadiusKM},
		{90, 0, -90, 77, math.Pi * earthRadiusKM},
		{10, 179.5, 10, -179.5, 109.5},
	} {
		if got := DistanceKM(c.lat1, c.lon1, c.lat2, c.lon2); math.Abs(got-c.want) > 0.003*c.want {
			t.Errorf("DistanceKM(%v, %v, %v, %v) = %.2f, want %.2f", c.lat1, c.lon1, c.lat2, c.lon2, got, c.want)
		}
	}
}

func TestDistanceKM_IsAMetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		position := func(name string) (float64, float64) {
			return rapid.Float64Range(-90, 90).Draw(t, name+" lat"), rapid.Float64Range(-180, 180).Draw(t, name+" lon")
		}
		aLat, aLon := position("a")
		bLat, bLon := position("b")
		cLat, cLon := position("c")
		ab, ba := DistanceKM(aLat, aLon, bLat, bLon), DistanceKM(bLat, bLon, aLat, aLon)
		if ab < 0 || math.IsNaN(ab) || math.Abs(ab-ba) > 1e-6 || DistanceKM(aLat, aLon, aLat, aLon) != 0 {
			t.Fatalf("a to b is %v, b to a %v", ab, ba)
		}
		if via := DistanceKM(aLat, aLon, cLat, cLon) + DistanceKM(cLat, cLon, bLat, bLon); ab > via+1e-3 {
			t.Fatalf("a to b is %v, by way of c %v", ab, via)
		}
	})
}

func TestNear_IsWhatAScanOfAllPlacesFinds(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	rapid.Check(t, func(t *rapid.T) {
		lat := rapid.Float64Range(-60, 70).Draw(t, "lat")
		lon := rapid.Float64Range(-180, 180).Draw(t, "lon")
		if rapid.Bool().Draw(t, "in Germany") {
			lat, lon = rapid.Float64Range(47, 55).Draw(t, "lat"), rapid.Float64Range(6, 15).Draw(t, "lon")
		}
		km := rapid.Float64Range(0, 200).Draw(t, "km")
		least := rapid.IntRange(0, 100_000).Draw(t, "population")
		want := 0
		for i := range g.records {
			r := &g.records[i]
			if !r.quarter && int(r.population) >= least && DistanceKM(lat, lon, r.lat, r.lon) <= km {
				want++
			}
		}
		got := g.Near(lat, lon, km, least)
		if len(got) != want {
			t.Fatalf("Near found %d places, a scan %d", len(got), want)
		}
		nearer := func(a, b Place) int {
			da, db := DistanceKM(lat, lon, a.Lat, a.Lon), DistanceKM(lat, lon, b.Lat, b.Lon)
			switch {
			case da < db:
				return -1
			case da > db:
				return 1
			}
			return 0
		}
		if !slices.IsSortedFunc(got, nearer) {
			t.Fatalf("places are not in order of distance: %v", got)
		}
	})
}

func TestNear_FindsNothingForNonsense(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for _, c := range [][3]float64{{math.NaN(), 7, 25}, {51, math.NaN(), 25}, {51, 7, math.NaN()}, {51, 7, -1}} {
		if got := g.Near(c[0], c[1], c[2], 0); len(got) != 0 {
			t.Errorf("Near(%v) found %d places", c, len(got))
		}
	}
}

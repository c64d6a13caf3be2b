package alerts

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts/gazetteer"
)

func TestSpot_StepsAreThoseOfTheDistance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lat, lon := rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon")
		within := rapid.SampledFrom([]float64{0.001, 0.1, 1, 10, 12, 360}).Draw(t, "within")
		oLat := min(90, max(-90, lat+rapid.Float64Range(-within, within).Draw(t, "further north")))
		oLon := lon + rapid.Float64Range(-within, within).Draw(t, "further east")
		a, b := spotOf(lat, lon), spotOf(oLat, oLon)
		if got, want := a.steps(&b), stepsOf(gazetteer.DistanceKM(lat, lon, oLat, oLon)); got != want {
			t.Fatalf("%v and %v lie %d steps apart, want %d", a, b, got, want)
		}
	})
}

// Of two places the map's distance errs most near a pole and far apart.
func TestSpot_ErrsByLessThanItsMargin(t *testing.T) {
	t.Parallel()
	for lat := -89.0; lat <= 89; lat += 0.5 {
		for north := -nearDegrees + 0.01; north < nearDegrees; north += 0.7 {
			for east := 0.0; east < nearDegrees; east += 0.7 {
				a, b := spotOf(lat, 10), spotOf(lat+north, 10+east)
				if b.lat > 90 || b.lat < -90 {
					continue
				}
				if got, want := a.steps(&b), stepsOf(gazetteer.DistanceKM(a.lat, a.lon, b.lat, b.lon)); got != want {
					t.Fatalf("%v and %v lie %d steps apart, want %d", a, b, got, want)
				}
			}
		}
	}
}

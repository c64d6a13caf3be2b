package percolate

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jobalertd/jobalertd/alerts"
)

// TestCirclesAgreeWithContains tries points all around circles, most of them so
// close to the edge that the flat map cannot tell.
func TestCirclesAgreeWithContains(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	within := 0
	for range 200_000 {
		at := points[r.IntN(len(points))]
		lat, lon, km := at[0]+r.Float64()-0.5, at[1]+r.Float64()-0.5, []float64{0, 0.5, 5, 25, 100, 500}[r.IntN(6)]
		lat, lon = exact(int32(math.Round(max(-90, min(90, lat))*degree))), exact(int32(math.Round(max(-180, min(180, lon))*degree)))
		off := math.Pow(10, -9*r.Float64())
		toLat, toLon := destination(lat, lon, 2*math.Pi*r.Float64(), km*(1+off*(2*r.Float64()-1)))
		if withinAsContains(t, km, lat, lon, toLat, toLon) {
			within++
		}
	}
	if within < 20_000 || within > 180_000 {
		t.Errorf("%d of 200,000 within", within)
	}
}

// withinAsContains reports whether a point is within a circle, which spot and
// alerts.Place must agree on.
func withinAsContains(t *testing.T, km, lat, lon, toLat, toLon float64) bool {
	t.Helper()
	fixedLat, ok := fixed(lat)
	fixedLon, ok2 := fixed(lon)
	if !ok || !ok2 {
		t.Fatalf("%v, %v is no whole number of ten-millionths", lat, lon)
	}
	place := alerts.Place{Lat: &lat, Lon: &lon, RadiusKM: &km}
	c, p := newCircle(km), newSpot(toLat, toLon)
	got, want := p.within(&c, fixedLat, fixedLon), place.Contains(toLat, toLon)
	if got != want {
		t.Fatalf("%v km around %v, %v: %v, %v within: %v, want %v", km, lat, lon, toLat, toLon, got, want)
	}
	return got
}

// TestCirclesAgreeFarAway tries points at all distances, up to the other side of the earth.
func TestCirclesAgreeFarAway(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	within := 0
	for range 200_000 {
		lat, lon, km := 180*r.Float64()-90, 360*r.Float64()-180, []float64{25, 500}[r.IntN(2)]
		toLat, toLon := destination(lat, lon, 2*math.Pi*r.Float64(), math.Pi*earthRadius*math.Pow(10, -4*r.Float64()))
		lat, lon = exact(int32(math.Round(lat*degree))), exact(int32(math.Round(lon*degree)))
		if withinAsContains(t, km, lat, lon, toLat, toLon) {
			within++
		}
	}
	if within < 20_000 || within > 180_000 {
		t.Errorf("%d of 200,000 within", within)
	}
}

// TestEdgesOfCirclesAgreeInAnIndex: the same where records are tested one after the
// other, in groups that are searched and in such that are not.
func TestEdgesOfCirclesAgreeInAnIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	within := 0
	for range 40 {
		at := points[r.IntN(len(points))]
		toLat, toLon := at[0]+r.Float64()-0.5, at[1]+r.Float64()-0.5
		toLat, toLon = max(-90, min(90, toLat)), max(-180, min(180, toLon))
		standing := map[uint32]*alerts.Criteria{}
		for id := range uint32(1 + r.IntN(800)) {
			km := []float64{0.5, 5, 25, 100, 500}[r.IntN(5)]
			lat, lon := destination(toLat, toLon, 2*math.Pi*r.Float64(), km*(1+math.Pow(10, -9*r.Float64())*(2*r.Float64()-1)))
			lat, lon = exact(int32(math.Round(max(-90, min(90, lat))*degree))), exact(int32(math.Round(max(-180, min(180, lon))*degree)))
			standing[id] = prepared(t, alerts.Criteria{Query: "Koch", Places: []alerts.Place{{Lat: &lat, Lon: &lon, RadiusKM: &km}}})
		}
		d := meaning().Document(&alerts.Posting{Title: "Koch", Locations: []alerts.Location{{Country: "DE", Located: true, Lat: toLat, Lon: toLon}}})
		got, want := Build(maps.All(standing), nil).Percolate(nil, d), scan(standing, d)
		if !slices.Equal(got, want) {
			t.Fatal(describe(standing, d, got, want))
		}
		within += len(want)
	}
	if within < 1000 {
		t.Errorf("only %d are within", within)
	}
}

func TestPositionsThatAreNoWholeNumberAreKeptExactly(t *testing.T) {
	for _, v := range []float64{51.5, 7.1000001, -33.8688, 0, 179.9999999, -180} {
		if n, ok := fixed(v); !ok || exact(n) != v {
			t.Errorf("%v comes back as %v, %v", v, exact(n), ok)
		}
	}
	for _, v := range []float64{math.Pi, 51.123456789, 1e-8, math.Nextafter(7, 8)} {
		if _, ok := fixed(v); ok {
			t.Errorf("%v counts as a whole number", v)
		}
	}
}

// TestManyCirclesOfOneQueryAgree makes groups that are long enough to be searched,
// with more radii than have numbers, positions that records cannot hold, and
// postings in several places; in every state of the index.
func TestManyCirclesOfOneQueryAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	standing := map[uint32]*alerts.Criteria{}
	for id := range uint32(4000) {
		standing[id] = cookSomewhere(t, r)
	}
	x := Build(maps.All(standing), nil)
	change := func() {
		for range 600 {
			id := uint32(r.IntN(4500))
			if r.IntN(3) == 0 {
				delete(standing, id)
				x.Remove(id)
				continue
			}
			standing[id] = cookSomewhere(t, r)
			x.Put(id, standing[id])
		}
	}
	done := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var frozen *layers
	var merged *base
	for _, state := range []struct {
		name string
		come func()
	}{
		{"built", func() {}},
		{"merged", func() { done(x.Merge(t.Context())) }},
		{"changed", change},
		{"folded", func() { done(x.Fold(t.Context())) }},
		{"changed, folded and changed once more", func() { change(); done(x.Fold(t.Context())); change() }},
		{"while it is merged", func() {
			var take func() *builder
			frozen, take = x.freeze(every)
			change()
			var err error
			merged, err = take().build(t.Context())
			done(err)
			change()
		}},
		{"merged with what changed meanwhile", func() { x.thaw(frozen, every, merged) }},
		{"merged once more", func() { done(x.Merge(t.Context())) }},
	} {
		state.come()
		found := 0
		for i := range 30 {
			p := &alerts.Posting{Title: []string{"Koch", "Koch und Lehrer"}[i%2], Remote: i%15 == 14}
			for range i % 4 {
				p.Locations = append(p.Locations, alerts.Location{Country: "DE", Located: true, Lat: 47 + 8*r.Float64(), Lon: 6 + 9*r.Float64()})
			}
			d := meaning().Document(p)
			got, want := x.Percolate(nil, d), scan(standing, d)
			if !slices.Equal(got, want) {
				t.Fatal(state.name, describe(standing, d, got, want))
			}
			found += len(got)
		}
		if found < 1000 {
			t.Errorf("%s: only %d found", state.name, found)
		}
	}
}

// cookSomewhere are criteria of one query, or of one that has another word too, which
// differ in their places.
func cookSomewhere(t *testing.T, r *rand.Rand) *alerts.Criteria {
	t.Helper()
	lat, lon := math.Round((47+8*r.Float64())*1e4)/1e4, math.Round((6+9*r.Float64())*1e4)/1e4
	km := []float64{0, 5, 10, 25, 50, 100}[r.IntN(6)]
	switch r.IntN(20) {
	case 0, 19:
		km = float64(r.IntN(2000)) / 4
	case 1:
		lat = 47 + 8*r.Float64()
	case 2: // two places
		return prepared(t, alerts.Criteria{Query: "Koch", Places: []alerts.Place{{Name: "Berlin"}, {Lat: &lat, Lon: &lon}}})
	case 3:
		return prepared(t, alerts.Criteria{Query: "Koch", States: []string{"DE-BE"}, Countries: []string{"AT"}})
	}
	return prepared(t, alerts.Criteria{Query: []string{"Koch", "Koch Lehrer"}[r.IntN(2)], Places: []alerts.Place{{Lat: &lat, Lon: &lon, RadiusKM: &km}}})
}

package percolate

import (
	"context"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
)

func prepared(t *testing.T, c alerts.Criteria) *alerts.Criteria {
	t.Helper()
	if err := meaning().Prepare(&c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// Load takes what comes, however many were announced.
func TestLoad_TakesMoreOrFewerThanWereExpected(t *testing.T) {
	c := prepared(t, alerts.Criteria{Query: "Koch OR Bäcker -Praktikum"})
	d := meaning().Document(&alerts.Posting{Title: "Koch (m/w/d)"})
	for _, about := range []int{0, 1, 50, 10_000} {
		x := New(nil)
		x.Load(about, func(yield func(uint32, *alerts.Criteria) bool) {
			for id := uint32(1); id <= 50 && yield(id, c); id++ {
			}
		})
		if got := x.Percolate(nil, d); len(got) != 50 || x.Len() != 50 {
			t.Errorf("%d expected: %d match of %d", about, len(got), x.Len())
		}
	}
}

// However many cores take subscriptions in, the base is as if one had.
func TestGather_OnAnyNumberOfCoresAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		standing := map[uint32]*alerts.Criteria{}
		for id := range uint32(rapid.IntRange(0, 40).Draw(t, "subscriptions")) {
			standing[id] = drawCriteria(t)
		}
		one := gathered(t, 1, standing)
		cores := rapid.IntRange(2, 5).Draw(t, "cores")
		several := gathered(t, cores, standing)
		if len(one.units) != len(several.units) || len(one.lazies) != len(several.lazies) || one.count != several.count || len(one.rows.listStarts) != len(several.rows.listStarts) {
			t.Errorf("%d units and %d rows of %d subscriptions on one core, %d and %d of %d on %d", len(one.units), len(one.rows.listStarts), one.count,
				len(several.units), len(several.rows.listStarts), several.count, cores)
		}
		for range 10 {
			d := drawDocument(t)
			got := several.percolate(nil, 0, d, new(state))
			slices.Sort(got)
			if got, want := slices.Compact(got), scan(standing, d); !slices.Equal(got, want) {
				t.Fatal(describe(standing, d, got, want))
			}
		}
	})
}

// More come than wait at once, and all cores together meet more radii than have numbers,
// though none of them does.
func TestGather_TakesManyWithManyRadii(t *testing.T) {
	queries := []string{"Koch", "Haus Meister", "data engineer -Praktikum", ""}
	standing := map[uint32]*alerts.Criteria{}
	for id := range uint32(gatherAtOnce + gatherAtOnce/2) {
		lat, lon, km := 47+float64(id%80)/10, 6+float64(id%90)/10, 20+float64(id/12)/10
		standing[id] = prepared(t, alerts.Criteria{Query: queries[id%4], Places: []alerts.Place{{Lat: &lat, Lon: &lon, RadiusKM: &km}}})
	}
	b := gathered(t, 3, standing)
	if len(b.places.circles) != len(rings{}) || len(b.places.sets) == 0 {
		t.Fatalf("%d radii and %d sets prove little", len(b.places.circles), len(b.places.sets))
	}
	for i, title := range []string{"Koch", "Hausmeister", "Data Engineer", "Haus und Meister", "Koch, Praktikum"} {
		for _, at := range []alerts.Location{{Located: true, Lat: 51.5, Lon: 7}, {Located: true, Lat: 48.1, Lon: 11.5}} {
			d := meaning().Document(&alerts.Posting{Title: title, Locations: []alerts.Location{at}, Remote: i == 4})
			got := b.percolate(nil, 0, d, new(state))
			slices.Sort(got)
			if got, want := slices.Compact(got), scan(standing, d); len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%s at %v: %d match, want %d", title, at.Lat, len(got), len(want))
			}
		}
	}
}

// Rows of more than two words are numbered by each core for itself.
func TestGather_KeepsLongRowsApart(t *testing.T) {
	queries := []string{"full stack developer", "Business Intelligence Analyst", "chief medical officer", "chief nursing officer", "Business Intelligence developer"}
	standing := map[uint32]*alerts.Criteria{}
	for id := range uint32(4 * len(queries)) {
		standing[id] = prepared(t, alerts.Criteria{Query: queries[int(id)%len(queries)]})
	}
	for _, cores := range []int{1, 2, 3} {
		b := gathered(t, cores, standing)
		for _, title := range []string{"Fullstack-Entwickler", "BI-Berater", "CMO", "Pflegedirektion", "BI-Entwickler"} {
			d := meaning().Document(&alerts.Posting{Title: title})
			got := b.percolate(nil, 0, d, new(state))
			slices.Sort(got)
			if got, want := slices.Compact(got), scan(standing, d); len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%s, %d cores: %d match, want %d", title, cores, len(got), len(want))
			}
		}
	}
}

func gathered(t interface {
	Context() context.Context
	Fatal(args ...any)
}, cores int, standing map[uint32]*alerts.Criteria) *base {
	b, err := New(nil).gather(cores, len(standing), func(yield func(uint32, *alerts.Criteria) bool) {
		for _, id := range slices.Sorted(maps.Keys(standing)) {
			yield(id, standing[id])
		}
	}).build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPutIsSeenByTheNextPercolateAndRemoveToo(t *testing.T) {
	x := New(nil)
	d := meaning().Document(&alerts.Posting{Title: "Koch (m/w/d)"})
	for _, id := range []uint32{7, 0, math.MaxUint32} {
		x.Put(id, prepared(t, alerts.Criteria{Query: "Koch"}))
	}
	x.Put(3, prepared(t, alerts.Criteria{Query: "Lehrer"}))
	if got := x.Percolate(nil, d); !slices.Equal(got, []uint32{0, 7, math.MaxUint32}) {
		t.Errorf("percolated to %v", got)
	}
	x.Put(7, prepared(t, alerts.Criteria{Query: "Lehrer"}))
	x.Remove(0)
	x.Remove(12)
	if got := x.Percolate(nil, d); !slices.Equal(got, []uint32{math.MaxUint32}) || x.Len() != 3 {
		t.Errorf("percolated to %v of %d", got, x.Len())
	}
}

// TestAReaderSeesTheInstantAtWhichItBegan: changes that come while a posting is
// percolated neither show nor hide anything, in the bases and in the overlay.
func TestAReaderSeesTheInstantAtWhichItBegan(t *testing.T) {
	cook, teacher := prepared(t, alerts.Criteria{Query: "Koch"}), prepared(t, alerts.Criteria{Query: "Lehrer"})
	d := meaning().Document(&alerts.Posting{Title: "Koch (m/w/d)"})
	stay := func(*Index, context.Context) error { return nil }
	for name, merge := range map[string]func(*Index, context.Context) error{"overlay": stay, "folded": (*Index).Fold, "base": (*Index).Merge} {
		x := New(nil)
		for id := range uint32(6) {
			x.Put(id, cook)
		}
		if err := merge(x, t.Context()); err != nil {
			t.Fatal(err)
		}
		l, at := x.standing()
		x.Put(0, teacher) // matches no longer
		x.Put(1, cook)    // replaced by the same
		x.Remove(2)
		x.Put(6, cook) // new
		x.Remove(3)
		x.Put(3, cook)                 // gone and back
		for id := range uint32(1000) { // makes the overlay grow
			x.Put(100+id, cook)
		}
		if got, want := x.percolateAt(nil, l, at, d), []uint32{0, 1, 2, 3, 4, 5}; !slices.Equal(got, want) {
			t.Errorf("%s: a reader from before sees %v, want %v", name, got, want)
		}
		got := x.Percolate(nil, d)
		if want := []uint32{1, 3, 4, 5, 6, 100}; len(got) != 1005 || !slices.Equal(got[:6], want) {
			t.Errorf("%s: a reader from behind sees %d beginning with %v, want %v", name, len(got), got[:min(6, len(got))], want)
		}
	}
}

func TestPercolateAppends(t *testing.T) {
	x := New(nil)
	x.Put(2, prepared(t, alerts.Criteria{Query: "Koch"}))
	got := x.Percolate([]uint32{9, 9, 1}, meaning().Document(&alerts.Posting{Title: "Koch"}))
	if !slices.Equal(got, []uint32{9, 9, 1, 2}) {
		t.Errorf("appended to %v", got)
	}
}

func TestUnpreparedCriteriaMatchNothing(t *testing.T) {
	x := New(nil)
	x.Put(1, &alerts.Criteria{Query: "Koch"})
	if got := x.Percolate(nil, meaning().Document(&alerts.Posting{Title: "Koch"})); len(got) != 0 {
		t.Errorf("percolated to %v", got)
	}
}

// TestFoldLeavesTheBaseAlone: what is folded in is found, replaced and removed
// like everything else, and waits for the next merge.
func TestFoldLeavesTheBaseAlone(t *testing.T) {
	l := generate(t, 300, 1)
	x := Build(l.each, nil)
	ctx := t.Context()
	fold := func(unfolded, pending int) {
		t.Helper()
		if err := x.Fold(ctx); err != nil {
			t.Fatal(err)
		}
		if s := x.Stats(); s.Base != 300 || s.Unfolded != unfolded || s.Pending != pending {
			t.Errorf("folded: %+v, want %d unfolded and %d pending", s, unfolded, pending)
		}
	}
	cook := prepared(t, alerts.Criteria{Query: "Koch"})
	for id := range uint32(10) {
		x.Put(1000+id, cook)
	}
	fold(0, 10)
	x.Put(1000, prepared(t, alerts.Criteria{Query: "Lehrer"}))
	x.Remove(1001)
	x.Remove(7)
	fold(0, 10) // nine, and the one that died in the base
	d := meaning().Document(&alerts.Posting{Title: "Koch (m/w/d)"})
	got := slices.DeleteFunc(x.Percolate(nil, d), func(id uint32) bool { return id < 1000 })
	if want := []uint32{1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009}; !slices.Equal(got, want) || x.Len() != 308 {
		t.Errorf("percolated to %v of %d", got, x.Len())
	}
	if err := x.Merge(ctx); err != nil {
		t.Fatal(err)
	}
	if s := x.Stats(); s.Base != 308 || s.Pending != 0 {
		t.Errorf("merged: %+v", s)
	}
}

func TestMergeFoldsEverythingIn(t *testing.T) {
	x := New(nil)
	l := generate(t, 300, 1)
	for id, c := range l.each {
		x.Put(id, c)
	}
	for id := range uint32(100) {
		x.Remove(id + 1)
	}
	if s := x.Stats(); s.Subscriptions != 200 || s.Base != 0 || s.Pending < 300 {
		t.Errorf("before: %+v", s)
	}
	if err := x.Merge(context.Background()); err != nil {
		t.Fatal(err)
	}
	if s := x.Stats(); s.Subscriptions != 200 || s.Base != 200 || s.Pending != 0 || s.Entries < 200 || s.Units == 0 || s.Bytes == 0 {
		t.Errorf("after: %+v", s)
	}
	x.Remove(150)
	if s := x.Stats(); s.Pending != 1 || s.Subscriptions != 199 {
		t.Errorf("with a tombstone: %+v", s)
	}
}

func TestQueriesAreFiledUnderTheirRarestWord(t *testing.T) {
	var df Frequencies
	for range 100 {
		df.Learn(meaning().Document(&alerts.Posting{Title: "Koch"}))
	}
	df.Learn(meaning().Document(&alerts.Posting{Title: "Lehrer"}))
	keys := func(query string) []key {
		var f filing
		f.file(prepared(t, alerts.Criteria{Query: query}), &df)
		return f.keys
	}
	both, rare, frequent := keys("Koch Lehrer"), keys("Lehrer"), keys("Koch")
	if slices.ContainsFunc(both, func(k key) bool { return slices.Contains(frequent, k) }) || !slices.Contains(both, rare[0]) {
		t.Errorf("filed under %v, want keys of Lehrer (%v) and none of Koch (%v)", both, rare, frequent)
	}
}

// TestBoxHoldsItsCircle tries points just inside the circle, all around it.
func TestBoxHoldsItsCircle(t *testing.T) {
	for _, at := range points {
		for _, radius := range []float64{0, 1, 25, 100, 500} {
			lat, lon := at[0], at[1]
			place := alerts.Place{Lat: &lat, Lon: &lon, RadiusKM: &radius}
			c := &alerts.Criteria{Places: []alerts.Place{place}}
			if err := meaning().Prepare(c); err != nil {
				t.Fatal(err)
			}
			e := makeEntry(c)
			cells, celled := appendCells(nil, boxAround(&place))
			for bearing := 0.0; bearing < 2*math.Pi; bearing += 0.05 {
				pLat, pLon := destination(lat, lon, bearing, radius*(1-1e-9))
				d := meaning().Document(&alerts.Posting{Title: "x", Locations: []alerts.Location{{Located: true, Lat: pLat, Lon: pLon}}})
				if !c.Matches(d) {
					continue // beyond the edge by rounding
				}
				var p probe
				p.set(d)
				if !p.admits(&e) {
					t.Fatalf("%v km around %v: the box leaves %v, %v out", radius, at, pLat, pLon)
				}
				if keys := documentKeys(nil, d); celled && !slices.ContainsFunc(cells, func(k key) bool { return slices.Contains(keys, k) }) {
					t.Fatalf("%v km around %v: no cell for %v, %v", radius, at, pLat, pLon)
				}
			}
		}
	}
}

// destination is the point at a bearing and distance on the sphere.
func destination(lat, lon, bearing, km float64) (float64, float64) {
	rad := math.Pi / 180
	angle, phi := km/earthRadius, lat*rad
	to := math.Asin(math.Sin(phi)*math.Cos(angle) + math.Cos(phi)*math.Sin(angle)*math.Cos(bearing))
	over := math.Atan2(math.Sin(bearing)*math.Sin(angle)*math.Cos(phi), math.Cos(angle)-math.Sin(phi)*math.Sin(to))
	return to / rad, math.Mod(lon+over/rad+540, 360) - 180
}

package digest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/subscriptions"
)

var benchTitles = []string{"Koch", "Erzieher", "Softwareentwickler", "Krankenpfleger", "Elektroniker", "Buchhalter", "Lagerist", "Physiotherapeut", "Maurer", "Tischler"}

// BenchmarkRun measures a whole run, by subscriber: leases, log, building,
// recording. Every subscriber has one daily alert that some postings meet.
func BenchmarkRun(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *database.DB{"sqlite": databasetest.SQLite, "postgres": databasetest.Postgres} {
		for _, subscribers := range []int{1000, 10000} {
			b.Run(fmt.Sprintf("%s/subscribers=%d/postings=500", name, subscribers), func(b *testing.B) {
				benchmarkRun(b, newOffice(b, open(b)), subscribers, 500)
			})
		}
	}
}

func benchmarkRun(b *testing.B, o *office, subscribers, postings int) {
	r := rand.New(rand.NewPCG(1, 2))
	o.crowd(r, subscribers)
	towns := [][3]any{{"Köln", 50.94, 6.96}, {"Herne", 51.54, 7.22}, {"Berlin", 52.52, 13.4}, {"Hamburg", 53.55, 10.0}, {"München", 48.14, 11.58}}
	b.ReportAllocs()
	for day := 0; b.Loop(); day++ {
		b.StopTimer()
		ps := make([]alerts.Posting, postings)
		for i := range ps {
			t := towns[r.IntN(len(towns))]
			ps[i] = o.posting(benchTitles[r.IntN(len(benchTitles))] + " (m/w/d)")
			ps[i].Employer = fmt.Sprintf("Betrieb %d GmbH", i)
			ps[i].Locations = []alerts.Location{{Name: t[0].(string), Country: "DE", Located: true, Lat: t[1].(float64), Lon: t[2].(float64)}}
		}
		o.publish(fmt.Sprintf("day%d", day), ps...)
		o.advance(24 * time.Hour)
		b.StartTimer()
		if sum := o.run(); sum.Subscribers != subscribers {
			b.Fatalf("%d of %d subscribers served", sum.Subscribers, subscribers)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*subscribers), "µs/subscriber")
}

// crowd makes subscribers with one daily alert each.
func (o *office) crowd(r *rand.Rand, subscribers int) {
	o.Helper()
	imports := make([]subscriptions.Import, subscribers)
	for i := range imports {
		w := o.wish(benchTitles[r.IntN(len(benchTitles))])
		radius := float64(10 + r.IntN(10))
		w.Criteria.Places = []alerts.Place{{Name: []string{"Köln", "Herne", "Berlin", "Hamburg", "München"}[r.IntN(5)], RadiusKM: &radius}}
		o.must(meaning().Prepare(&w.Criteria))
		imports[i] = subscriptions.Import{Email: fmt.Sprintf("s%d@example.org", i), Locale: "de", Wish: w, ConfirmedAt: o.now()}
	}
	_, err := o.subs.Import(o.Context(), imports, o.now())
	o.must(err)
}

// BenchmarkCheckups measures a day's look at everybody's alerts, of which none has
// anything to tell.
func BenchmarkCheckups(b *testing.B) {
	const subscribers = 10000
	for name, open := range map[string]func(testing.TB) *database.DB{"sqlite": databasetest.SQLite, "postgres": databasetest.Postgres} {
		b.Run(fmt.Sprintf("%s/subscribers=%d", name, subscribers), func(b *testing.B) {
			o := newOffice(b, open(b))
			o.crowd(rand.New(rand.NewPCG(1, 2)), subscribers)
			o.checkups()
			b.ReportAllocs()
			for b.Loop() {
				if told := o.checkups(); told != 0 {
					b.Fatalf("%d were told", told)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*subscribers), "µs/alert")
		})
	}
}

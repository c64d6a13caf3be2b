package archive

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

func TestAPreviewCountsByDayAndNamesWhatEachCriterionCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, databasetest.SQLite(t), 1, 0)
	publish := func(daysAgo int, yearly float64, town alerts.Location, title string) {
		p := alerts.Posting{Source: "clinic", Title: title, Locations: []alerts.Location{town},
			PublishedAt: start.AddDate(0, 0, -daysAgo).Add(-time.Hour), ExpiresAt: start.AddDate(0, 1, 0)}
		if yearly > 0 {
			s := pay.Normalise(yearly, yearly, "EUR", pay.Year, pay.Hints{})
			p.Pay = &s
		}
		w.publish(0, p)
	}
	essen, berlin := towns[1], towns[3]
	publish(0, 50000, essen, "Koch")
	publish(0, 0, essen, "Koch")      // does not say
	publish(1, 30000, essen, "Koch")  // pays too little
	publish(6, 50000, essen, "Koch")  //
	publish(6, 50000, berlin, "Koch") // elsewhere
	publish(6, 50000, berlin, "Koch")
	publish(6, 50000, berlin, "Koch")
	publish(9, 50000, essen, "Koch") // before the time
	publish(1, 50000, essen, "Softwareentwickler")
	w.follow()

	radius := 25.0
	c := &alerts.Criteria{Query: "Koch", Places: []alerts.Place{{Name: "Essen", RadiusKM: &radius}}, Remote: alerts.RemoteExclude,
		Salary: &alerts.Salary{Min: 40000, Currency: "EUR", Unit: "YEAR"}, SalaryUnknown: alerts.UnknownDrop}
	if err := meaning().Prepare(c); err != nil {
		t.Fatal(err)
	}
	got, err := w.archive.Preview(t.Context(), c, start.AddDate(0, 0, -7))
	if err != nil {
		t.Fatal(err)
	}
	want := Preview{Since: start.AddDate(0, 0, -7), Found: 2, Days: []int{1, 0, 0, 0, 0, 0, 1},
		Without: []Cost{{alerts.ByPlace, 5}, {alerts.BySalary, 4}}} // without home office included nothing is added
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("preview (-want +got):\n%s", d)
	}
	if got.Weekly() != 2 {
		t.Errorf("%v a week, want 2", got.Weekly())
	}
	if p, err := w.archive.Preview(t.Context(), c, start.AddDate(0, 0, 1)); err != nil || p.Found != 0 || p.Weekly() != 0 {
		t.Errorf("of the future: %+v, %v", p, err)
	}
}

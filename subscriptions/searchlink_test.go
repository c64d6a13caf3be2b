package subscriptions

import (
	"testing"

	"github.com/jobalertd/jobalertd/alerts"
)

func TestLinksJobs_SaysTheCriteriaAsThePageTakesThem(t *testing.T) {
	t.Parallel()
	radius, lat, lon := 30.0, 51.5, 7.1
	l := Links{Base: "https://jobs.example.org"}
	c := alerts.Criteria{Query: "Koch -Küchenhilfe", Places: []alerts.Place{{Name: "Gelsenkirchen", RadiusKM: &radius, Lat: &lat, Lon: &lon}},
		Salary: &alerts.Salary{Min: 3500, Currency: "EUR", Unit: "MONTH"}, EmploymentTypes: []alerts.EmploymentType{alerts.PartTime}, NoAgencies: true}
	want := "https://jobs.example.org/jobs?no_agencies=1&place=Gelsenkirchen&q=Koch+-K%C3%BCchenhilfe&radius=30&salary=3500&salary_unit=MONTH&salary_unknown=take&type=PART_TIME"
	if got := l.Jobs(&c); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	c.Places = []alerts.Place{{Lat: &lat, Lon: &lon}}
	if got := l.Jobs(&c); got != "" {
		t.Errorf("a point without a name became %s", got)
	}
}

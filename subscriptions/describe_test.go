package subscriptions_test

import (
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

func TestCriteriaAreDescribedInBothLanguages(t *testing.T) {
	c := alerts.Criteria{Query: "Medizininformatiker", Places: []alerts.Place{{Name: "Gelsenkirchen"}}, States: []string{"DE-BY"}, Remote: alerts.RemoteExclude,
		Salary: &alerts.Salary{Min: 3500, Currency: "EUR", Unit: "MONTH"}, EmploymentTypes: []alerts.EmploymentType{alerts.FullTime}, NotEmployers: []string{"Muster GmbH"}, NoAgencies: true}
	if err := meaning().Prepare(&c); err != nil {
		t.Fatal(err)
	}
	for locale, want := range map[string]string{
		"de": "Medizininformatiker · 25\u00a0km um Gelsenkirchen oder Bayern · nicht ortsunabhängig · ab 3.500\u00a0€ im Monat · Vollzeit · nicht bei Muster GmbH · ohne Vermittlungen",
		"en": "Medizininformatiker · 25\u00a0km around Gelsenkirchen or Bayern · not remote · from €3,500 a month · full time · not at Muster GmbH · no agencies",
	} {
		if got := subscriptions.Describe(meaning(), &c, locale); got != want {
			t.Errorf("%s:\n got %s\nwant %s", locale, got, want)
		}
	}
	abroad := alerts.Criteria{Countries: []string{"Austria", "DE"}}
	if err := meaning().Prepare(&abroad); err != nil {
		t.Fatal(err)
	}
	if de, en := subscriptions.Describe(meaning(), &abroad, "de"), subscriptions.Describe(meaning(), &abroad, "en"); de != "Österreich oder Deutschland" || en != "Austria or Germany" {
		t.Errorf("countries: %q, %q", de, en)
	}
	s := subscriptions.Subscription{Criteria: c, Label: "My alert"}
	if got := s.Name(meaning(), "de"); got != "My alert" {
		t.Errorf("her own name gave way to %q", got)
	}
}

func TestSchedulesAreDescribedInBothLanguages(t *testing.T) {
	for _, tt := range []struct {
		schedule subscriptions.Schedule
		de, en   string
	}{
		{subscriptions.Schedule{Frequency: subscriptions.Instant}, "sofort", "at once"},
		{subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7}, "täglich um 7\u00a0Uhr", "daily at 07:00"},
		{subscriptions.Schedule{Frequency: subscriptions.Weekly, Hour: 18, Weekday: time.Friday}, "jeden Freitag um 18\u00a0Uhr", "every Friday at 18:00"},
		{subscriptions.Schedule{Frequency: "fortnight"}, "fortnight", "fortnight"},
	} {
		if de, en := tt.schedule.Describe("de"), tt.schedule.Describe("en"); de != tt.de || en != tt.en {
			t.Errorf("%v: %q, %q; want %q, %q", tt.schedule, de, en, tt.de, tt.en)
		}
	}
}

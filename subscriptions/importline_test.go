package subscriptions_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/text"
	"github.com/jobalertd/jobalertd/subscriptions"
)

var meaning = sync.OnceValue(func() *alerts.Meaning {
	places, err := gazetteer.Open()
	if err != nil {
		panic(err)
	}
	return &alerts.Meaning{Text: text.New(text.Embedded()), Places: places}
})

func rules() subscriptions.ImportRules {
	return subscriptions.ImportRules{Meaning: meaning(), Timezone: "Europe/Berlin", Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
		Calendar: subscriptions.NewCalendar(subscriptions.Cadences{"fortnight": "0 7 1,15 * *"})}
}

const fullLine = `{"email":"a@example.org","query":"Medizininformatiker","places":[{"name":"Gelsenkirchen","radius_km":25}],
 "states":[],"remote":"include","salary":{"min":3500,"currency":"EUR","unit":"MONTH"},"salary_unknown":"take",
 "employment_types":["FULL_TIME"],"employers":[],"not_employers":[],"no_agencies":false,"languages":[],
 "frequency":"weekly","hour":0,"weekday":"friday","timezone":"Europe/Vienna","locale":"en",
 "confirmed_at":"2026-03-01T09:00:00Z","consent":{"text":"v1","source":"import"}}`

func TestAFullImportLineIsReadWhole(t *testing.T) {
	got, err := subscriptions.DecodeImportLine([]byte(fullLine), rules())
	if err != nil {
		t.Fatal(err)
	}
	want := subscriptions.Schedule{Frequency: subscriptions.Weekly, Hour: 0, Weekday: time.Friday, Timezone: "Europe/Vienna"}
	if got.Email != "a@example.org" || got.Locale != "en" || got.Wish.Schedule != want || got.Wish.Overflow != subscriptions.Count {
		t.Errorf("read %+v", got)
	}
	c := got.Wish.Criteria
	if c.Query != "Medizininformatiker" || len(c.Places) != 1 || c.Places[0].Lat == nil || c.YearlySalary() != 42000 {
		t.Errorf("criteria %+v are not prepared", c)
	}
	if want := (subscriptions.Circumstances{TextVersion: "v1", Source: "import"}); got.How != want || !got.ConfirmedAt.Equal(instant(t, "2026-03-01T09:00:00Z")) {
		t.Errorf("consent %+v at %s", got.How, got.ConfirmedAt)
	}
}

func TestAnImportLineNeedsAnAddressAndOneCriterion(t *testing.T) {
	got, err := subscriptions.DecodeImportLine([]byte(`{"email":"a@example.org","query":"Koch"}`), rules())
	if err != nil {
		t.Fatal(err)
	}
	want := subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Weekday: time.Monday, Timezone: "Europe/Berlin"}
	if got.Wish.Schedule != want || got.Locale != "de" || !got.ConfirmedAt.IsZero() || got.How.Source != "import" {
		t.Errorf("defaults %+v", got)
	}
}

func TestEachFaultOfAnImportLineNamesItsField(t *testing.T) {
	for line, want := range map[string][]string{
		``: {""}, `[]`: {""}, `null`: {""}, `{"email":"a@example.org","query":"Koch"} {}`: {""}, `{"email":"` + strings.Repeat("a", 70<<10): {""},
		`{"query":"Koch"}`:                      {"email"},
		`{"email":"a@b","query":"Koch"}`:        {"email"},
		`{"email":"a@example.org"}`:             {"query"},
		`{"email":7,"query":"Koch","hour":"7"}`: {"email", "hour"},
		`{"email":"a@example.org","query":"Koch","colour":1,"hour":24,"weekday":"mo","timezone":"Berlin","frequency":"hourly","locale":"fr"}`: {"colour", "frequency", "hour", "locale", "timezone", "weekday"},
		`{"email":"a@example.org","query":"Koch","places":[{"name":"Gelsenkirchen","radius":25}]}`:                                            {"places"},
		`{"email":"a@example.org","query":"Koch","places":[{"name":"Atlantis an der Ruhr"}],"remote":"often"}`:                                {"places[0]", "remote"},
		`{"email":"a@example.org","query":"Koch","salary":{"min":-1,"unit":"MONTH"}}`:                                                         {"salary.min"},
		`{"email":"a@example.org","query":"Koch","confirmed_at":"2027-03-01T09:00:00Z"}`:                                                      {"confirmed_at"},
		`{"email":"a@example.org","query":"Koch","confirmed_at":"yesterday"}`:                                                                 {"confirmed_at"},
		`{"email":"a@example.org","query":"Koch","max_postings":-1,"overflow":"spill","label":"a\nb"}`:                                        {"label", "max_postings", "overflow"},
	} {
		_, err := subscriptions.DecodeImportLine([]byte(line), rules())
		var faults *alerts.CriteriaError
		if !errors.As(err, &faults) {
			t.Errorf("%.60s: got %v", line, err)
			continue
		}
		var got []string
		for _, f := range faults.Faults {
			got = append(got, f.Field)
		}
		slices.Sort(got)
		if got = slices.Compact(got); !reflect.DeepEqual(got, want) {
			t.Errorf("%.60s: faults in %q, want %q (%v)", line, got, want, err)
		}
	}
}

func TestOperatorsCadenceIsAFrequency(t *testing.T) {
	got, err := subscriptions.DecodeImportLine([]byte(`{"email":"a@example.org","query":"Koch","frequency":"fortnight"}`), rules())
	if err != nil || got.Wish.Schedule.Frequency != "fortnight" {
		t.Errorf("got %+v, %v", got.Wish.Schedule, err)
	}
}

func FuzzDecodeImportLine(f *testing.F) {
	for _, line := range []string{fullLine, `{}`, `{"email":"a@example.org","query":"-x"}`, `{"places":[null]}`, `{"salary":null,"hour":1e99}`, `{"email":"a@example.org","email":1}`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got, err := subscriptions.DecodeImportLine([]byte(line), rules())
		var faults *alerts.CriteriaError
		switch {
		case err == nil && (got.Email == "" || rules().Calendar.Check(got.Wish.Schedule) != nil):
			t.Errorf("took %+v", got)
		case err != nil && (!errors.As(err, &faults) || len(faults.Faults) == 0):
			t.Errorf("an error without faults: %v", err)
		}
	})
}

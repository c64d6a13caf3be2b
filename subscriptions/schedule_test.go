package subscriptions_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // zones the same on every machine

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/subscriptions"
)

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestNextFollowsTheWallClockThroughClockChanges(t *testing.T) {
	nightly := subscriptions.Cadences{"nightly": "30 2 * * *", "late": "30 23 * * *", "halfpast": "30 1 * * *"}
	daily := func(hour int, zone string) subscriptions.Schedule {
		return subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: hour, Timezone: zone}
	}
	cadence := func(name subscriptions.Frequency, zone string) subscriptions.Schedule {
		return subscriptions.Schedule{Frequency: name, Timezone: zone}
	}
	for _, tt := range []struct {
		name, after, served string
		schedule            subscriptions.Schedule
		want                string
	}{
		{"summer begins, seven o'clock", "2026-03-28T06:00:00Z", "", daily(7, "Europe/Berlin"), "2026-03-29T05:00:00Z"},
		{"summer ends, seven o'clock", "2026-10-24T05:00:00Z", "", daily(7, "Europe/Berlin"), "2026-10-25T06:00:00Z"},
		{"a time that does not exist is the first instant after the gap", "2026-03-28T12:00:00Z", "", cadence("nightly", "Europe/Berlin"), "2026-03-29T01:00:00Z"},
		{"the hour that does not exist", "2026-03-28T12:00:00Z", "", daily(2, "Europe/Berlin"), "2026-03-29T01:00:00Z"},
		{"a time that occurs twice is its first pass", "2026-10-24T12:00:00Z", "", cadence("nightly", "Europe/Berlin"), "2026-10-25T00:30:00Z"},
		{"and not its second", "2026-10-25T00:30:00Z", "", cadence("nightly", "Europe/Berlin"), "2026-10-26T01:30:00Z"},
		{"between the two passes", "2026-10-25T00:45:00Z", "", cadence("nightly", "Europe/Berlin"), "2026-10-26T01:30:00Z"},
		{"New York, gap", "2026-03-07T12:00:00Z", "", cadence("nightly", "America/New_York"), "2026-03-08T07:00:00Z"},
		{"New York, fold", "2026-10-31T12:00:00Z", "", cadence("halfpast", "America/New_York"), "2026-11-01T05:30:00Z"},
		{"Lord Howe moves by half an hour, gap", "2026-10-03T00:00:00Z", "", daily(2, "Australia/Lord_Howe"), "2026-10-03T15:30:00Z"},
		{"Lord Howe, fold", "2026-04-04T00:00:00Z", "", cadence("halfpast", "Australia/Lord_Howe"), "2026-04-04T14:30:00Z"},
		{"Casablanca, end of Ramadan", "2026-03-21T12:00:00Z", "", cadence("nightly", "Africa/Casablanca"), "2026-03-22T02:00:00Z"},
		{"Cairo has no midnight on 24 April", "2026-04-23T12:00:00Z", "", daily(0, "Africa/Cairo"), "2026-04-23T22:00:00Z"},
		{"Cairo has 23:30 twice on 29 October", "2026-10-29T12:00:00Z", "", cadence("late", "Africa/Cairo"), "2026-10-29T20:30:00Z"},
		{"a day served is not served again at a later hour", "2026-06-01T05:00:00Z", "2026-06-01", daily(18, "Europe/Berlin"), "2026-06-02T16:00:00Z"},
		{"nor after moving to a zone where it is still that day", "2026-06-01T23:00:00Z", "2026-06-02", daily(20, "America/New_York"), "2026-06-04T00:00:00Z"},
		{"Nuuk has no 23:00 on 28 March", "2026-03-28T12:00:00Z", "2026-03-27", daily(23, "America/Nuuk"), "2026-03-29T01:00:00Z"},
		{"Nuuk, the day after", "2026-03-29T01:00:00Z", "2026-03-28", daily(23, "America/Nuuk"), "2026-03-30T00:00:00Z"},
		{"weekly", "2026-06-03T00:00:00Z", "", subscriptions.Schedule{Frequency: subscriptions.Weekly, Weekday: time.Monday, Hour: 7, Timezone: "Europe/Berlin"}, "2026-06-08T05:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.schedule.Next(instant(t, tt.after), tt.served, nightly)
			if err != nil || !got.Equal(instant(t, tt.want)) {
				t.Errorf("got %s, %v; want %s", got.UTC().Format(time.RFC3339), err, tt.want)
			}
		})
	}
}

func TestInstantHasNoNextOccurrence(t *testing.T) {
	s := subscriptions.Schedule{Frequency: subscriptions.Instant, Timezone: "Europe/Berlin"}
	got, err := s.Next(time.Unix(0, 0), "", nil)
	if err != nil || !got.IsZero() {
		t.Errorf("got %s, %v; want the zero time", got, err)
	}
	if served, err := s.Served(time.Unix(0, 0), time.Unix(9, 0), nil); err != nil || served != "" {
		t.Errorf("served %q, %v; want none", served, err)
	}
}

// Every zone, two years, two in the morning and one more hour for each: each local day gets exactly one.
func TestADailyDigestComesExactlyOnceEachLocalDayInEveryZone(t *testing.T) {
	for i, zone := range zones(t) {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, hour := range []int{2, i % 24} {
			checkOnceADay(t, subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: hour, Timezone: zone}, loc)
		}
	}
}

func checkOnceADay(t *testing.T, s subscriptions.Schedule, loc *time.Location) {
	t.Helper()
	calendar := subscriptions.NewCalendar(nil)
	day := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	at := time.Date(2025, 12, 31, 23, 59, 59, 0, loc)
	for ; day.Year() < 2028; day = day.AddDate(0, 0, 1) {
		next, err := calendar.Next(s, at, "")
		if err != nil {
			t.Fatalf("%v: %v", s, err)
		}
		date := next.In(loc).Format(time.DateOnly)
		if next.In(loc).Hour() != s.Hour {
			_, before := next.Add(-time.Second).In(loc).Zone()
			if _, after := next.In(loc).Zone(); after <= before {
				t.Fatalf("%s at %d: %s without a gap", s.Timezone, s.Hour, next.In(loc))
			}
			if date, err = calendar.Served(s, next, next); err != nil {
				t.Fatalf("%v: %v", s, err)
			}
		}
		if want := day.Format(time.DateOnly); date != want {
			t.Fatalf("%s at %d: after %s comes %s, of %s, want one of %s", s.Timezone, s.Hour, at.In(loc), next.In(loc), date, want)
		}
		at = next
	}
}

// zones lists what the embedded data knows, by its names in the Go distribution.
func zones(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, name := range strings.Fields(allZones) {
		if _, err := time.LoadLocation(name); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		names = append(names, name)
	}
	return names
}

func TestWhateverSheChangesADayIsServedOnce(t *testing.T) {
	names := zones(t)
	calendar := subscriptions.NewCalendar(nil)
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(rapid.Int64Range(1767225600, 1830297600).Draw(t, "now"), 0)
		served := ""
		for range 10 {
			s := subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: rapid.IntRange(0, 23).Draw(t, "hour"), Timezone: rapid.SampledFrom(names).Draw(t, "zone")}
			due, err := calendar.Next(s, now, served)
			if err != nil {
				t.Fatal(err)
			}
			now = due.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "late")) * time.Hour)
			date, err := calendar.Served(s, due, now)
			if err != nil {
				t.Fatal(err)
			}
			if date <= served {
				t.Fatalf("%v served %s after %s", s, date, served)
			}
			served = date
		}
	})
}

func TestServedCountsTheOccurrencesThatDowntimeSwallowed(t *testing.T) {
	s := subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: "Europe/Berlin"}
	due := instant(t, "2026-06-01T05:00:00Z")
	for now, want := range map[string]string{
		"2026-06-01T05:00:00Z": "2026-06-01", "2026-06-04T04:59:59Z": "2026-06-03", "2026-06-04T05:00:00Z": "2026-06-04", "2028-06-04T05:00:00Z": "2028-06-04",
	} {
		if got, err := s.Served(due, instant(t, now), nil); err != nil || got != want {
			t.Errorf("at %s: served %s, %v; want %s", now, got, err, want)
		}
	}
}

func TestScheduleCheckNamesEveryFault(t *testing.T) {
	err := subscriptions.Schedule{Frequency: "hourly", Hour: 24, Weekday: 7, Timezone: "Local"}.Check(nil)
	for _, want := range []string{"hour 24", "weekday 7", `"Local"`, `"hourly"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if err := (subscriptions.Schedule{Frequency: "dawn", Timezone: "UTC"}).Check(subscriptions.Cadences{"dawn": "0 5 * * *"}); err != nil {
		t.Errorf("a good schedule: %v", err)
	}
}

func TestParseLineRefusesWhatTheLibraryGetsWrong(t *testing.T) {
	for _, line := range []string{"", "TZ=", "TZ=Europe/Berlin", "CRON_TZ=Europe/Berlin", "TZ=0", "CRON_TZ=UTC 0 7 * * *", "@every 24h", "@every -1h", "@daily", "@weekly", "0 0 30 2 *", "0 7 * * 7", "* * * *", "0 24 * * *"} {
		if _, err := subscriptions.ParseLine(line); err == nil {
			t.Errorf("took %q", line)
		}
	}
	if _, err := subscriptions.ParseLine("0 0 30 2 *"); !errors.Is(err, subscriptions.ErrNever) {
		t.Errorf("30 February: %v, want ErrNever", err)
	}
	for _, line := range []string{"0 7 * * *", "0 7 1-7 * 1", " 15 6,18 * * mon-fri "} {
		if _, err := subscriptions.ParseLine(line); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func FuzzParseLineNeverPanics(f *testing.F) {
	for _, line := range []string{"0 7 * * *", "TZ=", "CRON_TZ=Europe/Berlin", "@every 1ns", "*/0 * * * *", "@", "0 0 29 2 *"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		sched, err := subscriptions.ParseLine(line)
		if err == nil && sched.Next(time.Unix(0, 0).UTC()).IsZero() {
			t.Errorf("%q never occurs and was taken", line)
		}
	})
}

func TestCadencesCheckRefusesTakenNamesAndBadLines(t *testing.T) {
	err := subscriptions.Cadences{"daily": "0 7 * * *", "odd": "x"}.Check()
	if err == nil || !strings.Contains(err.Error(), `"daily"`) || !strings.Contains(err.Error(), `"odd"`) {
		t.Errorf("got %v, want both named", err)
	}
}

func BenchmarkCalendarNext(b *testing.B) {
	b.ReportAllocs()
	calendar := subscriptions.NewCalendar(nil)
	s := subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: "Europe/Berlin"}
	now := time.Date(2026, 6, 1, 5, 0, 0, 0, time.UTC)
	for b.Loop() {
		if _, err := calendar.Next(s, now, "2026-06-01"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScheduleNext(b *testing.B) {
	b.ReportAllocs()
	s := subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: "Europe/Berlin"}
	now := time.Date(2026, 6, 1, 5, 0, 0, 0, time.UTC)
	for b.Loop() {
		if _, err := s.Next(now, "2026-06-01", nil); err != nil {
			b.Fatal(err)
		}
	}
}

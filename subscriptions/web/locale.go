package web

import (
	"fmt"
	"net/http"
	"time"

	"golang.org/x/text/language"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

var matcher = language.NewMatcher([]language.Tag{language.German, language.English})

// chosenLocale is the language a visitor chose by the switch, "" for none.
func chosenLocale(r *http.Request) string {
	switch chosen := r.URL.Query().Get("lang"); chosen {
	case "de", "en":
		return chosen
	}
	return ""
}

// localeOf is the language of a page: chosen, else her own (where the page knows
// her), else the browser's (RFC 9110 section 12.5.4), else German.
func localeOf(r *http.Request, hers string) string {
	if chosen := chosenLocale(r); chosen != "" {
		return chosen
	}
	if hers != "" {
		return hers
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return locales[0]
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		// She reads neither for sure; English is the likelier second language.
		return "en"
	}
	return locales[i]
}

var monthsDE = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}

// dateText writes a date: "2. Juni 2026", "2 June 2026".
func dateText(t time.Time, locale string) string {
	if locale == "de" {
		return fmt.Sprintf("%d. %s %d", t.Day(), monthsDE[t.Month()-1], t.Year())
	}
	return t.Format("2 January 2006")
}

// exactText writes an instant to the second, with what its zone is ahead of UTC.
func exactText(t time.Time, locale string) string {
	day, clock := subscriptions.WeekdayName(t.Weekday(), locale), t.Format("15:04:05")
	if locale == "de" {
		clock = alerts.Quantity(clock, "Uhr")
	}
	return fmt.Sprintf("%s, %s, %s (UTC%s)", day, dateText(t, locale), clock, t.Format("-07:00"))
}

// timeText writes an instant with its weekday, in the zone it carries.
func timeText(t time.Time, locale string) string {
	day := subscriptions.WeekdayName(t.Weekday(), locale)
	if locale == "de" {
		return fmt.Sprintf("%s, %s, %s", day, dateText(t, locale), alerts.Quantity(t.Format("15:04"), "Uhr"))
	}
	return fmt.Sprintf("%s, %s, %s", day, dateText(t, locale), t.Format("15:04"))
}

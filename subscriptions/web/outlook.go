package web

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// outlookDays is how far back a preview looks.
const outlookDays = 30

// muchADay is from how many postings a day on a preview advises to ask for less.
const muchADay = 40

// outlookView tells, before she commits, what an alert would have brought.
type outlookView struct {
	Days    int
	Found   int
	Mails   string     // "about 3 mails a week, 5 jobs each"; "" when there would have been none
	Without []costView // at most two
	Much    bool       // so many that she will not read them
}

// costView is what one criterion costs: "without the pay limit: 14".
type costView struct {
	Text string
	Link string // to the search without it; "" where that would lose what she typed

	criterion alerts.Criterion
}

// outlook looks at the postings that are still open of the last outlookDays, or of
// as many as the search reaches back. It is nil where there is no search.
func (s *Site) outlook(ctx context.Context, c *alerts.Criteria, frequency subscriptions.Frequency, locale string) (*outlookView, error) {
	if s.Search == nil {
		return nil, nil
	}
	now := s.Now()
	since := now.AddDate(0, 0, -outlookDays)
	if p := s.Search.Period(); !p.All && p.Since.After(since) {
		since = p.Since
	}
	o, err := s.Search.Outlook(ctx, c, since)
	if err != nil {
		return nil, fmt.Errorf("preview an alert: %w", err)
	}
	v := &outlookView{Days: max(int(math.Round(now.Sub(since).Hours()/24)), 1)}
	for _, n := range o.Days {
		v.Found += n
	}
	v.Much = v.Found > muchADay*v.Days
	for _, cost := range o.Without[:min(len(o.Without), 2)] {
		if key := "outlook.without-" + string(cost.Criterion); s.texts[key] != nil {
			text := s.texts.say(locale, "outlook.without", s.texts.say(locale, key), count(cost.Found, locale))
			v.Without = append(v.Without, costView{Text: text, criterion: cost.Criterion})
		}
	}
	if v.Found > 0 {
		v.Mails = s.mailsText(o.Days, v.Found, frequency, locale)
	}
	return v, nil
}

// mailsText says how many mails the postings would have made, and how many
// postings each.
func (s *Site) mailsText(days []int, found int, frequency subscriptions.Frequency, locale string) string {
	mails := mailsOf(days, frequency)
	each := int(math.Round(float64(found) / float64(mails)))
	jobs := s.texts.say(locale, "outlook.jobs", count(each, locale))
	if each == 1 {
		jobs = s.texts.say(locale, "outlook.job")
	}
	span, per := "outlook.week", 7.0
	if float64(mails)*7/float64(len(days)) < 1 && len(days) > 7 {
		span, per = "outlook.month", 30
	}
	n := max(int(math.Round(float64(mails)*per/float64(len(days)))), 1)
	if len(days) < 7 { // too short to speak of weeks
		span, n = "outlook.so-far", mails
	}
	if n == 1 {
		span += "-one"
		return s.texts.say(locale, span, jobs)
	}
	return s.texts.say(locale, span, count(n, locale), jobs)
}

// mailsOf counts the mails that postings by the day would have made: one for each
// day, or for each seven days, that had any. How instant mails would have been
// bundled is not known, so they count as days.
func mailsOf(days []int, frequency subscriptions.Frequency) int {
	span := 1
	if frequency == subscriptions.Weekly {
		span = 7
	}
	mails := 0
	for end := len(days); end > 0; end -= span {
		for _, n := range days[max(end-span, 0):end] {
			if n > 0 {
				mails++
				break
			}
		}
	}
	return max(mails, 1)
}

// count writes a whole number with its thousands grouped.
func count(n int, locale string) string {
	digits, mark := strconv.Itoa(n), ","
	if locale == "de" {
		mark = "."
	}
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, groups...), mark)
}

// periodText says what a search goes through and how far back it reaches; "" while
// that is not known yet.
func (s *Site) periodText(locale string) string {
	p := s.Search.Period()
	switch {
	case p.All:
		return s.texts.say(locale, "jobs.all")
	case p.Since.IsZero():
		return ""
	}
	return s.texts.say(locale, "jobs.since", dateText(p.Since.In(s.zone), locale))
}

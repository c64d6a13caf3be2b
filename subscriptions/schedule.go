package subscriptions

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Frequency is how often a subscriber hears: instant, daily, weekly, or the name
// of a cadence that the operator gave a cron line.
type Frequency string

// The frequencies that every installation has.
const (
	Instant Frequency = "instant"
	Daily   Frequency = "daily"
	Weekly  Frequency = "weekly"
)

// ErrNever is returned for a cron line with no occurrence (30 February).
var ErrNever = errors.New("the schedule never occurs")

// Schedule is when a subscriber's digests are due.
type Schedule struct {
	Frequency Frequency
	Hour      int          // 0–23, local; for daily and weekly
	Weekday   time.Weekday // for weekly
	Timezone  string       // IANA name
}

// Cadences are the operator's named cron lines (five fields, no zone).
type Cadences map[string]string

// Weekdays by the names that the import line and forms use.
var weekdays = map[string]time.Weekday{
	"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday,
	"thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
}

// ParseWeekday reads an English weekday name in any case.
func ParseWeekday(s string) (time.Weekday, bool) {
	d, ok := weekdays[strings.ToLower(strings.TrimSpace(s))]
	return d, ok
}

// Check says what is wrong with s, nil if nothing is.
func (s Schedule) Check(cadences Cadences) error {
	var errs []error
	if s.Hour < 0 || s.Hour > 23 {
		errs = append(errs, fmt.Errorf("hour %d is not between 0 and 23", s.Hour))
	}
	if s.Weekday < time.Sunday || s.Weekday > time.Saturday {
		errs = append(errs, fmt.Errorf("weekday %d is not between 0 and 6", s.Weekday))
	}
	if _, err := zone(s.Timezone); err != nil {
		errs = append(errs, err)
	}
	if _, err := s.line(cadences); s.Frequency != Instant && err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Check says what is wrong with the operator's cadences, nil if nothing is: a
// name that every installation has, or a line that is none.
func (c Cadences) Check() error {
	var errs []error
	for name, line := range c {
		switch Frequency(name) {
		case Instant, Daily, Weekly, "":
			errs = append(errs, fmt.Errorf("cadence %q: the name is taken", name))
		}
		if _, err := ParseLine(line); err != nil {
			errs = append(errs, fmt.Errorf("cadence %q: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// zone loads an IANA zone; "" and "Local" are refused, since neither names one.
func zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("time zone %q is not an IANA name such as Europe/Berlin", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not an IANA name such as Europe/Berlin", name)
	}
	return loc, nil
}

// line is the schedule as a five-field cron line, which is what both her choices
// and the operator's cadences come down to.
func (s Schedule) line(cadences Cadences) (string, error) {
	switch s.Frequency {
	case Daily:
		return fmt.Sprintf("0 %d * * *", s.Hour), nil
	case Weekly:
		return fmt.Sprintf("0 %d * * %d", s.Hour, s.Weekday), nil
	case Instant:
		return "", fmt.Errorf("instant has no schedule")
	}
	line, ok := cadences[string(s.Frequency)]
	if !ok {
		return "", fmt.Errorf("frequency %q is none of instant, daily, weekly or the operator's cadences", s.Frequency)
	}
	return line, nil
}

// ParseLine reads a cadence's cron line: five fields, no zone, no @every or @daily. The
// library panics on some zone prefixes, so they are refused before it sees them.
func ParseLine(line string) (cron.Schedule, error) {
	line = strings.TrimSpace(line)
	if strings.Contains(line, "TZ=") {
		return nil, fmt.Errorf("cron line %q must not name a zone: the subscriber's applies", line)
	}
	if strings.HasPrefix(line, "@") {
		return nil, fmt.Errorf("cron line %q must have five fields, such as 0 7 * * 1-5", line)
	}
	sched, err := cron.ParseStandard(line)
	if err != nil {
		return nil, fmt.Errorf("cron line %q: %w", line, err)
	}
	if sched.Next(time.Unix(0, 0).UTC()).IsZero() {
		return nil, fmt.Errorf("cron line %q: %w", line, ErrNever)
	}
	return sched, nil
}

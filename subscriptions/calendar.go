package subscriptions

import (
	"sync"
	"time"

	"github.com/robfig/cron/v3"
)

// Calendar computes when schedules are due. It remembers the zones and cron
// lines it has read, which takes longer than the computing, so that a run over a
// million subscriptions reads each once. It is safe for concurrent use.
type Calendar struct {
	cadences Cadences
	zones    sync.Map // name → *time.Location, for names that exist
	lines    sync.Map // line → cron.Schedule
}

// NewCalendar makes one for the operator's cadences, which must not change.
func NewCalendar(cadences Cadences) *Calendar { return &Calendar{cadences: cadences} }

// Check says what is wrong with s, nil if nothing is.
func (c *Calendar) Check(s Schedule) error { return s.Check(c.cadences) }

func (c *Calendar) zone(name string) (*time.Location, error) {
	if loc, ok := c.zones.Load(name); ok {
		return loc.(*time.Location), nil
	}
	loc, err := zone(name)
	if err != nil {
		return nil, err
	}
	c.zones.Store(name, loc)
	return loc, nil
}

func (c *Calendar) schedule(s Schedule) (cron.Schedule, error) {
	line, err := s.line(c.cadences)
	if err != nil {
		return nil, err
	}
	if sched, ok := c.lines.Load(line); ok {
		return sched.(cron.Schedule), nil
	}
	sched, err := ParseLine(line)
	if err != nil {
		return nil, err
	}
	c.lines.Store(line, sched)
	return sched, nil
}

// Next is the first occurrence after a given instant whose local date comes after
// servedDate (YYYY-MM-DD, "" for none): at most one digest a local day, whatever
// she changes. It returns the zero time for instant, whose due time the match log
// sets.
//
// The schedule is read on the wall clock and then mapped to an instant: a local
// time that the clocks skip is the first instant after the gap, one that occurs
// twice is its first pass (RFC 5545 section 3.3.5 for the latter). The library
// alone skips the former and doubles the latter. An occurrence's date is that of
// its wall clock: where 23:00 is skipped (Nuuk in March), Saturday's digest comes
// at Sunday 00:00 and is still Saturday's.
func (c *Calendar) Next(s Schedule, after time.Time, servedDate string) (time.Time, error) {
	if s.Frequency == Instant {
		return time.Time{}, nil
	}
	at, _, err := c.next(s, after, servedDate)
	return at, err
}

// next is Next with the occurrence's date.
func (c *Calendar) next(s Schedule, after time.Time, servedDate string) (at time.Time, date string, err error) {
	loc, err := c.zone(s.Timezone)
	if err != nil {
		return time.Time{}, "", err
	}
	sched, err := c.schedule(s)
	if err != nil {
		return time.Time{}, "", err
	}
	// Start the wall clock a day early: an occurrence in a gap maps to a later
	// instant than its wall time says, and zones have moved by a whole day.
	wall := wallOf(after, loc).Add(-26 * time.Hour)
	for {
		wall = sched.Next(wall)
		if wall.IsZero() {
			return time.Time{}, "", ErrNever
		}
		at, date := instantOf(wall, loc), wall.Format(time.DateOnly)
		if at.After(after) && date > servedDate {
			return at, date, nil
		}
	}
}

// Served is the local date (YYYY-MM-DD) of the latest occurrence at or before
// now, given that one was due at due: what a digest built at now has served,
// downtime included. It is empty for instant.
func (c *Calendar) Served(s Schedule, due, now time.Time) (string, error) {
	if s.Frequency == Instant {
		return "", nil
	}
	loc, err := c.zone(s.Timezone)
	if err != nil {
		return "", err
	}
	// What was due need not be an occurrence of the schedule as it is now.
	served := due.In(loc).Format(time.DateOnly)
	// Start close to now, so that a year's downtime is no year's loop.
	for from := maxTime(due.Add(-time.Second), now.AddDate(0, -2, 0)); ; {
		at, date, err := c.next(s, from, "")
		if err != nil {
			return "", err
		}
		if at.After(now) {
			return served, nil
		}
		served, from = date, at
	}
}

// Next is Calendar.Next, for a caller with few schedules.
func (s Schedule) Next(after time.Time, servedDate string, cadences Cadences) (time.Time, error) {
	return NewCalendar(cadences).Next(s, after, servedDate)
}

// Served is Calendar.Served, for a caller with few schedules.
func (s Schedule) Served(due, now time.Time, cadences Cadences) (string, error) {
	return NewCalendar(cadences).Served(s, due, now)
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// wallOf is the local wall-clock reading of an instant, dressed as UTC.
func wallOf(t time.Time, loc *time.Location) time.Time {
	t = t.In(loc)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// instantOf maps a wall-clock reading (dressed as UTC) to an instant: the first
// instant that shows it, or the end of the gap that swallowed it.
func instantOf(wall time.Time, loc *time.Location) time.Time {
	_, before := wall.Add(-36 * time.Hour).In(loc).Zone()
	_, after := wall.Add(36 * time.Hour).In(loc).Zone()
	first, second := wall.Add(-time.Duration(max(before, after))*time.Second), wall.Add(-time.Duration(min(before, after))*time.Second)
	for _, t := range []time.Time{first, second} {
		if wallOf(t, loc).Equal(wall) {
			return t.In(loc)
		}
	}
	// Neither shows it: a gap, whose end is the first instant at or after first
	// with the later offset; or two changes within three days, which a plain
	// date handles.
	start, end := first.Add(-3*time.Hour), second.Add(3*time.Hour)
	if gap, ok := transition(start, end, loc); ok {
		return gap
	}
	return time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, loc)
}

// transition finds the instant within (from, to] at which the zone's offset
// changes, by halving: offsets change at whole seconds.
func transition(from, to time.Time, loc *time.Location) (time.Time, bool) {
	offset := func(t time.Time) int { _, o := t.In(loc).Zone(); return o }
	lo, hi := from.Unix(), to.Unix()
	was := offset(from)
	if offset(to) == was {
		return time.Time{}, false
	}
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		if offset(time.Unix(mid, 0)) == was {
			lo = mid
		} else {
			hi = mid
		}
	}
	return time.Unix(hi, 0).In(loc), true
}

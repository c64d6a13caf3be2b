package jobposting

import (
	"strconv"
	"strings"
	"time"
)

// zoned and local are the forms in which dates occur, by whether they state a
// zone; days are those without a time of day.
var (
	zoned = []string{
		time.RFC3339, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700",
		"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z0700", "2006-01-02Z07:00", "Mon, 02 Jan 2006 15:04:05 GMT", time.RFC1123Z,
	}
	local = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "02.01.2006 15:04", "02.01.2006 15:04:05"}
	days  = []string{"2006-01-02", "2.1.2006", "20060102", "2006/01/02", "January 2, 2006", "2 January 2006"}
)

// when reads a date. day: it names a whole day, and the instant is its first.
func (r *Reader) when(n node) (at time.Time, day, ok bool) {
	s := strings.TrimSpace(n.str())
	if n.kind == kindNumber {
		at, ok = epoch(s)
		return at, false, ok
	}
	for _, layout := range days {
		if strings.Contains(s, ":") { // a time of day, which none of them has
			break
		}
		if t, err := time.ParseInLocation(layout, s, r.zone); err == nil {
			return t, true, plausible(t)
		}
	}
	for _, layout := range zoned {
		if t, err := time.Parse(layout, s); err == nil {
			return t, false, plausible(t)
		}
	}
	for _, layout := range local {
		if t, err := time.ParseInLocation(layout, s, r.zone); err == nil {
			return t, false, plausible(t)
		}
	}
	return time.Time{}, false, false
}

// epoch reads seconds or milliseconds since 1970.
func epoch(s string) (time.Time, bool) {
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 1e9 {
		return time.Time{}, false
	}
	if v < 1e11 {
		v *= 1000
	}
	t := time.UnixMilli(v)
	return t, plausible(t)
}

// plausible drops the dates that stand for none: 0001-01-01, 1970-01-01, 9999.
func plausible(t time.Time) bool { return t.Year() > 1990 && t.Year() < 2200 }

// dates sets when the posting was published and until when it is open.
func (d *document) dates() {
	d.published()
	d.expires()
}

func (d *document) published() {
	d.p.PublishedAt = d.now.UTC().Truncate(time.Second)
	n := d.get("dateposted")
	if n.kind == kindNull || n.str() == "" {
		return
	}
	at, _, ok := d.r.when(n)
	switch {
	case !ok:
		d.warn("datePosted", "%s cannot be read; write 2026-03-01 or 2026-03-01T09:00:00+01:00. Today is taken", quoteShort(n.str()))
	case at.After(d.now.Add(maxFuture)):
		d.warn("datePosted", "%s lies in the future; today is taken", quoteShort(n.str()))
		d.posted = at.UTC()
	default:
		d.posted = at.UTC()
		d.p.PublishedAt = d.posted
	}
}

func (d *document) expires() {
	n := d.get("validthrough")
	stated := n.kind != kindNull && n.str() != ""
	at, day, ok := d.r.when(n)
	if stated && !ok {
		d.warn("validThrough", "%s cannot be read; write 2026-03-31. %d days from datePosted are taken", quoteShort(n.str()), days24(d.r.lifetime))
	}
	if !stated || !ok {
		d.p.ExpiresAt = d.p.PublishedAt.Add(d.r.lifetime)
		if !d.now.Before(d.p.ExpiresAt) {
			d.fault("validThrough", "expired: it is missing, and datePosted (%s) is more than %d days ago; add validThrough if the job is still open",
				d.p.PublishedAt.In(d.r.zone).Format(time.DateOnly), days24(d.r.lifetime))
		}
		return
	}
	if day { // its last second, so that it still prints as that day
		at = at.AddDate(0, 0, 1).Add(-time.Second)
	}
	d.through = at.UTC()
	d.p.ExpiresAt = d.through
	latest := d.now.UTC().Truncate(time.Second).Add(maxOpen)
	switch {
	case !d.now.Before(d.through):
		d.fault("validThrough", "expired: %s lies in the past; send the posting again with a new date if the job is still open", quoteShort(n.str()))
	case d.through.After(latest):
		d.p.ExpiresAt = latest
		d.warn("validThrough", "%s lies more than %d days ahead; the posting is kept open until %s", quoteShort(n.str()), days24(maxOpen),
			latest.In(d.r.zone).Format(time.DateOnly))
	}
}

func days24(d time.Duration) int { return int(d / (24 * time.Hour)) }

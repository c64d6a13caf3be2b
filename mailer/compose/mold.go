package compose

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A mold is a template rendered once with marks in place of what varies: segments
// already in quoted-printable with slots between them. Filling it gives what the
// template would have rendered, encoded, at the price of copying. Which parts of the
// template are rendered at all (its conditions and loops) is the mold's shape; there
// is one mold for each shape that occurs.
type mold struct {
	html     bool
	segments []segment
}

// segment is encoded from the beginning of a line, and followed by a slot.
type segment struct {
	encoded []byte
	col     int
	slot    int  // noSlot at the end
	hard    bool // the line ends after the slot
}

const noSlot = -1

// value fills a slot: list joined by separator, or one if there is no list.
type value struct {
	one       string
	list      []string
	separator string
}

// Marks survive escaping: private-use characters in text and attributes, a harmless
// address where html/template filters URLs, an unlikely number where it is compared.
const (
	markURL    = "https://slot.invalid/"
	markNumber = 770_000_000
)

func textMark(slot int) string { return fmt.Sprintf("\uE000%03d\uE001", slot) }
func urlMark(slot int) string  { return fmt.Sprintf("%s%03d/", markURL, slot) }
func numberMark(slot int) int  { return markNumber + slot }

var marks = regexp.MustCompile("\uE000([0-9]{3})\uE001|https://slot\\.invalid/([0-9]{3})/|770000([0-9]{3})")

// newMold cuts rendered at its marks.
func newMold(rendered string, html bool) *mold {
	m := &mold{html: html}
	from := 0
	for _, at := range marks.FindAllStringSubmatchIndex(rendered, -1) {
		digits := ""
		for g := 2; g < len(at); g += 2 {
			if at[g] >= 0 {
				digits = rendered[at[g]:at[g+1]]
			}
		}
		slot, _ := strconv.Atoi(digits) // the pattern has digits only
		m.add(rendered[from:at[0]], slot)
		from = at[1]
	}
	m.add(rendered[from:], noSlot)
	return m
}

// add appends a segment that is not escaped: the template has done so.
func (m *mold) add(static string, slot int) {
	if n := len(m.segments); n > 0 && strings.HasPrefix(static, "\n") {
		static = static[1:]
		m.segments[n-1].hard = true
	}
	var q quoter
	q.text(static, false)
	m.segments = append(m.segments, segment{encoded: q.buf, col: q.col, slot: slot})
}

// fill appends the mold from segment number from on, its slots filled from values,
// up to the slot that values does not reach, and returns the number of the segment
// after it. It begins and ends at the beginning of a line.
func (m *mold) fill(q *quoter, from int, values []value) int {
	if from > 0 && m.segments[from-1].hard {
		q.hard()
	}
	for i := from; i < len(m.segments); i++ {
		s := &m.segments[i]
		q.buf = append(q.buf, s.encoded...)
		q.col = s.col
		if s.slot >= len(values) {
			q.fresh()
			return i + 1
		}
		if s.slot != noSlot {
			values[s.slot].write(q, m.html)
		}
		q.end(s)
	}
	return len(m.segments)
}

// end brings q to the beginning of a line after s and its slot.
func (q *quoter) end(s *segment) {
	if s.hard {
		q.hard()
		return
	}
	q.fresh()
}

func (v *value) write(q *quoter, html bool) {
	if v.list == nil {
		q.text(v.one, html)
		return
	}
	for i, s := range v.list {
		if i > 0 {
			q.text(v.separator, html)
		}
		q.text(s, html)
	}
}

// bake fills the slots below limit for good and numbers the others from 0.
func (m *mold) bake(values []value, limit int) *mold {
	baked := &mold{html: m.html}
	q := quoter{buf: make([]byte, 0, 4096)}
	for i := range m.segments {
		s := &m.segments[i]
		q.buf = append(q.buf, s.encoded...)
		q.col = s.col
		switch {
		case s.slot == noSlot:
			baked.segments = append(baked.segments, segment{encoded: clone(q.buf), col: q.col, slot: noSlot})
		case s.slot < limit:
			values[s.slot].write(&q, m.html)
			q.end(s)
		default:
			baked.segments = append(baked.segments, segment{encoded: clone(q.buf), col: q.col, slot: s.slot - limit, hard: s.hard})
			q.buf, q.col = q.buf[:0], 0
		}
	}
	return baked
}

func clone(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }

// fits reports whether a URL comes out of html/template's filters as it is, but for
// the escaping of & and +, and may stand in text as it is.
func fits(url string) bool {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return false
	}
	for i := range len(url) {
		c := url[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~:/?#@!$&*+,;=", c) >= 0 {
			continue
		}
		if c == '%' && i+2 < len(url) && isHex(url[i+1]) && isHex(url[i+2]) {
			continue
		}
		return false
	}
	return true
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

package compose

// A quoted-printable encoder (RFC 2045 section 6.7) that appends to a buffer and
// copies runs of bytes that stand for themselves. Lines end in LF in what it reads
// and in CRLF in what it writes.

// maxLine is how many bytes a line of quoted-printable may have before its soft
// break: 76 with it.
const maxLine = 75

// byteClass is what becomes of a byte.
type byteClass uint8

const (
	quoted  byteClass = iota // written as =XX
	literal                  // stands for itself
	space                    // the same, but not at the end of a line
	newline
	ignored  // CR before LF; alone it is ignored too
	markup   // stands for itself in text and is escaped in HTML
	equality // "=": quoted, listed for clarity of the table
)

var classes = func() (t [256]byteClass) {
	for c := 33; c <= 126; c++ {
		t[c] = literal
	}
	t['='] = equality
	t[' '], t['\t'] = space, space
	t['\n'], t['\r'] = newline, ignored
	for _, c := range `&<>"'+` {
		t[c] = markup
	}
	return t
}()

// entities are written as html/template writes them, in text and quoted attributes.
var entities = [256]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&#34;", '\'': "&#39;", '+': "&#43;"}

const hexDigits = "0123456789ABCDEF"

// quoter appends quoted-printable to buf. col is the length of the line so far.
type quoter struct {
	buf []byte
	col int
}

// text appends s; html escapes it for HTML on the way.
func (q *quoter) text(s string, html bool) {
	for i := 0; i < len(s); {
		c := classes[s[i]]
		if c == literal || c == space || c == markup && !html {
			if q.col >= maxLine {
				q.soft()
			}
			j := i + 1
			for most := min(len(s), i+maxLine-q.col); j < most; j++ {
				if c := classes[s[j]]; c != literal && c != space && (c != markup || html) {
					break
				}
			}
			q.buf = append(q.buf, s[i:j]...)
			q.col += j - i
			i = j
			continue
		}
		switch c {
		case newline:
			q.hard()
		case ignored:
		case markup:
			q.literal(entities[s[i]])
		default:
			q.quote(s[i])
		}
		i++
	}
}

func (q *quoter) quote(c byte) {
	if q.col+3 > maxLine {
		q.soft()
	}
	q.buf = append(q.buf, '=', hexDigits[c>>4], hexDigits[c&15])
	q.col += 3
}

// literal appends a short run whole on one line.
func (q *quoter) literal(s string) {
	if q.col+len(s) > maxLine {
		q.soft()
	}
	q.buf = append(q.buf, s...)
	q.col += len(s)
}

// soft breaks the line where the text does not.
func (q *quoter) soft() {
	q.buf = append(q.buf, "=\r\n"...)
	q.col = 0
}

// fresh makes sure of the beginning of a line, so that what was encoded before can
// follow.
func (q *quoter) fresh() {
	if q.col > 0 {
		q.soft()
	}
}

// hard ends the line where the text does; white space before it would be lost.
func (q *quoter) hard() {
	if q.col > 0 {
		if last := q.buf[len(q.buf)-1]; classes[last] == space {
			q.buf = q.buf[:len(q.buf)-1]
			q.col--
			q.quote(last)
		}
	}
	q.buf = append(q.buf, "\r\n"...)
	q.col = 0
}

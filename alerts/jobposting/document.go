package jobposting

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/alerts"
)

// document is one JobPosting being read.
type document struct {
	r    *Reader
	refs references
	n    node
	now  time.Time

	p        alerts.Posting
	plain    string    // the description as plain text
	posted   time.Time // datePosted as stated; zero when it is not used
	through  time.Time // validThrough as stated; zero when it is not used
	faults   []Error
	warnings []Error
}

func (d *document) fault(field, format string, args ...any) {
	d.faults = append(d.faults, Error{field, fmt.Sprintf(format, args...)})
}

func (d *document) warn(field, format string, args ...any) {
	d.warnings = append(d.warnings, Error{field, fmt.Sprintf(format, args...)})
}

// get is a member of the posting, resolved when it is a reference.
func (d *document) get(key string) node { return d.refs.resolve(d.n.get(key)) }

// read fills in the posting. What costs most comes last and is left out when
// the document is rejected anyway.
func (d *document) read() {
	d.identifier()
	d.title()
	d.description()
	d.employer()
	d.link()
	d.dates()
	d.locations()
	d.employmentTypes()
	if len(d.faults) > 0 {
		return
	}
	d.pay()
	d.language()
	d.p.Agency = d.agency()
}

// identifier takes the document's identifier (text, number, PropertyValue or a
// list of them), else its url, else its @id.
func (d *document) identifier() {
	id := ""
	for _, n := range d.refs.list(d.n.get("identifier")) {
		if id = oneLine(identifierText(n)); id != "" {
			break
		}
	}
	if id == "" {
		id = oneLine(linkText(d.get("url")))
	}
	if id == "" {
		id = oneLine(d.n.get("@id").str())
	}
	switch {
	case id == "":
		d.fault("identifier", "is missing; give the posting an identifier of your own that stays the same when it is updated")
	case len(id) > maxIdentifier:
		d.fault("identifier", "has %d bytes; at most %d are taken", len(id), maxIdentifier)
	default:
		d.p.Identifier = id
	}
}

// identifierText is an identifier's value. The name of a PropertyValue is the
// employer's and identifies nothing.
func identifierText(n node) string {
	if n.kind != kindObject {
		return n.str()
	}
	for _, key := range []string{"value", "@value", "@id"} {
		if s := n.get(key).str(); s != "" {
			return s
		}
	}
	return ""
}

func (d *document) title() {
	n := d.get("title")
	field := "title"
	if n.kind == kindNull {
		n = d.get("name")
	}
	title := plainLine(n.str())
	switch length := utf8.RuneCountInString(title); {
	case title == "":
		d.fault(field, "is missing or empty; say what the job is called")
	case length > maxTitle:
		d.fault(field, "has %d characters; at most %d are taken. Move the rest to description", length, maxTitle)
	default:
		d.p.Title = title
	}
}

func (d *document) description() {
	d.p.Description = sanitise(d.r.policy, d.get("description").str())
	d.plain = alerts.PlainText(d.p.Description)
	if strings.TrimSpace(d.plain) == "" {
		d.fault("description", "is missing or has no text; say what the work is and what is asked for")
	}
}

// employer takes the organisation's name. A posting without one is kept: many
// are anonymous on purpose.
func (d *document) employer() {
	for _, n := range d.refs.list(d.n.get("hiringorganization")) {
		name := n.str()
		if name == "" {
			name = n.get("legalname").str()
		}
		if name = plainLine(name); name != "" {
			d.p.Employer = firstRunes(name, maxName)
			return
		}
	}
	d.warn("hiringOrganization", "has no name; subscribers who look for an employer will not meet this posting")
}

// link takes the address to apply at.
func (d *document) link() {
	s := strings.TrimSpace(linkText(d.get("url")))
	if s == "" {
		if s = linkText(d.get("mainentityofpage")); !isWeb(s) {
			s = linkText(d.n.get("@id"))
		}
		if !isWeb(s) {
			return
		}
	}
	u, err := url.Parse(s)
	if err != nil || !isWeb(s) || u.Host == "" || len(s) > maxURL {
		d.warn("url", "%s is no web address (https://…); the posting is kept without a link", quoteShort(s))
		return
	}
	d.p.URL = u.String()
}

// linkText is a link given as text, as {"@id": …} or {"url": …}, or in a list.
func linkText(n node) string {
	switch n.kind {
	case kindString:
		return n.text
	case kindObject:
		for _, key := range []string{"@id", "url", "@value"} {
			if s := linkText(n.get(key)); s != "" {
				return s
			}
		}
	case kindArray:
		for _, item := range n.items {
			if s := linkText(item); s != "" {
				return s
			}
		}
	}
	return ""
}

func isWeb(s string) bool {
	scheme, _, _ := strings.Cut(s, "://")
	return strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http")
}

// languages are the names that inLanguage is given in where it is no code.
var languages = map[string]string{
	"german": "de", "deutsch": "de", "english": "en", "englisch": "en", "french": "fr", "französisch": "fr", "francais": "fr", "français": "fr",
	"italian": "it", "italienisch": "it", "italiano": "it", "dutch": "nl", "niederländisch": "nl", "nederlands": "nl", "polish": "pl", "polnisch": "pl",
	"spanish": "es", "spanisch": "es", "turkish": "tr", "türkisch": "tr",
	"deu": "de", "ger": "de", "eng": "en", "fra": "fr", "fre": "fr", "ita": "it", "nld": "nl", "dut": "nl", "pol": "pl", "spa": "es",
}

// language takes inLanguage ("de", "de-DE", "German", a Language object), else
// what the text is found to be written in.
func (d *document) language() {
	for _, n := range d.refs.list(d.n.get("inlanguage")) {
		for _, s := range []string{n.get("alternatename").str(), n.str()} {
			s = strings.ToLower(strings.TrimSpace(s))
			if code, ok := languages[s]; ok {
				d.p.Language = code
				return
			}
			code, _, _ := strings.Cut(strings.ReplaceAll(s, "_", "-"), "-")
			if len(code) == 2 && isLetter(code[0]) && isLetter(code[1]) {
				d.p.Language = code
				return
			}
		}
	}
	d.p.Language = d.detect(firstRunes(d.plain, enoughToDetect))
	if d.p.Language == "" && len(d.plain) > enoughToDetect {
		d.p.Language = d.detect(d.plain)
	}
}

// enoughToDetect is how many runes of a text nearly always tell its language.
const enoughToDetect = 600

func (d *document) detect(plain string) string {
	return d.r.meaning.Text.Language(d.p.Title, plain)
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' }

// firstRunes cuts s to at most n runes.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// hash is over what the document says: dates as stated rather than as derived
// from the clock or the lifetime.
func (d *document) hash() string {
	p := d.p
	p.Number, p.PublishedAt, p.ExpiresAt = 0, d.posted, d.through
	h := sha256.New()
	if err := json.NewEncoder(lineless{h}).Encode(&p); err != nil {
		panic(fmt.Sprintf("marshal a posting: %v", err)) // its fields all have a JSON form
	}
	return hex.EncodeToString(h.Sum(nil))
}

// lineless leaves out the line break with which an encoder ends, in one go, what it
// writes.
type lineless struct{ io.Writer }

func (l lineless) Write(b []byte) (int, error) {
	n, err := l.Writer.Write(bytes.TrimSuffix(b, []byte("\n")))
	return n + 1, err
}

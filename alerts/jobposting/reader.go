package jobposting

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the zone of dates without one must be known on every machine

	"github.com/microcosm-cc/bluemonday"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// The defaults of Options.
const (
	DefaultLifetime = 60 * 24 * time.Hour
	DefaultMaxBytes = 1 << 20
	DefaultZone     = "Europe/Berlin"
)

// Limits of one posting.
const (
	maxTitle       = 300  // runes
	maxName        = 300  // runes, of an employer or a place
	maxIdentifier  = 500  // bytes
	maxURL         = 2000 // bytes
	maxLocations   = 100
	maxOpen        = 366 * 24 * time.Hour
	maxFuture      = 48 * time.Hour
	maxGeoDistance = 75.0 // km between a posting's coordinates and its town
)

// Options say how postings are read. The zero value is the default.
type Options struct {
	// Lifetime is how long a posting without validThrough stays open.
	Lifetime time.Duration
	// Agencies are names of employers that advertise for others.
	Agencies []string
	// MaxBytes bounds one document.
	MaxBytes int
	// Zone is where dates that state no zone are meant.
	Zone *time.Location
}

// Error is something wrong with one field of a document, told to its author:
// Field in the document's own words ("jobLocation[0].address.addressLocality",
// empty for the document as a whole), Message what is wrong and what to do.
type Error struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (e Error) String() string {
	if e.Field == "" {
		return "the document " + e.Message
	}
	return e.Field + " " + e.Message
}

// Rejected is the error for a document that cannot be stored, with every fault
// that was found. Identifier is empty when the document has none that can be read.
type Rejected struct {
	Identifier string
	Errors     []Error
}

func (r *Rejected) Error() string {
	parts := make([]string, len(r.Errors))
	for i, e := range r.Errors {
		parts[i] = e.String()
	}
	return strings.Join(parts, "; ")
}

// Reading is a document that can be stored.
type Reading struct {
	// Posting has no Number yet; intake gives it one.
	Posting alerts.Posting
	// Plain is the description as plain text (alerts.PlainText).
	Plain string
	// Warnings are what was wrong or had to be assumed, for the receipt.
	Warnings []Error
	// Hash is the SHA-256, in hex, of what the document says. It depends on no
	// clock: the same content has the same hash whenever it is read, a renewed
	// datePosted or validThrough another.
	Hash string
}

// Reader reads JobPosting documents. It is immutable and safe for concurrent use.
type Reader struct {
	meaning  *alerts.Meaning
	policy   *bluemonday.Policy
	agencies map[string]bool // folded
	lifetime time.Duration
	maxBytes int
	zone     *time.Location
}

// New makes a Reader. m is used for places, languages and the folding of names.
func New(m *alerts.Meaning, o Options) *Reader {
	r := &Reader{
		meaning: m, policy: policy(), agencies: make(map[string]bool, len(o.Agencies)),
		lifetime: o.Lifetime, maxBytes: o.MaxBytes, zone: o.Zone,
	}
	for _, name := range o.Agencies {
		if f := text.Fold(name); f != "" {
			r.agencies[f] = true
		}
	}
	if r.lifetime <= 0 {
		r.lifetime = DefaultLifetime
	}
	if r.maxBytes <= 0 {
		r.maxBytes = DefaultMaxBytes
	}
	if r.zone == nil {
		zone, err := time.LoadLocation(DefaultZone)
		if err != nil {
			panic(fmt.Sprintf("load the embedded zone %s: %v", DefaultZone, err))
		}
		r.zone = zone
	}
	return r
}

// Read judges one document of a source at an instant. The error is a *Rejected
// when the document cannot be stored; there is no other.
func (r *Reader) Read(source string, raw []byte, now time.Time) (*Reading, error) {
	if !alerts.ValidSource(source) {
		return nil, &Rejected{Errors: []Error{{"", fmt.Sprintf("comes from source %s; a source consists of a-z, 0-9 and -", quoteShort(source))}}}
	}
	doc, refs, err := r.open(raw)
	if err != nil {
		return nil, err
	}
	d := document{r: r, refs: refs, n: doc, now: now}
	d.p.Source = source
	d.read()
	if len(d.faults) > 0 {
		return nil, &Rejected{Identifier: d.p.Identifier, Errors: d.faults}
	}
	return &Reading{Posting: d.p, Plain: d.plain, Warnings: d.warnings, Hash: d.hash()}, nil
}

// Withdrawal reads the identifier of a posting to withdraw: {"identifier": "…"},
// or the JobPosting itself again. The error is a *Rejected.
func (r *Reader) Withdrawal(raw []byte) (identifier string, err error) {
	doc, refs, err := r.open(raw)
	if err != nil {
		return "", err
	}
	d := document{r: r, refs: refs, n: doc}
	d.identifier()
	if len(d.faults) > 0 {
		return "", &Rejected{Errors: d.faults}
	}
	return d.p.Identifier, nil
}

// open parses a document of bounded size and finds its JobPosting.
func (r *Reader) open(raw []byte) (node, references, error) {
	if len(raw) > r.maxBytes {
		return node{}, nil, reject("has %d bytes; at most %d are taken. Leave pictures and other embedded data out", len(raw), r.maxBytes)
	}
	root, err := parse(raw)
	if err != nil {
		return node{}, nil, reject("%s", err)
	}
	doc, err := single(root)
	if err != nil {
		return node{}, nil, reject("%s", err)
	}
	return doc, gather(root), nil
}

func reject(format string, args ...any) *Rejected {
	return &Rejected{Errors: []Error{{Message: fmt.Sprintf(format, args...)}}}
}

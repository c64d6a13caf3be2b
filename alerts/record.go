package alerts

import (
	"errors"

	"github.com/RoaringBitmap/roaring/v2"
)

// ErrNotFound is returned for a posting or recruiter that is not there.
var ErrNotFound = errors.New("not found")

// Key is what a posting is updated and withdrawn under.
type Key struct{ Source, Identifier string }

// Record is a posting as its table holds it, with what intake needs to judge the
// next message under its key. Body is empty for a tombstone: the withdrawal of
// an identifier that was never published.
type Record struct {
	Number        uint32 `db:"number"`
	Source        string `db:"source"`
	Identifier    string `db:"identifier"`
	ContentHash   string `db:"content_hash"`
	Position      int64  `db:"position"` // 0 for a tombstone
	FirstPosition int64  `db:"first_position"`
	Withdrawn     bool   `db:"withdrawn"`
	// The last message applied: creation time of its stream (Unix
	// milliseconds) and its sequence there.
	StreamCreatedMS int64  `db:"stream_created_ms"`
	StreamSequence  int64  `db:"stream_sequence"`
	PublishedMS     int64  `db:"published_ms"`
	ExpiresMS       int64  `db:"expires_ms"`
	ChangedMS       int64  `db:"changed_ms"` // when that message was applied
	Title           string `db:"title"`
	Employer        string `db:"employer"`
	Body            string `db:"body"`    // Posting.Body
	Receipt         string `db:"receipt"` // the Receipt as JSON
}

// Key is the record's key.
func (r *Record) Key() Key { return Key{r.Source, r.Identifier} }

// Logged is one row of the match log. Whoever hands it out says how long
// Subscriptions stays valid.
type Logged struct {
	Position      int64
	Posting       uint32
	Subscriptions *roaring.Bitmap
}

// Analysis is the analysis in force: the hash of its vocabulary and rules, and
// the position since which the match log was made with it.
type Analysis struct {
	Hash     string `db:"hash"`
	Position int64  `db:"position"`
}

// Status is what became of a published message.
type Status string

// The statuses of receipts.
const (
	StatusStored    Status = "stored"
	StatusUpdated   Status = "updated"
	StatusUnchanged Status = "unchanged"
	StatusWithdrawn Status = "withdrawn"
	StatusRejected  Status = "rejected"
)

// Receipt tells a recruiter what became of a message.
type Receipt struct {
	Identifier string       `json:"identifier"`
	Status     Status       `json:"status"`
	Position   int64        `json:"position,omitempty"`
	Errors     []FieldError `json:"errors,omitempty"`   // why it was rejected
	Warnings   []FieldError `json:"warnings,omitempty"` // what was mended or not understood
	// Reached is how many subscriptions it met; small counts are given as "0" or
	// "<5", so that nobody can be guessed from them.
	Reached        string `json:"reached,omitempty"`
	StreamSequence uint64 `json:"stream_sequence,omitempty"`
}

// FieldError says what is wrong with one field of what was published, and what
// to do about it.
type FieldError struct {
	Field   string `json:"field"` // path: jobLocation[0].address.addressLocality
	Message string `json:"message"`
}

// Recruiter is an account that may publish under one source.
type Recruiter struct {
	Source  string `json:"source"`
	Name    string `json:"name"`
	Agency  bool   `json:"agency"` // everything it publishes counts as an agency's
	Revoked bool   `json:"revoked"`
	// NATSPasswordHash is bcrypt.
	NATSPasswordHash string `json:"-"`
	CreatedMS        int64  `json:"created_ms"`
}

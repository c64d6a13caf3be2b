package alerts

import (
	"time"

	"github.com/jobalertd/jobalertd/alerts/pay"
)

// EmploymentType is schema.org's employmentType in Google's spelling.
type EmploymentType string

// The closed set of employment types (Google, "Job posting structured data").
const (
	FullTime   EmploymentType = "FULL_TIME"
	PartTime   EmploymentType = "PART_TIME"
	Contractor EmploymentType = "CONTRACTOR"
	Temporary  EmploymentType = "TEMPORARY"
	Intern     EmploymentType = "INTERN"
	Volunteer  EmploymentType = "VOLUNTEER"
	PerDiem    EmploymentType = "PER_DIEM"
	Other      EmploymentType = "OTHER"
)

// EmploymentTypes lists all of them in the order pages offer them.
var EmploymentTypes = []EmploymentType{FullTime, PartTime, Contractor, Temporary, Intern, PerDiem, Volunteer, Other}

// Posting is one job advertisement as stored: normalised from what a source
// published, its HTML sanitised. Its JSON is what `postings check --json` shows.
type Posting struct {
	// Number is the posting's number for life: dense from 1, never reused; 0
	// until it is stored.
	Number uint32 `json:"number,omitempty"`
	// Source and Identifier are the key under which it is updated and withdrawn.
	Source     string `json:"source"`
	Identifier string `json:"identifier"`

	Title       string `json:"title"`       // plain text, one line
	Description string `json:"description"` // sanitised HTML
	Employer    string `json:"employer"`
	// Agency: an agency or temporary-work firm advertises for somebody else.
	Agency    bool       `json:"agency,omitempty"`
	Locations []Location `json:"locations,omitempty"`
	// Remote: the work can be done from anywhere (jobLocationType TELECOMMUTE).
	Remote          bool             `json:"remote,omitempty"`
	EmploymentTypes []EmploymentType `json:"employment_types,omitempty"`
	// Pay is nil when the posting does not state it.
	Pay *pay.Statement `json:"pay,omitempty"`
	// Language is an ISO 639-1 code, stated or detected; empty when unclear.
	Language string `json:"language,omitempty"`
	URL      string `json:"url,omitempty"` // where to apply; http or https

	PublishedAt time.Time `json:"published_at"` // datePosted, UTC
	// ExpiresAt is validThrough, or PublishedAt plus postings.lifetime, UTC.
	ExpiresAt time.Time `json:"expires_at"`
}

// Location is one of a posting's places of work.
type Location struct {
	Name       string `json:"name,omitempty"` // as written, or the gazetteer's name
	PostalCode string `json:"postal_code,omitempty"`
	State      string `json:"state,omitempty"`   // ISO 3166-2, "DE-NW"
	Country    string `json:"country,omitempty"` // ISO 3166-1 alpha-2
	// Located: Lat and Lon are known, in degrees (WGS 84). A location that is
	// not located meets its state and country alone.
	Located bool    `json:"located"`
	Lat     float64 `json:"lat,omitempty"`
	Lon     float64 `json:"lon,omitempty"`
}

// Open reports whether the posting has not expired at now.
func (p *Posting) Open(now time.Time) bool { return now.Before(p.ExpiresAt) }

// Stored is a posting with what the store knows of it.
type Stored struct {
	Posting
	// Position is that of its present content; FirstPosition that of its first.
	// They differ once the posting has been updated or published again.
	Position      int64 `json:"position"`
	FirstPosition int64 `json:"first_position"`
	Withdrawn     bool  `json:"withdrawn"`
	// ContentHash identifies the content (hex), so that a repeat is known.
	ContentHash string `json:"-"`
}

// Standing reports whether it may be shown at now: neither withdrawn nor expired.
func (s *Stored) Standing(now time.Time) bool { return !s.Withdrawn && s.Open(now) }

// Match is one row of the match log: the posting stored at Position met the
// criteria of these subscriptions, as they stood just before it.
type Match struct {
	Position      int64
	Posting       uint32
	Subscriptions []uint32 // ascending
}

// CriteriaChange is what became of one subscription's criteria at Position, as
// the index follows it.
type CriteriaChange struct {
	Subscription uint32
	Position     int64
	Criteria     *Criteria // nil: it no longer stands
}

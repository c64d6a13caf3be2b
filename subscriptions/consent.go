package subscriptions

import "time"

// ConsentEvent is one step in the record of what a subscriber agreed to.
type ConsentEvent string

// The steps (§ 7 UWG, Art. 7 GDPR: who, what, when, by which words).
const (
	SignedUp         ConsentEvent = "signed-up"
	ConfirmationSent ConsentEvent = "confirmation-sent"
	ConsentConfirmed ConsentEvent = "confirmed"
	Imported         ConsentEvent = "imported"
	ChangedAddress   ConsentEvent = "changed-address"
	ConsentEnded     ConsentEvent = "ended"
	ConsentErased    ConsentEvent = "erased"
)

// Consent is one such step. Records are only ever added.
type Consent struct {
	Subscriber   int64        `json:"-"`
	Subscription uint32       `json:"subscription"`
	Address      string       `json:"address,omitempty"`
	Event        ConsentEvent `json:"event"`
	At           time.Time    `json:"at"`
	TextVersion  string       `json:"text_version"`
	Wording      string       `json:"wording,omitempty"`
	Source       string       `json:"source"`
	IP           string       `json:"ip,omitempty"`
	MessageID    string       `json:"message_id,omitempty"`
}

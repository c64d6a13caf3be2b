// Package inbound reads what comes back: bounces, complaints, automatic
// replies, and the mails by which people subscribe and leave. Classify says
// what a mail reports, from its bytes alone; Server receives mails by SMTP and
// hands them, sorted by what their address is for, to a Handler.
//
// It changes nothing itself and answers nothing by mail, so a bounce can never
// cause a bounce. The daemon runs the Server, and the command line feeds
// Classify from standard input.
package inbound

// Kind is what a mail reports of a recipient.
type Kind string

// The kinds.
const (
	Hard      Kind = "hard"       // there is no such mailbox or domain, or it has moved
	Soft      Kind = "soft"       // not delivered for any other reason: full, refused, delayed, policy
	Complaint Kind = "complaint"  // a feedback report (RFC 5965)
	AutoReply Kind = "auto-reply" // an automatic answer (RFC 3834); means nothing
	Delivered Kind = "delivered"  // a success report; means nothing
	Unknown   Kind = "unknown"    // no report that we understand
)

// Report is what one mail says of one recipient.
type Report struct {
	Kind      Kind
	Recipient string // as the reporting server names it; may be empty or redacted

	// Policy says of a soft bounce that it speaks of the sender, its host or the
	// mail: nothing that may be held against the recipient.
	Policy bool

	// Delayed says that delivery is still being tried: a warning, no bounce yet.
	Delayed bool

	// Status is the RFC 3463 status, from the delivery report or found in
	// its words; Code the SMTP reply code; empty and 0 if there is none.
	Status string
	Code   int

	// Diagnostic is the server's own words on one line, at most 500 bytes.
	Diagnostic string

	// Token is what stood after the plus sign in the address the report was
	// sent to, or in the envelope sender it quotes: our own mark of the
	// envelope (VERP), to be trusted only after its signature is checked.
	Token string

	// Leave is the last part of the one-click address (RFC 8058) in the mail it
	// quotes: a proof where a relay replaced the envelope sender.
	Leave string

	// MessageID is that of the mail reported on, without angle brackets.
	MessageID string

	// Feedback is a complaint's Feedback-Type in lower case (RFC 5965
	// section 7.3), such as "abuse"; empty otherwise.
	Feedback string
}

// Objects says that a complaint is one: somebody wants no more of this mail.
// Reports on failed authentication (RFC 6591) come in the same form and say
// nothing of what a recipient wants.
func (r Report) Objects() bool { return r.Kind == Complaint && r.Feedback != "auth-failure" }

// Limits of what is looked at; mails are other people's.
const (
	maxParts      = 100       // MIME parts in all
	maxDepth      = 8         // of parts within parts
	maxReports    = 50        // recipients of one mail
	maxDiagnostic = 500       // bytes
	maxText       = 256 << 10 // bytes of one part
	maxWords      = 64 << 10  // bytes of what is read as prose
	maxPassage    = 8 << 10   // bytes of it about one recipient
)

// Classify says what the mail in raw reports: complaints first, then delivery
// reports by their fields (RFC 3464), a relay's notifications in JSON, automatic
// replies, and at last bounces that only a person was meant to read, by the phrases of common servers. It
// returns at least one report; a mail that reports nothing gives one of kind
// Unknown. Line ends may be CRLF, LF or CR.
func Classify(raw []byte) []Report {
	m := parseMail(raw)
	reports := m.complaints()
	if reports == nil {
		reports = m.deliveryReports()
	}
	if reports == nil {
		reports = m.notification()
	}
	if reports == nil {
		reports = m.autoReply()
	}
	if reports == nil {
		reports = m.narrative()
	}
	if reports == nil {
		reports = []Report{{Kind: Unknown}}
	}
	if len(reports) > maxReports {
		reports = reports[:maxReports]
	}
	token, leave, id := m.token(), m.leaveToken(), m.originalID()
	for i := range reports {
		r := &reports[i]
		r.Token, r.Leave, r.MessageID = token, leave, id
		r.Diagnostic = oneLine(r.Diagnostic, maxDiagnostic)
	}
	return reports
}

package mailer

// Message is an envelope made ready for the wire.
type Message struct {
	Envelope int64
	// From is the envelope sender, where bounces go; To the one recipient.
	From, To string
	// Data is the complete mail (RFC 5322) with CRLF line ends, not dot-stuffed.
	Data []byte
}

// Verdict is what one attempt means for its envelope.
type Verdict string

// The verdicts of an attempt.
const (
	Taken            Verdict = "taken"             // the server has it
	TryLater         Verdict = "try-later"         // not now, for the recipient's side
	SlowDown         Verdict = "slow-down"         // not now: we come too fast
	NoSuchRecipient  Verdict = "no-such-recipient" // the address is refused for good
	RecipientRefuses Verdict = "recipient-refuses" // never this mail, others perhaps: full, disabled
	MessageRefused   Verdict = "message-refused"   // too large or malformed, whoever gets it
	SenderProblem    Verdict = "sender-problem"    // we are refused: never the address's fault
	NotTried         Verdict = "not-tried"         // the connection failed before the mail was taken
	Uncertain        Verdict = "uncertain"         // no answer after the final dot
)

// Attempt is what came of sending one message.
type Attempt struct {
	Envelope int64
	Verdict  Verdict
	// Code, Enhanced and Text are the server's reply, zero where it gave none;
	// Text may name the address and is kept out of logs.
	Code     int
	Enhanced string
	Text     string
	QueueID  string // the server's own name for the mail it took
}

// Outcome is the envelope's outcome after the attempt.
func (a Attempt) Outcome() Outcome {
	switch a.Verdict {
	case Taken:
		return Accepted
	case NoSuchRecipient, RecipientRefuses, MessageRefused:
		return Refused
	case Uncertain:
		return Unknown
	}
	return Deferred
}

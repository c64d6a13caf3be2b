package smtp

import (
	"errors"
	"fmt"

	"github.com/jobalertd/jobalertd/mailer"
)

// ErrNotUsable is returned by a Conn that was closed, broke, or has carried
// as many envelopes as it may. Nothing was sent: dial again.
var ErrNotUsable = errors.New("connection is not usable any more")

// Stage is the step of an SMTP session at which something happened.
type Stage uint8

// The stages in their order.
const (
	StageConnect Stage = iota // dialling, greeting, EHLO, STARTTLS
	StageLogin                // AUTH
	StageMail                 // MAIL FROM
	StageRcpt                 // RCPT TO
	StageData                 // DATA, up to its 354
	StageBody                 // after the final dot
)

var stageNames = [...]string{"connect", "login", "mail", "rcpt", "data", "body"}

// String returns the stage's name in lower case.
func (s Stage) String() string {
	if int(s) < len(stageNames) {
		return stageNames[s]
	}
	return fmt.Sprintf("stage(%d)", uint8(s))
}

// Refused is the relay's refusal, of one envelope or (at StageConnect and
// StageLogin) of us altogether.
type Refused struct {
	Code     int    // SMTP reply code, 400–599
	Enhanced string // RFC 3463 status such as "5.1.1"; empty if the relay gave none
	Text     string // the relay's words, lines joined by spaces; may name the recipient
	Stage    Stage

	// Permanent says that this envelope must not be tried again. It is not
	// the same as a 5xx code: a 5xx about the sender is kept for later, when
	// the operator has mended what was wrong.
	Permanent bool

	// AboutSender says that the refusal speaks of us (our host, domain,
	// signature, rate, login, or mistake) and says nothing of the recipient.
	AboutSender bool
}

// Error leaves the relay's text out, because it often names the recipient.
func (e *Refused) Error() string {
	if e.Enhanced == "" {
		return fmt.Sprintf("refused at %s with %d", e.Stage, e.Code)
	}
	return fmt.Sprintf("refused at %s with %d %s", e.Stage, e.Code, e.Enhanced)
}

// Verdict says what the refusal means; see Classify.
func (e *Refused) Verdict() mailer.Verdict { return Classify(e.Code, e.Enhanced, e.Text, e.Stage) }

// ourMistake says that we broke the protocol, so that the session is not to be
// trusted any more.
func (e *Refused) ourMistake() bool { return ourMistake(e.Code, e.Enhanced, e.Text) }

func newRefused(r Reply, stage Stage) *Refused {
	e := &Refused{Code: r.Code, Enhanced: r.Enhanced, Text: r.Text, Stage: stage}
	switch e.Verdict() {
	case mailer.NoSuchRecipient, mailer.RecipientRefuses, mailer.MessageRefused:
		e.Permanent = true
	case mailer.SlowDown, mailer.SenderProblem:
		e.AboutSender = true
	default:
		e.AboutSender = e.ourMistake()
	}
	return e
}

// Unknown means that the final dot went out and no answer came: the relay may
// or may not have taken the mail. A second try must bear the same Message-ID.
type Unknown struct{ Err error }

func (e *Unknown) Error() string { return fmt.Sprintf("no answer after the final dot: %v", e.Err) }

// Unwrap returns the network's error.
func (e *Unknown) Unwrap() error { return e.Err }

// Interrupted means that the connection failed before the final dot went out:
// the mail was certainly not taken, and may be tried again at once.
type Interrupted struct {
	Stage Stage
	Err   error
}

func (e *Interrupted) Error() string { return fmt.Sprintf("interrupted at %s: %v", e.Stage, e.Err) }

// Unwrap returns the network's error.
func (e *Interrupted) Unwrap() error { return e.Err }

// Misfit means that relay and Options do not go together: its certificate is
// not trusted, it does not offer STARTTLS, or no login we may use. Trying again
// does not help; the operator must look.
type Misfit struct{ Err error }

func (e *Misfit) Error() string { return e.Err.Error() }

// Unwrap returns what does not fit.
func (e *Misfit) Unwrap() error { return e.Err }

// Unsendable means that a Message was never tried: its addresses or its data
// break the rules of SMTP, or need what this relay does not offer.
type Unsendable struct{ Reason string }

func (e *Unsendable) Error() string { return "unsendable: " + e.Reason }

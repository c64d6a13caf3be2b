package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp"
)

// grievance is what the mail server has against us, by what it said of envelopes.
type grievance struct {
	verdict   mailer.Verdict // SenderProblem or SlowDown
	envelopes int
	reply     string
	next      time.Time // when the first of them is tried again
}

// grievancesLooked bounds the envelopes looked at.
const grievancesLooked = 1000

// grievanceOf reads it; envelopes is 0 if there is none.
func grievanceOf(ctx context.Context, store *outbox.Store) (g grievance, err error) {
	list, err := store.Putoffs(ctx, grievancesLooked)
	if err != nil {
		return g, err
	}
	for _, p := range list {
		v := verdictOfReply(p.Reply)
		if v != mailer.SenderProblem && v != mailer.SlowDown {
			continue
		}
		if g.envelopes == 0 || g.verdict == mailer.SlowDown && v == mailer.SenderProblem { // the graver one is told
			g.verdict, g.reply, g.next = v, p.Reply, time.UnixMilli(p.DueMS)
		}
		g.envelopes++
	}
	return g, nil
}

// verdictOfReply judges what the outbox keeps of a server's words.
func verdictOfReply(reply string) mailer.Verdict {
	codeText, rest, _ := strings.Cut(reply, " ")
	code, err := strconv.Atoi(codeText)
	if err != nil {
		return mailer.NotTried
	}
	status, words, _ := strings.Cut(rest, " ")
	if strings.Count(status, ".") != 2 {
		status, words = "", rest
	}
	return smtp.Classify(code, status, words, smtp.StageRcpt)
}

func (g *grievance) String() string {
	more := ""
	if g.envelopes == grievancesLooked {
		more = " or more"
	}
	what := "it refuses us"
	if g.verdict == mailer.SlowDown {
		what = "it asks us to slow down"
	}
	return fmt.Sprintf("%d%s envelopes wait because of what the mail server says of us: %s (%s); next try %s", g.envelopes, more, what, g.reply, g.next.Format("15:04"))
}

// lookAtOutbox tells what the mail server has against us.
func (d *doctor) lookAtOutbox(ctx context.Context, db *database.DB) {
	const what = "outbox"
	store, err := outbox.NewStore(db, nil, time.Now)
	if err != nil {
		d.say(failing, what, err.Error(), "")
		return
	}
	g, err := grievanceOf(ctx, store)
	switch {
	case err != nil:
		d.say(failing, what, err.Error(), "")
	case g.envelopes > 0 && g.verdict == mailer.SenderProblem:
		d.say(failing, what, g.String(), "never the recipients' fault: check login, SPF, DKIM and block lists, then jobalertd outbox retry")
	case g.envelopes > 0:
		d.say(doubtful, what, g.String(), "lower smtp.max_per_second or smtp.max_per_minute_per_domain if it goes on")
	default:
		d.say(healthy, what, "the mail server has nothing against us", "")
	}
}

package main

import (
	"context"
	"fmt"
	"time"
)

// lookAtCanary says whether the canary's mails arrive.
func (d *doctor) lookAtCanary(ctx context.Context) {
	const what = "canary"
	if d.config.Canary.Schedule == "" {
		return
	}
	st, err := d.session.storesToRead(ctx)
	if err != nil {
		d.say(failing, what, err.Error(), "")
		return
	}
	defer st.close()
	w, err := st.canaryWatch()
	if err != nil {
		d.say(failing, what, err.Error(), "")
		return
	}
	switch state, err := w.state(ctx); {
	case err != nil:
		d.say(failing, what, err.Error(), "")
	case state.Overdue:
		d.say(failing, what, state.text(), "follow its posting: postings list --source jobalertd-canary, digests list, outbox list")
	case !state.Flown:
		d.say(doubtful, what, state.text(), "wait until then; a daemon must be running")
	default:
		d.say(healthy, what, state.text(), "")
	}
}

// canary proves that its mails arrive, where there is one.
func (v *verifier) canary(ctx context.Context) ([]proof, error) {
	w, err := v.canaryWatch()
	if err != nil || w == nil {
		return nil, err
	}
	state, err := w.state(ctx)
	if err != nil {
		return nil, err
	}
	p := proof{Promise: 4, Claim: "the canary's mails arrive in time", Note: state.text()}
	if state.Flown {
		p.Checked = 1
	}
	if state.Overdue {
		v.broken(&p, offender{What: "the canary's mail is overdue"})
	}
	return []proof{p}, nil
}

func (st *canaryState) text() string {
	text := "no mail of it has arrived yet"
	if st.Flown {
		text = fmt.Sprintf("its last mail arrived at %s, %s after it was made", st.Last.Arrived.UTC().Format(time.RFC3339), st.Last.Arrived.Sub(st.Last.Began).Round(time.Second))
	}
	if st.Overdue {
		text += "; another was due by " + st.Due.UTC().Format(time.RFC3339)
	} else {
		text += "; the next is due by " + st.Due.UTC().Format(time.RFC3339)
	}
	if st.Trouble != "" {
		text += "; " + st.Trouble
	}
	return text
}

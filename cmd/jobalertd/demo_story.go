package main

import (
	"context"
	"slices"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer/capture"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// tell goes through the story and returns what came of it.
func (d *demo) tell(ctx context.Context) (demoResult, error) {
	r := demoResult{Pages: d.config.HTTP.PublicURL}
	everybody := people()
	for _, p := range everybody {
		if err := d.signUp(ctx, p); err != nil {
			return r, err
		}
		d.say("%s signed up through the pages and confirmed from the mail: %s", p.name, p.wants)
	}
	counts, err := d.publish(ctx)
	if err != nil {
		return r, err
	}
	r.Stored, r.Rejected = counts[alerts.StatusStored], counts[alerts.StatusRejected]
	d.say("200 postings went in over NATS: %d stored, %d rejected with a reason", r.Stored, r.Rejected)

	// Everybody is due within a week; the demo does not wait that long.
	sum, err := d.daemon.digests.Run(ctx, time.Now().AddDate(0, 0, 8))
	if err != nil {
		return r, err
	}
	d.daemon.relay.Wake()
	d.say("A digest run served %d subscribers: %d mails with %d postings", sum.Subscribers, sum.Envelopes, sum.Postings)
	r.Correct = r.Stored+r.Rejected == 200
	for _, p := range everybody {
		mail, ok, err := d.receive(ctx, p)
		if err != nil {
			return r, err
		}
		r.Mails = append(r.Mails, mail)
		r.Correct = r.Correct && ok
	}
	r.Seconds = time.Since(d.started).Seconds()
	d.printf("\nPages     %s\nMails     %s/dev/mail\nMetrics   %s/metrics\n", r.Pages, r.Pages, r.Pages)
	return r, nil
}

// receive waits for somebody's digest, compares it with what her criteria match,
// and prints the table: posting, who, why.
func (d *demo) receive(ctx context.Context, p person) (demoMail, bool, error) {
	var m *capture.Mail
	err := d.until(ctx, "the digest of "+p.name, func() (bool, error) {
		var err error
		m, err = d.newest(p.address, "/postings/")
		return m != nil, err
	})
	if err != nil {
		return demoMail{}, false, err
	}
	got := postingsIn(m.Text)
	who, err := d.daemon.subscriptions.SubscriberByAddress(ctx, d.daemon.db.Reader, p.address)
	if err != nil {
		return demoMail{}, false, err
	}
	subs, err := d.daemon.subscriptions.Of(ctx, d.daemon.db.Reader, who.ID)
	if err != nil {
		return demoMail{}, false, err
	}
	sub := &subs[0]
	want, err := d.expected(ctx, &sub.Criteria)
	if err != nil {
		return demoMail{}, false, err
	}
	out := demoMail{Subscriber: p.name, Alert: sub.Name(d.daemon.meaning, who.Locale), Expected: len(want),
		Link: d.config.HTTP.PublicURL + "/dev/mail/" + m.Name}
	d.printf("\n%s <%s>: %q\n  %s\n", p.name, p.address, headerOf(m, "Subject"), out.Link)
	for i := range want {
		d.row(sub, &want[i], who.Locale, slices.Contains(got, want[i].Number))
		out.Postings = append(out.Postings, want[i].Identifier)
	}
	return out, sameNumbers(got, want, d.config.Digest.MaxPostings), nil
}

// row prints one line of the table.
func (d *demo) row(sub *subscriptions.Subscription, p *alerts.Stored, locale string, arrived bool) {
	mark := "  "
	if !arrived {
		mark = "+ " // counted in the mail, not shown
	}
	_, reasons := sub.Criteria.Explain(d.daemon.meaning.Document(&p.Posting))
	d.printf("  %s%s · %s · %s\n", mark, title(&p.Posting), placeNames(&p.Posting), p.Employer)
	for _, r := range reasons {
		d.printf("       %s\n", r.Text(locale))
	}
}

// sameNumbers reports whether a mail holds what it should: all that match, or, of
// more than the cap, as many of them as the cap allows.
func sameNumbers(got []uint32, want []alerts.Stored, limit int) bool {
	all := map[uint32]bool{}
	for i := range want {
		all[want[i].Number] = true
	}
	for _, n := range got {
		if !all[n] {
			return false
		}
	}
	return len(got) == min(len(want), limit) && len(got) > 0
}

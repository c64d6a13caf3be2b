package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// digestsCmd builds and shows digests.
type digestsCmd struct {
	Build   digestsRunCmd     `cmd:"" name:"run" help:"Build what is due now."`
	Preview digestsPreviewCmd `cmd:"" help:"The mail a subscription would get now; nothing is recorded."`
	List    digestsListCmd    `cmd:"" help:"List digest runs, newest first."`
	Show    digestsShowCmd    `cmd:"" help:"Show one run with what became of its envelopes."`
}

type digestsRunCmd struct {
	At    string        `help:"Time by which due is judged, RFC 3339 or local \"2006-01-02 15:04\" in digest.timezone; the cutoff stays the present position." placeholder:"TIME"`
	Force bool          `help:"Allow --at in the future: alerts are then served early."`
	Wait  bool          `help:"Until every envelope is sent or deferred; a running daemon sends them."`
	For   time.Duration `help:"How long to wait at most." default:"10m"`
	JSON  bool          `help:"One JSON object." name:"json"`
}

func (digestsRunCmd) Help() string {
	return "Example:\n  jobalertd digests run --wait\n  jobalertd digests run --at 2026-12-01T07:00:00+01:00 --force"
}

// runAnswer is what a run built and what became of it.
type runAnswer struct {
	Run         int64 `json:"run"`
	Subscribers int   `json:"subscribers"`
	Envelopes   int   `json:"envelopes"`
	Postings    int   `json:"postings"`
	Accepted    int   `json:"accepted"`
	Deferred    int   `json:"deferred"`
	Refused     int   `json:"refused"`
	Waiting     int   `json:"waiting"`
	Other       int   `json:"other,omitempty"` // suppressed, expired, empty, unknown

	counts []outbox.Count
}

func (c digestsRunCmd) Run(ctx context.Context, s *session) error {
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	at := st.now()
	if c.At != "" {
		if at, err = parseTime(c.At, st.config.Digest.Timezone); err != nil {
			return err
		}
		if at.After(st.now()) && !c.Force {
			return usagef("--at %s lies in the future; with --force alerts are served early", c.At)
		}
	}
	sum, err := st.digests.Run(ctx, at)
	if err != nil {
		return err
	}
	a := runAnswer{Run: sum.Run, Subscribers: sum.Subscribers, Envelopes: sum.Envelopes, Postings: sum.Postings}
	if sum.Run != 0 {
		if err := c.await(ctx, st, &a); err != nil {
			return err
		}
	}
	if c.JSON {
		return s.printJSON(a)
	}
	if sum.Run == 0 {
		s.printf("nobody is due\n")
		return nil
	}
	s.printf("run %d: %d subscribers served, %d envelopes with %d postings\n", a.Run, a.Subscribers, a.Envelopes, a.Postings)
	s.printf("%s\n", sent(a.Run, a.counts))
	return nil
}

// await fills in what became of the run's envelopes; with --wait it looks until
// all have been tried.
func (c digestsRunCmd) await(ctx context.Context, st *stores, a *runAnswer) error {
	ctx, cancel := context.WithTimeout(ctx, c.For)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		counts, err := st.outbox.Tally(ctx, a.Run)
		if err != nil {
			return err
		}
		a.counts = counts
		a.tally(counts)
		if !c.Wait || a.Waiting == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d envelopes of run %d have not been tried yet; is a daemon running? (jobalertd serve)", a.Waiting, a.Run)
		case <-tick.C:
		}
	}
}

func (a *runAnswer) tally(counts []outbox.Count) {
	a.Accepted, a.Deferred, a.Refused, a.Waiting, a.Other = 0, 0, 0, 0, 0
	for _, n := range counts {
		switch {
		case n.Outcome == mailer.Accepted:
			a.Accepted += n.N
		case n.Outcome == mailer.Deferred:
			a.Deferred += n.N
		case n.Outcome == mailer.Refused:
			a.Refused += n.N
		case n.Outcome == mailer.Pending:
			a.Waiting += n.N
		default:
			a.Other += n.N
		}
	}
}

// parseTime reads an instant, or a local time in a zone.
func parseTime(text, zone string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("digest.timezone: %w", err)
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("--at %q is no time such as 2026-12-01T07:00:00+01:00 or \"2026-12-01 07:00\"", text)
}

type digestsPreviewCmd struct {
	Subscription uint32 `arg:"" help:"Subscription number."`
	Out          string `help:"File for the mail (.eml); standard output if empty." placeholder:"FILE"`
}

func (digestsPreviewCmd) Help() string {
	return "Example:\n  jobalertd digests preview 17 --out mail.eml"
}

func (c digestsPreviewCmd) Run(ctx context.Context, s *session) error {
	st, err := s.storesToRead(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	sub, err := st.subscriptions.Get(ctx, st.db.Reader, c.Subscription)
	if errors.Is(err, subscriptions.ErrNotFound) {
		return fmt.Errorf("there is no subscription %d; see jobalertd subscriptions list", c.Subscription)
	}
	if err != nil {
		return err
	}
	if sub.State != subscriptions.Confirmed && sub.State != subscriptions.Paused {
		return fmt.Errorf("subscription %d is %s and gets no mail", sub.ID, sub.State)
	}
	content, err := st.digests.Preview(ctx, sub)
	if err != nil {
		return err
	}
	if len(content.Postings) == 0 {
		s.printf("nothing new: no mail would be sent\n")
		return nil
	}
	who, err := st.subscriptions.Subscriber(ctx, st.db.Reader, sub.Subscriber)
	if err != nil {
		return err
	}
	content.Headers = mailer.Headers{To: who.Email, Locale: who.Locale, MessageID: st.messageID("preview"), Date: st.now(), OneClick: content.OneClick}
	content.Kind = mailer.Digest
	mail, err := st.composer.Digest(content)
	if err != nil {
		return err
	}
	if c.Out == "" {
		_, err = s.stdout.Write(mail)
		return err
	}
	return os.WriteFile(c.Out, mail, 0o600)
}

type digestsListCmd struct {
	Limit int  `help:"At most so many." default:"20"`
	JSON  bool `help:"One JSON object a run." name:"json"`
}

func (digestsListCmd) Help() string { return "Example:\n  jobalertd digests list" }

func (c digestsListCmd) Run(ctx context.Context, s *session) error {
	st, err := s.storesToRead(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	runs, err := st.digests.Runs(ctx, 0, c.Limit)
	if err != nil {
		return err
	}
	for i := range runs {
		if c.JSON {
			err = s.printJSON(runs[i])
		} else {
			s.printRun(&runs[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *session) printRun(r *digest.RunRecord) {
	ended := "under way, or ended by a crash"
	if t, ok := r.Finished(); ok {
		ended = "took " + t.Sub(time.UnixMilli(r.StartedMS)).Round(time.Millisecond).String()
	}
	if r.StoppedBy != "" {
		ended += ", stopped by " + r.StoppedBy
	}
	s.printf("run %d  %s  window (%d, %d]  %d due, %d envelopes, %d empty; %d postings, %d folded, %d counted, %d deferred  %s\n", r.Run,
		time.UnixMilli(r.StartedMS).Format(time.DateTime), r.After, r.Cutoff, r.Subscribers, r.Envelopes, r.Empty,
		r.Postings, r.Folded, r.Counted, r.Deferred, ended)
}

type digestsShowCmd struct {
	ID   int64 `arg:"" name:"run" help:"Run."`
	JSON bool  `help:"One JSON object." name:"json"`
}

func (digestsShowCmd) Help() string { return "Example:\n  jobalertd digests show 12" }

func (c digestsShowCmd) Run(ctx context.Context, s *session) error {
	st, err := s.storesToRead(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	r, err := st.digests.RunByID(ctx, c.ID)
	if errors.Is(err, digest.ErrNoRun) {
		return fmt.Errorf("there is no digest run %d; see jobalertd digests list", c.ID)
	}
	if err != nil {
		return err
	}
	counts, err := st.outbox.Tally(ctx, c.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.printJSON(map[string]any{"run": r, "envelopes": counts})
	}
	s.printRun(&r)
	s.printf("  %s\n", sent(c.ID, counts))
	return nil
}

// sent says what became of a run's envelopes: "9,466 accepted, 512 deferred, next
// try 07:14, 22 refused: jobalertd outbox list --run 12 --outcome refused".
func sent(run int64, counts []outbox.Count) string {
	type group struct {
		n    int
		next int64
	}
	by := map[mailer.Outcome]*group{}
	for _, c := range counts {
		g := by[c.Outcome]
		if g == nil {
			g = &group{}
			by[c.Outcome] = g
		}
		g.n += c.N
		if c.State != mailer.Done && (g.next == 0 || c.NextMS < g.next) {
			g.next = c.NextMS
		}
	}
	var parts []string
	for _, o := range []mailer.Outcome{mailer.Accepted, mailer.Pending, mailer.Deferred, mailer.Unknown, mailer.Refused, mailer.Suppressed, mailer.Expired, mailer.Empty} {
		g := by[o]
		if g == nil {
			continue
		}
		name := string(o)
		if o == mailer.Pending {
			name = "not tried yet"
		}
		part := thousands(g.n) + " " + name
		switch o {
		case mailer.Deferred, mailer.Unknown:
			part += ", next try " + time.UnixMilli(g.next).Format("15:04")
		case mailer.Refused:
			part += fmt.Sprintf(": jobalertd outbox list --run %d --outcome refused", run)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "no envelopes"
	}
	return strings.Join(parts, ", ")
}

// thousands writes a number with its groups of three.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

package main

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/config/database"
)

// verifyCmd proves the promises on what is stored. It reads the tables itself,
// against the rule that one package names a table: what audits the stores must
// not believe them. It changes nothing that is stored and may run beside the daemon.
type verifyCmd struct {
	Offenders int  `help:"How many offenders to list of each kind." default:"20"`
	JSON      bool `help:"One JSON object." name:"json"`
}

func (verifyCmd) Help() string {
	return "Example:\n  jobalertd verify\n\nProves on the live store: (1) what NATS acknowledged is stored or rejected; (2) each posting is stored once;\n" +
		"(3) each subscriber got each posting once, in one digest; (4) no envelope is lost. Status 1 if anything breaks them."
}

//go:embed queries/verify.sql
var verifyQueries embed.FS

// offender is something that breaks a promise.
type offender struct {
	What         string `json:"what"`
	Posting      uint32 `json:"posting,omitempty"`
	Subscription uint32 `json:"subscription,omitempty"`
	Subscriber   int64  `json:"subscriber,omitempty" db:"subscriber"`
	Run          int64  `json:"run,omitempty" db:"run"`
	Envelope     int64  `json:"envelope,omitempty" db:"envelope"`
	Sequence     uint64 `json:"stream_sequence,omitempty"`
}

// proof is what was looked at for one part of a promise, and what breaks it.
type proof struct {
	Promise   int        `json:"promise"`
	Claim     string     `json:"claim"`
	Checked   int        `json:"checked"`
	Broken    int        `json:"broken"`
	Offenders []offender `json:"offenders,omitempty"`
	Note      string     `json:"note,omitempty"` // what could not be judged, and why
	Skipped   bool       `json:"skipped,omitempty"`
}

// verdict is the answer of verify.
type verdict struct {
	Holds    bool    `json:"holds"`
	Position int64   `json:"position"`
	Seconds  float64 `json:"seconds"`
	Proofs   []proof `json:"proofs"`
}

// verifier walks over the store once a kind of question.
type verifier struct {
	*stores
	session *session
	queries *database.Queries
	limit   int
	at      time.Time
	clock   int64
	reach   func(context.Context) (_ *broker.Broker, done func(), _ error)
}

// Run proves or lists.
func (c verifyCmd) Run(ctx context.Context, s *session) error {
	st, err := s.storesToRead(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	v, err := newVerifier(st, s, max(1, c.Offenders))
	if err != nil {
		return err
	}
	answer, err := v.verify(ctx)
	if err != nil {
		return err
	}
	if err := s.printVerdict(answer, c.JSON); err != nil {
		return err
	}
	if !answer.Holds {
		return errFailed
	}
	return nil
}

func newVerifier(st *stores, s *session, limit int) (*verifier, error) {
	q, err := database.LoadQueries(verifyQueries, st.db.Dialect, "positions-beyond-clock", "positions-shared", "count-positions",
		"counted-off-digests", "digests-without-envelope", "envelopes-without-digest", "envelopes-lost", "envelopes-waiting",
		"count-envelopes", "digests-of-range", "separations-of-range", "forgotten-through")
	if err != nil {
		return nil, err
	}
	v := &verifier{stores: st, session: s, queries: q, limit: limit, at: st.now()}
	v.reach = v.reachBroker
	return v, nil
}

func (v *verifier) verify(ctx context.Context) (verdict, error) {
	began := time.Now()
	var err error
	if v.clock, err = database.Position(ctx, v.db.Reader); err != nil {
		return verdict{}, err
	}
	answer := verdict{Holds: true, Position: v.clock}
	for _, step := range []func(context.Context) ([]proof, error){v.stream, v.positions, v.deliveries, v.envelopes, v.canary} {
		proofs, err := step(ctx)
		if err != nil {
			return answer, fmt.Errorf("verify: %w", err)
		}
		answer.Proofs = append(answer.Proofs, proofs...)
	}
	for _, p := range answer.Proofs {
		answer.Holds = answer.Holds && p.Broken == 0
	}
	answer.Seconds = time.Since(began).Seconds()
	return answer, nil
}

// broken counts an offender, and lists it while there is room.
func (v *verifier) broken(p *proof, o offender) {
	p.Broken++
	if len(p.Offenders) < v.limit {
		p.Offenders = append(p.Offenders, o)
	}
}

// positions proves that every position was handed out once.
func (v *verifier) positions(ctx context.Context) ([]proof, error) {
	p := proof{Promise: 2, Claim: "every position was handed out by the clock, to one posting or one change"}
	if err := v.queries.One(ctx, v.db.Reader, &p.Checked, "count-positions", nil); err != nil {
		return nil, err
	}
	for query, what := range map[string]string{
		"positions-beyond-clock": "has a position that the clock has not reached, or a first position after its last",
		"positions-shared":       "shares its position with something else",
	} {
		err := v.queries.Each(ctx, v.db.Reader, query, map[string]any{"page": v.limit}, func(rows *sqlx.Rows) error {
			var kind string
			var number int64
			if err := rows.Scan(&kind, &number); err != nil {
				return err
			}
			v.broken(&p, offender{What: fmt.Sprintf("%s %d %s", kind, number, what)})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return []proof{p}, nil
}

// stuckAfter is how long after the end of its lease a claimed envelope counts as
// lost: a running daemon takes it over within seconds, another after the lease.
const stuckAfter = 15 * time.Minute

// envelopes proves that digests and envelopes pair and that none is lost.
func (v *verifier) envelopes(ctx context.Context) ([]proof, error) {
	r := v.config.Retention
	kept := map[string]any{"since_ms": v.at.Add(-min(r.Outbox, r.Digests)).UnixMilli(), "page": v.limit}
	pairs := proof{Promise: 4, Claim: "every digest has its envelope and every envelope its digest"}
	if err := v.queries.One(ctx, v.db.Reader, &pairs.Checked, "counted-off-digests", kept); err != nil {
		return nil, err
	}
	lost := proof{Promise: 4, Claim: "no envelope is lost or stuck"}
	if err := v.queries.One(ctx, v.db.Reader, &lost.Checked, "count-envelopes", nil); err != nil {
		return nil, err
	}
	for _, q := range []struct {
		proof      *proof
		name, what string
		arg        map[string]any
	}{
		{&pairs, "digests-without-envelope", "a digest without an envelope", kept},
		{&pairs, "envelopes-without-digest", "an envelope without its digest", kept},
		{&lost, "envelopes-lost", "an envelope that nobody will send", map[string]any{"stuck_ms": v.at.Add(-stuckAfter).UnixMilli(), "page": v.limit}},
	} {
		err := v.queries.Each(ctx, v.db.Reader, q.name, q.arg, func(rows *sqlx.Rows) error {
			var o struct {
				offender
				State string `db:"state"`
			}
			if err := rows.StructScan(&o); err != nil {
				return err
			}
			o.What = q.what
			if o.State != "" {
				o.What += " (" + o.State + ")"
			}
			v.broken(q.proof, o.offender)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var waiting struct {
		N        int   `db:"n"`
		OldestMS int64 `db:"oldest_ms"`
	}
	if err := v.queries.One(ctx, v.db.Reader, &waiting, "envelopes-waiting", map[string]any{"now_ms": v.at.UnixMilli()}); err != nil {
		return nil, err
	}
	if waiting.N > 0 {
		lost.Note = fmt.Sprintf("%d are due and wait, the oldest for %s", waiting.N, v.at.Sub(time.UnixMilli(waiting.OldestMS)).Round(time.Second))
	}
	return []proof{pairs, lost}, nil
}

func (s *session) printVerdict(v verdict, asJSON bool) error {
	if asJSON {
		return s.printJSON(v)
	}
	for _, p := range v.Proofs {
		sign := "holds"
		switch {
		case p.Skipped:
			sign = "not judged"
		case p.Broken > 0:
			sign = "BROKEN"
		}
		s.printf("%d  %-10s  %s (%d checked)\n", p.Promise, sign, p.Claim, p.Checked)
		if p.Note != "" {
			s.printf("               %s\n", p.Note)
		}
		for _, o := range p.Offenders {
			s.printf("               %s\n", o)
		}
		if more := p.Broken - len(p.Offenders); more > 0 {
			s.printf("               and %d more\n", more)
		}
	}
	return nil
}

// String names what is known of the offender.
func (o offender) String() string {
	text := o.What
	for _, f := range []struct {
		name  string
		value int64
	}{{"posting", int64(o.Posting)}, {"subscription", int64(o.Subscription)}, {"subscriber", o.Subscriber}, {"run", o.Run}, {"envelope", o.Envelope},
		{"stream sequence", int64(o.Sequence)}} {
		if f.value != 0 {
			text += fmt.Sprintf(", %s %d", f.name, f.value)
		}
	}
	return text
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// The peer PostgreSQL, as one would do without an index of one's own: a row for
// each anchor word of a subscription, stored in the order of anchors with a btree
// on them, and everything else in plain columns of the same row. Words are the
// analysed terms, so that both sides mean the same. What SQL has no words for
// (phrases, compounds, exclusions, employers) is decided on the candidates by
// Criteria.Matches.
const (
	anchorTable = `CREATE TABLE jobalertd_bench_anchors (
		term bigint NOT NULL, id integer NOT NULL, words tsquery,
		pay bigint, types integer NOT NULL, remote smallint NOT NULL,
		south real, north real, west real, east real, states text[])`
	anchorIndex = `CREATE INDEX ON jobalertd_bench_anchors (term)`
	anchorQuery = `SELECT id FROM jobalertd_bench_anchors
		WHERE term = ANY($1) AND (words IS NULL OR $2::tsvector @@ words)
		  AND (types = 0 OR $3 = 0 OR types & $3 <> 0) AND (remote = 0 OR remote = $4)
		  AND (pay IS NULL OR pay <= $5)
		  AND ($4 = 1 OR south IS NULL AND states IS NULL OR states && $6
		       OR EXISTS (SELECT FROM unnest($7::real[], $8::real[]) AS at (lat, lon) WHERE lat BETWEEN south AND north AND lon BETWEEN west AND east))`
	dropAnchors = `DROP TABLE IF EXISTS jobalertd_bench_anchors`
)

// anyTerm files criteria that require no word; every posting has it.
const anyTerm = 0

// postgresSample is how many postings PostgreSQL is asked: it needs milliseconds
// for each.
const postgresSample = 200

// postgres loads the criteria into PostgreSQL and asks it for a sample. The
// candidates are decided once all are known, so that criteria need not be kept.
func (w *matching) postgres(ctx context.Context, url string) (p peerFigures, err error) {
	if url == "" {
		server, err := startPrivatePostgres(volatile)
		if err != nil {
			return p, err
		}
		defer server.stop()
		url = server.url
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return p, err
	}
	defer func() {
		_, dropped := conn.Exec(context.WithoutCancel(ctx), dropAnchors)
		err = errors.Join(err, dropped, conn.Close(context.WithoutCancel(ctx)))
	}()
	began := time.Now()
	if err := w.loadAnchors(ctx, conn); err != nil {
		return p, err
	}
	p.BuildSeconds = time.Since(began).Seconds()
	sample := w.sample(min(postgresSample, len(w.documents)))
	p.Postings = len(sample)
	taken, candidates := make(latencies, len(sample)), make([][]uint32, len(sample))
	for range 2 { // the first fills caches and plans
		for k, i := range sample {
			start := time.Now()
			if candidates[k], err = askPostgres(ctx, conn, w.documents[i]); err != nil {
				return p, err
			}
			taken[k] = time.Since(start)
		}
	}
	p.Agrees, err = w.decide(sample, candidates, taken)
	p.rate(taken)
	return p, err
}

// decide asks Criteria.Matches of each posting's candidates, whose time counts,
// and reports whether what is left are the answers.
func (w *matching) decide(sample []int, candidates [][]uint32, taken latencies) (agrees bool, err error) {
	found := make([][]uint32, len(sample))
	err = w.chunks(everyLine, func(first int, chunk []*alerts.Criteria) {
		for k, i := range sample {
			start := time.Now()
			for n := len(candidates[k]); n > 0 && int(candidates[k][0]) <= first+len(chunk); n-- {
				id := candidates[k][0]
				if candidates[k] = candidates[k][1:]; chunk[int(id)-1-first].Matches(w.documents[i]) {
					found[k] = append(found[k], id)
				}
			}
			taken[k] += time.Since(start)
		}
	})
	agrees = true
	for k, i := range sample {
		agrees = agrees && slices.Equal(found[k], w.answers[i])
	}
	return agrees, err
}

func (w *matching) loadAnchors(ctx context.Context, conn *pgx.Conn) error {
	for _, statement := range []string{"SET jit = off", "SET max_parallel_workers_per_gather = 0", dropAnchors, anchorTable} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	// The binary copy knows no tsquery, so words go through a text column.
	const staging = "CREATE TEMPORARY TABLE staging (term bigint, id integer, words text, pay bigint, types integer, remote smallint, south real, north real, west real, east real, states text[])"
	if _, err := conn.Exec(ctx, staging); err != nil {
		return err
	}
	columns := []string{"term", "id", "words", "pay", "types", "remote", "south", "north", "west", "east", "states"}
	next, stop := iter.Pull2(w.anchorRows())
	defer stop()
	source := pgx.CopyFromFunc(func() ([]any, error) {
		row, err, more := next()
		if !more {
			return nil, nil
		}
		return row, err
	})
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"staging"}, columns, source); err != nil {
		return err
	}
	const fill = "INSERT INTO jobalertd_bench_anchors SELECT term, id, words::tsquery, pay, types, remote, south, north, west, east, states FROM staging ORDER BY term, id"
	for _, statement := range []string{fill, "DROP TABLE staging", anchorIndex, "VACUUM ANALYZE jobalertd_bench_anchors"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// anchorRows gives a row for each term of the group that postings have least often.
func (w *matching) anchorRows() iter.Seq2[[]any, error] {
	df := w.index.Frequencies()
	return func(yield func([]any, error) bool) {
		more := true
		err := w.chunks(everyLine, func(first int, chunk []*alerts.Criteria) {
			for i, c := range chunk {
				if c == nil || !more {
					continue
				}
				groups := c.Parsed().Required()
				row := anchorRow(first+i+1, c, tsQuery(groups))
				for t := range rarestGroup(groups, df.Of) {
					r := slices.Clone(row)
					r[0] = int64(t)
					more = more && yield(r, nil)
				}
			}
		})
		if err != nil && more {
			yield(nil, err)
		}
	}
}

// rarestGroup has the anchors of the group that postings have least often.
func rarestGroup(groups []text.Group, seen func(text.Term) uint32) map[text.Term]bool {
	if len(groups) == 0 {
		return map[text.Term]bool{anyTerm: true}
	}
	var terms map[text.Term]bool
	best := uint32(math.MaxUint32)
	for _, g := range groups {
		if anchors, total := anchorsOf(g, seen); terms == nil || total < best {
			best, terms = total, anchors
		}
	}
	return terms
}

// anchorsOf is the rarest term of each alternative, and how many postings have them.
func anchorsOf(g text.Group, seen func(text.Term) uint32) (map[text.Term]bool, uint32) {
	anchors := map[text.Term]bool{}
	for _, a := range g.Alternatives {
		anchors[slices.MinFunc(a.Terms, func(x, y text.Term) int { return cmp.Compare(seen(x), seen(y)) })] = true
	}
	var total uint32
	for t := range anchors {
		total += seen(t)
	}
	return anchors, total
}

func anchorRow(id int, c *alerts.Criteria, words string) []any {
	row := []any{int64(0), int32(id), nil, nil, typeBits(c.EmploymentTypes), int16(0), nil, nil, nil, nil, nil}
	if words != "" {
		row[2] = words
	}
	if c.Salary != nil && c.UnknownPayRule() == alerts.UnknownDrop {
		row[3] = c.YearlySalary()
	}
	switch c.RemoteRule() {
	case alerts.RemoteOnly:
		row[5] = int16(1)
	case alerts.RemoteExclude:
		row[5] = int16(2)
	}
	if len(c.Countries) > 0 || len(c.Places) > 1 {
		return row // decided on the candidate
	}
	if len(c.States) > 0 {
		row[10] = c.States
	}
	if len(c.Places) == 1 {
		p := c.Places[0]
		high := p.Radius()/111 + 0.02 // degrees, a little too much
		wide := high / max(0.02, math.Cos(*p.Lat*math.Pi/180)-0.02)
		row[6], row[7] = float32(*p.Lat-high), float32(*p.Lat+high)
		row[8], row[9] = float32(*p.Lon-wide), float32(*p.Lon+wide)
	}
	return row
}

func typeBits(types []alerts.EmploymentType) int32 {
	var bits int32
	for _, t := range types {
		bits |= 1 << slices.Index(alerts.EmploymentTypes, t)
	}
	return bits
}

func lexeme(t text.Term) string { return strconv.FormatUint(uint64(t), 36) }

// tsQuery requires of every group an alternative, of that all terms.
func tsQuery(groups []text.Group) string {
	var all []string
	for _, g := range groups {
		var either []string
		for _, a := range g.Alternatives {
			var both []string
			for _, t := range a.Terms {
				both = append(both, "'"+lexeme(t)+"'")
			}
			either = append(either, "("+strings.Join(both, " & ")+")")
		}
		all = append(all, "("+strings.Join(either, " | ")+")")
	}
	return strings.Join(all, " & ")
}

func askPostgres(ctx context.Context, conn *pgx.Conn, d *alerts.Document) ([]uint32, error) {
	terms := []int64{anyTerm}
	var vector strings.Builder
	for _, t := range d.Text.Terms() {
		terms = append(terms, int64(t))
		fmt.Fprintf(&vector, "'%s' ", lexeme(t))
	}
	remote := int16(2)
	if d.Remote {
		remote = 1
	}
	pay := int64(-1)
	if d.Pay != nil {
		pay = alerts.Reach(d.Pay)
	}
	var states []string
	var lats, lons []float32
	for _, l := range d.Locations {
		if l.State != "" {
			states = append(states, l.State)
		}
		if l.Located {
			lats, lons = append(lats, float32(l.Lat)), append(lons, float32(l.Lon))
		}
	}
	rows, err := conn.Query(ctx, anchorQuery, terms, vector.String(), typeBits(d.EmploymentTypes), remote, pay, states, lats, lons)
	if err != nil {
		return nil, err
	}
	candidates, err := pgx.CollectRows(rows, pgx.RowTo[uint32])
	if err != nil {
		return nil, err
	}
	slices.Sort(candidates)
	return slices.Compact(candidates), nil
}

package digest_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
)

// misjudged publishes a posting that the log says an alert met, though it does not
// meet its criteria: as an analysis may have judged that is no longer in force.
func (o *office) misjudged(identifier, title string, id uint32) []uint32 {
	o.Helper()
	numbers := o.publish(identifier, o.posting(title))
	o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
		stored, err := o.postings.Postings(ctx, tx, numbers)
		if err != nil {
			return err
		}
		return o.postings.Relog(ctx, tx, []alerts.Match{{Position: stored[0].Position, Posting: numbers[0], Subscriptions: []uint32{id}}})
	})
	return numbers
}

// What the log says of the very content, criteria and analysis is taken as it stands:
// matching it again is left to sending, and to what any of them changed for.
func TestVerified_MatchesAgainWhatHasChanged(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		position := func(ctx context.Context, tx *sqlx.Tx) int64 {
			p, err := database.Position(ctx, tx)
			o.must(err)
			return p
		}
		for i, c := range []struct {
			name   string
			change func(id uint32)
			want   bool // the log is believed
		}{
			{"nothing", func(uint32) {}, true},
			{"the criteria", func(id uint32) {
				o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
					return o.subs.Edit(ctx, tx, id, o.wish("Koch OR Kellner"), o.now())
				})
			}, false},
			{"the analysis", func(uint32) {
				o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
					return o.postings.SetAnalysis(ctx, tx, "another", position(ctx, tx), o.now())
				})
			}, false},
			{"the content", func(uint32) { o.publish("wrong the content", o.posting("Maurermeister")) }, false},
		} {
			who, id := o.subscribe(fmt.Sprintf("s%d@example.org", i), o.wish("Koch"))
			right := o.publish("right "+c.name, o.posting("Koch"))
			wrong := o.misjudged("wrong "+c.name, "Maurer", id)
			c.change(id)
			o.tomorrow()
			want := [][]uint32{right}
			if c.want {
				want = [][]uint32{append(right, wrong...)}
			}
			if got := sorted(o.got(who)); !reflect.DeepEqual(got, want) {
				t.Errorf("after %s changed, she got %v, want %v", c.name, got, want)
			}
		}
	})
}

// What was put off is matched again whatever was logged: who knows what changed since.
func TestVerified_MatchesAgainWhatWasPutOff(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		w := o.wish("Koch")
		w.MaxPostings, w.Overflow = 1, "defer"
		who, id := o.subscribe("a@example.org", w)
		first := o.publish("newer", o.posting("Koch"))
		o.advance(-time.Hour)
		o.misjudged("older", "Maurer", id)
		o.advance(time.Hour)
		o.tomorrow()
		if sum := o.tomorrow(); sum.Postings != 0 {
			t.Errorf("the next digest shows %d postings, want none", sum.Postings)
		}
		if got, want := o.got(who), [][]uint32{first}; !reflect.DeepEqual(got, want) {
			t.Errorf("she got %v, want %v", got, want)
		}
	})
}

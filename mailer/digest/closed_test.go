package digest_test

import (
	"context"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
)

// One job on two boards was shown once, and is told once when it has closed: with the
// last of the two.
func TestContent_TellsAJobOfTwoBoardsOnceWhenItHasClosed(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		// Another has the two apart.
		other, _ := o.subscribe("b@example.org", o.wish("Koch"))
		numbers := o.publish("p", o.copyAt("board-a"), o.copyAt("board-b"), o.copyAt("board-c"))
		o.tx(func(ctx context.Context, tx *sqlx.Tx) error { return o.Separate(ctx, tx, other, numbers, o.now()) })
		if c := o.shown(o.tomorrow(), who); len(c.Postings) != 1 {
			t.Fatalf("at first %v", titles(c))
		}
		for i, step := range []struct {
			withdrawn  []string // "0" is at board-a
			mine, hers int
		}{
			{[]string{"a", "0"}, 0, 1},
			{[]string{"b", "1", "c", "2"}, 1, 2},
			{nil, 0, 0},
		} {
			o.advance(time.Minute)
			for k := 0; k < len(step.withdrawn); k += 2 {
				o.withdraw("board-"+step.withdrawn[k], "p-"+step.withdrawn[k+1])
			}
			o.publish("q"+string(rune('0'+i)), o.posting("Koch Schiff"))
			sum := o.tomorrow()
			// What closes before it is sent is the next digest's to tell.
			if c := o.shown(sum, who); c.Closed != step.mine {
				t.Errorf("digest %d says %d are closed, want %d", i+2, c.Closed, step.mine)
			}
			if c := o.shown(sum, other); c.Closed != step.hers {
				t.Errorf("digest %d says %d are closed to whom they are apart, want %d", i+2, c.Closed, step.hers)
			}
		}
	})
}

// A twin that closes while the mail waits leaves the job open in this digest, and is
// told in the next.
func TestContent_ATwinThatClosesWhileTheMailWaitsIsTheNextOnesToTell(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		o.publish("p", o.copyAt("board-a"), o.copyAt("board-b"))
		o.tomorrow()
		o.withdraw("board-a", "p-0")
		o.publish("q", o.posting("Koch Schiff"))
		waiting := o.tomorrow()
		o.advance(time.Minute)
		o.withdraw("board-b", "p-1")
		if c := o.shown(waiting, who); c.Closed != 0 {
			t.Errorf("the waiting one says %d are closed, want none", c.Closed)
		}
		o.publish("r", o.posting("Koch Bahn"))
		if c := o.shown(o.tomorrow(), who); c.Closed != 1 {
			t.Errorf("the next says %d are closed, want 1", c.Closed)
		}
	})
}

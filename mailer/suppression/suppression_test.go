package suppression_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"go.uber.org/goleak"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer/suppression"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const address = "Erika.Mustermann@Example.org"

// each runs f over both databases with a list whose clock f moves.
func each(t *testing.T, f func(t *testing.T, db *database.DB, l *suppression.List, now *time.Time)) {
	t.Helper()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		l, err := suppression.New(db, []byte("key"), func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		f(t, db, l, &now)
	})
}

func within(t *testing.T, db *database.DB, f func(ctx context.Context, tx *sqlx.Tx) error) {
	t.Helper()
	if err := db.Tx(t.Context(), func(tx *sqlx.Tx) error { return f(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func reason(t *testing.T, db *database.DB, l *suppression.List, address string) suppression.Reason {
	t.Helper()
	r, err := l.Reason(t.Context(), db.Reader, address)
	if err != nil {
		t.Fatal(err)
	}
	return suppression.Reason(r)
}

func TestAdd_GraveReasonsAreNotReplaced(t *testing.T) {
	type r = suppression.Reason
	cases := []struct{ first, second, want r }{
		{suppression.Unsubscribed, suppression.HardBounce, suppression.HardBounce},
		{suppression.Unsubscribed, suppression.SoftBounce, suppression.SoftBounce},
		{suppression.SoftBounce, suppression.Complaint, suppression.Complaint},
		{suppression.HardBounce, suppression.Unsubscribed, suppression.HardBounce},
		{suppression.HardBounce, suppression.SoftBounce, suppression.HardBounce},
		{suppression.HardBounce, suppression.Complaint, suppression.Complaint},
		{suppression.Complaint, suppression.HardBounce, suppression.Complaint},
		{suppression.Complaint, suppression.Unsubscribed, suppression.Complaint},
		{suppression.Complaint, suppression.Manual, suppression.Manual},
		{suppression.HardBounce, suppression.Manual, suppression.Manual},
		{suppression.Manual, suppression.Complaint, suppression.Manual},
		{suppression.Manual, suppression.Unsubscribed, suppression.Manual},
	}
	each(t, func(t *testing.T, db *database.DB, l *suppression.List, _ *time.Time) {
		for _, c := range cases {
			within(t, db, func(ctx context.Context, tx *sqlx.Tx) error {
				if err := l.Add(ctx, tx, address, c.first, "first"); err != nil {
					return err
				}
				return l.Add(ctx, tx, address, c.second, "second")
			})
			if got := reason(t, db, l, address); got != c.want {
				t.Errorf("%s, then %s: %s, want %s", c.first, c.second, got, c.want)
			}
			if on, err := l.Remove(t.Context(), address); !on || err != nil {
				t.Errorf("removed %v, %v", on, err)
			}
		}
		if on, err := l.Remove(t.Context(), address); on || err != nil {
			t.Errorf("removed twice: %v, %v", on, err)
		}
	})
}

func TestLift_LeavesWhatIsFinal(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, l *suppression.List, _ *time.Time) {
		for r, lifted := range map[suppression.Reason]bool{suppression.Unsubscribed: true, suppression.SoftBounce: true,
			suppression.HardBounce: false, suppression.Complaint: false, suppression.Manual: false} {
			who := string(r) + "@example.org"
			within(t, db, func(ctx context.Context, tx *sqlx.Tx) error {
				if err := l.Add(ctx, tx, who, r, ""); err != nil {
					return err
				}
				return l.Lift(ctx, tx, who)
			})
			if got := reason(t, db, l, who); (got == "") != lifted {
				t.Errorf("a new sign-up left %q of %q", got, r)
			}
		}
	})
}

func TestBounced_SoftlyOnFiveDaysWithinAMonth(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, l *suppression.List, now *time.Time) {
		bounce := func(who string) {
			t.Helper()
			within(t, db, func(ctx context.Context, tx *sqlx.Tx) error { return l.Refused(ctx, tx, who, false, "4.2.2") })
		}
		for range 20 {
			bounce(address) // twenty in a day count as one day
		}
		for range 3 {
			*now = now.Add(24 * time.Hour)
			bounce(address)
		}
		if got := reason(t, db, l, address); got != "" {
			t.Errorf("suppressed for %q after four days", got)
		}
		*now = now.Add(24 * time.Hour)
		bounce(address)
		if got := reason(t, db, l, address); got != suppression.SoftBounce {
			t.Errorf("suppressed for %q after five days", got)
		}
		const seldom = "seldom@example.org"
		for range 8 {
			bounce(seldom)
			*now = now.Add(8 * 24 * time.Hour)
		}
		if got := reason(t, db, l, seldom); got != "" {
			t.Errorf("suppressed for %q though a month never saw five days", got)
		}
	})
}

func TestBounced_ACountBeginsAnewAfterANewSignUp(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, l *suppression.List, now *time.Time) {
		for range 5 {
			*now = now.Add(24 * time.Hour)
			within(t, db, func(ctx context.Context, tx *sqlx.Tx) error { return l.Refused(ctx, tx, address, false, "4.2.2") })
		}
		*now = now.Add(time.Hour)
		within(t, db, func(ctx context.Context, tx *sqlx.Tx) error {
			if err := l.Lift(ctx, tx, address); err != nil {
				return err
			}
			return l.Refused(ctx, tx, address, false, "4.2.2")
		})
		if got := reason(t, db, l, address); got != "" {
			t.Errorf("one soft bounce after a new sign-up suppressed for %q", got)
		}
	})
}

func TestBounced_HardAndComplaintAtOnce(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, l *suppression.List, _ *time.Time) {
		within(t, db, func(ctx context.Context, tx *sqlx.Tx) error {
			if err := l.Refused(ctx, tx, "hard@example.org", true, "5.1.1"); err != nil {
				return err
			}
			return l.Bounced(ctx, tx, "angry@example.org", suppression.Complaint, "")
		})
		if got := reason(t, db, l, "hard@example.org"); got != suppression.HardBounce {
			t.Errorf("hard bounce: %q", got)
		}
		if got := reason(t, db, l, "angry@example.org"); got != suppression.Complaint {
			t.Errorf("complaint: %q", got)
		}
		err := db.Tx(t.Context(), func(tx *sqlx.Tx) error { return l.Bounced(t.Context(), tx, address, suppression.Unsubscribed, "") })
		if err == nil {
			t.Error("unsubscribing was counted as a bounce")
		}
	})
}

func TestList_KeepsHashesOnly(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, l *suppression.List, now *time.Time) {
		within(t, db, func(ctx context.Context, tx *sqlx.Tx) error { return l.Refused(ctx, tx, address, true, "5.1.1") })
		for _, same := range []string{"erika.mustermann@example.org", " ERIKA.MUSTERMANN@EXAMPLE.ORG "} {
			if got := reason(t, db, l, same); got != suppression.HardBounce {
				t.Errorf("%q is told from %q", same, address)
			}
		}
		other, err := suppression.New(db, []byte("another key"), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if other.Hash(address) == l.Hash(address) {
			t.Error("the hash does not depend on the key")
		}
		for _, table := range []string{"SELECT address_hash FROM suppressions", "SELECT address_hash FROM bounces"} {
			var hash string
			if err := db.Reader.GetContext(t.Context(), &hash, table); err != nil {
				t.Fatal(err)
			}
			if len(hash) != 64 || strings.Contains(hash, "@") || hash != l.Hash(address) {
				t.Errorf("%s: kept %q", table, hash)
			}
		}
		records, err := l.Records(t.Context(), "", 10)
		if err != nil || len(records) != 1 || records[0].Reason != suppression.HardBounce || records[0].Detail != "5.1.1" || records[0].AtMS != now.UnixMilli() {
			t.Errorf("records %+v, %v", records, err)
		}
		if next, err := l.Records(t.Context(), records[0].AddressHash, 10); err != nil || len(next) != 0 {
			t.Errorf("the next page has %v, %v", next, err)
		}
	})
}

func TestPurge_ForgetsOldBouncesAndKeepsSuppressions(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, l *suppression.List, now *time.Time) {
		within(t, db, func(ctx context.Context, tx *sqlx.Tx) error { return l.Refused(ctx, tx, address, true, "5.1.1") })
		if err := l.Purge(t.Context(), now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.Reader.GetContext(t.Context(), &n, "SELECT COUNT(*) FROM bounces"); err != nil || n != 0 {
			t.Errorf("%d bounces are left, %v", n, err)
		}
		if got := reason(t, db, l, address); got != suppression.HardBounce {
			t.Errorf("forgetting bounces lifted the suppression: %q", got)
		}
	})
}

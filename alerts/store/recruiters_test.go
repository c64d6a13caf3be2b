package store_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/store"
	"github.com/jobalertd/jobalertd/config/database"
)

func TestARecruiterIsKnownByItsTokenUntilItIsRevoked(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		ctx := t.Context()
		first, err := s.AddRecruiter(ctx, "clinic", "Klinik", false, now)
		if err != nil {
			t.Fatal(err)
		}
		agency, err := s.AddRecruiter(ctx, "agency", "Vermittlung", true, now)
		if err != nil {
			t.Fatal(err)
		}
		if first.Token == agency.Token || len(first.Token) < 43 {
			t.Errorf("tokens of 256 random bits differ and have 43 letters; got %q and %q", first.Token, agency.Token)
		}
		r, err := s.RecruiterByToken(ctx, db.Reader, agency.Token)
		if err != nil || r.Source != "agency" || !r.Agency || r.Revoked || r.CreatedMS != now.UnixMilli() {
			t.Fatalf("by token: %+v, %v", r, err)
		}
		if err := bcrypt.CompareHashAndPassword([]byte(r.NATSPasswordHash), []byte(agency.NATSPassword)); err != nil {
			t.Errorf("the password does not fit its hash: %v", err)
		}
		for _, wrong := range []string{"", first.Token[1:], strings.ToLower(first.Token) + "x", first.NATSPassword} {
			if _, err := s.RecruiterByToken(ctx, db.Reader, wrong); err != alerts.ErrNotFound {
				t.Errorf("token %q: %v, want ErrNotFound", wrong, err)
			}
		}
		if _, err := s.AddRecruiter(ctx, "clinic", "Another", false, now); !errors.Is(err, store.ErrSourceTaken) {
			t.Errorf("a source in use was given away: %v", err)
		}

		if err := s.RevokeRecruiter(ctx, "clinic", now); err != nil {
			t.Fatal(err)
		}
		if _, err := s.RecruiterByToken(ctx, db.Reader, first.Token); err != alerts.ErrNotFound {
			t.Errorf("a revoked token: %v, want ErrNotFound", err)
		}
		if err := s.RevokeRecruiter(ctx, "clinic", now); err != alerts.ErrNotFound {
			t.Errorf("revoked twice: %v", err)
		}

		again, err := s.AddRecruiter(ctx, "clinic", "Klinik neu", true, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.RecruiterByToken(ctx, db.Reader, first.Token); err != alerts.ErrNotFound {
			t.Errorf("the old token came back to life: %v", err)
		}
		if r, err := s.RecruiterByToken(ctx, db.Reader, again.Token); err != nil || r.Name != "Klinik neu" {
			t.Errorf("the new token: %+v, %v", r, err)
		}
		all, err := s.Recruiters(ctx, db.Reader)
		if err != nil || len(all) != 2 || all[0].Source != "agency" || all[1].Source != "clinic" || all[1].Revoked {
			t.Errorf("listed %+v, %v", all, err)
		}
	})
}

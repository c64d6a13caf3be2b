package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
)

func TestALinkThatWidensFillsTheFormAndChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who, id := w.subscribed("anna@example.org")
		form := path(w.links.Manage(who, w.now)) + "/alerts/" + itoa(id)
		before := w.subscription(id)
		w.get(form+"?radius=50").must(t, 200, `value="50"`, "Der Umkreis steht hier auf 50\u00a0km")
		for _, idle := range []string{"20", "x", "-1", "501", "50.5"} {
			if a := w.get(form+"?radius="+idle).must(t, 200, `value="25"`); strings.Contains(a.body, "Der Umkreis steht hier") {
				t.Errorf("radius %s is said to be filled in", idle)
			}
		}
		if after := w.subscription(id); after.Position != before.Position || after.Criteria.Places[0].Radius() != 25 {
			t.Errorf("looking changed it to %+v", after)
		}
	})
}

func TestHerPageSaysThatAnAlertCanNeverFire(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who, id := w.subscribed("anna@example.org")
		manage := path(w.links.Manage(who, w.now))
		const told = "So kann keine Stelle passen"
		if a := w.get(manage).must(t, 200, "Medizininformatiker"); strings.Contains(a.body, told) {
			t.Error("an alert that can fire is said not to")
		}
		never := signUpForm("")
		never.Set("q", "Köchin -Koch")
		w.post(manage+"/alerts/"+itoa(id), never).must(t, http.StatusUnprocessableEntity, "Nehmen Sie ein Wort mit Minus heraus.")
		// An import may say so all the same, and later place data lack a place.
		for _, criteria := range []string{`{"query":"Köchin -Koch"}`, `{"places":[{"name":"Nirgendwo"}]}`} {
			err := w.db.Tx(t.Context(), func(tx *sqlx.Tx) error {
				_, err := tx.ExecContext(context.Background(), tx.Rebind(`UPDATE subscriptions SET criteria = ? WHERE id = ?`), criteria, id)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			w.get(manage).must(t, 200, told)
		}
	})
}

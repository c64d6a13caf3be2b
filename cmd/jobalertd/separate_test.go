package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer/capture"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// TestTheseAreTwoJobs_FromTheMailToTheNextDigest: a job on two boards comes once. The
// link asks, the button sets the two apart, and the next digest shows the one that was
// folded by itself, once, and to her alone.
func TestTheseAreTwoJobs_FromTheMailToTheNextDigest(t *testing.T) {
	h := newHouse(t)
	board, err := newPublisher(h.daemon.broker, "board")
	h.must(err)
	t.Cleanup(board.close)
	twin := *h
	twin.push = board
	publish := func(wage string) {
		for _, one := range []*house{h, &twin} {
			one.publish("1", "Medizininformatiker (m/w/d)", "Essen", map[string]any{"description": "<p>Wir betreiben KIS und PACS für sechs Kliniken im Ruhrgebiet." +
				" Sie entwickeln Schnittstellen mit HL7 und FHIR und begleiten Einführungen auf den Stationen.</p><p>" + wage + "</p>"})
		}
	}
	for _, address := range []string{"anna@example.org", "bert@example.org"} {
		h.must(h.post(t.Context(), h.config.HTTP.PublicURL+"/subscriptions", url.Values{"email": {address}, "q": {"Medizininformatiker"}}))
		h.must(h.post(t.Context(), linkIn(h.mailTo(address, "/confirm/").Text, "/confirm/"), nil))
	}
	digestTo := func(address, holds string) *capture.Mail {
		t.Helper()
		h.daemon.relay.Wake()
		return h.mailTo(address, holds)
	}
	run := func(days, mails int) {
		t.Helper()
		sum, err := h.daemon.digests.Run(t.Context(), time.Now().AddDate(0, 0, days))
		h.must(err)
		if sum.Envelopes != mails {
			t.Fatalf("%d digests were built, want %d: %+v", sum.Envelopes, mails, sum)
		}
	}

	publish("Gehalt nach Absprache.")
	run(2, 2)
	mail := digestTo("anna@example.org", "/postings/")
	first := shownIn(mail)
	if shown := shownIn(mail); len(shown) != 1 || !strings.Contains(mail.Text, "board") || !strings.Contains(mail.Text, "klinikum") {
		t.Fatalf("the mail shows %v, want one posting of both boards:\n%s", shown, mail.Text)
	}
	link := linkIn(mail.Text, "/separate/")
	before := h.settled()["separations"]
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		status, page := h.look(method, link)
		if status != http.StatusOK || method == http.MethodGet && strings.Count(page, "/postings/") < 2 {
			t.Errorf("%s answers %d and\n%s", method, status, page)
		}
	}
	if after := h.settled()["separations"]; before != "" || after != "" {
		t.Errorf("looking set apart %q", after)
	}
	h.must(h.post(t.Context(), link, nil))
	if after := h.settled()["separations"]; strings.Count(after, "\n") != 1 {
		t.Errorf("the button set apart %q, want one pair", after)
	}
	h.wantExported("anna@example.org", linkIn(mail.Text, "/manage/"))

	run(4, 1) // his are one: he said nothing
	folded := map[string]string{"1": "2", "2": "1"}[first[0][strings.LastIndexByte(first[0], '/')+1:]]
	mail = digestTo("anna@example.org", "/postings/"+folded)
	if shown := shownIn(mail); len(shown) != 1 || strings.Contains(mail.Text, "/separate/") || !strings.Contains(mail.Text, "Passt, weil") {
		t.Errorf("the next digest shows %v, want posting %s by itself, with its reasons:\n%s", shown, folded, mail.Text)
	}
	if answer := (&world{t: t, daemon: h.daemon}).verified(); !answer.Holds {
		t.Errorf("verify lists offenders: %+v", answer)
	}

	h.must(h.post(t.Context(), link, nil)) // she says it once more
	publish("Das Gehalt beträgt 4.100 € im Monat.")
	run(6, 0)
}

// wantExported checks that the command and her page both tell of the mail she got, of
// the two postings she set apart and of one that she hides.
func (h *house) wantExported(address, manage string) {
	h.Helper()
	who, err := h.daemon.subscriptions.SubscriberByAddress(h.Context(), h.daemon.db.Reader, address)
	h.must(err)
	h.must(h.daemon.db.Tx(h.Context(), func(tx *sqlx.Tx) error {
		return h.daemon.subscriptions.Dismiss(h.Context(), tx, who.ID, 77, time.Now())
	}))
	r := runCommand(h.T, "", "subscriptions", "export", address, "--config", settingsFile(h.T, "data_dir = '"+h.config.DataDir+"'"))
	status, page := h.look(http.MethodGet, manage+"/export.json")
	if r.status != exitDone || status != http.StatusOK {
		h.Fatalf("the command ended with %d, the page with %d: %s%s", r.status, status, r.errOut, page)
	}
	var command exportedSubscriber
	h.must(json.Unmarshal([]byte(r.out), &command))
	if command.Subscriber.Email != address || len(command.Subscriptions) != 1 || len(command.Consents) < 3 ||
		len(command.Mails) != 1 || len(command.Mails[0].Postings) != 1 || len(command.Dismissed) != 1 || command.Dismissed[0].Posting != 77 ||
		len(command.Separated) != 1 || command.Separated[0].Postings != [2]uint32{1, 2} || command.Separated[0].At.IsZero() {
		h.Errorf("the command exports %s", r.out)
	}
	var hers struct {
		Mails, Separated []struct{ Postings []string }
		Dismissed        []subscriptions.Dismissal
	}
	h.must(json.Unmarshal([]byte(page), &hers))
	if len(hers.Mails) != 1 || len(hers.Mails[0].Postings) != 1 || len(hers.Separated) != 1 || len(hers.Separated[0].Postings) != 2 ||
		!strings.HasSuffix(hers.Separated[0].Postings[1], "/postings/2") || len(hers.Dismissed) != 1 {
		h.Errorf("her page exports %s", page)
	}
}

// shownIn lists the postings that a digest shows.
func shownIn(m *capture.Mail) []string {
	var shown []string
	for line := range strings.Lines(m.Text) {
		if i := strings.Index(line, "/postings/"); i >= 0 {
			shown = append(shown, strings.TrimSpace(line[i:]))
		}
	}
	slices.Sort(shown)
	return slices.Compact(shown)
}

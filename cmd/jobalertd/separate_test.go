package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/mailer/capture"
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

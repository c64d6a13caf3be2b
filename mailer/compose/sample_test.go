package compose_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/compose"
)

var identity = compose.Identity{
	From: "Stellenmelder Ruhr <stellen@jobs.example>", ReplyTo: "hilfe@jobs.example", Brand: "Stellenmelder Ruhr",
	Imprint: "Stellenmelder Ruhr e. V.\nMusterstraße 1, 45879 Gelsenkirchen", PublicURL: "https://jobs.example", Complaints: "fbl@jobs.example",
}

func composer(t testing.TB) *compose.Composer {
	t.Helper()
	c, err := compose.New(identity, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// at is when the sample mails are composed.
var at = time.Date(2026, 3, 2, 7, 0, 0, 0, time.FixedZone("CET", 3600))

func headers(locale, purpose string) mailer.Headers {
	return mailer.Headers{To: "erika@example.org", Locale: locale, Date: at,
		MessageID: mailer.MessageID([]byte("golden"), purpose+" "+locale, "jobs.example")}
}

// works are invented employers' postings, again and again with other numbers.
var works = []alerts.Posting{
	{Title: "Medizininformatiker (m/w/d)", Employer: "Klinikum Buersche Heide gGmbH", Language: "de",
		Locations: []alerts.Location{{Name: "Gelsenkirchen", Country: "DE"}}, EmploymentTypes: []alerts.EmploymentType{alerts.FullTime, alerts.PartTime},
		Pay: &pay.Statement{Min: 3200, Max: 3800, Currency: "EUR", Unit: pay.Month}},
	{Title: "Fachinformatikerin / Fachinformatiker für Systemintegration im Krankenhausinformationssystem", Employer: "Rechenzentrum Emscherbogen", Language: "de",
		Locations: []alerts.Location{{Name: "Essen"}, {Name: "Bochum"}, {Name: "Herne"}, {Name: "Dortmund"}, {Name: "Recklinghausen"}, {Name: "Bottrop"}}, Remote: true,
		EmploymentTypes: []alerts.EmploymentType{alerts.FullTime}},
	{Title: "Clinical Data Manager <R & SAS>", Employer: "O'Neill + Söhne \"Data\" Ltd", Language: "en", Agency: true,
		Locations: []alerts.Location{{Country: "DE"}}, Pay: &pay.Statement{Min: 62000, Currency: "EUR", Unit: pay.Year}},
	{Title: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsinformatiker", Employer: "Amt für Rindfleischetikettierungsüberwachungsaufgabenübertragung", Language: "de",
		Locations: []alerts.Location{{Name: "Gladbeck"}}, EmploymentTypes: []alerts.EmploymentType{alerts.Temporary}},
}

// reasons are why the sample postings fit.
var reasons = map[string][]string{
	"de": {"„Medizininformatiker“ im Titel", "7\u00a0km von Gelsenkirchen", "3.200–3.800\u00a0€ im Monat"},
	"en": {"“Medizininformatiker” in the title", "7\u00a0km from Gelsenkirchen", "€3,200–3,800 a month"},
}

func postings(locale string, n, several int) []mailer.DigestPosting {
	out := make([]mailer.DigestPosting, n)
	for i := range out {
		p := works[i%len(works)]
		p.Number = uint32(i + 1)
		out[i] = mailer.DigestPosting{Posting: &p, URL: fmt.Sprintf("https://jobs.example/postings/%d", p.Number), Alert: i % several,
			DismissURL: fmt.Sprintf("https://jobs.example/dismiss/ZABkEjRWeJq83u8B-n0aXy9k2l4%d", p.Number), Why: reasons[locale], Sources: []string{"klinik-jobs"}, UnstatedPay: p.Pay == nil && i%3 == 1}
		if several > 1 && i%2 == 0 {
			out[i].AlsoFits = []int{(i + 1) % several}
		}
		if i%4 == 2 {
			out[i].Sources = []string{"klinik-jobs", "stadt-portal"}
			out[i].SeparateURL = fmt.Sprintf("https://jobs.example/separate/cwBkEjRWeJq83u8B-n0aXy9k2l4%d", p.Number)
		}
	}
	return out
}

func alertsOf(n int, locale string) []mailer.DigestAlert {
	names := []string{"Medizininformatiker · 25\u00a0km um Gelsenkirchen · ab 3.500\u00a0€ im Monat", "„Data Manager“ OR Dokumentar · ortsunabhängig", "Krankenhaus-IT · Nordrhein-Westfalen"}
	every := map[string]string{"de": "täglich um 7\u00a0Uhr", "en": "daily at 7:00"}[locale]
	out := make([]mailer.DigestAlert, n)
	for i := range out {
		out[i] = mailer.DigestAlert{Subscription: uint32(i + 1), Name: names[i%len(names)], Frequency: every,
			UnsubscribeURL: fmt.Sprintf("https://jobs.example/unsubscribe/u%d-Zm9vYmFyYmF6cXV4", i+1)}
	}
	return out
}

func digest(locale string, n, several int) mailer.DigestContent {
	h := headers(locale, fmt.Sprintf("digest %d %d", n, several))
	h.OneClick = "https://jobs.example/unsubscribe/all-Zm9vYmFyYmF6cXV4"
	h.UnsubscribeMail = "mailto:leave@jobs.example?subject=all-Zm9vYmFyYmF6cXV4"
	return mailer.DigestContent{Headers: h, Kind: mailer.Digest, Alerts: alertsOf(several, locale), Postings: postings(locale, n, several),
		MoreURL: "https://jobs.example/manage/m-Zm9v?run=3&all=1", ManageURL: "https://jobs.example/manage/m-Zm9v"}
}

func rest(d mailer.DigestContent, counted, deferred, closed int) mailer.DigestContent {
	d.Counted, d.Deferred, d.Closed = counted, deferred, closed
	return d
}

func confirmation(locale string) mailer.ConfirmationContent {
	return mailer.ConfirmationContent{Headers: headers(locale, "confirmation"), AlertName: "Medizininformatiker · 25\u00a0km um Gelsenkirchen",
		Frequency: alertsOf(1, locale)[0].Frequency, ConfirmURL: "https://jobs.example/confirm/c-Zm9vYmFyYmF6cXV4Zm9vYmFy",
		SignedUpAt: at, ValidUntil: at.AddDate(0, 0, 7)}
}

func account(locale string, kind mailer.AccountKind) mailer.AccountContent {
	return mailer.AccountContent{Headers: headers(locale, string(kind)), Kind: kind, ManageURL: "https://jobs.example/manage/m-Zm9v",
		ActionURL: "https://jobs.example/address/a-Zm9v", AlertName: "Medizininformatiker · 25\u00a0km um Gelsenkirchen"}
}

// golden reads every mail that a golden file keeps, and beside them digests of more
// postings than one mail shows.
func golden(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden mails: %v", err)
	}
	out := map[string][]byte{}
	for _, path := range paths {
		if out[strings.TrimSuffix(filepath.Base(path), ".eml")], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	c := composer(t)
	for _, locale := range []string{"de", "en"} {
		for _, n := range []int{60, 200} {
			if out[fmt.Sprintf("digest_of_%d.%s", n, locale)], err = c.Digest(digest(locale, n, 3)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// checkup is one of a finding, with an envelope of its own for each variant of it.
func checkup(locale string, f mailer.Finding, variant string) mailer.CheckupContent {
	h := headers(locale, "checkup "+string(f)+variant)
	h.OneClick = "https://jobs.example/unsubscribe/all-Zm9vYmFyYmF6cXV4"
	h.UnsubscribeMail = "mailto:leave@jobs.example?subject=all-Zm9vYmFyYmF6cXV4"
	alert := alertsOf(1, locale)[0]
	return mailer.CheckupContent{Headers: h, AlertName: alert.Name, Frequency: alert.Frequency, UnsubscribeURL: alert.UnsubscribeURL,
		EditURL: "https://jobs.example/manage/m-Zm9v/alerts/1", WiderURL: "https://jobs.example/manage/m-Zm9v/alerts/1?radius=50",
		Checkup: mailer.Checkup{Finding: f, Subscription: 1, Since: at.AddDate(-1, 0, 0), Mails: 48, Postings: 131, Dismissed: 9, Wider: 12, WiderKM: 50, SilentDays: 61}}
}

// samples are the mails that golden files keep, by name.
func samples(t testing.TB, c *compose.Composer) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	keep := func(name, locale string, mail []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s in %s: %v", name, locale, err)
		}
		out[name+"."+locale] = mail
	}
	for _, locale := range []string{"de", "en"} {
		instant := digest(locale, 1, 1)
		instant.Kind, instant.MessageID = mailer.InstantDigest, headers(locale, "instant").MessageID
		mail, err := c.Digest(instant)
		keep("instant", locale, mail, err)
		mail, err = c.Digest(digest(locale, 1, 1))
		keep("digest_of_one", locale, mail, err)
		mail, err = c.Digest(rest(digest(locale, 12, 1), 23, 1, 2))
		keep("digest", locale, mail, err)
		mail, err = c.Digest(rest(digest(locale, 7, 3), 1, 4, 1))
		keep("digest_of_three", locale, mail, err)
		mail, err = c.Confirmation(confirmation(locale))
		keep("confirmation", locale, mail, err)
		byMail := confirmation(locale)
		byMail.Headers = headers(locale, "confirmation by mail")
		byMail.ByMail = true
		mail, err = c.Confirmation(byMail)
		keep("confirmation_by_mail", locale, mail, err)
		for _, f := range []mailer.Finding{mailer.FoundSilent, mailer.FoundWanted, mailer.FoundNever} {
			mail, err = c.Checkup(checkup(locale, f, ""))
			keep("checkup_"+string(f), locale, mail, err)
		}
		near := checkup(locale, mailer.FoundSilent, " one near")
		near.Wider = 1
		mail, err = c.Checkup(near)
		keep("checkup_silent_one_near", locale, mail, err)
		alone := checkup(locale, mailer.FoundSilent, " nothing near")
		alone.Wider = 0
		mail, err = c.Checkup(alone)
		keep("checkup_silent_nothing_near", locale, mail, err)
		anywhere := checkup(locale, mailer.FoundSilent, " anywhere")
		anywhere.Wider, anywhere.WiderKM = 0, 0
		mail, err = c.Checkup(anywhere)
		keep("checkup_silent_anywhere", locale, mail, err)
		one := checkup(locale, mailer.FoundWanted, " one")
		one.Mails, one.Postings, one.Dismissed = 1, 1, 0
		mail, err = c.Checkup(one)
		keep("checkup_wanted_one", locale, mail, err)
		for _, kind := range []mailer.AccountKind{mailer.ManageLink, mailer.AlreadyHere, mailer.ConfirmAddress, mailer.AddressChanged} {
			mail, err = c.Account(account(locale, kind))
			keep("account_"+string(kind), locale, mail, err)
		}
	}
	return out
}

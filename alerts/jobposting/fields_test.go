package jobposting

import (
	"strings"
	"testing"
	"time"
)

func TestTitleIsOneLineOfPlainText(t *testing.T) {
	for written, want := range map[string]string{
		"Koch (m/w/d)\r\nBcc: x@example.org":   "Koch (m/w/d) Bcc: x@example.org",
		"<b>Koch</b> &amp; K&ouml;chin":        "Koch & Köchin",
		"R&amp;amp;D Engineer":                 "R&D Engineer",
		"Medizin\u00adinformatiker\u200b":      "Medizininformatiker",
		"  C++ / C# – Entwickler\t(all) ":      "C++ / C# – Entwickler (all)",
		"&lt;strong&gt;Pfleger&lt;/strong&gt;": "Pfleger",
		"Lohn < 3 Jahre > nix":                 "Lohn < 3 Jahre > nix",
		"Koch\u202e\u0000\u0007 Bistro":        "Koch Bistro",
		"Pflege<br/>fachkraft<wbr>zentrale":    "Pflege fachkraftzentrale",
		strings.Repeat("ä", 300):               strings.Repeat("ä", 300),
	} {
		if got := read(t, with(map[string]any{"title": written})).Posting.Title; got != want {
			t.Errorf("%q became %q, want %q", written, got, want)
		}
	}
	if r := rejected(t, with(map[string]any{"title": strings.Repeat("ä", 301)})); !says(r.Errors, "title", "301 characters") {
		t.Errorf("said %v", r.Errors)
	}
}

func TestValueObjectsAreText(t *testing.T) {
	got := read(t, with(map[string]any{"title": []any{map[string]any{"@value": "Koch", "@language": "de"}}}))
	if got.Posting.Title != "Koch" {
		t.Errorf("title %q", got.Posting.Title)
	}
}

func TestEmployerInItsForms(t *testing.T) {
	for _, c := range []struct {
		written any
		want    string
	}{
		{"Klinikum &amp; Söhne", "Klinikum & Söhne"},
		{map[string]any{"name": "Klinikum"}, "Klinikum"},
		{map[string]any{"legalName": "Klinikum gGmbH"}, "Klinikum gGmbH"},
		{[]any{map[string]any{"logo": "x"}, map[string]any{"name": "Klinikum"}}, "Klinikum"},
		{map[string]any{"name": []any{"Klinikum", "Hospital"}}, "Klinikum"},
	} {
		if got := read(t, with(map[string]any{"hiringOrganization": c.written})).Posting.Employer; got != c.want {
			t.Errorf("%v became %q, want %q", c.written, got, c.want)
		}
	}
	got := read(t, with(map[string]any{"hiringOrganization": nil}))
	if got.Posting.Employer != "" || !says(got.Warnings, "hiringOrganization", "has no name") {
		t.Errorf("an anonymous posting: %q, %v", got.Posting.Employer, got.Warnings)
	}
}

func TestLinkIsAWebAddressOrLeftOut(t *testing.T) {
	for _, c := range []struct {
		written any
		want    string
		warned  bool
	}{
		{"https://jobs.example.org/1?a=b", "https://jobs.example.org/1?a=b", false},
		{[]any{"https://jobs.example.org/1"}, "https://jobs.example.org/1", false},
		{map[string]any{"@id": "https://jobs.example.org/1"}, "https://jobs.example.org/1", false},
		{"javascript:alert(1)", "", true},
		{"jobs.example.org/1", "", true},
		{"https://", "", true},
		{nil, "", false},
	} {
		got := read(t, with(map[string]any{"url": c.written}))
		if got.Posting.URL != c.want || says(got.Warnings, "url", "no web address") != c.warned {
			t.Errorf("%v became %q with %v, want %q", c.written, got.Posting.URL, got.Warnings, c.want)
		}
	}
}

func TestIdentifierFallsBackToTheLink(t *testing.T) {
	got := read(t, with(map[string]any{"identifier": map[string]any{"name": "Klinikum"}, "url": "https://jobs.example.org/1"}))
	if got.Posting.Identifier != "https://jobs.example.org/1" {
		t.Errorf("identifier %q", got.Posting.Identifier)
	}
}

func TestLanguageIsStatedOrDetected(t *testing.T) {
	for _, c := range []struct {
		written any
		want    string
	}{
		{"de", "de"}, {"de-DE", "de"}, {"EN_us", "en"}, {"German", "de"}, {"Deutsch", "de"}, {"deu", "de"},
		{map[string]any{"@type": "Language", "name": "English", "alternateName": "en"}, "en"},
		{[]any{"fr", "de"}, "fr"},
	} {
		if got := read(t, with(map[string]any{"inLanguage": c.written})).Posting.Language; got != c.want {
			t.Errorf("%v became %q, want %q", c.written, got, c.want)
		}
	}
	english := map[string]any{"inLanguage": nil, "title": "Nurse", "description": "You look after the patients of our ward and work with the doctors and the other nurses of the hospital. We are looking for somebody who has experience with this."}
	if got := read(t, with(english)).Posting.Language; got != "en" {
		t.Errorf("English text detected as %q", got)
	}
	german := map[string]any{"inLanguage": "?", "description": "Sie betreuen die Patienten unserer Station und arbeiten mit den Ärzten und den anderen Pflegekräften des Krankenhauses zusammen. Wir suchen jemanden mit Erfahrung."}
	if got := read(t, with(german)).Posting.Language; got != "de" {
		t.Errorf("German text detected as %q", got)
	}
}

func TestDatesInTheirForms(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for written, want := range map[any]time.Time{
		"2026-11-20":                    time.Date(2026, 11, 20, 0, 0, 0, 0, berlin),
		"20.11.2026":                    time.Date(2026, 11, 20, 0, 0, 0, 0, berlin),
		"2026-11-20T09:30":              time.Date(2026, 11, 20, 9, 30, 0, 0, berlin),
		"2026-11-20T09:30:00":           time.Date(2026, 11, 20, 9, 30, 0, 0, berlin),
		"2026-11-20 09:30:00":           time.Date(2026, 11, 20, 9, 30, 0, 0, berlin),
		"2026-11-20T09:30:00Z":          time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC),
		"2026-11-20T09:30:00.123+01:00": time.Date(2026, 11, 20, 8, 30, 0, 123e6, time.UTC),
		"2026-11-20T09:30:00+0100":      time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC),
		"2026-11-20T09:30+01:00":        time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC),
		"Fri, 20 Nov 2026 09:30:00 GMT": time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC),
		1795165800:                      time.Unix(1795165800, 0),
		1795165800000:                   time.Unix(1795165800, 0),
	} {
		got := read(t, with(map[string]any{"datePosted": written}))
		if !got.Posting.PublishedAt.Equal(want) || len(got.Warnings) > 0 {
			t.Errorf("%v became %v with %v, want %v", written, got.Posting.PublishedAt, got.Warnings, want)
		}
		if got.Posting.PublishedAt.Location() != time.UTC {
			t.Errorf("%v is not in UTC", written)
		}
	}
}

func TestOddDatesAreReplacedAndTold(t *testing.T) {
	for _, written := range []any{"gestern", "2026-13-40", "0000-00-00", "0001-01-01T00:00:00", "9999-12-31", 12, true} {
		got := read(t, with(map[string]any{"datePosted": written}))
		if !got.Posting.PublishedAt.Equal(now) {
			t.Errorf("datePosted %v became %v, want now", written, got.Posting.PublishedAt)
		}
		if written != true && !says(got.Warnings, "datePosted", "cannot be read") {
			t.Errorf("datePosted %v: no warning", written)
		}
	}
	got := read(t, with(map[string]any{"datePosted": "2026-12-24"}))
	if !got.Posting.PublishedAt.Equal(now) || !says(got.Warnings, "datePosted", "future") {
		t.Errorf("a future datePosted became %v with %v", got.Posting.PublishedAt, got.Warnings)
	}
	if got := read(t, with(map[string]any{"datePosted": "2026-11-24"})); len(got.Warnings) > 0 {
		t.Errorf("tomorrow's date warned of %v", got.Warnings)
	}
	if got := read(t, with(map[string]any{"datePosted": nil})); !got.Posting.PublishedAt.Equal(now) || len(got.Warnings) > 0 {
		t.Errorf("no datePosted became %v with %v", got.Posting.PublishedAt, got.Warnings)
	}
}

func TestExpiryIsStatedOrTheLifetime(t *testing.T) {
	got := read(t, with(nil))
	if want := got.Posting.PublishedAt.Add(DefaultLifetime); !got.Posting.ExpiresAt.Equal(want) {
		t.Errorf("expires at %v, want %v", got.Posting.ExpiresAt, want)
	}
	got = read(t, with(map[string]any{"validThrough": "2035-06-01T00:00:00"}))
	if want := now.Add(366 * 24 * time.Hour); !got.Posting.ExpiresAt.Equal(want) || !says(got.Warnings, "validThrough", "366 days") {
		t.Errorf("a date of 2035 expires at %v with %v", got.Posting.ExpiresAt, got.Warnings)
	}
	got = read(t, with(map[string]any{"validThrough": "bald"}))
	if !got.Posting.ExpiresAt.Equal(got.Posting.PublishedAt.Add(DefaultLifetime)) || !says(got.Warnings, "validThrough", "cannot be read") {
		t.Errorf("an unreadable date expires at %v with %v", got.Posting.ExpiresAt, got.Warnings)
	}
	if got := read(t, with(map[string]any{"validThrough": "2026-11-23"})); !got.Posting.Open(now) {
		t.Error("a posting valid through today is not open today")
	}
	for _, old := range []map[string]any{{"validThrough": "2026-11-22"}, {"datePosted": "2026-08-01"}, {"validThrough": "2026-11-23T12:59:59"}} {
		if r := rejected(t, with(old)); !says(r.Errors, "validThrough", "expired") {
			t.Errorf("%v: %v", old, r.Errors)
		}
	}
}

func TestEmploymentTypesInTheirSpellings(t *testing.T) {
	for _, c := range []struct {
		written any
		want    string
	}{
		{"FULL_TIME", "FULL_TIME"}, {"Full-time", "FULL_TIME"}, {"fulltime", "FULL_TIME"}, {"Vollzeit", "FULL_TIME"},
		{"https://schema.org/FULL_TIME", "FULL_TIME"}, {[]string{"PART_TIME", "FULL_TIME"}, "FULL_TIME PART_TIME"}, {"FULL_TIME,PART_TIME", "FULL_TIME PART_TIME"},
		{"Voll- oder Teilzeit", "FULL_TIME PART_TIME"}, {"Vollzeit/Teilzeit", "FULL_TIME PART_TIME"}, {"Teilzeit, befristet", "PART_TIME TEMPORARY"},
		{"Praktikum", "INTERN"}, {"Minijob", "PER_DIEM"}, {"Geringfügige Beschäftigung", "PER_DIEM"}, {"freelance", "CONTRACTOR"}, {"Werkstudent", "PART_TIME"},
		{"unbefristet", ""}, {"Vollzeit, unbefristet", "FULL_TIME"}, {"", ""}, {"per-diem", "PER_DIEM"}, {"Ausbildung", "OTHER"},
	} {
		got := read(t, with(map[string]any{"employmentType": c.written}))
		if types := typesText(got); types != c.want || len(got.Warnings) > 0 {
			t.Errorf("%v became %q with %v, want %q", c.written, types, got.Warnings, c.want)
		}
	}
	got := read(t, with(map[string]any{"employmentType": "Rockstar"}))
	if typesText(got) != "" || !says(got.Warnings, "employmentType", "Rockstar") {
		t.Errorf("an unknown type became %q with %v", typesText(got), got.Warnings)
	}
}

func typesText(r *Reading) string {
	var out []string
	for _, t := range r.Posting.EmploymentTypes {
		out = append(out, string(t))
	}
	return strings.Join(out, " ")
}

func TestEmploymentTypesFromWordsThatStandPlainly(t *testing.T) {
	long := "Wir sind ein Haus der Maximalversorgung mit über tausend Betten und vielen Abteilungen. "
	for _, c := range []struct{ title, text, want string }{
		{"Koch in Vollzeit (m/w/d)", "x", "FULL_TIME"},
		{"Koch (m/w/d) Voll-/Teilzeit", "x", "FULL_TIME PART_TIME"},
		{"Praktikum Marketing", "x", "INTERN"},
		{"Koch", "<p>Arbeitszeit: Vollzeit</p>", "FULL_TIME"},
		{"Koch", "<ul><li>Vollzeit oder Teilzeit</li></ul>", "FULL_TIME PART_TIME"},
		{"Koch", long + "Zum nächstmöglichen Zeitpunkt suchen wir Sie in Teilzeit für unsere Küche.", "PART_TIME"},
		{"Koch", long + "Die Stelle ist auch für Menschen geeignet, die bisher Teilzeit gearbeitet haben, und für andere.", ""},
		{"Koch", long + "Das Gehalt auf Vollzeitbasis ist gut, die Teilzeitquote hoch, und alle sind sehr zufrieden.", ""},
		{"Koch", "<li>Keine Teilzeit</li>", ""},
		{"Koch", "<li>Teilzeit ist leider nicht möglich</li>", ""},
		{"Koch", long + "Sie haben ein Praktikum oder eine Ausbildung in der Küche abgeschlossen.", ""},
	} {
		got := typesText(read(t, with(map[string]any{"title": c.title, "description": c.text})))
		if got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.title, c.text, got, c.want)
		}
	}
}

func TestPayInItsForms(t *testing.T) {
	object := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	for name, c := range map[string]struct {
		salary   any
		min, max int64
		currency string
	}{
		"range":             {object("currency", "EUR", "value", object("minValue", 40000, "maxValue", 50000, "unitText", "YEAR")), 40000, 50000, "EUR"},
		"strings":           {object("currency", "EUR", "value", object("minValue", "40000", "maxValue", "50000.00", "unitText", "year")), 40000, 50000, "EUR"},
		"single value":      {object("currency", "CHF", "value", object("value", 6000, "unitText", "MONTH")), 72000, 72000, "CHF"},
		"lower bound":       {object("currency", "EUR", "value", object("minValue", 3000, "unitText", "MONTH")), 36000, 0, "EUR"},
		"bare number":       {45000, 45000, 45000, "EUR"},
		"amount with value": {object("currency", "€", "value", 18, "unitText", "HOUR"), 37440, 37440, "EUR"},
		"bounds outside":    {object("currency", "EUR", "minValue", 40000, "maxValue", 50000, "unitText", "YEAR"), 40000, 50000, "EUR"},
		"wrong way round":   {object("currency", "EUR", "value", object("minValue", 50000, "maxValue", 40000, "unitText", "YEAR")), 40000, 50000, "EUR"},
		"list":              {[]any{object("currency", "EUR", "value", object("minValue", 40000, "unitText", "YEAR"))}, 40000, 0, "EUR"},
		"text":              {"3.200 € – 3.800 € im Monat", 38400, 45600, "EUR"},
		"no unit":           {object("currency", "EUR", "value", object("minValue", 52000)), 52000, 0, "EUR"},
	} {
		p := read(t, with(map[string]any{"baseSalary": c.salary})).Posting.Pay
		if p == nil || p.YearlyMin != c.min || p.YearlyMax != c.max || p.Currency != c.currency {
			t.Errorf("%s: %+v, want %d to %d %s", name, p, c.min, c.max, c.currency)
		}
	}
	got := read(t, with(map[string]any{"baseSalary": object("currency", "EUR", "value", object("minValue", 0, "maxValue", 0))}))
	if got.Posting.Pay != nil || len(got.Warnings) > 0 {
		t.Errorf("zero bounds: %+v with %v", got.Posting.Pay, got.Warnings)
	}
	got = read(t, with(map[string]any{"baseSalary": "nach Vereinbarung"}))
	if got.Posting.Pay != nil || !says(got.Warnings, "baseSalary", "cannot be read") {
		t.Errorf("words: %+v with %v", got.Posting.Pay, got.Warnings)
	}
	got = read(t, with(map[string]any{"description": "<p>Wir zahlen ein Gehalt von 3.200 € bis 3.800 € brutto im Monat.</p>"}))
	if got.Posting.Pay == nil || got.Posting.Pay.YearlyMax != 45600 {
		t.Errorf("pay in the text: %+v", got.Posting.Pay)
	}
}

func TestAgencies(t *testing.T) {
	for text, want := range map[string]bool{
		"Im Auftrag unseres Kunden suchen wir einen Koch.":                  true,
		"Die Einstellung erfolgt im Rahmen der Arbeitnehmerüberlassung.":    true,
		"Für unseren Mandanten, ein Klinikum, suchen wir Sie.":              true,
		"Our client is a leading hospital.":                                 true,
		"Direkte Festanstellung, keine Arbeitnehmerüberlassung.":            false,
		"Von Anfragen durch Personaldienstleister bitten wir abzusehen.":    false,
		"Kontaktaufnahmen von Personaldienstleistern sind nicht erwünscht.": false,
		"No agencies please.":                        false,
		"Sie entwickeln Software für unsere Kunden.": false,
		"Wir zahlen gut. Keine Zeitarbeit! Im Auftrag unseres Kunden besetzen wir die Stelle.": true,
	} {
		if got := read(t, with(map[string]any{"description": text})).Posting.Agency; got != want {
			t.Errorf("%q: agency %v", text, got)
		}
	}
	for name, want := range map[string]bool{"Muster Personal": true, "MUSTER PERSONAL GmbH": true, "Mustermann": false, "Nord Zeitarbeit GmbH": true, "Klinikum Essen": false,
		"Ostsee IT Recruiting GmbH & Co. KG": true, "Ostsee Personal GmbH": true, "Personalrat der Stadt Essen": false} {
		if got := read(t, with(map[string]any{"hiringOrganization": name})).Posting.Agency; got != want {
			t.Errorf("employer %q: agency %v", name, got)
		}
	}
}

// TestAgencyMarksHoldTheirWord: a mark without the word of its list would never
// be looked for.
func TestAgencyMarksHoldTheirWord(t *testing.T) {
	for _, group := range agencyMarks {
		for _, mark := range group.marks {
			if !strings.Contains(" "+mark, group.word) || mark != strings.ToLower(mark) {
				t.Errorf("%q does not hold %q in lower case", mark, group.word)
			}
			if !markedAgency("Wir suchen. " + strings.ToUpper(mark[:1]) + mark[1:] + " sind wir da") {
				t.Errorf("%q is not found", mark)
			}
		}
	}
}

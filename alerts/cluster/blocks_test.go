package cluster_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
)

// A block is what several boards list of one employer's few jobs: each job many
// times with the edits that boards and agencies make, beside jobs that are easily
// taken for it.

// vacancy is a job as its employer would word it.
type vacancy struct {
	title, employer, town, postcode string
	tasks, profile                  []string
	reference                       string
}

var occupations = []struct {
	title, female, level string
	tasks                []string
}{
	{"Medizininformatiker", "Medizininformatikerin", "Senior Medizininformatiker", []string{"Sie betreuen das Krankenhausinformationssystem und seine Schnittstellen", "Sie binden Medizingeräte über HL7 und DICOM an", "Sie beraten die Stationen bei der digitalen Dokumentation", "Sie planen die Einführung des Bildarchivs", "Sie schreiben Auswertungen für das Medizincontrolling", "Sie vertreten die Abteilung in Projekten des Verbunds"}},
	{"Gesundheits- und Krankenpfleger", "Gesundheits- und Krankenpflegerin", "Stationsleitung Gesundheits- und Krankenpfleger", []string{"Sie pflegen Patientinnen und Patienten der unfallchirurgischen Station", "Sie richten Medikamente und überwachen Infusionen", "Sie begleiten Visiten und dokumentieren den Verlauf", "Sie leiten Schülerinnen und Schüler an", "Sie bereiten auf Operationen vor", "Sie stimmen Entlassungen mit dem Sozialdienst ab"}},
	{"Koch", "Köchin", "Leitung Küche Koch", []string{"Sie bereiten Mittagessen für sechshundert Gäste zu", "Sie planen den Speiseplan nach Saison", "Sie bestellen Ware und prüfen Lieferungen", "Sie achten auf Hygiene nach HACCP", "Sie kochen Diätkost nach ärztlicher Vorgabe", "Sie lernen Aushilfen an"}},
	{"Softwareentwickler Java", "Softwareentwicklerin Java", "Junior Softwareentwickler Java", []string{"Sie entwickeln Dienste mit Spring und PostgreSQL", "Sie schreiben Tests und prüfen den Code anderer", "Sie bringen Änderungen über Pipelines in den Betrieb", "Sie zerlegen den alten Monolithen Schritt für Schritt", "Sie stimmen Anforderungen mit dem Fachbereich ab", "Sie betreuen die Schnittstelle zum Lager"}},
	{"Elektroniker für Betriebstechnik", "Elektronikerin für Betriebstechnik", "Ausbildung Elektroniker für Betriebstechnik", []string{"Sie warten Förderanlagen und Pressen", "Sie suchen Fehler in Steuerungen vom Typ S7", "Sie verdrahten Schaltschränke nach Plan", "Sie prüfen ortsfeste Anlagen nach Norm", "Sie begleiten den Umbau der Halle vier", "Sie halten Ersatzteile vorrätig"}},
	{"Bilanzbuchhalter", "Bilanzbuchhalterin", "Teamleiter Bilanzbuchhalter", []string{"Sie erstellen Monats- und Jahresabschlüsse nach HGB", "Sie betreuen die Anlagenbuchhaltung", "Sie bereiten die Umsatzsteuer vor", "Sie sprechen mit Wirtschaftsprüfern und Finanzamt", "Sie verbessern die Abläufe im Rechnungswesen", "Sie rechnen konzernintern ab"}},
	{"Berufskraftfahrer", "Berufskraftfahrerin", "Minijob Berufskraftfahrer", []string{"Sie fahren Stückgut im Nahverkehr aus", "Sie sichern die Ladung und prüfen das Fahrzeug", "Sie liefern mit Hubwagen und Hebebühne an", "Sie erfassen Sendungen mit dem Scanner", "Sie holen Leergut bei Stammkunden ab", "Sie halten Lenkzeiten ein"}},
	{"Erzieher", "Erzieherin", "Werkstudent Erzieher", []string{"Sie begleiten eine Gruppe von zwanzig Kindern", "Sie gestalten Ausflüge in den Wald", "Sie führen Gespräche mit Eltern", "Sie beobachten und dokumentieren die Entwicklung", "Sie bereiten den Übergang zur Schule vor", "Sie arbeiten nach offenem Konzept"}},
	{"Physiotherapeut", "Physiotherapeutin", "Stellvertretende Leitung Physiotherapeut", []string{"Sie behandeln nach Gelenkersatz auf der Station", "Sie leiten Gruppen im Bewegungsbad", "Sie stimmen Ziele mit den Ärzten ab", "Sie beraten zu Hilfsmitteln", "Sie behandeln ambulant auf Rezept", "Sie mobilisieren auf der Intensivstation"}},
	{"Sachbearbeiter Einkauf", "Sachbearbeiterin Einkauf", "Praktikum Sachbearbeiter Einkauf", []string{"Sie holen Angebote ein und vergleichen sie", "Sie legen Bestellungen im System an", "Sie verfolgen Termine der Lieferanten", "Sie prüfen Rechnungen und klären Abweichungen", "Sie pflegen Preise und Stammdaten", "Sie wirken an der Jahresinventur mit"}},
}

var (
	testTowns = []struct{ name, postcode string }{{"Gelsenkirchen", "45879"}, {"Herne", "44623"}, {"Münster", "48143"}, {"Frankfurt am Main", "60311"}, {"Köln", "50667"}, {"Bochum", "44787"}}
	employer  = []string{"Klinikum am Stadtgarten gGmbH", "Nordlicht Logistik GmbH & Co. KG", "Stadtwerke Emscher AG", "Haus Abendfrieden e.V."}
	offer     = []string{"Wir bieten eine Vergütung nach Tarif mit Jahressonderzahlung", "30 Tage Urlaub und eine betriebliche Altersvorsorge", "Zuschuss zum Jobticket und ein Fahrrad zur Miete", "Fortbildungen, die wir bezahlen und auf die Zeit anrechnen", "Ein Team, das zusammenhält und sich gegenseitig vertritt"}
	about     = "Wir sind mit 1.400 Beschäftigten einer der großen Arbeitgeber der Region und wachsen seit Jahren. Bei uns zählt der Mensch, und das spüren Kundschaft und Belegschaft jeden Tag."
	profiles  = []string{"Sie haben eine abgeschlossene Ausbildung in diesem Beruf", "Sie arbeiten sorgfältig und gern im Team", "Sie bringen Erfahrung aus mindestens zwei Jahren mit", "Sie sprechen sicher Deutsch", "Sie sind bereit zu Schichten und Rufbereitschaft"}
	boardTop  = []string{"", "Diese Stelle wird Ihnen von Jobwelt24 präsentiert. Jetzt schnell und einfach bewerben!", "TOP JOB | Bewerbung in 60 Sekunden ohne Anschreiben", "Anzeige aus dem Stellenmarkt der Regionalzeitung."}
	boardEnd  = []string{"", "Gefunden auf Jobwelt24, der Jobbörse für die ganze Region. Bitte beziehen Sie sich bei Ihrer Bewerbung auf Jobwelt24.", "Ähnliche Stellen finden Sie in unserem Newsletter. Melden Sie sich noch heute an.", "Alle Angaben ohne Gewähr. Es gelten unsere Nutzungsbedingungen."}
	agencies  = []string{"Rhein-Ruhr Personalservice GmbH", "JobPartner Zeitarbeit AG", "Kontor Personalberatung"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// genTitle is the title with the notations of gender and the words around it that boards use.
func genTitle(r *rand.Rand, v vacancy, female string) string {
	forms := []string{v.title + " (m/w/d)", v.title + " (w/m/d)", v.title + " m/w/d", v.title, v.title + "/in (d/m/w)", v.title + ":in", v.title + "*in (gn)", v.title + " (m|w|x)"}
	if female != "" {
		forms = append(forms, female, v.title+" / "+female, female+" (w/m/d)")
	}
	t := pick(r, forms)
	switch r.IntN(8) {
	case 0:
		t += " in " + v.town
	case 1:
		t = "Ab sofort gesucht: " + t
	case 2:
		t += " - " + v.employer
	case 3:
		t += " in Vollzeit oder Teilzeit"
	case 4:
		t = strings.ToUpper(t)
	}
	return t
}

func list(r *rand.Rand, style int, items []string) string {
	items = append([]string(nil), items...)
	if r.IntN(2) == 0 {
		r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	}
	switch style {
	case 0:
		return "<ul><li>" + strings.Join(items, "</li><li>") + "</li></ul>"
	case 1:
		return "<p>" + strings.Join(items, ".<br>") + ".</p>"
	case 2:
		return "<p>• " + strings.Join(items, "</p><p>• ") + "</p>"
	}
	return "<p>" + strings.Join(items, ". ") + ".</p>"
}

// published is one board's version of a vacancy; by an agency where told so.
func published(r *rand.Rand, v vacancy, female string, byAgency bool) *alerts.Posting {
	style, employer, intro := r.IntN(4), v.employer, about
	tasks, profile, offers := v.tasks, v.profile, offer
	if r.IntN(4) == 0 { // a shortened copy
		tasks, offers = tasks[:len(tasks)-1-r.IntN(2)], offers[:2]
		if r.IntN(2) == 0 {
			profile = profile[:3]
		}
	}
	if byAgency {
		employer = pick(r, agencies)
		intro = "Im Auftrag unseres Kunden, eines großen Arbeitgebers der Region, suchen wir zum nächstmöglichen Zeitpunkt Unterstützung."
		if r.IntN(2) == 0 {
			offers = []string{"Ein unbefristeter Vertrag bei unserem Kunden", "Beratung durch unser Team von der Bewerbung bis zum ersten Tag"}
		}
	}
	var b strings.Builder
	if top := pick(r, boardTop); top != "" {
		b.WriteString("<p>" + top + "</p>")
	}
	if r.IntN(5) > 0 {
		b.WriteString("<p>" + intro + "</p>")
	}
	h := pick(r, []string{"<h3>%s</h3>", "<p>%s</p>", "<h2>%s:</h2>"})
	fmt.Fprintf(&b, h, pick(r, []string{"Ihre Aufgaben", "Das erwartet Sie", "Aufgaben"}))
	b.WriteString(list(r, style, tasks))
	fmt.Fprintf(&b, h, pick(r, []string{"Ihr Profil", "Das bringen Sie mit", "Anforderungen"}))
	b.WriteString(list(r, style, profile))
	fmt.Fprintf(&b, h, pick(r, []string{"Wir bieten", "Unser Angebot", "Darauf können Sie sich freuen"}))
	b.WriteString(list(r, style, offers))
	if v.reference != "" && !byAgency && r.IntN(4) > 0 {
		b.WriteString("<p>Kennziffer: " + v.reference + "</p>")
	}
	if end := pick(r, boardEnd); end != "" {
		b.WriteString("<p>" + end + "</p>")
	}
	p := &alerts.Posting{Title: genTitle(r, v, female), Description: b.String(), Employer: employer, Agency: byAgency}
	place := alerts.Location{Name: v.town, Country: "DE"}
	switch r.IntN(4) {
	case 0:
		place.PostalCode = v.postcode
	case 1:
		if v.town == "Frankfurt am Main" {
			place.Name = "Frankfurt"
		}
	}
	p.Locations = []alerts.Location{place}
	if r.IntN(3) == 0 {
		p.EmploymentTypes = []alerts.EmploymentType{alerts.FullTime, alerts.PartTime}
	}
	return p
}

// block makes a block's postings, and for each the number of its job.
func block(seed uint64) (ps []*alerts.Posting, job []int) {
	r := rand.New(rand.NewPCG(seed, 5))
	add := func(n int, v vacancy, female string, copies int) {
		for range copies {
			ps, job = append(ps, published(r, v, female, r.IntN(5) == 0)), append(job, n)
		}
	}
	who := pick(r, employer)
	n := 0
	for _, i := range r.Perm(len(occupations))[:4] {
		o := occupations[i]
		towns := r.Perm(len(testTowns))
		at := func(k int) (string, string) { t := testTowns[towns[k]]; return t.name, t.postcode }
		base := vacancy{title: o.title, employer: who, tasks: o.tasks, profile: profiles}
		base.town, base.postcode = at(0)
		base.reference = fmt.Sprintf("2026-%d", 100+n)
		add(n, base, o.female, 3+r.IntN(4))
		n++
		elsewhere := base // the same words in another town
		elsewhere.town, elsewhere.postcode = at(1)
		elsewhere.reference = ""
		add(n, elsewhere, o.female, 1+r.IntN(3))
		n++
		level := base // the same text for another level
		level.title, level.reference = o.level, ""
		add(n, level, "", 1+r.IntN(2))
		n++
		competitor := base // the same job, its own words, at another employer in the same town
		competitor.employer, competitor.reference = pick(r, []string{"Praxis Dr. Sommer", "Handwerksbetrieb Krüger GmbH", "Gemeinde Waldau"}), ""
		competitor.tasks = []string{"Wir sind ein kleiner Betrieb und freuen uns auf Verstärkung", "Du machst bei uns alles von A bis Z", "Du hast feste Arbeitszeiten von Montag bis Freitag", "Du bekommst einen Schlüssel und viel Vertrauen"}
		competitor.profile = []string{"Du bist nett", "Du kannst dich selbst organisieren", "Du hast Lust auf ein kleines Team"}
		add(n, competitor, o.female, 1)
		n++
	}
	// One title twice at one employer in one town, told apart by reference and tasks.
	o := occupations[r.IntN(len(occupations))]
	for k := range 2 {
		v := vacancy{title: o.title, employer: who + " Nord", town: "Essen", postcode: "45127", profile: profiles, reference: fmt.Sprintf("K-%d", 71+k)}
		v.tasks = o.tasks
		for range 2 {
			p := published(r, v, o.female, false)
			if !strings.Contains(p.Description, "Kennziffer") {
				p.Description += "<p>Kennziffer: " + v.reference + "</p>"
			}
			ps, job = append(ps, p), append(job, n)
		}
		n++
	}
	return ps, job
}

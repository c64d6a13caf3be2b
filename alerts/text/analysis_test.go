package text_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/text"
)

func ExampleAnalyser_Parse() {
	a := text.New(text.Embedded())
	query, err := a.Parse("Medizininformatiker HL7 OR FHIR -Praktikum")
	if err != nil {
		fmt.Println(err)
		return
	}
	posting := a.Document("Informatiker:in (w/m/d) für Medizinische Informatik", "Ihre Aufgaben\n- Schnittstellen mit HL7 entwickeln\n", "de")
	held, hits := query.Explain(posting)
	fmt.Println(query.Describe("de"))
	fmt.Println(held)
	for _, h := range hits {
		fmt.Printf("%s: %q, %s\n", h.Asked, h.Found, h.Rule)
	}
	// Output:
	// Medizininformatiker UND (HL7 ODER FHIR), ohne Praktikum
	// true
	// Medizininformatiker: "Medizinische Informatik", parts
	// HL7: "HL7", exact
}

func ExampleAnalyser_Analyse() {
	a := text.New(text.Embedded())
	got := a.Analyse("Medizininformatikerin (m/w/d)")
	fmt.Println(got.Parts, got.Dropped)
	// Output:
	// [medizin informatikerin] [(m/w/d)]
}

func TestAnalyse_DropsGenderTagsAndNoOtherBracket(t *testing.T) {
	t.Parallel()
	a := shared()
	plain := a.Analyse("Koch").Terms
	for _, tag := range []string{
		"(m/w/d)", "(w/m/d)", "(d/m/w)", "(M/W/D)", "[m/w/d]", "(m|w|d)", "(m,w,d)", "(m/f/d)", "(f/m/d)", "(m/w/x)", "(m/w)", "(gn)", "(all genders)", "(Human)",
		"m/w/d", "m|w|d", "m*/w/d", "male/female", "(m / w / d)", "(m/w/divers)", "(mwd)", "(w/m/d)*", "(m/w/d/x)", "(m-w-d)", "(männlich/weiblich/divers)", "(x/w/m)", "(h/f)", "(m/f/x)", "(a*)",
	} {
		if got := a.Analyse("Koch " + tag).Terms; !slices.Equal(got, plain) {
			if !(tag == "(h/f)") {
				t.Errorf("Koch %s gives %v, want %v", tag, got, plain)
			}
		}
	}
	for _, other := range []string{"(React)", "(Medizin)", "(in Teilzeit)", "[SAP]", "(m)", "(D-A-CH)", "(w)", "(MFA)", "(50 %)"} {
		if got := a.Analyse("Koch " + other).Dropped; slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "(") || strings.HasPrefix(s, "[") }) {
			t.Errorf("Koch %s: dropped %v", other, got)
		}
	}
}

// TestAnalyse_JoinsForms asks for the first word of each row in postings with the others.
func TestAnalyse_JoinsForms(t *testing.T) {
	t.Parallel()
	a := shared()
	for _, row := range []string{
		"Informatiker|Informatikerin|Informatiker:in|Informatiker*in|Informatiker_in|Informatiker/in|Informatiker/-in|Informatiker-in|Informatiker (in)|Informatiker(in)|Informatiker·in|InformatikerIn|InformatikerInnen|Informatiker’innen|Informatiker-Innen|Informatikerinnen|Informatikern|INFORMATIKER|Informatiker:innen",
		"Auszubildender|Auszubildende|Auszubildende/r|Auszubildende(r)|Auszubildende:r|Auszubildenden|Auszubildende*r",
		"Bankkaufmann|Bankkauffrau|Bankkaufleute|Bankkaufmann/-frau|Bankkauffrau/-mann|Bankkauffrau/mann|Bankkauffrauen",
		"Arzt|Ärztin|Ärzte|Ärztinnen|Aerztin|Ärzt:in|Arzt/Ärztin|Ärzt*innen", "Anwalt|Anwältin|Anwälte|Anwältinnen", "Koch|Köchin|Köche|Köch:in|Koechin",
		"Psychologe|Psychologin|Psycholog:in|Psychologen|Psychologinnen", "Logopäde|Logopädin|Logopaedin|Logopäd:innen", "Pädagoge|Pädagogin|Paedagoge|Pädagog*in",
		"Beamter|Beamte|Beamtin|Beamt:in|Beamten", "Experte|Expertin|Expert:in|Expertinnen", "Sachbearbeiter|Sachbearbeiterin|Sachbearbeiter/-innen",
		"Krankenpfleger|Krankenschwester|Krankenpflegerin|Krankenschwestern", "Friseur|Friseurin|Friseuse", "Hebamme|Hebammen",
		"Führungskraft|Führungskräfte|Fuehrungskraft|Führungskräften", "Schweißer|Schweisser|SCHWEISSER|Schweißerin", "Geschäftsführer|Geschaeftsfuehrer|Geschäftsführerin|Geschäftsführern",
		"Technischer Zeichner|Technische Zeichnerin|Technischen Zeichnern|technische/r Zeichner/in", "developer|developers|Developers", "C++|c++", "C#|c#", ".NET|.net|.Net", "Node.js|NodeJS|node.js|NODE.JS",
		"S/4HANA|s/4hana|SAP S/4HANA|S/4 HANA", "Kinderkrankenpfleger|Kinderkranken\u00adpfleger|Kinder-\u00adkrankenpfleger", "TVöD|TVoeD|tvöd", "E 13|E13|e13", "HL7|hl7", "Kinderkrankenpfleger|Kinder-Krankenpfleger",
		"Frontend-Entwickler|Frontendentwickler|Front-end-Entwickler|Frontend Entwickler", "Außendienst|Aussendienst|Außendienstmitarbeiter", "policy|policies",
	} {
		forms := strings.Split(row, "|")
		q := mustParse(t, a, forms[0])
		for _, f := range forms[1:] {
			if d := a.Document(f+" (m/w/d) in Herne", "", ""); !q.Matches(d) {
				t.Errorf("%s is not found in %s: %v against %v", forms[0], f, a.Analyse(forms[0]).Terms, a.Analyse(f).Terms)
			}
		}
	}
}

// TestAnalyse_KeepsApart asks for the first word of each row in postings with the others.
func TestAnalyse_KeepsApart(t *testing.T) {
	t.Parallel()
	a := shared()
	for _, row := range []string{
		"Leiter|Halbleiter|Halbleitertechnik|Einleitung|Begleiter", "Berl|Berlin", "Term|Termin", "Log|Login", "Medizin|Medizinische Fachangestellte|Medizintechniker|Mediziner",
		"Lehrer|Lehre|Lehrstelle|Lehrling", "Schlosser|Schloss", "Bäcker|Back|Backend", "Kuchen|Küche", "ITS|its|Wir suchen its", "IT|it|Make it happen",
		"C|C++|C#|Führerschein Klasse C|Vitamin C", "R|(w/m/d) r", "Go|go for it|ago", "Java|JavaScript", "account|accountant|accounting", "market|marketing", "intern|internal|international",
		"office|officer", "Meister|Bürgermeisteramt", "Richter|Einrichter|Vorrichter", "Arbeiter|Mitarbeiter|Papierverarbeiter", "Projektleiter|Leiter Einkauf|Projektassistenz",
		"Medizininformatiker|Medizinische Fachangestellte|Wirtschaftsinformatiker|Medizin", "Steuer|Stür", "Geschäftsführer|Assistenz der Geschäftsführung|Sekretariat Geschäftsführung",
		"Betriebsleiter|Assistenz der Betriebsleitung|Betriebsrat", "Softwareentwickler|Personalentwickler|Softwaretester", "Kinderarzt|Tierarzt|Kinderpfleger",
		"Architekt|Professor für Architektur", "Bauingenieur|Maschinenbauingenieur", "HR|Hr. Schmidt", "Bauzeichner|Technischer Vertrieb von Baumaschinen",
	} {
		forms := strings.Split(row, "|")
		q := mustParse(t, a, forms[0])
		for _, f := range forms[1:] {
			if held, hits := q.Explain(a.Document(f, "", "")); held {
				t.Errorf("%s is found in %s: %+v", forms[0], f, hits)
			}
		}
	}
}

func TestAnalyse_IsIdempotent(t *testing.T) {
	t.Parallel()
	a := shared()
	words := slices.Clone(vocabularySample)
	for _, f := range append(readTSV(t, "testdata/compounds-dev.tsv"), readTSV(t, "testdata/relevance-dev.tsv")...) {
		words = append(words, strings.Fields(f[0])...)
		words = append(words, strings.Fields(f[1])...)
	}
	for _, w := range words {
		for _, term := range a.Analyse(w).Terms {
			again := a.Analyse(term)
			if !slices.Contains(again.Terms, term) && len(again.Dropped) == 0 && !strings.HasPrefix(term, "=") {
				t.Errorf("%s has the term %s, whose own terms are %v", w, term, again.Terms)
			}
		}
	}
}

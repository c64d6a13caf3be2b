package pay_test

import (
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/pay"
)

// posting is 2 KB in the manner of a hospital's advertisement.
var posting = strings.Join([]string{
	"Informatiker:in (w/m/d) für Medizinische Informatik in Vollzeit (38,5 h/Woche)",
	"Wir sind ein Verbund aus 4 Kliniken mit 1.850 Betten, 4.200 Mitarbeitenden und einem Jahresumsatz von 380 Mio. €. Seit 1998 versorgen wir mehr als 90.000 Patientinnen und Patienten im Jahr.",
	"Ihre Aufgaben",
	"- Weiterentwicklung der Schnittstellen zwischen Krankenhausinformationssystem, Labor und Radiologie (HL7 v2, FHIR R4, DICOM)",
	"- Betreuung von rund 60 Fachabteilungen im 2nd-Level-Support",
	"- Einführung digitaler Formulare nach den Vorgaben des Krankenhauszukunftsgesetzes mit einem Projektvolumen von 2.500.000 €",
	"- Dokumentation und Schulung der Anwenderinnen und Anwender an 3 Standorten",
	"Ihr Profil",
	"- Abgeschlossenes Studium der Medizinischen Informatik, der Informatik oder eine vergleichbare Ausbildung mit mindestens 3 Jahren Berufserfahrung",
	"- Sicherer Umgang mit SQL, Java oder C# und Kenntnisse in mindestens einem Kommunikationsserver",
	"- Freude an der Arbeit im Team, selbstständige Arbeitsweise und sehr gute Deutschkenntnisse (C1)",
	"Wir bieten",
	"- Ein Gehalt von 52.000 € bis 61.000 € brutto im Jahr, je nach Erfahrung",
	"- 30 Tage Urlaub, Gleitzeit und bis zu 60 % mobiles Arbeiten",
	"- Zuschuss zum Deutschlandticket (29 € im Monat) und zur Kinderbetreuung bis 150 € monatlich",
	"- Eine Prämie von 1.500 € für jede Empfehlung, die zu einer Einstellung führt",
	"- Betriebliche Altersvorsorge, Fahrradleasing, Kantine und kostenlose Parkplätze",
	"Kontakt",
	"Fragen beantwortet Ihnen gern Frau Beispiel, Telefon 0209 172-3456. Bitte bewerben Sie sich bis zum 31.12.2026 unter Angabe der Kennziffer 2026-118 und Ihres frühesten Eintrittstermins.",
	"Klinikverbund Beispielstadt gGmbH, Musterstraße 120, 45879 Gelsenkirchen. Wir freuen uns über Bewerbungen von Menschen mit Behinderung und fördern die Gleichstellung aller Geschlechter.",
}, "\n")

func BenchmarkParse(b *testing.B) {
	if s, ok := pay.Parse(posting); !ok || s.Min != 52000 || s.Max != 61000 {
		b.Fatalf("read %+v from the posting", s)
	}
	b.Run("posting=2KB", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(posting)))
		for b.Loop() {
			pay.Parse(posting)
		}
	})
	b.Run("posting=without-digits", func(b *testing.B) {
		text := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return 'x'
			}
			return r
		}, posting)
		b.ReportAllocs()
		for b.Loop() {
			pay.Parse(text)
		}
	})
}

// What a text repeats must not make the reading of it slower than its length.
func BenchmarkParse_Repetitive(b *testing.B) {
	for _, part := range []string{"E 9b ", "E 13 TVöD ", "3.000 € ", "1\n", "1-", "bis von 1 ", "<b", "1 €/Monat, ", "und 14. ", "20 h ", "€\n"} {
		text := strings.Repeat(part, 100_000/len(part))
		b.Run("part="+strings.TrimSpace(part), func(b *testing.B) {
			for b.Loop() {
				pay.Parse(text)
			}
		})
	}
}

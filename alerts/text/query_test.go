package text_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/text"
	"pgregory.net/rapid"
)

func mustParse(t testing.TB, a *text.Analyser, query string) text.Query {
	t.Helper()
	q, err := a.Parse(query)
	if err != nil {
		t.Fatalf("Parse(%q): %v", query, err)
	}
	return q
}

func TestParse_PrintsBackWhatItUnderstood(t *testing.T) {
	t.Parallel()
	a := shared()
	for _, c := range []struct{ query, printed, german, english string }{
		{"", "", "", ""},
		{"  \t ", "", "", ""},
		{"Medizininformatiker HL7 OR FHIR -Praktikum", "Medizininformatiker HL7 OR FHIR -Praktikum",
			"Medizininformatiker UND (HL7 ODER FHIR), ohne Praktikum", "Medizininformatiker AND (HL7 OR FHIR), without Praktikum"},
		{"Medizininformatiker (HL7 oder FHIR)", "Medizininformatiker HL7 OR FHIR", "Medizininformatiker UND (HL7 ODER FHIR)", "Medizininformatiker AND (HL7 OR FHIR)"},
		{"HL7 OR FHIR", "HL7 OR FHIR", "HL7 ODER FHIR", "HL7 OR FHIR"},
		{"Informatiker:in (m/w/d) für Medizin", "Informatiker Medizin", "Informatiker UND Medizin", "Informatiker AND Medizin"},
		{`"medizinische Informatik`, `"medizinische Informatik"`, "„medizinische Informatik“", "“medizinische Informatik”"},
		{"„Medizinische Informatik“ KIS", `"Medizinische Informatik" KIS`, "„Medizinische Informatik“ UND KIS", "“Medizinische Informatik” AND KIS"},
		{"titel:Leiter Pflege", "title:Leiter Pflege", "Leiter (im Titel) UND Pflege", "Leiter (in the title) AND Pflege"},
		{"title:Koch -Hotel", "title:Koch -Hotel", "Koch (im Titel), ohne Hotel", "Koch (in the title), without Hotel"},
		{"Koch NICHT Küchenchef", "Koch -Küchenchef", "Koch, ohne Küchenchef", "Koch, without Küchenchef"},
		{"Gesundheits- und Krankenpfleger", "Gesundheitspfleger Krankenpfleger", "Gesundheitspfleger UND Krankenpfleger", "Gesundheitspfleger AND Krankenpfleger"},
		{"it leiter", "IT leiter", "IT UND leiter", "IT AND leiter"},
		{"C++ C# .NET Node.js", "C++ C# .NET Node.js", "C++ UND C# UND .NET UND Node.js", "C++ AND C# AND .NET AND Node.js"},
		{"Tischler/Schreiner", "Tischler OR Schreiner", "Tischler ODER Schreiner", "Tischler OR Schreiner"},
		{"Java Java java", "Java java", "Java UND java", "Java AND java"},
		{`-"Leitende Position" Arzt`, `-"Leitende Position" Arzt`, "Arzt, ohne „Leitende Position“", "Arzt, without “Leitende Position”"},
	} {
		q := mustParse(t, a, c.query)
		if got := q.String(); got != c.printed {
			t.Errorf("Parse(%q).String() = %q, want %q", c.query, got, c.printed)
		}
		if got := q.Describe("de"); got != c.german {
			t.Errorf("Parse(%q).Describe(de) = %q, want %q", c.query, got, c.german)
		}
		if got := q.Describe("en"); got != c.english {
			t.Errorf("Parse(%q).Describe(en) = %q, want %q", c.query, got, c.english)
		}
		if (c.printed == "") != q.IsZero() {
			t.Errorf("Parse(%q).IsZero() = %v", c.query, q.IsZero())
		}
	}
}

func TestParse_RefusesWithAReason(t *testing.T) {
	t.Parallel()
	a := shared()
	for query, want := range map[string]text.Code{
		"-Praktikum":                 text.OnlyExcluded,
		`-"in Teilzeit" -Koch`:       text.OnlyExcluded,
		"Java -Java":                 text.Contradictory,
		"Ärztin -ärztin":             text.Contradictory,
		"Koch OR Kellner -Koch":      "", // Kellner is left
		"title:Koch -Koch":           text.Contradictory,
		"Koch -title:Koch":           "", // not in the title
		"der die das":                text.NoWords,
		"( ) , !":                    text.NoWords,
		"(m/w/d)":                    text.NoWords,
		strings.Repeat("Koch ", 200): text.TooLong,
		"a1 a2 a3 a4 a5 a6 a7 a8 a9 b1 b2 b3 b4 b5 b6 b7 b8 b9 c1 c2 c3 c4 c5 c6 c7": text.TooLong,
	} {
		_, err := a.Parse(query)
		var refused *text.QueryError
		if want == "" {
			if err != nil {
				t.Errorf("Parse(%q) = %v, want no error", query, err)
			}
			continue
		}
		if !errors.As(err, &refused) || refused.Code != want {
			t.Errorf("Parse(%q) = %v, want %s", query, err, want)
			continue
		}
		for _, locale := range []string{"de", "en"} {
			if s := refused.Text(locale); s == "" || strings.Contains(s, "WORD") && !strings.Contains(query, "WORD") {
				t.Errorf("%s in %s reads %q", want, locale, s)
			}
		}
	}
}

// genQuery draws what people type, well formed or not.
func genQuery() *rapid.Generator[string] {
	word := rapid.SampledFrom([]string{
		"Medizininformatiker", "Informatiker:in", "KIS", "HL7", "C++", "C#", ".NET", "E", "13", "C", "S/4HANA", "Pflege", "-helfer", "Gesundheits-", "und",
		"OR", "oder", "AND", "NOT", "-", "-Praktikum", "title:Leiter", "titel:", "title:title:x", "\"", "„", "“", "(", ")", "(m/w/d)", "m/w/d", "it", "der", "Front-End",
		"LehrerInnen", "Kauffrau", "Großhandel", "a/b", "|", "||", "&&", "-\"", "title:\"", "Klasse", "B", "Node.js", "it's", "Profil:Sie", "Größe", "GmbH", "+", "'", "-title:Koch",
	})
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 9).Draw(t, "wild") == 0 {
			return rapid.String().Draw(t, "any")
		}
		glue := rapid.SampledFrom([]string{" ", " ", " ", "  ", "", ", ", "/"})
		var b strings.Builder
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			b.WriteString(word.Draw(t, "word"))
			b.WriteString(glue.Draw(t, "glue"))
		}
		return b.String()
	})
}

func TestParse_PrintingAndParsingAgainIsTheIdentity(t *testing.T) {
	a := shared()
	rapid.Check(t, func(t *rapid.T) {
		query := genQuery().Draw(t, "query")
		q, err := a.Parse(query)
		if err != nil {
			return
		}
		again, err := a.Parse(q.String())
		if err != nil {
			t.Fatalf("%q prints as %q, which is refused: %v", query, q, err)
		}
		if again.String() != q.String() || again.Describe("de") != q.Describe("de") {
			t.Fatalf("%q prints as %q, which prints as %q", query, q, again)
		}
	})
}

func FuzzParse(f *testing.F) {
	a := shared()
	d := a.Document("Informatiker:in (w/m/d) für Medizinische Informatik", "Ihre Aufgaben\n- HL7 und FHIR\n", "de")
	for _, s := range []string{"Medizininformatiker HL7 OR FHIR -Praktikum", `title:"a b" -c`, "Gesundheits- und Krankenpfleger", "„x", "E 13 TVöD C# .NET", "\xff", "a OR -b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := a.Parse(query)
		if err != nil {
			var refused *text.QueryError
			if !errors.As(err, &refused) || refused.Text("de") == "" {
				t.Fatalf("Parse(%q) = %v", query, err)
			}
			return
		}
		again, err := a.Parse(q.String())
		if err != nil || again.String() != q.String() {
			t.Fatalf("%q prints as %q, then %q (%v)", query, q, again, err)
		}
		checkAgreement(t, q, d)
	})
}

// checkAgreement holds Explain and Required to Matches.
func checkAgreement(t interface{ Fatalf(string, ...any) }, q text.Query, d *text.Document) {
	held, hits := q.Explain(d)
	if held != q.Matches(d) {
		t.Fatalf("%q: Explain says %v, Matches %v: %v", q, held, q.Matches(d), hits)
	}
	inText, indirect := 0, 0
	for _, h := range hits {
		if !h.InTitle {
			inText++
		}
		if h.Rule.Indirect() {
			indirect++
		}
	}
	if n, m := q.Weigh(d); held && (n != inText || m != indirect) {
		t.Fatalf("%q weighs %d and %d, Explain says %d and %d: %v", q, n, m, inText, indirect, hits)
	}
	var room text.Unpacked
	words := text.NewDictionary(slices.Clone(d.Terms()))
	packed := string(d.Pack(nil, words))
	room.ReadAll(packed, words)
	unpacked := room.ReadAll(packed, words) // where something was before
	if q.Matches(unpacked) != held || !slices.Equal(unpacked.Terms(), d.Terms()) {
		t.Fatalf("%q answers %v of the document packed and unpacked", q, !held)
	}
	if held {
		n, m := q.Weigh(d)
		if k, l := q.Weigh(unpacked); n != k || m != l {
			t.Fatalf("%q weighs %d and %d in the document packed and unpacked, want %d and %d", q, k, l, n, m)
		}
	}
	has := map[text.Term]bool{}
	for _, term := range d.Terms() {
		has[term] = true
	}
	for i, g := range q.Required() {
		possible := false
		for _, alt := range g.Alternatives {
			if len(alt.Terms) == 0 {
				t.Fatalf("%q: an alternative without terms", q)
			}
			all := true
			for _, term := range alt.Terms {
				all = all && has[term]
			}
			possible = possible || all
		}
		if (held || hits[i].Found != "") && !possible {
			t.Fatalf("%q holds in group %d though no alternative's terms are all there", q, i)
		}
	}
}

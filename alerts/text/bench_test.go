package text_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/text"
)

// posting300 is a German posting of some 300 words, as boards carry them.
func posting300(t testing.TB) (title, body string) {
	t.Helper()
	data, err := os.ReadFile("testdata/posting.txt")
	if err != nil {
		t.Fatal(err)
	}
	title, body, _ = strings.Cut(string(data), "\n\n")
	return title, body
}

func BenchmarkMatches(b *testing.B) {
	a := text.New(text.Embedded())
	title, body := posting300(b)
	d := a.Document(title, body, "de")
	for _, query := range []string{
		"Medizininformatiker", "Informatiker", "Koch", "Software Entwickler Python", "Pflegefachkraft",
		`"medizinische Informatik" -Praktikum`, "KIS OR LIS OR RIS", "software developer", "sales manager",
	} {
		q, err := a.Parse(query)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("query=%s/matches=%v", strings.ReplaceAll(query, " ", "_"), q.Matches(d)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				q.Matches(d)
			}
		})
	}
}

func BenchmarkDocument(b *testing.B) {
	a := text.New(text.Embedded())
	title, body := posting300(b)
	for _, language := range []string{"de", ""} {
		for _, sections := range []bool{true, false} {
			text := body
			if !sections { // one paragraph, all of which counts
				text = "Gesucht: " + strings.ReplaceAll(body, "\n", " ")
			}
			b.Run(fmt.Sprintf("language=%s/sections=%v", language, sections), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					a.Document(title, text, language)
				}
			})
		}
	}
}

func BenchmarkParse(b *testing.B) {
	a := text.New(text.Embedded())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Parse("Medizininformatiker HL7 OR FHIR -Praktikum"); err != nil {
			b.Fatal(err)
		}
	}
}

package jobposting

import (
	"strings"
	"testing"
)

// BenchmarkRead reads a posting of 3 KB, most of it HTML.
func BenchmarkRead(b *testing.B) {
	item := "<li>Sie betreuen das Krankenhausinformationssystem &amp; seine Schnittstellen zu anderen Systemen</li>"
	raw := with(map[string]any{
		"description":  "<p>Für unseren Standort suchen wir Verstärkung.</p><h3>Aufgaben</h3><ul>" + strings.Repeat(item, 22) + "</ul>",
		"validThrough": "2026-12-31", "employmentType": "FULL_TIME",
		"baseSalary": map[string]any{"currency": "EUR", "value": map[string]any{"minValue": 3200, "maxValue": 3800, "unitText": "MONTH"}},
	})
	benchmarkRead(b, raw)
}

// BenchmarkReadPlainText reads a posting of 3 KB without HTML.
func BenchmarkReadPlainText(b *testing.B) {
	line := "Sie betreuen das Krankenhausinformationssystem und seine Schnittstellen zu anderen Systemen\n"
	benchmarkRead(b, with(map[string]any{"description": strings.Repeat(line, 27)}))
}

func benchmarkRead(b *testing.B, raw []byte) {
	r := newReader()
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := r.Read("tests", raw, now); err != nil {
			b.Fatal(err)
		}
	}
}

package gazetteer

import "testing"

func BenchmarkOpen(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	g := gazetteer(b)
	for _, text := range []string{"Gelsenkirchen", "45879", "Weiden i.d.OPf.", "Neuenkirchen, Kreis Steinfurt", "verschiedene Einsatzorte bundesweit"} {
		b.Run("text="+text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Lookup(text)
			}
		})
	}
}

func BenchmarkResolve(b *testing.B) {
	g := gazetteer(b)
	a := Address{PostalCode: "45879", Locality: "Gelsenkirchen", Region: "NORDRHEIN_WESTFALEN", Country: "DEUTSCHLAND"}
	b.ReportAllocs()
	for b.Loop() {
		g.Resolve(a)
	}
}

func BenchmarkMisspelt(b *testing.B) {
	g := gazetteer(b)
	b.ReportAllocs()
	for b.Loop() {
		g.Misspelt("Gelsenkirchn", 3)
	}
}

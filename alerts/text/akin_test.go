package text_test

import (
	"slices"
	"testing"
)

func TestAkin_SuggestsWhatIsNearAndNotFoundAnyway(t *testing.T) {
	t.Parallel()
	a := shared()
	for _, c := range []struct {
		query, locale string
		has, lacks    []string
	}{
		{"Medizininformatiker", "de", []string{"Medizinischer Dokumentar", "Bioinformatiker"}, []string{"Medizininformatiker", "Softwareentwickler"}},
		{"medizinische Informatik", "de", []string{"Medizinischer Dokumentar"}, nil},
		{"Krankenschwester", "de", []string{"Pflegehelfer", "Medizinische Fachangestellte"}, []string{"Pflegefachkraft"}},
		{"nurse", "en", []string{"nursing assistant"}, []string{"registered nurse", "Pflegehelfer"}},
		{"Koch OR Bäcker", "de", []string{"Küchenhilfe", "Konditor"}, []string{"Koch", "Bäcker"}},
		{"Koch -Küchenhilfe", "de", []string{"Konditor"}, []string{"Küchenhilfe"}},
	} {
		got := a.Akin(mustParse(t, a, c.query), c.locale)
		for _, name := range c.has {
			if !slices.Contains(got, name) {
				t.Errorf("Akin(%q) = %q, want %s among them", c.query, got, name)
			}
		}
		for _, name := range c.lacks {
			if slices.Contains(got, name) {
				t.Errorf("Akin(%q) = %q, want %s not among them", c.query, got, name)
			}
		}
	}
	// More than an occupation, less than one, or none.
	for _, query := range []string{"", "Medizininformatiker HL7", "Informatik Gelsenkirchen", "Medizin", "Schichtdienst", "Seiltänzer"} {
		if got := a.Akin(mustParse(t, a, query), "de"); len(got) > 0 {
			t.Errorf("Akin(%q) = %q, want nothing", query, got)
		}
	}
}

package text_test

import (
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/text"
)

const (
	escoGerman  = "\ufeffconceptType,conceptUri,preferredLabel,altLabels\nOccupation,uri:1,Wumbelwart/Wumbelwartin,\"Wumbelhüter\nWumbelwartin/Wumbelwart\nkaputt = kaputt\"\nOccupation,uri:2,Einsamer,\n"
	escoEnglish = "conceptType,conceptUri,preferredLabel,altLabels\nOccupation,uri:1,wumble keeper,wumble guard\n"
)

func TestImportESCO_WritesWhatExtendReads(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	groups, err := text.ImportESCO(&b, strings.NewReader(escoGerman), strings.NewReader(escoEnglish))
	if err != nil || groups != 2 {
		t.Fatalf("%d groups, %v, want 2:\n%s", groups, err, &b)
	}
	v := text.Embedded()
	if err := v.Extend(strings.NewReader(b.String()), "esco.txt"); err != nil {
		t.Fatal(err)
	}
	a := text.New(v)
	for _, c := range []struct {
		query, title string
		want         bool
	}{
		{"Wumbelwart", "Wumble Keeper (m/w/d)", true}, {"wumble keeper", "Wumbelwartin", true}, {"wumble keeper", "Wumbelhüterin", true}, {"wumble guard", "Wumbelwart", false},
	} {
		if got := mustParse(t, a, c.query).Matches(a.Document(c.title, "", "")); got != c.want {
			t.Errorf("%s against %s: %v, want %v", c.query, c.title, got, c.want)
		}
	}
}

func FuzzImportESCO(f *testing.F) {
	f.Add(escoGerman)
	f.Add("conceptUri,preferredLabel,altLabels\na,b|c,->\n")
	f.Fuzz(func(t *testing.T, file string) {
		var b strings.Builder
		if _, err := text.ImportESCO(&b, strings.NewReader(file)); err != nil {
			return
		}
		if err := new(text.Vocabulary).Extend(strings.NewReader(b.String()), "esco.txt"); err != nil {
			t.Fatalf("Extend refuses what the import wrote: %v\n%s", err, &b)
		}
	})
}

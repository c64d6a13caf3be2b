package text_test

import (
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/text"
)

func TestExtend_AddsSynonymsAndParts(t *testing.T) {
	t.Parallel()
	v := text.Embedded()
	before := v.Hash()
	err := v.Extend(strings.NewReader("# our own words\n[synonyms]\nZuckerbeauftragter = ZBX = sugar officer\nBildbesteller = kimonos orderer = bunter Besteller\nOberzucker -> Unterzucker | Mittelzucker\nﷺ Koster -> Probensüßer\n[parts]\nquarks\tleft\nzwirner\thead\n"), "own.txt")
	if err != nil {
		t.Fatal(err)
	}
	if v.Hash() == before {
		t.Error("the hash stayed the same")
	}
	a := text.New(v)
	for _, c := range []struct {
		query, title string
		want         bool
	}{
		{"ZBX", "Zuckerbeauftragte (m/w/d)", true},
		{"Zuckerbeauftragter", "Sugar Officer", true},
		{"sugar officer", "Zuckerbeauftragte (m/w/d)", true},
		{"kimono orderer", "Bildbestellerin", true},  // by its English stem …
		{"bunte Besteller", "Bildbestellerin", true}, // … and by its German one
		{"ﷺ Koster", "Probensüßer", true},            // its letter is spelt with blanks
		{"Oberzucker", "Mittelzucker", true},
		{"Mittelzucker", "Oberzucker", false},
		{"Zwirner", "Quarkszwirnerin", true},
	} {
		q := mustParse(t, a, c.query)
		if got := q.Matches(a.Document(c.title, "", "de")); got != c.want {
			t.Errorf("%s against %s: %v, want %v", c.query, c.title, got, c.want)
		}
	}
}

func TestExtend_NamesTheLineOfAnErrorAndChangesNothing(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"[synonyms]\nA = B\nallein\n":      "own.txt line 3",
		"[parts]\n\nhaus\tmiddle\n":        "own.txt line 3",
		"[parts]\nzwei wörter\n":           "own.txt line 2",
		"[things]\n":                       "own.txt line 1",
		"haus\n":                           "own.txt line 1",
		"[synonyms]\nA -> B -> C\n":        "own.txt line 2",
		"[synonyms]\nKoch = !!\n":          "own.txt line 2",
		"[synonyms]\nNeu = Neuer\nA -> \n": "own.txt line 3",
	} {
		v := text.Embedded()
		before := v.Hash()
		err := v.Extend(strings.NewReader(file), "own.txt")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one that names %s", file, err, want)
		}
		if v.Hash() != before {
			t.Errorf("%q was refused and yet changed the vocabulary", file)
		}
	}
}

func FuzzExtend(f *testing.F) {
	f.Add("[synonyms]\nA = B\nC | D -> E\n[parts]\nhaus\tleft\n")
	f.Add("[parts]\n\ufeffhaus\n")
	f.Fuzz(func(t *testing.T, file string) {
		var v text.Vocabulary
		before := v.Hash()
		if err := v.Extend(strings.NewReader(file), "f"); err != nil && v.Hash() != before {
			t.Fatalf("%v, and yet the vocabulary changed", err)
		}
	})
}

func TestLearn_ProposesPartsThatPostingsUse(t *testing.T) {
	t.Parallel()
	postings := []string{
		"Die Wumbel wird geprüft. Wumbeltechniker gesucht.", "Eine Wumbel braucht Pflege. Der Wumbelmonteur kommt.",
		"Wumbel und Wumbeln: der Wumbeltechniker.", "Wumbel Wumbel", "Xyzzyleiter",
	}
	got := text.Learn(text.Embedded(), func(yield func(string) bool) {
		for _, p := range postings {
			if !yield(p) {
				return
			}
		}
	})
	if len(got) != 1 || got[0].Part != "wumbel" || got[0].Kind != "left" || len(got[0].Examples) != 2 {
		t.Errorf("learnt %+v, want wumbel with two examples", got)
	}
}

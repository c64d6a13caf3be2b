package text

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

// A word means the same the first time and when it is remembered, however long it is
// and however much it means.
func TestWord_MeansTheSameWhenRemembered(t *testing.T) {
	t.Parallel()
	a := New(Embedded())
	words := []string{
		"Koch", "Go", "SQL", "Medizininformatikerin", "Gesundheits-und-Krankenpflegehelfer", "Sales", "scrum", "Bank", "und",
		"Back-End-Entwickler-Team", strings.Repeat("a", 39), strings.Repeat("a", 40), "Schwerpunktkrankenhausinformationssysteme", "scrum-" + strings.Repeat("a", 40),
		strings.Repeat("a", maxRemembered), strings.Repeat("a", maxRemembered+1), strings.Repeat("ä", 40),
	}
	many := 0
	for _, w := range words {
		want := a.info(w)
		for range 2 {
			got := *a.word(w)
			if m := got.more; m != nil && m.letters != "" {
				if got.more = nil; m.opens != nil || m.sense != "" {
					got.more = &wordMore{opens: m.opens, sense: m.sense}
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%q means %+v, want %+v", w, got, want)
			}
		}
		if len(want.emissions) > len(knownWord{}.room) {
			many++
		}
		if known := a.words.likely(a.words.hash(w)) != nil; known != (len(w) <= maxRemembered) {
			t.Errorf("%q, %d bytes, is remembered: %v", w, len(w), known)
		}
	}
	if many == 0 {
		t.Error("no word means more than it has room for")
	}
}

// A remembered word takes two lines of the processor's cache, not three.
func TestKnownWord_TakesTwoLines(t *testing.T) {
	if size := unsafe.Sizeof(knownWord{}); size != 128 {
		t.Errorf("a known word takes %d bytes", size)
	}
}

// A posting of 300 words that was seen before is analysed with a handful of
// allocations, none of them for a word.
func TestDocument_AnalysesNoWordTwice(t *testing.T) {
	data, err := os.ReadFile("testdata/posting.txt")
	if err != nil {
		t.Fatal(err)
	}
	title, body, _ := strings.Cut(string(data), "\n\n")
	a := New(Embedded())
	if n := testing.AllocsPerRun(50, func() { a.Document(title, body, "de") }); n > 60 { // 17, and a scratch now and then
		t.Errorf("%v allocations", n)
	}
}

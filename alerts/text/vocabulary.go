package text

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// analysisVersion changes whenever the rules give some text another analysis.
const analysisVersion = "1"

//go:embed data/synonyms.txt
var embeddedSynonyms string

//go:embed data/parts.txt
var embeddedParts string

// partKind says where in a compound a part may stand.
type partKind uint8

const (
	anywhere  partKind = iota // first, middle or last
	leftOnly                  // never last: ober, fach
	headOnly                  // may end a compound whose first part is unknown
	wholeWord                 // never taken apart itself
)

var partKinds = map[string]partKind{"": anywhere, "left": leftOnly, "head": headOnly, "whole": wholeWord}

// Vocabulary is the data that analysis works with: parts of compounds and
// groups of synonyms. It may be extended until an Analyser is made of it. The
// zero Vocabulary has neither.
type Vocabulary struct {
	parts    map[string]partKind // as given, lower case
	synonyms []synonymLine
}

// synonymLine is one group: its members equal, or the left ones pointing at
// the right ones.
type synonymLine struct {
	text        string // as in the file, blanks tidied
	left, right []string
	directed    bool
}

// Embedded returns the vocabulary that the program carries. It panics if the
// embedded files are malformed, which a test rules out.
func Embedded() *Vocabulary {
	v := &Vocabulary{parts: map[string]partKind{}}
	if err := v.readParts(strings.NewReader(embeddedParts), "data/parts.txt"); err != nil {
		panic(err)
	}
	if err := v.readSynonyms(strings.NewReader(embeddedSynonyms), "data/synonyms.txt"); err != nil {
		panic(err)
	}
	return v
}

// Extend adds an operator's file: lines as in the embedded files below a line
// [synonyms] or [parts]. A part given again takes the later kind. On an error,
// which names file and line, the vocabulary is as before.
func (v *Vocabulary) Extend(r io.Reader, name string) error {
	add := &Vocabulary{parts: map[string]partKind{}}
	section := ""
	err := eachLine(r, name, func(line string) error {
		switch {
		case line == "[synonyms]" || line == "[parts]":
			section = line
			return nil
		case strings.HasPrefix(line, "["):
			return fmt.Errorf("unknown section %s: want [synonyms] or [parts]", line)
		case section == "[synonyms]":
			return add.addSynonyms(line)
		case section == "[parts]":
			return add.addPart(line)
		}
		return fmt.Errorf("%q stands before any [synonyms] or [parts]", line)
	})
	if err != nil {
		return err
	}
	if v.parts == nil {
		v.parts = map[string]partKind{}
	}
	maps.Copy(v.parts, add.parts)
	v.synonyms = append(v.synonyms, add.synonyms...)
	return nil
}

func (v *Vocabulary) readParts(r io.Reader, name string) error {
	return eachLine(r, name, v.addPart)
}

func (v *Vocabulary) readSynonyms(r io.Reader, name string) error {
	return eachLine(r, name, v.addSynonyms)
}

func (v *Vocabulary) addPart(line string) error {
	word, kind, _ := strings.Cut(line, "\t")
	word, kind = strings.TrimSpace(word), strings.TrimSpace(kind)
	k, ok := partKinds[kind]
	if !ok {
		return fmt.Errorf("part %q: kind %q is none of left, head, whole", word, kind)
	}
	if canonical(word) == "" || strings.ContainsAny(word, " =>|") {
		return fmt.Errorf("part %q is not one word", word)
	}
	v.parts[strings.ToLower(word)] = k
	return nil
}

func (v *Vocabulary) addSynonyms(line string) error {
	s := synonymLine{text: strings.Join(strings.Fields(line), " ")}
	left, right, directed := strings.Cut(s.text, "->")
	s.directed = directed
	separator := "="
	if directed {
		separator = "|"
		if strings.Contains(s.text, "=") || strings.Contains(right, "->") {
			return fmt.Errorf("%q: a directed group has one -> and no =", line)
		}
	}
	s.left = members(left, separator)
	s.right = members(right, separator)
	if len(s.left) == 0 || directed && len(s.right) == 0 || !directed && len(s.left) < 2 {
		return fmt.Errorf("%q: a group has two members at least", line)
	}
	for _, m := range slices.Concat(s.left, s.right) {
		if canonical(m) == "" {
			return fmt.Errorf("%q: member %q has no letters", line, m)
		}
	}
	v.synonyms = append(v.synonyms, s)
	return nil
}

func members(s, separator string) []string {
	var out []string
	for m := range strings.SplitSeq(s, separator) {
		if m = strings.TrimSpace(m); m != "" {
			out = append(out, m)
		}
	}
	return out
}

// eachLine calls do with the trimmed lines of r that are neither blank nor
// comments, and names file and line in its error.
func eachLine(r io.Reader, name string, do func(string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := do(line); err != nil {
			return fmt.Errorf("%s line %d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// Hash returns a hex digest of everything that analysis depends on: the data,
// in whatever order it was given, and the version of the rules.
func (v *Vocabulary) Hash() string {
	h := sha256.New()
	for _, s := range []string{analysisVersion, germanData, englishData, marksData, sectionsData, sensesData} {
		fmt.Fprintf(h, "%d %s\n", len(s), s)
	}
	for _, p := range slices.Sorted(maps.Keys(v.parts)) {
		fmt.Fprintf(h, "%s\t%d\n", p, v.parts[p])
	}
	lines := make([]string, len(v.synonyms))
	for i, s := range v.synonyms {
		lines[i] = s.text
	}
	slices.Sort(lines)
	for _, l := range slices.Compact(lines) {
		fmt.Fprintln(h, l)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

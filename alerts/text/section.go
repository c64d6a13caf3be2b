package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// sectionRules tell from its lines which parts of a posting say what the job
// is (tasks, requirements) and which praise the employer.
type sectionRules struct {
	headings map[string][]sectionPhrase // by first word
	leads    map[string][]sectionPhrase
}

type sectionPhrase struct {
	rest   string // the words after the first, with a blank before each
	counts bool
}

func newSectionRules(s map[string][]string) sectionRules {
	r := sectionRules{map[string][]sectionPhrase{}, map[string][]sectionPhrase{}}
	add := func(to map[string][]sectionPhrase, lines []string, counts bool) {
		for _, line := range lines {
			first, rest, _ := strings.Cut(Fold(line), " ")
			if rest != "" {
				rest = " " + rest
			}
			to[first] = append(to[first], sectionPhrase{rest, counts})
		}
	}
	add(r.headings, s["counts"], true)
	add(r.headings, s["skips"], false)
	add(r.leads, s["lead"], false)
	return r
}

const (
	maxHeadingBytes = 90
	maxHeadingWords = 9
)

// sections walks over a body's lines and says of each whether it counts.
type sections struct {
	rules *sectionRules
	skips bool   // the section under way does not count
	fold  []byte // scratch
}

// counts tells whether the words of line count, and notes the section that a
// heading opens. A heading's own words never count in a section that is skipped.
func (s *sections) counts(line string) bool {
	item := isItem(line)
	line = strings.TrimSpace(line)
	if !item && looksLikeHeading(line) {
		if counts, known := s.heading(line); known {
			s.skips = !counts
			return counts
		}
		if s.skips && strings.HasSuffix(line, ":") {
			s.skips = false
		}
		return !s.skips
	}
	return !s.skips
}

// praise returns how much of a counting line's beginning is a sentence about
// the employer: all of a short line, the first sentence of a paragraph.
func (s *sections) praise(line string) int {
	if !s.lead(line) {
		return 0
	}
	if len(line) <= maxPraiseBytes {
		return len(line)
	}
	if i := strings.Index(line, ". "); i > 0 {
		return i + 1
	}
	return len(line)
}

// maxPraiseBytes is how long a line may be to count as one sentence.
const maxPraiseBytes = 240

func isItem(line string) bool {
	line = strings.TrimLeft(line, " \t")
	r, n := utf8.DecodeRuneInString(line)
	if n == 0 || len(line) == n {
		return false
	}
	return strings.ContainsRune("•*·▪◦‣►✓✔→>", r) || isHyphen(r) && (line[n] == ' ' || line[n] == '\t')
}

func looksLikeHeading(line string) bool {
	if line == "" || len(line) > maxHeadingBytes || strings.Count(line, " ") >= maxHeadingWords {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(line)
	return last != '.' && last != ',' && last != ';'
}

// heading looks for the phrase that begins furthest left, the longest first:
// "Ihre Aufgaben bei uns" is about tasks, "Unser Unternehmen" is not.
func (s *sections) heading(line string) (counts, known bool) {
	s.foldLine(line)
	long := 0
	for i, word := range fieldsOf(s.fold) {
		for _, p := range s.rules.headings[string(word)] {
			if begins(s.fold[i+len(word):], p.rest) && len(word)+len(p.rest) > long {
				long, counts = len(word)+len(p.rest), p.counts
			}
		}
		if long > 0 {
			return counts, true
		}
	}
	return false, false
}

// lead tells a line that begins like praise of the employer.
func (s *sections) lead(line string) bool {
	line = line[:min(len(line), 60)]
	s.foldLine(line)
	for i, word := range fieldsOf(s.fold) {
		for _, p := range s.rules.leads[string(word)] {
			if begins(s.fold[i+len(word):], p.rest) {
				return true
			}
		}
		break
	}
	return false
}

func begins(words []byte, phrase string) bool {
	return len(words) >= len(phrase) && string(words[:len(phrase)]) == phrase &&
		(len(words) == len(phrase) || words[len(phrase)] == ' ')
}

// foldLine is Fold into the scratch, for short lines.
func (s *sections) foldLine(line string) {
	s.fold = s.fold[:0]
	gap := false
	for _, r := range line {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = true
			continue
		}
		if gap && len(s.fold) > 0 {
			s.fold = append(s.fold, ' ')
		}
		gap = false
		switch r = unicode.ToLower(r); r {
		case 'ä', 'ö', 'ü':
			s.fold = append(s.fold, spellOut(r)...)
		case 'ß':
			s.fold = append(s.fold, "ss"...)
		default:
			s.fold = utf8.AppendRune(s.fold, r)
		}
	}
}

// fieldsOf yields the words of a folded line and where they begin.
func fieldsOf(line []byte) func(func(int, []byte) bool) {
	return func(yield func(int, []byte) bool) {
		start := 0
		for i := 0; i <= len(line); i++ {
			if i < len(line) && line[i] != ' ' {
				continue
			}
			if i > start && !yield(start, line[start:i]) {
				return
			}
			start = i + 1
		}
	}
}

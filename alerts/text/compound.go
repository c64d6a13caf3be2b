package text

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// splitter takes German compounds apart into parts that the vocabulary has.
type splitter struct {
	lex       *lexicon
	parts     map[string]partKind // canonical
	compounds map[string]bool     // parts that are compounds the rules know
}

// part is one element of a compound: where it stands in the canonical word,
// and the dictionary form without linking elements and inflection.
type part struct {
	start, end int
	base       string
	inner      bool // within a part that is a compound itself: Maschinen(bau)ingenieur is no Bauingenieur
}

const (
	maxSplitBytes = 80 // a longer "word" is left whole
	maxParts      = 8
)

func newSplitter(x *lexicon, v *Vocabulary) *splitter {
	s := &splitter{lex: x, parts: make(map[string]partKind, len(v.parts)+1000), compounds: map[string]bool{}}
	for _, w := range x.left {
		s.parts[w] = leftOnly
	}
	for _, w := range x.compound {
		s.parts[w], s.compounds[w] = anywhere, true
	}
	for _, w := range x.head {
		s.parts[w] = headOnly
	}
	given := map[string]partKind{}
	for _, w := range slices.Sorted(maps.Keys(v.parts)) {
		given[canonical(w)] = v.parts[w]
	}
	maps.Copy(s.parts, given)
	for _, w := range x.head { // a part's plain listing takes no head away
		if s.parts[w] == anywhere {
			s.parts[w] = headOnly
		}
	}
	for _, w := range x.whole {
		if k, ok := s.parts[w]; ok && k == headOnly {
			s.parts[w] = wholeHead
			continue
		}
		s.parts[w] = wholeWord
	}
	s.addMembers(v.synonyms)
	return s
}

// minMember is how long a synonym must be to become a part: shorter ones
// are abbreviations or fit by chance.
const minMember = 8

// addMembers makes parts of those synonyms that are single words and no
// compounds themselves, so that what can be asked for is found in compounds.
func (s *splitter) addMembers(lines []synonymLine) {
	for _, l := range lines {
		for _, m := range slices.Concat(l.left, l.right) {
			if strings.ContainsAny(m, " -/.") {
				continue
			}
			w := s.lex.masculine(canonical(m))
			if len(w) < minMember || !germanLetters(w) || s.listed(w) || s.lex.function[w] || s.split(w) != nil {
				continue
			}
			s.parts[w] = anywhere
		}
	}
}

// wholeHead is a head that is never taken apart itself: verkäufer.
const wholeHead partKind = 100

func (s *splitter) isWhole(w string) bool {
	k, ok := s.parts[w]
	return ok && (k == wholeWord || k == wholeHead)
}

func (s *splitter) isHead(w string) bool {
	k, ok := s.parts[w]
	return ok && (k == headOnly || k == wholeHead)
}

// split takes a canonical word apart, gender already taken off. It returns
// nil for a word left whole.
func (s *splitter) split(w string) []part {
	if len(w) < 6 || len(w) > maxSplitBytes || !germanLetters(w) {
		return nil
	}
	if base, ok := s.lastPart(w); ok && s.isWhole(base) {
		return nil
	}
	if ps := s.known(w, 0); ps != nil {
		return ps
	}
	return s.beforeHead(w)
}

func germanLetters(w string) bool {
	for _, r := range w {
		if (r < 'a' || r > 'z') && r != 'ä' && r != 'ö' && r != 'ü' {
			return false
		}
	}
	return true
}

// known finds the cheapest way to cover w with two parts or more. A part that
// is a compound itself and not listed as whole is taken apart again.
func (s *splitter) known(w string, depth int) []part {
	type state struct {
		cost, from int
		base       string
	}
	const unreachable = 1 << 20
	n := len(w)
	best := make([]state, n+1)
	for i := range best {
		best[i].cost = unreachable
	}
	best[0].cost = 0
	for i := 0; i < n; i++ {
		if best[i].cost >= unreachable {
			continue
		}
		for j := i + 2; j <= n; j++ {
			if j < n && !utf8.RuneStart(w[j]) || i == 0 && j == n {
				continue
			}
			var base string
			var link int
			var ok bool
			if j == n {
				base, ok = s.lastPart(w[i:])
			} else {
				base, link, ok = s.leftPart(w[i:j])
			}
			if !ok {
				continue
			}
			cost := best[i].cost + 10 + link + shortness(base)
			if cost < best[j].cost {
				best[j] = state{cost, i, base}
			}
		}
	}
	if best[n].cost >= unreachable {
		return nil
	}
	var out []part
	for j := n; j > 0; j = best[j].from {
		out = append(out, part{start: best[j].from, end: j, base: best[j].base})
	}
	slices.Reverse(out)
	if len(out) > maxParts {
		return nil
	}
	return s.refine(w, out, depth)
}

// refine takes those parts apart that are compounds themselves.
func (s *splitter) refine(w string, ps []part, depth int) []part {
	if depth > 2 {
		return ps
	}
	var out []part
	for i, p := range ps {
		surface := w[p.start:p.end]
		if s.isWhole(p.base) || len(surface) < 7 {
			out = append(out, p)
			continue
		}
		inner := s.inside(p, surface, depth)
		if inner == nil {
			out = append(out, p)
			continue
		}
		for k, q := range inner {
			within := q.inner || k > 0 && i < len(ps)-1
			out = append(out, part{p.start + q.start, p.start + q.end, q.base, within})
		}
	}
	return out
}

// inside splits a listed part into listed parts of four letters or more, or
// of three where the compound is one of those the rules know.
func (s *splitter) inside(p part, surface string, depth int) []part {
	least := 4
	if s.compounds[p.base] {
		least = 3
	}
	for _, try := range []string{p.base, surface} {
		ps := s.known(try, depth+1)
		if ps == nil || ps[len(ps)-1].start >= len(surface) || try[:ps[len(ps)-1].start] != surface[:ps[len(ps)-1].start] {
			continue
		}
		for _, q := range ps {
			if utf8.RuneCountInString(q.base) < least {
				return nil
			}
		}
		ps[len(ps)-1].end = len(surface)
		return ps
	}
	return nil
}

// shortness makes short parts dear: they fit by chance.
func shortness(base string) int {
	switch utf8.RuneCountInString(base) {
	case 2:
		return 12
	case 3:
		return 7
	case 4:
		return 2
	}
	return 0
}

var links = []string{"s", "n", "en", "es", "er", "e", "ns", "nen"}

// leftPart recognises a part before another, with or without a linking
// element, and says what the link costs.
func (s *splitter) leftPart(w string) (base string, cost int, ok bool) {
	if k, ok := s.parts[w]; ok && s.mayStandLeft(w, k) {
		return w, 0, true
	}
	for _, l := range links {
		b, ok := strings.CutSuffix(w, l)
		if !ok || utf8.RuneCountInString(b) < 3 {
			continue
		}
		if k, ok := s.parts[b]; ok && k != leftOnly && s.mayStandLeft(b, k) {
			return b, 1, true
		}
	}
	if utf8.RuneCountInString(w) < 3 {
		return "", 0, false
	}
	if k, ok := s.parts[w+"e"]; ok && k != leftOnly && s.mayStandLeft(w+"e", k) { // Schule, schul-
		return w + "e", 1, true
	}
	if b, ok := s.lex.singular(w); ok {
		if k, ok := s.parts[b]; ok && s.mayStandLeft(b, k) {
			return b, 1, true
		}
	}
	return "", 0, false
}

func (s *splitter) mayStandLeft(w string, k partKind) bool {
	return !s.lex.prefix[w] || k == leftOnly
}

// lastPart recognises the end of a compound in any inflection.
func (s *splitter) lastPart(w string) (string, bool) {
	if k, ok := s.parts[w]; ok && k != leftOnly {
		return w, true
	}
	for _, f := range []string{"n", "en", "s", "es", "e", "er", "ern", "em", "ens"} {
		b, ok := strings.CutSuffix(w, f)
		if !ok || utf8.RuneCountInString(b) < 3 {
			continue
		}
		if k, ok := s.parts[b]; ok && k != leftOnly {
			return b, true
		}
		if k, ok := s.parts[b+"e"]; ok && k != leftOnly && f != "e" {
			return b + "e", true
		}
	}
	if k, ok := s.parts[w+"e"]; ok && k != leftOnly && len(w) >= 6 { // Psycholog(in), Psychologe
		return w + "e", true
	}
	if b, ok := s.lex.singular(w); ok {
		if k, ok := s.parts[b]; ok && k != leftOnly {
			return b, true
		}
	}
	if m := s.lex.masculine(w); m != w {
		return s.lastPart(m)
	}
	return "", false
}

// beforeHead splits an unknown first part from a known head of job names: it
// takes the longest head, and none that would swallow a derived verb's prefix.
func (s *splitter) beforeHead(w string) []part {
	for i := range w {
		if i < 4 || len(w)-i < 5 {
			continue
		}
		base, ok := s.lastPart(w[i:])
		if !ok || !s.isHead(base) || utf8.RuneCountInString(base) < 5 {
			continue
		}
		left := w[:i]
		if !pronounceable(left) || s.lex.prefix[left] {
			continue
		}
		for _, p := range s.lex.verbPrefix {
			stem, ok := strings.CutSuffix(left, p)
			if !ok {
				continue
			}
			if _, _, known := s.leftPart(left); known {
				break
			}
			if len(stem) < 4 {
				return nil
			}
			return []part{{end: len(stem), base: s.unlinked(stem)}, {start: len(stem), end: len(w), base: p + base}}
		}
		return []part{{end: i, base: s.unlinked(left)}, {start: i, end: len(w), base: base}}
	}
	return nil
}

// unlinked takes the linking s off an unknown first part where German word
// formation demands one: behind -ung, -heit, -keit, -schaft, -ion, -tät.
func (s *splitter) unlinked(left string) string {
	b, ok := strings.CutSuffix(left, "s")
	if ok && hasAnySuffix(b, "ung", "heit", "keit", "schaft", "ion", "tät", "ling") {
		return b
	}
	return left
}

func pronounceable(w string) bool {
	return strings.ContainsAny(w, "aeiouäöüy") && strings.ContainsAny(w, "bcdfghjklmnpqrstvwxz")
}

// listed tells whether the vocabulary has w, in whatever inflection.
func (s *splitter) listed(w string) bool {
	_, ok := s.lastPart(w)
	return ok
}

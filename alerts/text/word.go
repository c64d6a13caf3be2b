package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How a term occurs at a place in a posting: bits of an occurrence.
const (
	asPart   = 1 << 0 // a compound's part before the last: never a match alone
	asSuffix = 1 << 1 // the end of a compound, not the whole word
	inFirst  = 1 << 2 // the term came through a gender mark or a feminine ending
)

// Where and in which language a term of a word is used.
const (
	useGerman  = 1 << 0
	useEnglish = 1 << 1
	useTitle   = 1 << 2 // roots
)

// emission is one term of a word.
type emission struct {
	term Term
	step uint8 // place within a word with hyphens, counted from 0
	bits uint8 // asPart, asSuffix
	use  uint8
}

// wordInfo is the analysis of one word as written. It is shared between
// goroutines and never changed.
type wordInfo struct {
	surface    string
	emissions  []emission
	steps      uint8
	function   bool
	person     bool // names an occupation
	supporting bool // names who works for somebody
	lastStart  int  // byte in lower-case surface form where the last part begins; 0 if whole
	lower      string
}

// piece is one element of a word: all of it, unless it has hyphens.
type piece struct {
	canonical string // with gender as written
	base      string // gender taken off
	parts     []part // of base
	function  bool
	raw       bool // digits or symbols: never stemmed or split
}

// form is a normal form before hashing, for people to read and to hash.
type form struct {
	kind byte
	text string
	emission
}

// pieces takes a word apart at its hyphens.
func (a *Analyser) pieces(word string) []piece {
	if isTechnical(word) {
		return []piece{{canonical: technicalForm(word), raw: true}}
	}
	var out []piece
	for e := range strings.FieldsFuncSeq(word, isHyphen) {
		if p := a.piece(e); p.canonical != "" {
			out = append(out, p)
		}
	}
	return out
}

func (a *Analyser) piece(e string) piece {
	c := canonical(e)
	p := piece{canonical: c, base: c}
	if c == "" {
		return p
	}
	if strings.IndexFunc(c, unicode.IsDigit) >= 0 {
		p.raw = true
		return p
	}
	p.function = a.lex.function[c]
	p.base = a.lex.masculine(c)
	if !p.function {
		p.parts = a.split.split(p.base)
	}
	return p
}

// forms lists every normal form of a word.
func (a *Analyser) forms(word string, ps []piece) []form {
	f := formsOf{a: a}
	for i, p := range ps {
		f.step = uint8(min(i, 250))
		f.ofPiece(word, p, len(ps) == 1)
	}
	f.joined(ps)
	return f.list
}

type formsOf struct {
	a    *Analyser
	list []form
	step uint8
}

func (f *formsOf) add(kind byte, text string, bits, use uint8) {
	if text == "" {
		return
	}
	text = spelled(text)
	for i := range f.list {
		g := &f.list[i]
		if g.kind == kind && g.text == text && g.step == f.step && g.bits == bits {
			g.use |= use
			return
		}
	}
	f.list = append(f.list, form{kind, text, emission{termOf(kind, text), f.step, bits, use}})
}

// stems adds the German and the English stem of a canonical word.
func (f *formsOf) stems(w string, bits uint8) {
	f.add(stemTerm, f.a.lex.stemGerman(w), bits, useGerman)
	f.add(stemTerm, f.a.lex.stemEnglish(w), bits, useEnglish)
}

func (f *formsOf) ofPiece(word string, p piece, alone bool) {
	const both = useGerman | useEnglish
	if p.raw || p.function {
		f.add(stemTerm, p.canonical, 0, both)
	}
	if alone && f.a.onlyAsWritten(word) || isCapitals(word) && alone {
		f.add(exactTerm, p.canonical, 0, both)
		f.add(stemTerm, p.canonical, 0, both)
	}
	if p.raw || p.function {
		return
	}
	f.add(stemTerm, f.a.lex.stemGerman(p.base), 0, useGerman)
	f.add(stemTerm, f.a.lex.stemEnglish(p.canonical), 0, useEnglish)
	if len(p.parts) == 0 {
		f.add(rootTerm, f.a.lex.root(f.a.lex.stemGerman(p.base)), 0, useTitle)
		return
	}
	f.ofParts(p.base, p.parts)
	if strings.HasSuffix(p.base, "fachmann") && !strings.HasSuffix(p.canonical, "mann") {
		f.stems("fachkraft", asSuffix)
		f.stems("kraft", asSuffix)
	}
}

func (f *formsOf) ofParts(w string, parts []part) {
	last := len(parts) - 1
	for i, q := range parts {
		if i < last {
			f.add(stemTerm, f.a.lex.stemGerman(q.base), asPart, useGerman)
			f.add(rootTerm, f.a.lex.root(f.a.lex.stemGerman(q.base)), asPart, useTitle)
		}
		if i > 0 {
			f.add(stemTerm, f.a.suffixStem(w, parts, i), asSuffix, useGerman)
		}
	}
	f.add(rootTerm, f.a.lex.root(f.a.suffixStem(w, parts, last)), asSuffix, useTitle)
}

// suffixStem is the stem of a compound from its part i on.
func (a *Analyser) suffixStem(w string, parts []part, i int) string {
	last := parts[len(parts)-1]
	return a.lex.stemGerman(w[parts[i].start:last.start] + a.lastForm(w, last))
}

// lastForm is a compound's last part as a word of its own.
func (a *Analyser) lastForm(w string, p part) string { return a.lex.masculine(w[p.start:p.end]) }

// joined adds a hyphenated word written as one, and each of its ends.
func (f *formsOf) joined(ps []piece) {
	if len(ps) < 2 {
		return
	}
	f.step = uint8(min(len(ps)-1, 250))
	for i := range ps[:len(ps)-1] {
		var b strings.Builder
		for _, p := range ps[i : len(ps)-1] {
			b.WriteString(p.canonical)
		}
		whole := b.String() + ps[len(ps)-1].base
		if i > 0 {
			f.stems(whole, asSuffix)
			continue
		}
		f.stems(whole, 0)
		f.step = 0
		f.stems(whole, 0)
		f.step = uint8(min(len(ps)-1, 250))
	}
}

// isTechnical tells a token that symbols belong to: C++, .NET, S/4HANA, E 13.
func isTechnical(word string) bool {
	return strings.ContainsAny(word, "+#/&. ")
}

// technicalForm writes such a token in one way: lower case, no blanks, no
// stops but a leading one (Node.js and NodeJS are one, .NET is not net).
func technicalForm(word string) string {
	w := strings.ToLower(strings.ReplaceAll(word, " ", ""))
	lead := strings.HasPrefix(w, ".")
	w = strings.ReplaceAll(w, ".", "")
	if lead {
		w = "." + w
	}
	return spelled(w)
}

// onlyAsWritten tells words that count only in this very spelling: Go, and
// single letters in capitals (C, R).
func (a *Analyser) onlyAsWritten(word string) bool {
	if a.lex.exact[word] {
		return true
	}
	r, n := utf8.DecodeRuneInString(word)
	return n == len(word) && unicode.IsUpper(r)
}

// isCapitals tells an abbreviation by its letters: two to five, all capitals.
func isCapitals(word string) bool {
	n := 0
	for _, r := range word {
		if !unicode.IsUpper(r) {
			return false
		}
		n++
	}
	return n >= 2 && n <= 5
}

func isHyphen(r rune) bool {
	return r == '-' || r == '‐' || r == '‑' || r == '–' || r == '_' || r == '\u00ad'
}

// info analyses a word, not asking the cache.
func (a *Analyser) info(word string) *wordInfo {
	ps := a.pieces(word)
	w := &wordInfo{surface: word, steps: uint8(max(1, min(len(ps), 250))), function: len(ps) > 0}
	for _, f := range a.forms(word, ps) {
		w.emissions = append(w.emissions, f.emission)
	}
	for _, p := range ps {
		w.function = w.function && p.function
	}
	if len(ps) == 0 || w.function {
		return w
	}
	last := ps[len(ps)-1]
	end := last.base
	if n := len(last.parts); n > 0 {
		end = a.lastForm(last.base, last.parts[n-1])
		w.lastStart = last.parts[n-1].start
	}
	stem := a.lex.stemGerman(end)
	w.person = a.split.isHead(stem) && strings.HasSuffix(stem, "er") || a.split.isHead(end)
	w.supporting = a.lex.supporting[stem] || a.lex.supporting[end]
	w.lower = last.base
	return w
}

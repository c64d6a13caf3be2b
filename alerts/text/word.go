package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How a term occurs at a place in a posting: bits of an occurrence.
const (
	asPart   = 1 << 0 // a compound's part before the last: never a match alone
	asSuffix = 1 << 1 // the end of a compound, not the whole word

	// elsewhere marks a whole word that means something else with its neighbours.
	elsewhere = asPart | asSuffix
)

// whole tells whether an occurrence is a word of its own, in whatever sense.
func whole(occurrence uint32) bool {
	bits := occurrence & occurrenceMask
	return bits == 0 || bits == elsewhere
}

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
	emissions  []emission
	more       *wordMore // nil for most words
	steps      uint8
	function   bool
	person     bool   // names an occupation
	verb       bool   // in a German sentence a verb, not the noun that it looks like
	department bool   // names a field of work, as those of colleagues are named
	company    Beside // what it says, in a title, of activities beside it
	cue        uint8  // what it says in a body of those named behind it
}

// wordMore is what few words have.
type wordMore struct {
	opens []idiom // what it may begin, together with the words behind it
	sense string  // the stem whose other senses its neighbours may show, else empty

	letters string // of a word that is remembered and too long for its place
}

// Beside is what a title's words say of an activity beside them.
type Beside uint8

const (
	besideHelper Beside = 1 << iota // somebody who assists
	besideClerk                     // somebody who may well work for a leader
	besideOver                      // somebody who leads, teaches or sells it
	besideOther                     // another occupation with a trade of its own
)

// piece is one element of a word: all of it, unless it has hyphens.
type piece struct {
	surface   string
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

// cut takes a word apart at its hyphens.
func (a *Analyser) cut(word string) []piece {
	if isTechnical(word) {
		return []piece{{surface: word, canonical: technicalForm(word), raw: true}}
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
	p := a.whole(e)
	if p.canonical != "" && !p.raw && !p.function {
		p.parts = a.split.split(p.base)
	}
	return p
}

// whole is piece without the parts of a compound.
func (a *Analyser) whole(e string) piece {
	c := canonical(e)
	p := piece{surface: e, canonical: c, base: c}
	if c == "" {
		return p
	}
	if strings.IndexFunc(c, unicode.IsDigit) >= 0 {
		p.raw = true
		return p
	}
	p.function = a.lex.function[c]
	p.base = a.lex.masculine(c)
	return p
}

// function tells whether a word is made of such as mean nothing alone.
func function(ps []piece) bool {
	return len(ps) > 0 && !slices.ContainsFunc(ps, func(p piece) bool { return !p.function })
}

// forms lists every normal form of a word.
func (a *Analyser) forms(ps []piece) []form {
	f := formsOf{a: a}
	for i, p := range ps {
		f.step = uint8(min(i, 250))
		f.bits = a.lex.idiomBits(ps, i)
		f.ofPiece(p, len(ps) == 1, i == len(ps)-1)
	}
	f.bits = 0
	f.joined(ps)
	return f.list
}

type formsOf struct {
	a    *Analyser
	list []form
	step uint8
	bits uint8 // of every form that is added
}

func (f *formsOf) add(kind byte, text string, bits, use uint8) {
	if text == "" {
		return
	}
	if bits&asPart != 0 {
		bits = asPart
	}
	bits |= f.bits
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

func (f *formsOf) ofPiece(p piece, alone, last bool) {
	const both = useGerman | useEnglish
	if p.raw || p.function {
		f.add(stemTerm, p.canonical, 0, both)
	}
	if f.a.onlyAsWritten(p.surface) || isCapitals(p.surface) {
		f.add(exactTerm, p.canonical, 0, both)
		f.add(stemTerm, p.canonical, 0, both)
	}
	if p.raw || p.function {
		if p.raw || !alone || isCapitals(p.surface) {
			f.add(rootTerm, p.canonical, 0, useTitle)
		}
		return
	}
	f.add(stemTerm, f.a.lex.stemGerman(p.base), 0, useGerman)
	f.add(stemTerm, f.a.lex.stemEnglish(p.canonical), 0, useEnglish)
	if len(p.parts) == 0 {
		stem := f.a.lex.stemGerman(p.base)
		f.add(rootTerm, f.a.lex.root(stem), adjectiveBit(stem), useTitle)
		return
	}
	f.ofParts(p.base, p.parts, last)
	if strings.HasSuffix(p.base, "fachmann") && !strings.HasSuffix(p.canonical, "mann") {
		f.stems("fachkraft", asSuffix)
		f.stems("kraft", asSuffix)
	}
}

// ofParts adds a compound's parts, and its ends if it ends the word: a
// Mikrocontroller-Platine is no Controller.
func (f *formsOf) ofParts(w string, parts []part, ends bool) {
	last := len(parts) - 1
	endBits := uint8(asSuffix)
	if !ends {
		endBits = asPart
	}
	for i, q := range parts {
		if i < last {
			f.add(stemTerm, f.a.lex.stemGerman(q.base), asPart, useGerman)
			f.add(rootTerm, f.a.lex.root(f.a.lex.stemGerman(q.base)), asPart, useTitle)
		}
		if i > 0 && !q.inner {
			f.add(stemTerm, f.a.suffixStem(w, parts, i), endBits|f.a.otherSense(w, parts, i), useGerman)
		}
	}
	if f.a.lex.rank[parts[last].base] && f.a.split.isHead(parts[last-1].base) {
		f.add(stemTerm, f.a.lex.stemGerman(w[:parts[last].start]), endBits, useGerman)
	}
	f.fields(w, parts)
	f.staffOf(w, parts)
	stem := f.a.suffixStem(w, parts, last)
	f.add(rootTerm, f.a.lex.root(stem), endBits|adjectiveBit(stem)|f.a.otherSense(w, parts, last), useTitle)
	if !ends {
		return
	}
	stems := f.a.partStems(w, parts)
	for i, q := range parts[:last] {
		if !q.inner {
			f.add(rootTerm, f.a.lex.rootOfCompound(stems[i:]), asSuffix|adjectiveBit(stem), useTitle)
		}
	}
}

// fields adds the field of work before a person's head: Pflege in
// Pflegehelfer, but not Einkauf in Einkaufszentrum.
func (f *formsOf) fields(w string, parts []part) {
	last := parts[len(parts)-1]
	if person, _ := f.a.occupation(f.a.lastForm(w, last)); !person && !f.a.lex.field[last.base] {
		return
	}
	for _, q := range parts[1:] {
		for _, front := range []string{w[:q.start], strings.TrimSuffix(w[:q.start], "s")} {
			if f.a.lex.field[front] {
				f.add(rootTerm, fieldForm(f.a.lex.stemGerman(front)), asSuffix, useTitle)
				break
			}
		}
	}
}

// fieldForm is the normal form of a field before a head.
func fieldForm(stem string) string { return stem + "|*" }

// staffOf adds the field that a head says no more of than that somebody works
// in it: Rettungsdienst in Rettungsdienstmitarbeiter.
func (f *formsOf) staffOf(w string, parts []part) {
	last := parts[len(parts)-1]
	n := len(parts) - 1
	for n > 1 && slices.Contains(f.a.lex.left, parts[n-1].base) { // Pflege(fach)kraft
		n--
	}
	if f.a.lex.staff[last.base] && !slices.Contains(f.a.lex.left, w[:parts[n].start]) {
		f.add(rootTerm, staffForm(f.a.lex.stemGerman(w[:parts[n-1].start]+parts[n-1].base)), asSuffix, useTitle)
	}
}

// staffForm is the normal form of what whoever is no more than staff works in.
func staffForm(stem string) string { return stem + "|+" }

// partStems are the stems of a compound's parts.
func (a *Analyser) partStems(w string, parts []part) []string {
	out := make([]string, len(parts))
	for i, q := range parts {
		out[i] = a.lex.stemGerman(q.base)
	}
	out[len(out)-1] = a.lex.stemGerman(a.lastForm(w, parts[len(parts)-1]))
	return out
}

// rootOfCompound is the root of a compound from its parts' stems: the first
// ones as they are, the last one's root.
func (x *lexicon) rootOfCompound(stems []string) string {
	last := len(stems) - 1
	return strings.Join(stems[:last], "|") + "|" + x.root(stems[last])
}

// adjectiveBit makes the root of an adjective a first part: technischer
// Vertrieb has to do with Technik, but is not headed by it.
func adjectiveBit(stem string) uint8 {
	if strings.HasSuffix(stem, "isch") && len(stem) > 6 {
		return asPart
	}
	return 0
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
	return w
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
	return r == '-' || r == '‐' || r == '‑' || r == '–' || r == '_'
}

// info analyses a word, not asking the cache.
func (a *Analyser) info(word string) wordInfo {
	ps := a.cut(word)
	forms := a.forms(ps)
	w := wordInfo{emissions: make([]emission, len(forms)), steps: uint8(max(1, min(len(ps), 250))), function: function(ps), cue: a.lex.cueOf(word)}
	for i := range forms {
		w.emissions[i] = forms[i].emission
	}
	if len(ps) == 0 || w.function {
		return w
	}
	last := ps[len(ps)-1]
	end := last.base
	if n := len(last.parts); n > 0 {
		end = a.lastForm(last.base, last.parts[n-1])
	}
	w.person, w.company = a.occupation(end)
	w.department = a.lex.field[last.base] || a.lex.field[end]
	opens, sense := a.lex.idioms[ps[0].canonical], ""
	if len(ps) == 1 && len(last.parts) == 0 && a.lex.otherSense[last.base] != nil {
		sense = strings.Clone(last.base)
	}
	if opens != nil || sense != "" {
		w.more = &wordMore{opens: opens, sense: sense}
	}
	w.verb = len(ps) == 1 && a.verb(word, last.base)
	return w
}

// verb tells pflegen and kochen, in lower case, from Pflege and Koch.
func (a *Analyser) verb(word, base string) bool {
	if r, _ := utf8.DecodeRuneInString(word); !unicode.IsLower(r) {
		return false
	}
	_, field := a.split.parts[strings.TrimSuffix(base, "n")]
	_, noun := a.split.parts[strings.TrimSuffix(base, "en")]
	return strings.HasSuffix(base, "en") && (field || noun)
}

// occupation tells whether a word's last part names a person's occupation,
// and what it says of activities beside it.
func (a *Analyser) occupation(end string) (person bool, company Beside) {
	stem := a.lex.stemGerman(end)
	in := func(set map[string]bool) bool { return set[stem] || set[end] }
	person = (a.split.isHead(stem) || a.split.isHead(end) || a.split.isHead(a.lex.stemEnglish(end))) && !in(a.lex.activity)
	if in(a.lex.helping) {
		company |= besideHelper
	}
	if in(a.lex.clerical) {
		company |= besideClerk
	}
	if in(a.lex.over) {
		company |= besideOver
	}
	if person && !in(a.lex.generic) {
		company |= besideOther
	}
	return person, company
}

package text

import "strings"

// builder turns tokens into places and entries of a document.
type builder struct {
	a        *Analyser
	d        *Document
	s        *scratch
	use      uint8
	inTitle  bool
	sentence uint32
	away     uint32 // an idiom's words from the token at hand on
}

// body adds the body's tokens sentence by sentence.
func (b *builder) body(tokens []token) {
	from := 0
	for i := range tokens {
		if tokens[i].marks&endsClause == 0 && i < len(tokens)-1 {
			continue
		}
		b.sentence++
		b.clause(tokens[from : i+1])
		from = i + 1
		if len(b.d.places) >= maxPlaces {
			return
		}
	}
}

// clause adds a title or a sentence.
func (b *builder) clause(tokens []token) {
	b.away = 0
	for i := range tokens {
		t := &tokens[i]
		b.away >>= 1
		if t.marks&classOf != 0 {
			continue
		}
		w := t.info
		if w.more != nil && w.more.opens != nil {
			b.away |= b.idiomAt(w, tokens, i)
		}
		if b.inTitle {
			b.d.company |= w.company
		}
		first := uint32(len(b.d.places))
		for range w.steps {
			b.d.places = append(b.d.places, place{uint32(t.start), uint32(t.end), b.sentence})
		}
		if !b.counts(w, tokens, i) {
			continue
		}
		b.emit(w, first)
		if b.inTitle && i+1 < len(tokens) && opensTraining(t.word, tokens[i+1].word) {
			b.emit(b.a.word(trainee), first)
		}
		if t.marks&openEnd != 0 {
			if full := b.a.completedEnd(t.word, tokens[i+1:]); full != "" {
				b.complete(full, tokens, i, first)
			}
		}
		if t.marks&openStart != 0 && i > 0 {
			if full := b.a.completedStart(tokens[:i], t.word); full != "" {
				b.complete(full, tokens, i, first)
			}
		}
	}
}

// complete adds what an elliptic word means in full.
func (b *builder) complete(full string, tokens []token, i int, first uint32) {
	if w := b.a.word(full); b.counts(w, tokens, i) {
		b.emit(w, first)
	}
}

// counts tells whether the word at i speaks of the job: in a body not if it
// names others' occupations, or is a verb that looks like a noun's plural.
func (b *builder) counts(w *wordInfo, tokens []token, i int) bool {
	if b.inTitle {
		return true
	}
	switch {
	case w.verb && b.use == useGerman:
		return false
	case w.more != nil && w.more.sense != "" && b.ofOthers(w, tokens, i):
		return false
	case w.person && b.away&1 == 0:
		return meansReader(tokens, i)
	}
	return !w.department || !asideAt(tokens, i)
}

// trainee is what a title that begins "Ausbildung zum" looks for.
const trainee = "Auszubildender"

func opensTraining(word, next string) bool {
	return (word == "Ausbildung" || word == "AUSBILDUNG") && (next == "zum" || next == "zur" || next == "als" || next == "ZUM" || next == "ZUR" || next == "ALS")
}

func (b *builder) emit(w *wordInfo, first uint32) {
	last := uint32(len(b.d.places)) - 1
	for i := range w.emissions {
		e := &w.emissions[i]
		if e.use&b.use == 0 {
			continue
		}
		at, bits := min(first+uint32(e.step), last), e.bits
		if b.away&1 != 0 && bits == 0 {
			bits = elsewhere
		}
		b.s.entries = append(b.s.entries, entry{e.term, at<<occurrenceBits | uint32(bits)})
	}
}

// adjacent adds the title's neighbours written as one, so that "Back End"
// is found by backend and "Haus Meister" by Hausmeister.
func (b *builder) adjacent(tokens []token) {
	at := uint32(0)
	for i := range tokens {
		if tokens[i].marks&classOf != 0 {
			continue
		}
		w := tokens[i].info
		if i+1 < len(tokens) && tokens[i+1].start == tokens[i].end+1 && !w.function && w.steps == 1 {
			b.pair(tokens[i].word, tokens[i+1].word, at)
		}
		at += uint32(w.steps)
	}
}

func (b *builder) pair(left, right string, at uint32) {
	r := b.a.word(right)
	if r.function || r.steps != 1 || len(left) < 2 || len(right) < 2 || isTechnical(left) || isTechnical(right) {
		return
	}
	w := b.a.word(left + strings.ToLower(right))
	for _, e := range w.emissions {
		if e.bits == 0 && e.use&(useGerman|useEnglish) != 0 {
			b.s.entries = append(b.s.entries, entry{e.term, at << occurrenceBits})
		}
	}
}

// Whoever reads a sentence of a body is meant by the occupation at i if words
// before it say so ("als …", "Ausbildung zum …", "we are looking for a …") and
// none in between speaks of colleagues, or if little more than the occupation
// stands there. Else the body speaks of whom one works for or with.
func meansReader(tokens []token, i int) bool {
	const few = 8
	for k := i - 1; k >= 0 && k >= i-2*few; k-- {
		switch cue := tokens[k].info.cue; {
		case cue&cueCompany != 0:
			return false
		case cue&cueReader != 0:
			return true
		}
	}
	return i < 3 && len(tokens) <= few && !(i > 0 && addresses(tokens[0].word))
}

// addresses tells how a sentence begins that says what somebody does, and to
// whom: "Sie besuchen Ärzte".
func addresses(word string) bool {
	switch word {
	case "Sie", "Du", "Wir", "Ihr", "You", "We", "Unsere", "Unser", "Our":
		return true
	}
	return false
}

// What a word, as written, says of those named behind it.
const (
	cueCompany uint8 = 1 << iota // they are colleagues and customers
	cueReader                    // whoever reads it is meant
	cueAside                     // one works with them
)

// maxCue is the length in bytes of the longest cue.
const maxCue = 24

// cueOf tells a cue by its letters, whatever their case.
func (x *lexicon) cueOf(word string) (cue uint8) {
	if len(word) > maxCue {
		return 0
	}
	var low [maxCue]byte
	lower := appendLower(low[:0], word)
	if x.company[string(lower)] {
		cue |= cueCompany
	}
	if x.reader[string(lower)] {
		cue |= cueReader
	}
	if x.aside[string(lower)] {
		cue |= cueAside
	}
	return cue
}

// appendLower lowers ASCII letters and leaves others: cues are listed so.
func appendLower(dst []byte, w string) []byte {
	for i := 0; i < len(w); i++ {
		c := w[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// completedEnd completes "Gesundheits-" by the compound that ends the row
// ("… und Krankenpfleger", "… , Heizungs- und Klimatechnik"), or returns "".
func (a *Analyser) completedEnd(word string, after []token) string {
	for i := range after {
		t := &after[i]
		if i > 7 {
			return ""
		}
		if t.marks&openEnd != 0 || a.word(t.word).function {
			continue
		}
		return a.withEndOf(word, t.word)
	}
	return ""
}

func (a *Analyser) withEndOf(word, full string) string {
	ps := a.pieces(full)
	if len(ps) == 0 {
		return ""
	}
	last := ps[len(ps)-1]
	stem := strings.ToLower(word)
	if n := len(last.parts); n > 0 {
		return stem + last.base[last.parts[n-1].start:]
	}
	if len(ps) > 1 {
		return stem + last.base
	}
	front := canonical(word)
	for i := range last.base { // "Ein- und Verkauf": the vocabulary knows Einkauf
		if i == 0 || len(last.base)-i < 3 {
			continue
		}
		if joined := front + last.base[i:]; a.split.listed(joined) {
			return joined
		}
	}
	return ""
}

// completedStart completes "-helfer" by the first parts of the last word
// before it that carries meaning.
func (a *Analyser) completedStart(before []token, word string) string {
	for len(before) > 0 && a.word(before[len(before)-1].word).function {
		before = before[:len(before)-1]
	}
	if len(before) == 0 {
		return ""
	}
	full := before[len(before)-1].word
	ps := a.pieces(full)
	if len(ps) == 0 {
		return ""
	}
	last := ps[len(ps)-1]
	if n := len(last.parts); n > 0 {
		return capitalisedLike(full, last.base[:last.parts[n-1].start]+strings.ToLower(word))
	}
	if len(ps) > 1 {
		return full[:strings.LastIndexFunc(full, isHyphen)+1] + word
	}
	return ""
}

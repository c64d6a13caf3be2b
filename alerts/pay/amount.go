package pay

// amount is one sum of money in the text, with its currency and multiplier.
type amount struct {
	first, last int // its tokens, currency included
	value       float64
	currency    string // empty if none stands beside it
	before      bool   // the currency stands before the number
	kilo        bool   // k, Tsd., TEUR
	bare        bool   // digits only: 3200, no grouping, decimals or multiplier
	open        bool   // "3.000+", "oder mehr"
	tied        bool   // a hyphen binds it to the next word: 50-Euro-Gutschein
}

// amount reads the amount whose number is token i.
func (p *parser) amount(i int) (amount, bool) {
	t := p.tok[i]
	a := amount{first: i, last: i, value: t.num, bare: t.bare}
	if t.odd || t.num <= 0 || p.stuckToLetters(i) {
		return a, false
	}
	a.readBefore(p, i)
	if !a.readAfter(p, i) {
		return a, false
	}
	a.readOpen(p)
	return a, a.value <= largest
}

// stuckToLetters reports whether number i is part of a name such as S4 or
// COVID19; a currency may be stuck to its amount.
func (p *parser) stuckToLetters(i int) bool {
	if !p.tok[i].glued || i == 0 {
		return false
	}
	switch p.tok[i-1].kind {
	case kWord:
		w := p.at(i - 1)
		return w.currency == "" && w.class != cFrom && w.class != cUpTo
	case kOther, kColon:
		return p.raw(i-1) == "#" || p.raw(i-1) == "@" || p.raw(i-1) == "§"
	case kComma, kDot:
		return i > 1 && p.tok[i-2].kind == kNumber && p.tok[i-1].glued
	}
	return false
}

// readBefore takes the currency before the number.
func (a *amount) readBefore(p *parser, i int) {
	j := i - 1
	if p.is(j, kDot) && p.raw(j-1) != "" { // "Fr. 6'500"
		if c := p.at(j - 1); c.class == cCurrency && c.currency == "CHF" {
			j--
		}
	}
	if j < p.used {
		return
	}
	if c := p.currencyAt(j); c != "" {
		a.currency, a.first, a.before = c, j, true
		if w := p.at(j); w.class == cKiloEur {
			a.value, a.kilo, a.bare = a.value*1000, true, false
		}
	}
}

// readAfter takes multiplier and currency after the number; false if what
// follows makes it another kind of number.
func (a *amount) readAfter(p *parser, i int) bool {
	j := i + 1
	if p.is(j, kPercent) {
		return false
	}
	dashed := false
	if p.is(j, kDash) && p.tok[j].glued && j+1 < len(p.tok) && p.tok[j+1].glued {
		if p.currencyAt(j+1) != "" || p.at(j+1).class == cTime {
			dashed = true
			j++
		}
	}
	w := p.at(j)
	switch w.class {
	case cBig:
		return false
	case cKilo:
		if !p.kilo(j) {
			return true
		}
		if !a.kilo {
			a.value, a.kilo, a.bare = a.value*1000, true, false
		}
		a.last = j
		j = p.afterDot(j + 1)
	case cKiloEur:
		a.value, a.kilo, a.bare = a.value*1000, true, false
		a.currency, a.last = w.currency, j
		return true
	case cTime:
		if dashed || p.tok[j].glued {
			return false // 40-Stunden-Woche, 38,5h
		}
	}
	if c := p.currencyAt(j); c != "" && (!a.before || p.currencyFits(j, a.currency)) {
		a.currency, a.last = c, j
		if p.is(j+1, kDash) && p.tok[j+1].glued && p.is(j+2, kWord) && p.tok[j+2].glued {
			k := p.at(j + 2).class
			a.tied = dashed || k == cNone || k == cNeg
		}
	}
	return true
}

// kilo reports whether token j, a word of class cKilo, multiplies the number
// before it: "45k", "45 Tsd. €", "45 T€", but not "45 t Last".
func (p *parser) kilo(j int) bool {
	if len(p.raw(j)) > 1 {
		return true
	}
	if p.raw(j) == "T" || p.raw(j) == "t" {
		return p.currencyAt(j+1) != "" && (p.tok[j+1].glued || p.raw(j) == "T")
	}
	return p.tok[j].glued || p.currencyAt(j+1) != ""
}

// currencyAt returns the currency that token j stands for.
func (p *parser) currencyAt(j int) string {
	if p.is(j, kCurrency) {
		switch p.raw(j) {
		case "€":
			return "EUR"
		case "£":
			return "GBP"
		}
		return "USD"
	}
	if w := p.at(j); w.class == cCurrency || w.class == cKiloEur {
		return w.currency
	}
	return ""
}

// currencyFits reports whether the currency at j repeats the one already read,
// as in "€ 3.000 EUR", rather than opening the next amount.
func (p *parser) currencyFits(j int, have string) bool {
	return p.currencyAt(j) == have && !p.is(j+1, kNumber)
}

// readOpen takes "3.000+ €", "60k+", "oder mehr" and "aufwärts".
func (a *amount) readOpen(p *parser) {
	j := a.last + 1
	if p.is(j, kPlus) && p.tok[j].glued && !p.is(j+1, kNumber) {
		a.open, a.last = true, j
		if c := p.currencyAt(j + 1); c != "" && a.currency == "" {
			a.currency, a.last = c, j+1
		}
		return
	}
	switch p.raw(j) {
	case "aufwärts", "upwards":
		a.open, a.last = true, j
	case "oder", "und", "or", "and":
		switch p.raw(j + 1) {
		case "mehr", "more", "up", "aufwärts", "above", "höher":
			a.open, a.last = true, j+1
		}
	}
}

// span is an amount or a range of amounts with its unit if one stands within.
type span struct {
	first, last int
	min, max    float64
	currency    string
	unit        Unit
	gross       bool // brutto stands within
	ranged      bool
	kilo, bare  bool
	open, tied  bool
}

// span reads the amount at number i and, if one follows, the upper amount of a
// range.
func (p *parser) span(i int) (span, bool) {
	lo, ok := p.amount(i)
	if !ok {
		return span{last: i}, false
	}
	s := span{first: lo.first, last: lo.last, min: lo.value, max: lo.value, currency: lo.currency, kilo: lo.kilo, bare: lo.bare, open: lo.open, tied: lo.tied}
	if lo.tied || lo.open {
		return s, true
	}
	j, gross, unit := p.skipBetween(lo.last + 1)
	sep, dash := p.separator(j, lo.first)
	if sep == j {
		return s, true
	}
	for p.at(sep).class == cFiller || p.at(sep).class == cUpTo || p.at(sep).class == cCurrency || p.is(sep, kCurrency) || p.is(sep, kDot) && p.tok[sep].glued {
		sep++
	}
	if !p.is(sep, kNumber) || dash && p.breaksRange(j, sep) {
		return s, true
	}
	saved := p.used
	p.used = lo.last + 1
	hi, ok := p.amount(sep)
	p.used = saved
	if !ok || !p.pairs(&lo, &hi) {
		return s, true
	}
	s.last, s.min, s.max, s.ranged = hi.last, lo.value, hi.value, lo.value != hi.value
	s.kilo, s.bare, s.open, s.gross, s.unit = hi.kilo, hi.bare, false, gross, unit
	if s.currency == "" {
		s.currency = hi.currency
	}
	return s, true
}

// skipBetween passes what may stand between the lower amount and the sign of
// the range: brutto and a unit.
func (p *parser) skipBetween(j int) (next int, gross bool, unit Unit) {
	for range 3 {
		if u, n := p.unitAt(j); u != "" {
			unit, j = u, n
			continue
		}
		if c := p.at(j).class; c == cGross {
			gross = true
			j++
			continue
		}
		break
	}
	return j, gross, unit
}

// separator returns the token after the sign of a range at j, or j.
func (p *parser) separator(j, first int) (next int, dash bool) {
	switch {
	case p.is(j, kDash):
		next = j + 1
		for p.is(next, kDash) {
			next++
		}
		return next, true
	case p.is(j, kDot) && p.is(j+1, kDot):
		return j + 2, true
	case p.at(j).class == cTo, p.at(j).class == cUpTo && p.raw(j) == "bis":
		return j + 1, false
	case p.is(j, kSlash) && p.tok[j].glued && p.is(j+1, kNumber) && p.tok[j+1].glued:
		return j + 1, false
	case p.raw(j) == "und" || p.raw(j) == "and":
		for k := first - 1; k >= max(0, first-4); k-- {
			if p.at(k).class == cBetween {
				return j + 1, false
			}
		}
	}
	return j, false
}

// breaksRange reports whether a dash between j and next separates two things
// rather than bounds: "ab 16 € - 30 Tage Urlaub".
func (p *parser) breaksRange(j, next int) bool {
	return p.tok[j].kind == kBreak || next-j > 4
}

// pairs reports whether hi bounds lo from above, and completes a lower amount
// written short: 45-55k, 45-55.000, 3,2–3,8 Tsd.
func (p *parser) pairs(lo, hi *amount) bool {
	if lo.currency != "" && hi.currency == "" && !lo.before && !p.endsAmount(hi.last+1) {
		return false
	}
	if lo.currency != "" && hi.currency != "" && lo.currency != hi.currency {
		return false
	}
	if hi.value > lo.value*8 && lo.value < 1000 && hi.value >= 1000 && lo.value*1000 <= hi.value && !lo.kilo && (lo.currency == "" || lo.before) {
		lo.value *= 1000
	}
	if hi.value < lo.value && hi.value >= 1000 && hi.value*2 > lo.value && lo.currency == "" {
		lo.value, hi.value = hi.value, lo.value // "70.000 - 60.000 €"
	}
	if lo.kilo && !hi.kilo && hi.value < 1000 {
		hi.value, hi.kilo = hi.value*1000, true
	}
	return hi.value >= lo.value && hi.value <= lo.value*8
}

// endsAmount reports whether what stands at j can follow an amount without a
// currency: nothing, a unit, brutto.
func (p *parser) endsAmount(j int) bool {
	if p.edge(j) || p.is(j, kClose) || p.is(j, kComma) || p.is(j, kOpen) {
		return true
	}
	if u, _ := p.unitAt(j); u != "" {
		return true
	}
	c := p.at(j).class
	return c == cGross || c == cPay
}

// unitAt returns the unit that a phrase such as "/ Monat", "p. a." or "im Jahr"
// at token j names, and the token after it; an empty unit if none does.
func (p *parser) unitAt(j int) (Unit, int) {
	w := p.at(j)
	switch {
	case w.class == cEach:
		return w.unit, p.afterDot(j + 1)
	case p.is(j, kSlash) || w.class == cPer:
	case w.class == cTime && j > 0 && (p.currencyAt(j-1) != "" || p.at(j-1).class == cGross) && len(p.raw(j)) > 2:
		return w.unit, p.afterDot(j + 1)
	default:
		return "", j
	}
	k := j + 1
	if p.raw(j) == "p" || p.raw(j) == "P" {
		k = p.afterDot(k)
		switch p.raw(k) {
		case "a", "A", "J", "j":
			return Year, p.afterDot(k + 1)
		case "M", "m":
			return Month, p.afterDot(k + 1)
		case "h", "H":
			return Hour, p.afterDot(k + 1)
		case "W", "w":
			return Week, p.afterDot(k + 1)
		}
	}
	if c := p.at(k); c.class == cPer && k+1 < len(p.tok) && p.at(k+1).class == cTime {
		k++ // in der Stunde
	}
	if p.at(k).class == cGross {
		k++ // pro Brutto-Stunde is rare, "/brutto Monat" is not
	}
	if p.raw(k) == "m" || p.raw(k) == "M" || p.raw(k) == "Mt" {
		if p.is(j, kSlash) && !p.is(k+1, kOther) {
			return Month, p.afterDot(k + 1)
		}
	}
	if (p.raw(k) == "a" || p.raw(k) == "A") && p.is(j, kSlash) {
		return Year, p.afterDot(k + 1)
	}
	if c := p.at(k); c.class == cTime {
		return c.unit, p.afterDot(k + 1)
	}
	return "", j
}

// afterDot passes the dot of an abbreviation.
func (p *parser) afterDot(k int) int {
	if p.is(k, kDot) && p.tok[k].glued {
		return k + 1
	}
	return k
}

package pay

// verdict is what the words around a span say about it.
type verdict struct {
	pay      bool // a pay word or brutto
	noun     bool // a pay word
	neg      bool // a bonus, a budget …
	unit     Unit
	from     bool // "ab", "mindestens" or a least amount
	upTo     bool
	net      bool
	trainee  bool
	other    bool // per something that is no span of time
	heading  bool // nothing but signs between the line's beginning and the span
	followed bool // an unknown word stands directly behind the span
	first    int  // tokens of the phrase
	last     int
}

// limits of how far from an amount a word still speaks of it, in tokens.
const (
	reachLeft  = 16
	reachRight = 10
)

// judge looks at both sides of s.
func (p *parser) judge(s span) verdict {
	v := verdict{first: s.first, last: s.last, unit: s.unit, pay: s.gross}
	p.judgeRight(s, &v)
	p.judgeLeft(s, &v)
	return v
}

// judgeRight reads what follows the span: a unit, brutto, the noun it counts.
func (p *parser) judgeRight(s span, v *verdict) {
	unknown, parens := 0, 0
	comma := false
	for j := s.last + 1; j < len(p.tok) && j <= s.last+reachRight; j++ {
		if u, next := p.unitAt(j); u != "" {
			if v.unit == "" {
				v.unit = u
			}
			v.last = next - 1
			j = next - 1
			continue
		}
		t := p.tok[j]
		switch t.kind {
		case kStop, kBreak:
			return
		case kComma:
			comma = true
			continue
		case kOpen:
			parens++
			continue
		case kClose:
			if parens == 0 {
				return
			}
			parens--
			continue
		case kSlash:
			if j == s.last+1 || p.at(j-1).class == cGross {
				if p.is(j+1, kWord) && !p.knownAfterSlash(j+1) {
					v.other = true
					return
				}
			}
			continue
		case kDash:
			if t.glued && (s.tied || j == s.last+1) {
				continue
			}
			return
		case kPlus, kNumber, kCurrency:
			return
		case kWord:
		default:
			if t.kind == kOther && p.raw(j) == "*" {
				continue
			}
			return
		}
		w := p.at(j)
		switch w.class {
		case cGross:
			v.pay, v.last = true, j
			if v.unit == "" {
				v.unit = w.unit
			}
		case cNet:
			v.pay, v.net, v.last = true, true, j
		case cPay:
			if comma && unknown > 0 {
				return
			}
			v.pay, v.noun, v.last = true, true, j
			if v.unit == "" {
				v.unit = w.unit
			}
			v.from = v.from || w.least
		case cWeak:
			v.pay = true
		case cTrainee:
			v.trainee, v.pay = true, true
			if v.unit == "" {
				v.unit = w.unit
			}
		case cNeg:
			if comma || v.pay && unknown > 0 {
				return
			}
			v.neg = true
			return
		case cAdd, cIncl, cTo, cFrom, cUpTo, cSalaries:
			return
		case cFor:
			v.neg = v.neg || p.negSoon(j+1)
			return
		case cAnd:
			if !v.pay {
				v.neg = v.neg || p.negSoon(j+1) && unknown > 0
			}
			return
		case cPer:
			if v.unit == "" && unknown == 0 && parens == 0 && p.countsOther(j) {
				v.other = true
				return
			}
		case cFiller, cEach:
		default:
			if j == s.last+1 {
				v.followed = true
			}
			if comma {
				return
			}
			if unknown++; unknown > 2 {
				return
			}
		}
	}
}

// countsOther reports whether the per-word at j leads to something that is no
// span of time: "pro Kind", "je Kilometer", but not "je nach Erfahrung".
func (p *parser) countsOther(j int) bool {
	switch p.raw(j) {
	case "pro", "je", "per":
		return p.is(j+1, kWord) && p.at(j+1).class == cNone && p.raw(j+1) != "nach"
	}
	return false
}

// knownAfterSlash reports whether the word at j after a slash leaves the amount
// what it is: "€/brutto", "EUR/VZ".
func (p *parser) knownAfterSlash(j int) bool {
	switch p.at(j).class {
	case cGross, cNet, cPay, cWeak, cTime, cEach, cCurrency:
		return true
	}
	return false
}

// negSoon reports whether one of the next words says that an amount before them
// is no pay: "500 € für deine Weiterbildung".
func (p *parser) negSoon(j int) bool {
	for k := j; k < j+4 && !p.edge(k); k++ {
		switch p.at(k).class {
		case cNeg:
			return true
		case cPay, cGross, cWeak:
			return false
		}
	}
	return false
}

// judgeLeft walks left to the nearest word that says what the amount is.
func (p *parser) judgeLeft(s span, v *verdict) {
	crossed := false // into the line above
	words := 0
	bounds := true // a bound word still belongs to the amount
	for j := s.first - 1; j >= 0 && j >= s.first-reachLeft; j-- {
		t := p.tok[j]
		switch t.kind {
		case kBreak:
			if crossed && p.tok[j+1].kind == kBreak {
				continue
			}
			if crossed || words > 0 || !p.headingAbove(j) {
				v.heading = v.heading || !crossed && words == 0
				return
			}
			v.heading, crossed, bounds = true, true, false
			continue
		case kStop:
			return
		case kNumber:
			if j < p.used {
				p.inherit(j, v)
				return
			}
			bounds = false
			continue
		case kPlus:
			if !crossed && !p.tok[j].glued {
				return
			}
			continue
		case kWord:
		default:
			continue
		}
		w := p.at(j)
		if p.leftWord(s, v, j, w, &bounds) {
			return
		}
		if w.class == cNone {
			words++
			bounds = false
		}
	}
	if s.first-1 < 0 {
		v.heading = true
	}
}

// headingAbove reports whether the line that ends at break j, or the nearest
// one above it that is not empty, is a heading: a few words and no sentence.
func (p *parser) headingAbove(j int) bool {
	for p.is(j, kBreak) {
		j--
	}
	words := 0
	for ; j >= 0 && !p.is(j, kBreak); j-- {
		switch p.tok[j].kind {
		case kWord:
			words++
		case kStop:
			return false
		}
		if words > 4 {
			return false
		}
	}
	return words > 0
}

// leftWord takes one word left of the span; true ends the walk.
func (p *parser) leftWord(s span, v *verdict, j int, w wordInfo, bounds *bool) (done bool) {
	switch w.class {
	case cPay, cGross, cTrainee:
		v.pay = true
		v.noun = v.noun || w.class != cGross
		v.trainee = v.trainee || w.class == cTrainee
		if v.unit == "" {
			v.unit = w.unit
		}
		v.from = v.from || w.least
		if s.first-j <= 8 {
			v.first = j
		}
		if w.class == cGross || w.class == cPay && v.unit == "" {
			return p.unitBefore(v, j)
		}
		return true
	case cNet:
		v.pay, v.net = true, true
	case cWeak:
		v.pay = true
	case cNeg:
		if p.at(j-1).class == cIncl || p.is(j-1, kDot) && p.at(j-2).class == cIncl {
			return false
		}
		v.neg = v.neg || !v.noun
		return true
	case cAdd:
		v.neg = v.neg || !v.pay
		return true
	case cFrom, cOver:
		if *bounds {
			v.from, v.first = true, j
		}
		if w.class == cOver {
			*bounds = false
		}
	case cUpTo, cTo:
		if *bounds && !v.from {
			v.upTo, v.first = true, j
		}
	case cEach:
		if v.unit == "" {
			v.unit = w.unit
		}
	case cTime:
		if c := p.at(j - 1); v.unit == "" && (c.class == cPer || p.is(j-1, kSlash) || p.is(j-1, kOpen)) {
			v.unit = w.unit
		}
	}
	return false
}

// unitBefore looks for a unit in the words just before a pay word: "monatliches
// Bruttogehalt", "hourly rate"; it always ends the walk.
func (p *parser) unitBefore(v *verdict, j int) bool {
	for k := j - 1; k >= 0 && k >= j-4 && !p.edge(k); k-- {
		w := p.at(k)
		if w.class == cNeg || w.class == cAdd {
			break
		}
		if w.class == cPay || w.class == cGross {
			v.noun = v.noun || w.class == cPay
		}
		if w.class == cEach || w.unit != "" && (w.class == cPay || w.class == cGross) {
			v.unit = or(v.unit, w.unit)
			break
		}
	}
	return true
}

func or(a, b Unit) Unit {
	if a != "" {
		return a
	}
	return b
}

// inherit is reached when the walk left meets an amount already read: a list
// of amounts shares its head unless something else is added.
func (p *parser) inherit(j int, v *verdict) {
	if v.neg || v.pay {
		return
	}
	if p.lastNeg {
		v.neg = true
		return
	}
	v.pay = p.lastPay
	v.unit = or(v.unit, p.lastUnit)
	v.trainee = v.trainee || p.lastTrainee
}

package pay

// rightWalk is the state of reading what follows a span.
type rightWalk struct {
	p       *parser
	s       span
	v       *verdict
	unknown int  // words that say nothing known
	parens  int  // open parentheses
	comma   bool // a comma was passed
}

// judgeRight reads what follows the span: a unit, brutto, the noun it counts.
func (p *parser) judgeRight(s span, v *verdict) {
	r := rightWalk{p: p, s: s, v: v}
	for j := s.last + 1; j < len(p.tok) && j <= s.last+reachRight; j++ {
		if u, next := p.unitAt(j); u != "" {
			v.unit = or(v.unit, u)
			v.last = next - 1
			j = next - 1
			continue
		}
		if p.salariesAt(j, v) {
			continue
		}
		if p.is(j, kWord) && !r.word(j) || !p.is(j, kWord) && !r.sign(j) {
			return
		}
	}
}

// sign takes a token that is no word; false ends the walk.
func (r *rightWalk) sign(j int) bool {
	p := r.p
	switch p.tok[j].kind {
	case kComma:
		r.comma = true
		return true
	case kOpen:
		r.parens++
		return true
	case kClose:
		r.parens--
		return r.parens >= 0
	case kSlash:
		if (j == r.s.last+1 || p.at(j-1).class == cGross) && p.is(j+1, kWord) && !p.knownAfterSlash(j+1) {
			r.v.other = true
			return false
		}
		return true
	case kDash:
		return p.tok[j].glued && j == r.s.last+1
	case kDot, kColon:
		return true
	}
	return p.raw(j) == "*"
}

// word takes a word; false ends the walk.
func (r *rightWalk) word(j int) bool {
	p, v := r.p, r.v
	w := p.at(j)
	switch w.class {
	case cGross, cNet:
		v.pay, v.last = true, j
		v.net = v.net || w.class == cNet
		v.unit = or(v.unit, w.unit)
	case cPay:
		if r.comma {
			return false // the next item of a list: "Prämie 300 €, Stundenlohn 15 €"
		}
		v.pay, v.noun, v.last = true, true, j
		v.unit = or(v.unit, w.unit)
		v.from = v.from || w.least
	case cWeak:
		v.pay = true
	case cTrainee:
		v.trainee, v.pay = true, true
		v.unit = or(v.unit, w.unit)
	case cNeg:
		v.neg = v.neg || !r.comma && !(v.pay && r.unknown > 0)
		return false
	case cAdd, cIncl, cTo, cFrom, cUpTo, cSalaries:
		return false
	case cFor:
		v.neg = v.neg || p.negSoon(j+1)
		return false
	case cAnd:
		v.neg = v.neg || !v.pay && r.unknown > 0 && p.negSoon(j+1)
		return false
	case cPer:
		if v.unit == "" && r.unknown == 0 && r.parens == 0 && p.countsOther(j) {
			v.other = true
			return false
		}
	case cFiller, cEach:
	default:
		v.followed = v.followed || j == r.s.last+1
		r.unknown++
		return !r.comma && r.unknown <= 2
	}
	return true
}

// salariesAt reports whether the token at j belongs to a count of salaries,
// "x 13" or "14x": then the amount is a monthly pay. In parentheses it may also
// be the number of a year, "(1. Jahr)": then it is an apprentice's.
func (p *parser) salariesAt(j int, v *verdict) bool {
	for _, k := range [...]int{j, j + 1} {
		if !p.is(k, kNumber) || k == j+1 && !p.timesAt(j) {
			continue
		}
		n := p.tok[k].num
		if p.is(k+1, kDot) && n <= 4 && p.at(k+2).unit == Year && p.is(j-1, kOpen) {
			v.trainee = true
			return false
		}
		if n < 12 || n > 16 || !p.timesAt(k-1) && !p.timesAt(k+1) && p.at(k+1).class != cSalaries {
			return false
		}
		v.pay, v.unit = true, or(v.unit, Month)
		return true
	}
	return p.timesAt(j) && p.is(j-1, kNumber) && p.salariesAt(j-1, v)
}

// countsOther reports whether the per-word at j leads to something that is no
// span of time: "pro Kind", "je Kilometer", but not "je nach Erfahrung".
func (p *parser) countsOther(j int) bool {
	switch p.raw(j) {
	case "pro", "je", "per":
		return p.is(j+1, kWord) && p.at(j+1).class == cNone && p.raw(j+1) != "nach" && p.raw(j+1) != "rata"
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

package pay

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
				p.inherit(v)
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
		if w.class == cGross || w.class == cPay && w.unit == "" {
			return p.unitBefore(v, j)
		}
		return true
	case cNet:
		v.pay, v.net = true, true
	case cWeak:
		v.pay = true
	case cNeg:
		if p.at(j-1).class == cIncl || p.is(j-1, kDot) && p.at(j-2).class == cIncl {
			v.doubt = true
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
		if !p.afterHours(j) {
			v.unit = or(v.unit, w.unit)
		}
	case cTime:
		if w.unit == Year && p.is(j-1, kDot) && p.is(j-2, kNumber) && p.tok[j-2].num <= 4 {
			v.trainee = true
		}
		if c := p.at(j - 1); v.unit == "" && !p.afterHours(j-1) && (c.class == cPer || p.is(j-1, kSlash) || p.is(j-1, kOpen)) {
			v.unit = w.unit
		}
	}
	return false
}

// afterHours reports whether hours are counted just before token j, so that a
// week there belongs to the working time: "38,5 Stunden/Woche".
func (p *parser) afterHours(j int) bool {
	if p.is(j-1, kDot) {
		j--
	}
	return p.at(j-1).unit == Hour && p.at(j-1).class == cTime
}

// unitBefore looks for a unit in the words just before a pay word: "monatliches
// Bruttogehalt", "hourly rate"; it always ends the walk.
func (p *parser) unitBefore(v *verdict, j int) bool {
	for k := j - 1; k >= 0 && k >= j-4 && !p.edge(k); k-- {
		w := p.at(k)
		if w.class == cNeg && k == j-1 {
			v.neg = true // transport compensation
		}
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
func (p *parser) inherit(v *verdict) {
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

package pay

import "strings"

// amounts returns the pay that is stated as amounts of money, in order.
func (p *parser) amounts() []finding {
	var found []finding
	for i := 0; i < len(p.tok); i++ {
		if p.tok[i].kind != kNumber || i < p.used {
			continue
		}
		s, ok := p.span(i)
		if !ok {
			continue
		}
		v := p.judge(s)
		f, ok := p.accept(s, v)
		if s.currency != "" || ok {
			p.lastNeg, p.lastPay, p.lastUnit, p.lastTrainee = v.neg, ok, v.unit, v.trainee && ok
			p.used = s.last + 1
			i = max(i, s.last)
		}
		if ok {
			found = append(found, f)
		}
	}
	return found
}

// accept decides whether the span is pay.
func (p *parser) accept(s span, v verdict) (finding, bool) {
	alone := p.standsAlone(s, v)
	if v.neg || v.other || !p.minijob(s, &v) && s.tied {
		return finding{}, false
	}
	top := max(s.min, s.max)
	if s.currency == "" && !p.acceptBare(s, v, alone) {
		return finding{}, false
	}
	unit, guessed := v.unit, false
	if unit == "" {
		if !v.pay && !alone && !p.titleRange(s, v) {
			return finding{}, false
		}
		if unit = unitBySize(top); unit == "" && v.noun && marginal(top) {
			unit = Month
		}
		if unit == "" {
			return finding{}, false
		}
		guessed = true
	}
	if !plausible(s, unit, v.pay) {
		return finding{}, false
	}
	f := finding{at: s.first, trainee: v.trainee, score: score(s, v, guessed)}
	f.Min, f.Max, f.Currency, f.Unit = s.min, s.max, s.currency, unit
	f.UnitGuessed, f.Net = guessed, v.net
	if f.Currency == "" {
		f.Currency, f.CurrencyGuessed = "EUR", true
	}
	if !s.ranged {
		switch {
		case v.from || s.open || p.overpaid(v.last):
			f.Max = 0
		case v.upTo:
			f.Min = 0
		}
	}
	f.Text = p.phrase(v.first, v.last)
	return f, true
}

// acceptBare decides about a span without a currency: a unit or a pay word must
// stand with it, and nothing that it could count instead.
func (p *parser) acceptBare(s span, v verdict, alone bool) bool {
	if v.followed || p.is(s.last+1, kOther) {
		return false
	}
	if s.bare && !s.ranged && s.max >= 1900 && s.max <= 2100 && v.last == s.last {
		return false // a year
	}
	if alone {
		return s.kilo || s.max >= 1000 && (v.unit != "" || v.pay) || v.unit != "" && v.pay
	}
	if !v.pay && (v.unit == "" || s.max < 10_000) {
		return false
	}
	if s.max < 450 && v.unit != Hour {
		return false
	}
	return !(s.max < 100 && s.bare && !s.ranged && v.unit == Hour && v.last == s.last && !v.noun)
}

// plausible reports whether amounts of this size are paid for this unit. Where
// no word speaks of pay the bounds are closer, for then rents, fees and
// contracts are near.
func plausible(s span, unit Unit, pay bool) bool {
	lo, hi := s.min, s.max
	within := func(a, b float64) bool { return lo >= a && hi <= b }
	switch unit {
	case Hour:
		return within(4, 500) && (pay || within(8, 250))
	case Day:
		return within(30, 5_000) && (pay || within(60, 3_000))
	case Week:
		return within(80, 20_000) && (pay || within(300, 5_000))
	case Month:
		return within(150, 60_000) && (pay || within(450, 25_000))
	case Year:
		return within(3_000, 3_000_000) && (pay || within(10_000, 500_000))
	}
	return false
}

// score ranks a statement by how plainly it speaks of pay.
func score(s span, v verdict, guessed bool) int {
	n := 20
	if v.noun {
		n += 4
	}
	if v.pay {
		n += 2
	}
	if !guessed {
		n += 4
	}
	if s.currency != "" {
		n += 2
	}
	if s.ranged {
		n++
	}
	if v.trainee {
		n--
	}
	return n
}

// standsAlone reports whether the text is hardly more than the span.
func (p *parser) standsAlone(s span, v verdict) bool {
	if len(p.text) > 120 {
		return false
	}
	words := 0
	for j := range p.tok {
		if j >= s.first && j <= s.last || j >= v.first && j <= v.last {
			continue
		}
		if j > s.last && (p.is(j, kPlus) || p.at(j).class == cAdd) {
			break // "+ bonus"
		}
		if p.tok[j].kind == kNumber && !p.countsSalaries(j) {
			return false
		}
		if p.tok[j].kind == kWord && p.at(j).class == cNone {
			words++
		}
		if p.at(j).class == cNeg {
			return false
		}
	}
	return words == 0
}

// titleRange reports whether the span is a range of yearly size with a currency
// that opens or fills its line, as in a title or a list of facts.
func (p *parser) titleRange(s span, v verdict) bool {
	return s.ranged && s.currency != "" && s.min >= 20_000 && s.max <= 400_000 && s.max <= 3*s.min && v.heading && !v.followed
}

// minijob lets the sums of marginal employment through: 556-Euro-Basis.
func (p *parser) minijob(s span, v *verdict) bool {
	if !marginal(s.min) {
		return false
	}
	if p.raw(s.last+1) == "Basis" { // "auf 556 € Basis"
		v.pay, v.noun, v.unit = true, true, Month
		v.last = s.last + 1
		return true
	}
	switch p.raw(s.last + 2) {
	case "Basis", "Job", "Jobs", "Jobber", "Kraft", "Minijob", "Stelle":
		v.pay, v.noun, v.unit = true, true, Month
		v.last = s.last + 2
		return true
	}
	return false
}

// marginal reports whether v is a monthly limit of marginal employment that was
// or is in force (section 8 SGB IV since 2003, by year).
func marginal(v float64) bool {
	switch v {
	case 400, 450, 520, 538, 556, 603:
		return true
	}
	return false
}

// overpaid reports whether the text soon after token j offers more than the
// amount, as Austrian postings do beside the collective minimum.
func (p *parser) overpaid(j int) bool {
	for k := j + 1; k < len(p.tok) && k <= j+14; k++ {
		if t := p.tok[k]; t.kind == kWord && t.end-t.start >= 8 {
			if low := strings.ToLower(p.raw(k)); strings.HasPrefix(low, "überzahl") || strings.HasPrefix(low, "ueberzahl") || strings.HasPrefix(low, "mehrbezahl") || strings.HasPrefix(low, "überbezahl") {
				return true
			}
		}
	}
	return false
}

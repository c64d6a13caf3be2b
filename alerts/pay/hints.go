package pay

import "strings"

// hints reads the weekly hours, salaries a year and part-time share that the
// text states.
func (p *parser) hints() Hints {
	var h Hints
	for i := range p.tok {
		t := p.tok[i]
		if t.kind != kNumber || t.odd {
			continue
		}
		switch {
		case t.num >= 12 && t.num <= 16 && p.countsSalaries(i):
			h.SalariesPerYear = max(h.SalariesPerYear, t.num)
		case t.num >= 10 && t.num <= 60 && p.countsHours(i):
			h.HoursPerWeek = max(h.HoursPerWeek, t.num)
		case t.num >= 10 && t.num <= 100 && p.is(i+1, kPercent) && p.sharesTime(i):
			h.PartTimeShare = max(h.PartTimeShare, t.num/100)
		}
	}
	if h.PartTimeShare == 1 {
		h.PartTimeShare = 0
	}
	return h
}

// countsSalaries reports whether number i counts the salaries of a year: "14
// Gehälter", "13. Monatsgehalt", "14x", "× 13,5".
func (p *parser) countsSalaries(i int) bool {
	j := i + 1
	if p.is(j, kDash) && p.tok[j].glued {
		j++
	}
	if p.tok[i].bare && (p.is(j, kDot) || p.is(j, kStop) && p.raw(j) == ".") && p.tok[j].glued {
		return p.thirteenth(j + 1)
	}
	if raw := p.raw(j); raw == "th" && p.tok[j].glued {
		return p.thirteenth(j + 1)
	}
	if p.at(j).class == cFiller || p.at(j).class == cGross {
		j++
	}
	if p.at(j).class == cSalaries {
		return true
	}
	if p.timesAt(i+1) || p.raw(j) == "mal" || p.raw(j) == "Mal" || p.raw(j) == "malig" {
		return p.ofPay(i)
	}
	return p.timesAt(i-1) && p.ofPay(i)
}

func (p *parser) timesAt(j int) bool {
	return p.is(j, kTimes) || p.raw(j) == "x" || p.raw(j) == "X" || p.raw(j) == "*"
}

// thirteenth reports whether a salary is named at j, or after "und 14." there.
func (p *parser) thirteenth(j int) bool {
	for k := j; k < j+5 && !p.edge(k); k++ {
		raw := strings.ToLower(p.raw(k))
		if strings.Contains(raw, "gehalt") || strings.Contains(raw, "gehält") || strings.Contains(raw, "lohn") || strings.Contains(raw, "bezug") || strings.Contains(raw, "bezüge") ||
			strings.Contains(raw, "entgelt") || raw == "salary" || strings.Contains(raw, "einkommen") {
			return true
		}
		if c := p.at(k).class; c != cAnd && c != cNone && c != cAdd || k > j && c == cNone && p.tok[k].kind == kWord {
			return false
		}
	}
	return false
}

// ofPay reports whether money or a yearly word stands beside number i, so that
// "14x" counts salaries and not something else.
func (p *parser) ofPay(i int) bool {
	for k := max(0, i-9); k < min(len(p.tok), i+6); k++ {
		if p.currencyAt(k) != "" {
			return true
		}
		switch w := p.at(k); w.class {
		case cPay, cGross, cSalaries:
			return true
		case cEach:
			if w.unit == Year || w.unit == Month {
				return true
			}
		}
	}
	return false
}

// countsHours reports whether number i is a weekly working time: "38,5 h/Woche",
// "40-Stunden-Woche", "39 Wochenstunden", "Vollzeit (38,5 Std.)".
func (p *parser) countsHours(i int) bool {
	j := i + 1
	if p.is(j, kDash) && p.tok[j].glued {
		j++
	}
	low := strings.ToLower(p.raw(j))
	if strings.HasPrefix(low, "wochenstunde") || low == "stundenwoche" {
		return true
	}
	if p.at(j).unit != Hour || p.at(j).class != cTime {
		return false
	}
	for k := j + 1; k <= j+5 && !p.edge(k); k++ {
		if p.is(k, kNumber) {
			return false
		}
		if raw := p.raw(k); p.at(k).unit == Week || raw == "Wo" || raw == "W" || raw == "w" || strings.HasPrefix(raw, "Woch") {
			return true
		}
		if c := p.at(k); c.unit != "" && c.unit != Week {
			return false
		}
	}
	for k := i - 1; k >= i-6 && !p.edge(k); k-- {
		if p.currencyAt(k) != "" {
			return false
		}
		low := strings.ToLower(p.raw(k))
		if strings.Contains(low, "woche") || strings.Contains(low, "wöchentlich") || strings.HasPrefix(low, "arbeitszeit") || strings.HasPrefix(low, "vollzeit") ||
			strings.HasPrefix(low, "teilzeit") || low == "basis" || low == "vz" || low == "tz" {
			return true
		}
	}
	return false
}

// sharesTime reports whether the percentage at i is a share of full time.
func (p *parser) sharesTime(i int) bool {
	for k := i - 4; k <= i+5; k++ {
		if k < 0 || k >= len(p.tok) {
			continue
		}
		low := strings.ToLower(p.raw(k))
		if p.edge(k) && k > i {
			return false
		}
		switch {
		case strings.HasPrefix(low, "teilzeit"), strings.HasPrefix(low, "pensum"), strings.HasPrefix(low, "beschäftigungsgrad"), strings.HasPrefix(low, "beschäftigungsausmaß"),
			strings.HasPrefix(low, "stellenumfang"), strings.HasPrefix(low, "arbeitspensum"), low == "stelle", low == "position" && k > i, low == "fte", strings.HasPrefix(low, "anstellungsgrad"):
			return true
		case low == "part" && strings.HasPrefix(strings.ToLower(p.raw(k+1)), "time"), low == "part" && p.is(k+1, kDash):
			return true
		}
	}
	return false
}

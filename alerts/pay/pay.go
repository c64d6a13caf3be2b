package pay

import (
	"html"
	"strings"
	"unicode/utf8"
)

// maxText is how many bytes of a text are read; the rest is not looked at.
const maxText = 100_000

// Unit is the span an amount is paid for, as schema.org's unitText.
type Unit string

// The units that are known. The zero Unit means that none was stated.
const (
	Hour  Unit = "HOUR"
	Day   Unit = "DAY"
	Week  Unit = "WEEK"
	Month Unit = "MONTH"
	Year  Unit = "YEAR"
)

// Statement is one pay that a text or a structured field states.
//
// Min and Max are the amounts as stated, per Unit. Max is 0 when no upper
// bound was stated ("ab 3.000 €"), Min is 0 when only an upper bound was ("bis
// zu 60.000 €"); a single amount stands in both. YearlyMin and YearlyMax
// follow the same rule: gross a year in whole units of Currency.
type Statement struct {
	Text            string     `json:"text,omitempty"` // the phrase it was read from; empty for structured pay
	Min             float64    `json:"min"`
	Max             float64    `json:"max"`
	Currency        string     `json:"currency"` // ISO 4217, upper case
	Unit            Unit       `json:"unit"`
	YearlyMin       int64      `json:"yearly_min"`
	YearlyMax       int64      `json:"yearly_max"`
	Assumption      Assumption `json:"assumption,omitzero"`
	UnitGuessed     bool       `json:"unit_guessed,omitempty"`     // the size of the amount told the unit, no word did
	CurrencyGuessed bool       `json:"currency_guessed,omitempty"` // no currency was stated; Currency is EUR
	Net             bool       `json:"net,omitempty"`              // stated as net; the yearly amounts are then net too
}

// Parse returns the statement that says most about the pay of the posting with
// this text: an amount with a pay word and a unit before a bare amount before a
// pay grade, the first of equals. It is false when the text states no pay.
// Of a text longer than 100 KB only the beginning is read. HTML tags and
// entities are understood.
func Parse(text string) (Statement, bool) {
	found := read(text)
	if len(found) == 0 {
		return Statement{}, false
	}
	best := found[0]
	for _, f := range found[1:] {
		if f.score > best.score {
			best = f
		}
	}
	return best.Statement, true
}

// ParseAll returns every pay statement of text in the order of the text.
// Statements may contradict each other; bonuses, budgets and the like are not
// among them.
func ParseAll(text string) []Statement {
	found := read(text)
	if len(found) == 0 {
		return nil
	}
	all := make([]Statement, len(found))
	for i, f := range found {
		all[i] = f.Statement
	}
	return all
}

// finding is a statement with what ranks it among the others of its text.
type finding struct {
	Statement
	at      int // first token, for the order
	score   int
	trainee bool // one year of an apprenticeship
}

// read returns the findings of text in order.
func read(text string) []finding {
	text = prepare(text)
	if !strings.ContainsAny(text, "0123456789") {
		return nil
	}
	p := newParser(text)
	found := joinTrainee(p.amounts())
	found = inOrder(found, p.grades())
	if len(found) == 0 {
		return nil
	}
	h := p.hints()
	for i := range found {
		settle(&found[i].Statement, h)
	}
	return found
}

// prepare cuts text to its limit and turns entities and soft hyphens into what
// they stand for.
func prepare(text string) string {
	if len(text) > maxText {
		cut := maxText
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	if strings.IndexByte(text, '&') >= 0 && strings.IndexByte(text, ';') >= 0 {
		text = html.UnescapeString(text)
	}
	if strings.Contains(text, "\u00ad") {
		text = strings.ReplaceAll(text, "\u00ad", "")
	}
	return text
}

// inOrder merges two lists that are each in the order of the text.
func inOrder(a, b []finding) []finding {
	if len(b) == 0 {
		return a
	}
	out := make([]finding, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0].at <= b[0].at {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// joinTrainee makes one statement of the amounts for the years of an
// apprenticeship: the lowest to the highest.
func joinTrainee(found []finding) []finding {
	out := found[:0]
	for _, f := range found {
		last := len(out) - 1
		if f.trainee && last >= 0 && out[last].trainee && f.Currency == out[last].Currency && f.Unit == out[last].Unit {
			out[last].Min = min(out[last].Min, f.Min)
			out[last].Max = max(out[last].Max, f.Max)
			out[last].Text += " … " + f.Text
			continue
		}
		out = append(out, f)
	}
	return out
}

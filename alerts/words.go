package alerts

import (
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// employmentTypeTexts are the types as people say them.
var employmentTypeTexts = map[EmploymentType][2]string{
	FullTime:   {"Vollzeit", "full time"},
	PartTime:   {"Teilzeit", "part time"},
	Contractor: {"freie Mitarbeit", "contract"},
	Temporary:  {"befristet", "temporary"},
	Intern:     {"Praktikum", "internship"},
	Volunteer:  {"Ehrenamt", "voluntary"},
	PerDiem:    {"Minijob oder tageweise", "per diem"},
	Other:      {"Sonstiges", "other"},
}

// Text names the type in German ("de") or English.
func (t EmploymentType) Text(locale string) string {
	texts, ok := employmentTypeTexts[t]
	switch {
	case !ok:
		return string(t)
	case locale == "de":
		return texts[0]
	}
	return texts[1]
}

// Quantity is a number with its unit, which no line break parts: "7 km".
func Quantity(number, unit string) string { return number + pay.NoBreak + unit }

// Text is the pay asked for, as people write it: "3.500 € im Monat".
func (s *Salary) Text(locale string) string {
	return pay.Format(s.Min, s.Min, s.Currency, pay.Unit(s.Unit), locale)
}

// PayText is the pay as stated; "" when it is not.
func (p *Posting) PayText(locale string) string {
	if p.Pay == nil {
		return ""
	}
	return stated(p.Pay, locale)
}

// stated is pay as people write it, with "net" where it was stated so: it is
// compared as it stands, since nobody can tell the gross from it.
func stated(s *pay.Statement, locale string) string {
	out := pay.Format(s.Min, s.Max, s.Currency, s.Unit, locale)
	switch {
	case !s.Net:
		return out
	case locale == "de":
		return out + " netto"
	}
	return out + " net"
}

// ruleTexts say by which rule of analysis a word was found.
var ruleTexts = map[text.Rule][2]string{
	text.Exact:      {"so geschrieben", "as written"},
	text.Inflection: {"andere Form", "another form"},
	text.Gender:     {"andere Geschlechtsform", "another gender's form"},
	text.Spelling:   {"andere Schreibweise", "another spelling"},
	text.Compound:   {"Zusammensetzung", "compound"},
	text.Parts:      {"Bestandteile", "a compound's parts"},
	text.Activity:   {"Tätigkeit", "activity"},
	text.Synonym:    {"gleichbedeutend", "synonym"},
	text.Phrase:     {"Wortfolge", "phrase"},
}

func ruleText(r text.Rule, locale string) string {
	if locale == "de" {
		return ruleTexts[r][0]
	}
	return ruleTexts[r][1]
}

// PayReach is the most the posting offers, gross yearly: the upper bound, or the
// single amount; "ab X" counts as X. 0 when pay is not stated.
func (p *Posting) PayReach() int64 {
	switch {
	case p.Pay == nil:
		return 0
	case p.Pay.YearlyMax > 0:
		return p.Pay.YearlyMax
	}
	return p.Pay.YearlyMin
}

package jobposting

import (
	"slices"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// typeWords are the ways employmentType is written, folded (text.Fold), with
// what they mean. Those that say nothing about the type map to none.
var typeWords = map[string][]alerts.EmploymentType{
	"full time": {alerts.FullTime}, "fulltime": {alerts.FullTime}, "full": {alerts.FullTime}, "vollzeit": {alerts.FullTime}, "voll": {alerts.FullTime},
	"vollzeitstelle": {alerts.FullTime}, "ganztags": {alerts.FullTime}, "100": {alerts.FullTime}, "full time permanent": {alerts.FullTime},
	"part time": {alerts.PartTime}, "parttime": {alerts.PartTime}, "teilzeit": {alerts.PartTime}, "teil": {alerts.PartTime}, "teilzeitstelle": {alerts.PartTime},
	"halbtags": {alerts.PartTime}, "werkstudent": {alerts.PartTime}, "werkstudententaetigkeit": {alerts.PartTime}, "working student": {alerts.PartTime},
	"voll oder teilzeit": {alerts.FullTime, alerts.PartTime}, "voll und teilzeit": {alerts.FullTime, alerts.PartTime}, "voll teilzeit": {alerts.FullTime, alerts.PartTime},
	"full or part time": {alerts.FullTime, alerts.PartTime}, "full part time": {alerts.FullTime, alerts.PartTime},
	"contractor": {alerts.Contractor}, "contract": {alerts.Contractor}, "freelance": {alerts.Contractor}, "freelancer": {alerts.Contractor}, "freiberuflich": {alerts.Contractor},
	"freie mitarbeit": {alerts.Contractor}, "selbststaendig": {alerts.Contractor},
	"temporary": {alerts.Temporary}, "temp": {alerts.Temporary}, "befristet": {alerts.Temporary}, "befristete anstellung": {alerts.Temporary}, "fixed term": {alerts.Temporary},
	"seasonal": {alerts.Temporary}, "saisonarbeit": {alerts.Temporary}, "saison": {alerts.Temporary}, "elternzeitvertretung": {alerts.Temporary}, "aushilfe": {alerts.Temporary},
	"intern": {alerts.Intern}, "internship": {alerts.Intern}, "praktikum": {alerts.Intern}, "pflichtpraktikum": {alerts.Intern}, "praktikant": {alerts.Intern}, "praktikantin": {alerts.Intern},
	"volunteer": {alerts.Volunteer}, "voluntary": {alerts.Volunteer}, "ehrenamt": {alerts.Volunteer}, "ehrenamtlich": {alerts.Volunteer}, "fsj": {alerts.Volunteer}, "bufdi": {alerts.Volunteer},
	"freiwilligendienst": {alerts.Volunteer}, "bundesfreiwilligendienst": {alerts.Volunteer}, "freiwilliges soziales jahr": {alerts.Volunteer},
	"per diem": {alerts.PerDiem}, "perdiem": {alerts.PerDiem}, "tageweise": {alerts.PerDiem}, "minijob": {alerts.PerDiem}, "mini job": {alerts.PerDiem}, "geringfuegig": {alerts.PerDiem},
	"geringfuegige beschaeftigung": {alerts.PerDiem}, "geringfuegig beschaeftigt": {alerts.PerDiem},
	"other": {alerts.Other}, "sonstiges": {alerts.Other}, "andere": {alerts.Other}, "ausbildung": {alerts.Other}, "apprenticeship": {alerts.Other}, "trainee": {alerts.Other},
	"duales studium": {alerts.Other}, "abschlussarbeit": {alerts.Other},
	"permanent": nil, "unbefristet": nil, "festanstellung": nil, "feste anstellung": nil, "regular": nil, "employee": nil, "angestellt": nil, "unbefristete anstellung": nil,
}

// typeSeparators part the types of a list written as one text.
var typeSeparators = strings.NewReplacer(",", "\n", ";", "\n", "|", "\n", "/", "\n", "+", "\n", " oder ", "\n", " und ", "\n", " or ", "\n", " and ", "\n", " & ", "\n")

// employmentTypes takes employmentType in any spelling, else the words of the
// title and text where they stand plainly.
func (d *document) employmentTypes() {
	named := d.refs.list(d.n.get("employmenttype"))
	stated := false
	for _, n := range named {
		s := plainLine(linkOrText(n))
		if s == "" {
			continue
		}
		stated = true
		if !d.typesOf(s) {
			d.warn("employmentType", "%s is not known; write one of FULL_TIME, PART_TIME, CONTRACTOR, TEMPORARY, INTERN, VOLUNTEER, PER_DIEM, OTHER", quoteShort(s))
		}
	}
	if !stated {
		d.typesFromText()
	}
	d.p.EmploymentTypes = inOrder(d.p.EmploymentTypes)
}

// inOrder gives types once each, in the order of alerts.EmploymentTypes, so that
// the same types are the same content.
func inOrder(types []alerts.EmploymentType) []alerts.EmploymentType {
	if len(types) < 2 {
		return types
	}
	var out []alerts.EmploymentType
	for _, t := range alerts.EmploymentTypes {
		if slices.Contains(types, t) {
			out = append(out, t)
		}
	}
	return out
}

// typesOf adds the types that s names, whole or part by part; it reports whether
// all of it was understood.
func (d *document) typesOf(s string) bool {
	if types, ok := typeWords[typeKey(s)]; ok {
		d.p.EmploymentTypes = append(d.p.EmploymentTypes, types...)
		return true
	}
	parts := strings.Split(typeSeparators.Replace(s), "\n")
	if len(parts) == 1 {
		return false
	}
	all := true
	for _, part := range parts {
		types, ok := typeWords[typeKey(part)]
		d.p.EmploymentTypes = append(d.p.EmploymentTypes, types...)
		all = all && ok
	}
	return all
}

func typeKey(s string) string { return text.Fold(strings.ReplaceAll(s, "_", " ")) }

// plainTypes are the words that name a type in prose. A word counts in the
// title; in the text only as a short line or after "in", "als" or "Arbeitszeit:".
var plainTypes = []struct {
	word  string // folded to lower case
	types []alerts.EmploymentType
	title bool // only in the title: in a text it mostly speaks of experience
}{
	{"voll- oder teilzeit", []alerts.EmploymentType{alerts.FullTime, alerts.PartTime}, false},
	{"voll- und teilzeit", []alerts.EmploymentType{alerts.FullTime, alerts.PartTime}, false},
	{"voll-/teilzeit", []alerts.EmploymentType{alerts.FullTime, alerts.PartTime}, false},
	{"voll/teilzeit", []alerts.EmploymentType{alerts.FullTime, alerts.PartTime}, false},
	{"vollzeit", []alerts.EmploymentType{alerts.FullTime}, false},
	{"teilzeit", []alerts.EmploymentType{alerts.PartTime}, false},
	{"full-time", []alerts.EmploymentType{alerts.FullTime}, false},
	{"full time", []alerts.EmploymentType{alerts.FullTime}, false},
	{"part-time", []alerts.EmploymentType{alerts.PartTime}, false},
	{"part time", []alerts.EmploymentType{alerts.PartTime}, false},
	{"minijob", []alerts.EmploymentType{alerts.PerDiem}, false},
	{"praktikum", []alerts.EmploymentType{alerts.Intern}, true},
	{"praktikant", []alerts.EmploymentType{alerts.Intern}, true},
	{"praktikantin", []alerts.EmploymentType{alerts.Intern}, true},
	{"internship", []alerts.EmploymentType{alerts.Intern}, true},
	{"werkstudent", []alerts.EmploymentType{alerts.PartTime}, true},
	{"werkstudentin", []alerts.EmploymentType{alerts.PartTime}, true},
	{"ehrenamt", []alerts.EmploymentType{alerts.Volunteer}, true},
}

// shortLine is how many bytes a line may have to be a label rather than prose.
const shortLine = 48

// typesFromText reads the type from title and text. What it finds in the title
// settles it.
func (d *document) typesFromText() {
	title := strings.ToLower(d.p.Title)
	for _, t := range plainTypes {
		if i := wordAt(title, t.word, 0); i >= 0 && !denied(title, i, i+len(t.word)) {
			d.p.EmploymentTypes = append(d.p.EmploymentTypes, t.types...)
		}
	}
	if len(d.p.EmploymentTypes) > 0 {
		return
	}
	plain := strings.ToLower(d.plain)
	for _, t := range plainTypes {
		if !t.title && standsPlainly(plain, t.word) {
			d.p.EmploymentTypes = append(d.p.EmploymentTypes, t.types...)
		}
	}
}

// leads are what stands before a type that a posting offers.
var leads = []string{" in ", "\nin ", " als ", "arbeitszeit: ", "anstellungsart: ", "beschäftigungsart: ", "vollzeit oder ", "vollzeit und ", "vollzeit/", "vollzeit / ", "(", "job type: ", "employment type: ", "a ", "on a "}

// standsPlainly reports whether a text (lower case) says word of the job itself.
func standsPlainly(plain, word string) bool {
	for i := wordAt(plain, word, 0); i >= 0; i = wordAt(plain, word, i+len(word)) {
		end := i + len(word)
		if denied(plain, i, end) {
			continue
		}
		start := strings.LastIndexByte(plain[:i], '\n') + 1
		stop := len(plain)
		if n := strings.IndexByte(plain[end:], '\n'); n >= 0 {
			stop = end + n
		}
		if stop-start <= shortLine {
			return true
		}
		for _, lead := range leads {
			if strings.HasSuffix(plain[:i], lead) {
				return true
			}
		}
	}
	return false
}

// wordAt is the index of word in s, from on, where it stands as a whole word.
func wordAt(s, word string, from int) int {
	for from <= len(s)-len(word) {
		i := strings.Index(s[from:], word)
		if i < 0 {
			return -1
		}
		i += from
		if !letterBefore(s, i) && !letterAfter(s, i+len(word)) {
			return i
		}
		from = i + len(word)
	}
	return -1
}

// letterBefore and letterAfter take every byte beyond ASCII for a letter's: the
// umlauts are what matters.
func letterBefore(s string, i int) bool { return i > 0 && wordByte(s[i-1]) }
func letterAfter(s string, i int) bool  { return i < len(s) && wordByte(s[i]) }

func wordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b >= 0xc3 && b < 0xe2 || b >= 0x80 && b < 0xc0
}

// denied reports whether the word at s[i:end] is said not to apply, in the few
// words around it.
func denied(s string, i, end int) bool {
	before := s[max(0, i-14):i]
	after := s[end:min(len(s), end+24)]
	return strings.Contains(before, "kein") || strings.Contains(before, "nicht ") || strings.Contains(before, "not ") || strings.Contains(before, "no ") ||
		strings.Contains(after, " nicht") || strings.Contains(after, " ausgeschlossen")
}

package pay

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

//go:embed data/grades.tsv
var gradesFile string

// grade is the pay of one grade by one dated table, gross full time a month.
type grade struct {
	table, validFrom string
	min, max         float64
	salaries         float64
}

// gradeTable returns the embedded tables by table and grade, such as
// "TVöD VKA|E 9b". Of several dates the newest counts.
var gradeTable = sync.OnceValue(func() map[string]grade {
	table := make(map[string]grade, 128)
	for line := range strings.Lines(gradesFile) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(line, "#") || len(f) != 6 {
			continue
		}
		g := grade{table: f[0], validFrom: f[1], min: decimal(f[3]), max: decimal(f[4]), salaries: decimal(f[5])}
		key := f[0] + "|" + f[2]
		if old, ok := table[key]; !ok || old.validFrom < g.validFrom {
			table[key] = g
		}
	}
	return table
})

// decimal reads a number of the embedded file; a test holds every line to it.
func decimal(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return v
}

// The tables by the names the file has for them.
const (
	tableTVoeD = "TVöD VKA"
	tableP     = "TVöD-P"
	tableSuE   = "TVöD SuE"
	tableTVL   = "TV-L"
	tableA     = "BBesO A"
	tableNone  = "-" // a tariff of which there is no table
)

// mention is one grade named in the text.
type mention struct {
	first, last int
	family      string // "E", "P", "S", "A"
	name        string // "9b", "13"
	upTo        bool
}

// grades returns the pay stated as grades of the public service. A grade counts
// only with its tariff: named beside it, or the only one that the text names. Where
// none is, a text that is the grade and nothing more counts (isWhole), and so do
// grades that the public service alone has (publicOnly).
func (p *parser) grades() []finding {
	if !p.gradeWords() {
		return nil
	}
	only := sync.OnceValue(p.onlyTariff)
	var found []finding
	for i := 0; i < len(p.tok); i++ {
		m, ok := p.mention(i)
		if !ok {
			continue
		}
		lo, hi := m, m
		if next, ok := p.upperGrade(m); ok {
			hi = next
		}
		i = hi.last
		if f, ok := p.gradePay(lo, hi, only); ok {
			found = append(found, f)
		}
	}
	return found
}

// gradeWords reports whether the text could name a grade at all.
func (p *parser) gradeWords() bool {
	if len(p.text) <= 40 {
		return true
	}
	for _, w := range [...]string{"TV", "ntgeltgr", "esold", "BesG", "BesO", "SuE", "EG", "Beamt", "beamt"} {
		if strings.Contains(p.text, w) {
			return true
		}
	}
	return false
}

// mention reads a grade that begins at token i: "E 11", "EG 9b", "S8a", "A 13",
// "Entgeltgruppe 9b", "Entgeltgruppe E 13", "Entgeltgruppe P 8", "TVöD 9b".
func (p *parser) mention(i int) (mention, bool) {
	if !p.is(i, kWord) {
		return mention{}, false
	}
	m := mention{first: i}
	j := i + 1
	switch raw := p.raw(i); raw {
	case "E", "EG", "Eg", "EGr", "P", "S", "A":
		m.family = raw[:1]
	case "Entgeltgruppe", "Entgeltgruppen", "Entgeltgr":
		m.family = "E"
		j = p.afterDot(j)
	case "Besoldungsgruppe", "Besoldungsgruppen", "BesGr", "Besoldung", "BesG":
		m.family = "A"
		j = p.afterDot(j)
	default:
		if p.tariffAt(i) == "" || p.tariffAt(i) == tableNone {
			return mention{}, false
		}
		m.family = "E"
		for j <= i+2 && (p.is(j, kDash) || p.raw(j) == "L" || p.raw(j) == "VKA") {
			j++
		}
	}
	for p.is(j, kOpen) || p.is(j, kColon) || p.is(j, kDash) && m.first == j-1 {
		j++
	}
	if len(p.raw(i)) > 3 {
		switch raw := p.raw(j); raw {
		case "E", "EG", "P", "S", "A":
			m.family = raw[:1]
			j++
			if p.is(j, kDash) {
				j++
			}
		}
	}
	return m, p.gradeNumber(&m, j)
}

// gradeNumber reads the number of a grade and its letter.
func (p *parser) gradeNumber(m *mention, j int) bool {
	if !p.is(j, kNumber) {
		return false
	}
	t := p.tok[j]
	if !t.bare || t.odd && t.end-t.start > 2 || t.end-t.start > 2 {
		return false
	}
	n, err := strconv.Atoi(p.text[t.start:t.end]) // "09" is a grade too
	if err != nil || n < 1 || n > 18 {
		return false
	}
	m.last = j
	m.name = strconv.Itoa(n)
	if w := p.raw(j + 1); len(w) <= 2 && p.is(j+1, kWord) {
		switch low := strings.ToLower(w); low {
		case "a", "b", "c", "ü":
			if p.tok[j+1].glued || low != "a" && p.tok[j+1].kind == kWord {
				m.name += strings.Replace(low, "ü", "Ü", 1)
				m.last = j + 1
			}
		}
	}
	if p.is(m.last+1, kPercent) || p.currencyAt(m.last+1) != "" || m.last == j && p.is(j+1, kWord) && p.tok[j+1].glued {
		return false
	}
	for k := m.first - 1; k >= m.first-3 && !p.edge(k); k-- {
		if c := p.at(k).class; c == cUpTo {
			m.upTo = true
		}
	}
	return true
}

// upperGrade reads the second grade of "E 11 bis E 13", "EG 9a – 9c", "E 8/9a",
// "E 9c oder E 10".
func (p *parser) upperGrade(m mention) (mention, bool) {
	j := m.last + 1
	for p.is(j, kClose) || p.tariffAt(j) != "" {
		j++
	}
	switch c := p.at(j).class; {
	case p.is(j, kDash), p.is(j, kSlash), c == cTo, c == cUpTo, c == cAnd:
		j++
	default:
		return mention{}, false
	}
	for p.at(j).class == cFiller || p.at(j).class == cPer {
		j++
	}
	next, ok := p.mention(j)
	if !ok {
		next = mention{first: j, family: m.family}
		if !p.gradeNumber(&next, j) {
			return mention{}, false
		}
	}
	return next, next.family == m.family
}

// gradePay looks the grades up in the table of their tariff.
func (p *parser) gradePay(lo, hi mention, only func() string) (finding, bool) {
	table := p.tableOf(lo, hi, only)
	if table == "" || table == tableNone {
		return finding{}, false
	}
	low, ok1 := gradeTable()[table+"|"+lo.family+" "+lo.name]
	high, ok2 := gradeTable()[table+"|"+hi.family+" "+hi.name]
	if !ok1 || !ok2 {
		return finding{}, false
	}
	f := finding{at: lo.first, score: 14}
	f.Min, f.Max, f.Currency, f.Unit = min(low.min, high.min), max(low.max, high.max), "EUR", Month
	name := lo.family + " " + lo.name
	if hi.name != lo.name {
		name += "–" + hi.family + " " + hi.name
	} else if lo.upTo {
		f.Min = 0
	}
	f.Assumption.Table = low.table + " " + low.validFrom + " " + name
	f.Text = p.phrase(lo.first, hi.last)
	return f, true
}

// tableOf returns the table that pays lo to hi: of the tariff nearest to them
// in their sentence, else of the only one that the text names.
func (p *parser) tableOf(lo, hi mention, only func() string) string {
	if lo.family == "A" {
		return p.tableOfA(lo)
	}
	tariff := p.nearestTariff(lo.first, hi.last)
	if tariff == "" {
		tariff = only()
	}
	if tariff == "" && (p.isWhole(lo, hi) || p.publicOnly(lo)) {
		tariff = tableTVoeD
	}
	switch {
	case tariff == tableNone || tariff == "":
		return tariff
	case lo.family == "P" && tariff != tableTVL:
		return tableP
	case lo.family == "S" && tariff != tableTVL:
		return tableSuE
	case lo.family == "E" && tariff != tableTVL:
		return tableTVoeD
	case lo.family == "E":
		return tableTVL
	}
	return ""
}

// tableOfA takes A 10 for a grade of civil servants only where the text speaks
// of them: A 10 is also a motorway.
func (p *parser) tableOfA(m mention) string {
	if len(p.raw(m.first)) > 1 || p.isWhole(m, m) {
		return tableA
	}
	for k := max(0, m.first-10); k < min(len(p.tok), m.last+11); k++ {
		low := strings.ToLower(p.raw(k))
		if strings.Contains(low, "besold") || strings.HasSuffix(low, "beso") || strings.HasSuffix(low, "besg") || strings.HasPrefix(low, "besgr") || strings.Contains(low, "beamt") || strings.HasSuffix(low, "besoa") {
			return tableA
		}
	}
	return ""
}

// nearestTariff returns the table of the tariff nearest to tokens first to last
// within a dozen tokens.
func (p *parser) nearestTariff(first, last int) string {
	for d := 1; d <= 12; d++ {
		if t := p.tariffAt(last + d); t != "" {
			return t
		}
		if t := p.tariffAt(first - d); t != "" {
			return t
		}
	}
	return p.tariffAt(first)
}

// onlyTariff returns the table of the tariff that the text names if it names
// no other.
func (p *parser) onlyTariff() string {
	only := ""
	for i := range p.tok {
		t := p.tariffAt(i)
		if t == "" || t == only {
			continue
		}
		if only != "" {
			return ""
		}
		only = t
	}
	return only
}

// tariffAt returns the table of the tariff named at token i, tableNone for one
// whose table is not known here.
func (p *parser) tariffAt(i int) string {
	if !p.is(i, kWord) {
		return ""
	}
	switch raw := p.raw(i); raw {
	case "TVöD", "TVÖD", "TVoeD", "TVOED", "TVöd", "TvöD", "Tvöd", "tvöd", "TVöDV", "SuE":
		return tableTVoeD
	case "TVL", "TdL":
		return tableTVL
	case "TV", "Tv":
		j := i + 1
		if p.is(j, kDash) {
			j++
		}
		switch p.raw(j) {
		case "L", "Länder":
			return tableTVL
		case "öD", "ÖD", "oeD":
			return tableTVoeD
		case "H", "V", "N", "Ärzte", "AWO", "EKBO", "DN", "BA":
			return tableNone
		}
	case "ERA", "AVR", "BAT", "TVAöD", "KAVO", "Metall", "IG", "Chemie", "iGZ", "BAP", "GVP", "DKG", "DRK", "AWO":
		return tableNone
	}
	return ""
}

// isWhole reports whether the text is the grades and nothing more.
func (p *parser) isWhole(lo, hi mention) bool {
	if len(p.text) > 40 {
		return false
	}
	for j := range p.tok {
		if (j < lo.first || j > hi.last) && (p.is(j, kWord) || p.is(j, kNumber)) {
			return false
		}
	}
	return true
}

// publicOnly reports whether the grade exists in the public service alone: 9a,
// 9b and 9c after the word Entgeltgruppe or EG, S 8a, S 8b, S 11a and S 11b.
func (p *parser) publicOnly(m mention) bool {
	switch m.name {
	case "8a", "8b", "11a", "11b":
		return m.family == "S"
	}
	return m.family == "E" && len(m.name) == 2 && m.name[0] == '9' && len(p.raw(m.first)) > 1
}

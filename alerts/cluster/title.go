package cluster

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// title is what a posting's title says of the job itself.
type title struct {
	words   []string // folded stems without noise, places and employer, ascending
	levels  []string // ascending; "" never
	numbers []string // words with a digit, ascending
	parts   []string // stems of words for a part of its town, ascending; not among words
	types   []string // as far as it says
}

var (
	// genderTag is (m/w/d) and its kin, in brackets or bare, in any order.
	genderTag = regexp.MustCompile(`(?i)[\(\[\{]?\s*\b[mwdfxi]\s*[/|,.*\-]\s*[mwdfxi](\s*[/|,.*\-]\s*[mwdfxiagn])*\b\s*[\)\]\}]?|\((gn|all genders|alle geschlechter|d)\)|\ball genders\b`)
	// genderMark is what joins the female ending to a word: Pfleger:in, Pfleger/-in, Pfleger(in), Pfleger*innen.
	genderMark = regexp.MustCompile(`(?i)(\pL{3,})(?:\s?[:*_·•]|\s?/\s?-?|\()(in|innen|frau|mann|r|n|e)\)?(\PL|$)`)
	fullTime   = regexp.MustCompile(`(?i)\b(voll(zeit|-)|full[ -]?time)`)
	partTime   = regexp.MustCompile(`(?i)(\b|\w)(teilzeit|part[ -]?time)`)
	// payPhrase is pay, hours or a share of full time in a title.
	payPhrase = regexp.MustCompile(`(?i)\b\d[\d.,]*\s*(€|eur\b|euro\b|%|std\b|stunden\b|h\b|h/w\w*|hours\b)(\s*/?\s*(monat|jahr|stunde|woche|std|h|month|year|hour|week)\b)?`)
)

// noise are words of titles that say nothing of which job it is, folded.
var noise = set(`ab sofort gesucht suchen wir dringend zum naechstmoeglichen zeitpunkt naechstmoeglich termin job jobs stelle stellen stellenangebot
	stellenanzeige stellenausschreibung festanstellung festanstellungen unbefristet unbefristete unbefristeter direktvermittlung arbeitnehmerueberlassung zeitarbeit
	personalvermittlung vermittlung direkteinstieg quereinstieg quereinsteiger willkommen vollzeit teilzeit voll teil oder und fuer als im in am an bei der die das den dem
	des ein eine einen einer unser unsere unseren unserem unserer kunde kunden mandant mandanten auftrag namen raum region standort grossraum umgebung mit von auf zur zu
	gerne auch hybrid homeoffice home office remote mobil mobiles arbeiten now hiring wanted we are the a an of for and or at to with our client clients on behalf full part time
	fulltime parttime permanent immediately immediate start urgent urgently position role vacancy opening job opportunity new neu top attraktiv attraktive option moeglich
	gn mwd wmd dmw mdw div divers all genders mensch menschen verstaerkung team unbefristeten befristet befristete deutschlandweit bundesweit euro eur brutto
	monat jahr std stunden stunde woche pro lohn gehalt verdienst kennziffer ref referenz nr id gmbh ag ev e v ggmbh kg mbh se co`)

// levels are words that make another job of the same occupation, with what they
// count as.
var levels = map[string]string{
	"senior": "senior", "sr": "senior", "principal": "principal", "staff": "staff", "junior": "junior", "jr": "junior", "lead": "lead", "head": "lead",
	"leiter": "lead", "leitung": "lead", "leitende": "lead", "leitend": "lead", "leitender": "lead", "chef": "chief", "chief": "chief", "chefarzt": "chief",
	"oberarzt": "upper", "facharzt": "specialist", "assistenzarzt": "assistant", "assistenz": "assistant", "assistent": "assistant", "assistant": "assistant",
	"stellvertretend": "deputy", "stellvertretende": "deputy", "stellvertretender": "deputy", "stellv": "deputy", "stv": "deputy", "deputy": "deputy", "vice": "deputy",
	"teamleiter": "lead", "teamleitung": "lead", "gruppenleiter": "lead", "gruppenleitung": "lead", "abteilungsleiter": "lead2", "abteilungsleitung": "lead2",
	"bereichsleiter": "lead2", "bereichsleitung": "lead2", "manager": "manager", "director": "director", "direktor": "director",
	"azubi": "apprentice", "auszubildende": "apprentice", "auszubildender": "apprentice", "ausbildung": "apprentice", "apprentice": "apprentice", "apprenticeship": "apprentice",
	"lehrling": "apprentice", "lehrstelle": "apprentice", "praktikum": "intern", "praktikant": "intern", "intern": "intern", "internship": "intern",
	"werkstudent": "student", "werkstudierende": "student", "working": "", "student": "student", "studium": "study", "duales": "study", "dual": "study",
	"trainee": "trainee", "volontariat": "trainee", "volontaer": "trainee", "referendar": "trainee", "aushilfe": "helper", "helfer": "helper", "minijob": "minijob", "minijobber": "minijob",
	"nachtdienst": "night", "nachtwache": "night", "dauernachtwache": "night", "night": "night",
	"i": "1", "ii": "2", "iii": "3", "iv": "4",
}

// levelEndings make a level of a compound: Stationsleitung, Küchenchef.
var levelEndings = [...][2]string{{"leitung", "lead"}, {"leiter", "lead"}, {"leiterin", "lead"}, {"chef", "chief"}, {"chefin", "chief"}, {"helfer", "helper"}, {"helferin", "helper"},
	{"assistent", "assistant"}, {"assistentin", "assistant"}, {"assistenz", "assistant"}, {"praktikant", "intern"}, {"praktikantin", "intern"}, {"praktikum", "intern"},
	{"azubi", "apprentice"}, {"ausbildung", "apprentice"}, {"werkstudent", "student"}, {"werkstudentin", "student"}}

// levelOf is the level that a folded word stands for, "" for none.
func levelOf(word string) string {
	if l := levels[word]; l != "" {
		return l
	}
	if l := levels[stem(word)]; l != "" {
		return l
	}
	for _, e := range levelEndings {
		if strings.HasSuffix(word, e[0]) {
			return e[1]
		}
	}
	return ""
}

// readTitle takes a title apart; without are words (folded stems) of its places and
// employer, true for those of a part of a town.
func readTitle(s string, without map[string]bool) title {
	s = genderTag.ReplaceAllString(s, " ")
	s = payPhrase.ReplaceAllString(s, " ")
	s = genderMark.ReplaceAllString(s, "$1$3")
	s = genderMark.ReplaceAllString(s, "$1$3") // what joined two marks was eaten by the first
	var t title
	if full, part := fullTime.MatchString(s), partTime.MatchString(s); full != part {
		t.types = []string{string(alerts.FullTime)}
		if part {
			t.types[0] = string(alerts.PartTime)
		}
	}
	for w := range strings.FieldsSeq(text.Fold(s)) {
		if strings.ContainsAny(w, "0123456789") {
			t.numbers = append(t.numbers, w)
			continue
		}
		st := stem(w)
		if l := levelOf(w); l != "" {
			t.levels = append(t.levels, l)
			if levels[w] != "" { // Azubi and Ausbildung, Leiter and Leitung
				st = l
			}
		} else if part, known := without[st]; known && part {
			t.parts = append(t.parts, st)
			continue
		} else if known || noise[w] {
			continue
		}
		t.words = append(t.words, st)
	}
	for _, list := range []*[]string{&t.words, &t.levels, &t.numbers, &t.parts} {
		slices.Sort(*list)
		*list = slices.Clip(slices.Compact(*list))
	}
	return t
}

// stem takes a folded word's female and plural endings off, and what makes a
// person's work of a person, so roughly that it serves to compare and for nothing else.
func stem(w string) string {
	for _, ending := range [...]string{"innen", "in", "frauen", "frau", "leute", "maenner", "mann", "kraefte", "kraft", "ung"} {
		rest, ok := strings.CutSuffix(w, ending)
		if !ok || len(rest) < 4 {
			continue
		}
		switch ending {
		case "innen", "in":
			if strings.ContainsAny(rest[len(rest)-1:], "rtnlsgekh") {
				return plural(withoutUmlaut(rest))
			}
		case "ung": // Sachbearbeitung, Leitung
			return plural(rest)
		default: // Kauffrau, Kaufleute; Pflegefachkraft
			return rest + "mann"
		}
	}
	return plural(w)
}

// withoutUmlaut undoes the umlaut that some female forms have: Köchin, Ärztin.
func withoutUmlaut(w string) string {
	for _, f := range [...][2]string{{"koech", "koch"}, {"aerzt", "arzt"}, {"anwaelt", "anwalt"}} {
		if rest, ok := strings.CutSuffix(w, f[0]); ok {
			return rest + f[1]
		}
	}
	return w
}

// plural takes -en, -er, -e, -n and -s off longer words.
func plural(w string) string {
	for _, ending := range [...]string{"en", "es", "er", "em", "e", "n", "s"} {
		if rest, ok := strings.CutSuffix(w, ending); ok && len(rest) >= 5 {
			return rest
		}
	}
	return w
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// letters are the runs of three letters of a word, ascending.
func letters(s string) []uint32 {
	s = " " + s + " "
	var out []uint32
	for i := 0; i+3 <= len(s); i++ {
		out = append(out, uint32(s[i])<<16|uint32(s[i+1])<<8|uint32(s[i+2]))
	}
	slices.Sort(out)
	return slices.Clip(slices.Compact(out))
}

// keyBeginning is how much of two words must be the same to compare more.
const keyBeginning = 6

// keysOf are what two postings must share to be compared: a word of their titles,
// or its beginning where words are put together otherwise, or of their employers.
func keysOf(words, employer []string) []uint32 {
	var out []uint32
	for _, w := range words {
		out = append(out, hashWord(w), hashWord(w[:min(len(w), keyBeginning)]))
	}
	const ofEmployer = 1 // a kind of its own
	if len(employer) > 0 {
		out = append(out, mix(hashWord(strings.Join(employer, " ")), ofEmployer))
	}
	for _, w := range employer {
		if !tradeWords[w] {
			out = append(out, mix(hashWord(w), ofEmployer))
		}
	}
	slices.Sort(out)
	return slices.Clip(slices.Compact(out))
}

// dice is twice what two ascending lists share over what they hold (Dice 1945).
func dice(a, b []uint32) float64 {
	if len(a)+len(b) == 0 {
		return 0
	}
	return 2 * float64(shared(a, b)) / float64(len(a)+len(b))
}

// shared counts what two ascending lists without repeats have in common.
func shared[T cmp.Ordered](a, b []T) int {
	n := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			n, i, j = n+1, i+1, j+1
		}
	}
	return n
}

// beyond is what a holds and b does not; both ascending.
func beyond(a, b []string) []string {
	var out []string
	for _, w := range a {
		if _, ok := slices.BinarySearch(b, w); !ok {
			out = append(out, w)
		}
	}
	return out
}

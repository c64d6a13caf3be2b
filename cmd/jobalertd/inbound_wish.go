package main

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/pay"
)

var (
	// kilometres is a radius as people write it: "25 km", "im Umkreis von 25km".
	kilometres = regexp.MustCompile(`(?i)(?:\b(?:im\s+)?umkreis\s+(?:von\s+)?|\bwithin\s+)?\b(\d{1,3})\s*(?:km|kilometers?|kilometern?|kilometres?)\b`)

	// leastPay is an amount with a currency: "ab 3.500 € im Monat", "20 Euro/Std".
	leastPay = regexp.MustCompile(`(?i)(?:\b(?:ab|mindestens|mind\.?|min\.?|from|at least)\s+)?\b\d[\d.,]*\s*(?:€|eur\b|euro\b)` +
		`(?:\s*(?:/|pro\s|im\s|in der\s|je\s|an?\s|per\s)\s*(?:stunde|std|hour|h|monat|month|jahr|year)\b\.?)?`)

	fullTime = regexp.MustCompile(`(?i)\b(?:vollzeit|full[ -]?time)\b`)
	partTime = regexp.MustCompile(`(?i)\b(?:teilzeit|part[ -]?time)\b`)
	anywhere = regexp.MustCompile(`(?i)\b(?:remote|home[ -]?office|ortsunabhängig)\b`)
)

// noBreaks are the spaces that stand in lines copied from our mails, which \s does
// not know.
var noBreaks = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u2009", " ")

var (
	linking = wordSet("in im um bei near raum umgebung around von of") // join a place to what stands before it
	either  = wordSet("oder or und and")                               // join two places

	// Words around a wish that are none.
	politeBefore = wordSet("bitte please ich wir i am i'm suche suchen looking for nach neue new job jobs stelle stellen stellenangebot stellenangebote " +
		"jobsuche suchauftrag arbeit work als as a an ein eine einen abonnieren anmelden anmeldung subscribe newsletter abo")
	politeAfter = wordSet("bitte please senden schicken zusenden gesucht abonnieren")
)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// placeWords is the longest name of a place that is looked for.
const placeWords = 5

// wishIn understands a line such as "Medizininformatiker Gelsenkirchen 25 km": a
// place at the end, or several; a radius, least pay, hours and "remote" anywhere;
// and the rest as a query. It answers false for what no criteria can be made of.
func wishIn(m *alerts.Meaning, line string) (alerts.Criteria, bool) {
	base, radius, line := conditionsIn(line)
	said := strings.Fields(strings.NewReplacer(",", " ", ";", " ").Replace(line))
	words := withoutPoliteness(said)
	for n := min(placeWords, len(words)); n > 0; n-- {
		c, at := base, len(words)-n
		if linking[strings.ToLower(words[at])] || !addPlace(m, &c, words[at:], radius) {
			continue
		}
		rest := morePlaces(m, &c, words[:at], radius)
		if len(said) == n && !isPostcode(words[at]) && asQuery(m, words) {
			continue // a name alone may be a word: "Essen"
		}
		c.Query = strings.Join(rest, " ")
		if m.Prepare(&c) == nil {
			return c, true
		}
	}
	c := base
	c.Query = strings.Join(words, " ")
	return c, c.Query != "" && m.Prepare(&c) == nil
}

// conditionsIn takes out of a line what can be told by its form.
func conditionsIn(line string) (c alerts.Criteria, radius float64, rest string) {
	radius = float64(alerts.DefaultRadiusKM)
	line = noBreaks.Replace(line)
	take := func(what *regexp.Regexp, use func(found []string) bool) {
		if found := what.FindStringSubmatch(line); found != nil && use(found) {
			line = strings.Replace(line, found[0], " ", 1)
		}
	}
	take(kilometres, func(found []string) bool {
		if km, err := strconv.Atoi(found[1]); err == nil && km <= alerts.MaxRadiusKM {
			radius = float64(km)
		}
		return true
	})
	take(leastPay, func(found []string) bool {
		c.Salary = payIn(found[0])
		return c.Salary != nil
	})
	take(fullTime, func([]string) bool { c.EmploymentTypes = append(c.EmploymentTypes, alerts.FullTime); return true })
	take(partTime, func([]string) bool { c.EmploymentTypes = append(c.EmploymentTypes, alerts.PartTime); return true })
	take(anywhere, func([]string) bool { c.Remote = alerts.RemoteOnly; return true })
	return c, radius, line
}

// payIn reads an amount; one without a unit is by the hour, month or year as its
// size suggests.
func payIn(words string) *alerts.Salary {
	amount, currency, unit, err := pay.ParseWish(words)
	if err != nil {
		if amount, currency, _, err = pay.ParseWish(words + "/month"); err != nil {
			return nil
		}
		switch {
		case amount < 150:
			unit = pay.Hour
		case amount < 15_000:
			unit = pay.Month
		default:
			unit = pay.Year
		}
	}
	return &alerts.Salary{Min: amount, Currency: currency, Unit: string(unit)}
}

func withoutPoliteness(words []string) []string {
	for len(words) > 0 && politeBefore[strings.ToLower(words[0])] {
		words = words[1:]
	}
	for len(words) > 0 && (politeAfter[strings.ToLower(words[len(words)-1])] || linking[strings.ToLower(words[len(words)-1])]) {
		words = words[:len(words)-1]
	}
	return words
}

// smallPlace is how many people must live in a place for its name alone to count:
// below, a word is more likely a word.
const smallPlace = 2000

// addPlace adds the place that all the words name.
func addPlace(m *alerts.Meaning, c *alerts.Criteria, words []string, radius float64) bool {
	name := strings.Join(words, " ")
	list := m.Places.Lookup(name)
	if len(list) == 0 || !wholeName(m, words, &list[0]) {
		return false
	}
	switch best := list[0]; {
	case best.Kind == gazetteer.KindState:
		c.States = append(c.States, name)
	case best.Kind == gazetteer.KindPostcode || best.Population >= smallPlace:
		c.Places = append(c.Places, alerts.Place{Name: name, RadiusKM: &radius})
	default:
		return false
	}
	if c.Remote == alerts.RemoteOnly {
		c.Remote = alerts.RemoteInclude // near it, or from anywhere
	}
	return true
}

// wholeName reports whether the last word belongs to the name: a lookup passes over
// words that it does not know.
func wholeName(m *alerts.Meaning, words []string, best *gazetteer.Place) bool {
	last := strings.ToLower(words[len(words)-1])
	for _, w := range strings.FieldsFunc(strings.ToLower(best.Name), func(r rune) bool { return r == ' ' || r == ',' || r == '(' || r == ')' }) {
		if w == last {
			return true
		}
	}
	if len(words) == 1 {
		return true
	}
	shorter := m.Places.Lookup(strings.Join(words[:len(words)-1], " "))
	return len(shorter) == 0 || shorter[0] != *best
}

// morePlaces adds the places that "or" joins at the end of words, and returns what
// stands before them.
func morePlaces(m *alerts.Meaning, c *alerts.Criteria, words []string, radius float64) []string {
	for len(words) > 1 && either[strings.ToLower(words[len(words)-1])] {
		found := false
		before := words[:len(words)-1]
		for n := min(placeWords, len(before)); n > 0 && !found; n-- {
			if at := len(before) - n; !linking[strings.ToLower(before[at])] && addPlace(m, c, before[at:], radius) {
				found, words = true, before[:at]
			}
		}
		if !found {
			break
		}
	}
	for len(words) > 0 && (linking[strings.ToLower(words[len(words)-1])] || strings.EqualFold(words[len(words)-1], "oder")) {
		words = words[:len(words)-1]
	}
	return words
}

// isPostcode reports whether a name begins with digits.
func isPostcode(name string) bool { return name[0] >= '0' && name[0] <= '9' }

// asQuery reports whether all the words make a query by themselves.
func asQuery(m *alerts.Meaning, words []string) bool {
	_, err := m.Text.Parse(strings.Join(words, " "))
	return err == nil
}

package main

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
)

// kilometres is a radius as people write it: "25 km", "im Umkreis von 25km".
var kilometres = regexp.MustCompile(`(?i)(?:\b(?:im\s+)?umkreis\s+(?:von\s+)?|\bwithin\s+)?\b(\d{1,3})\s*(?:km|kilometers?|kilometern?|kilometres?)\b`)

// linking are words that join a place to what stands before it.
var linking = map[string]bool{"in": true, "im": true, "um": true, "bei": true, "near": true, "raum": true, "umgebung": true, "around": true, "von": true, "of": true}

// placeWords is the longest name of a place that is looked for.
const placeWords = 4

// wishIn understands a line such as "Medizininformatiker Gelsenkirchen 25 km": a
// place at the end, a radius anywhere, and the rest as a query. It answers false
// for what no criteria can be made of.
func wishIn(m *alerts.Meaning, line string) (alerts.Criteria, bool) {
	radius := float64(alerts.DefaultRadiusKM)
	if found := kilometres.FindStringSubmatchIndex(line); found != nil {
		if km, err := strconv.Atoi(line[found[2]:found[3]]); err == nil && km <= alerts.MaxRadiusKM {
			radius = float64(km)
		}
		line = line[:found[0]] + " " + line[found[1]:]
	}
	words := strings.Fields(strings.NewReplacer(",", " ", ";", " ").Replace(line))
	words = trimLinking(words)
	for n := min(placeWords, len(words)); n > 0; n-- {
		name := strings.Join(words[len(words)-n:], " ")
		if linking[strings.ToLower(words[len(words)-n])] {
			continue
		}
		rest := trimLinking(words[:len(words)-n])
		c, known := atPlace(m, name, radius)
		if !known || len(rest) == 0 && !isPostcode(name) && asQuery(m, words) {
			continue
		}
		c.Query = strings.Join(rest, " ")
		if m.Prepare(&c) == nil {
			return c, true
		}
	}
	c := alerts.Criteria{Query: strings.Join(words, " ")}
	return c, c.Query != "" && m.Prepare(&c) == nil
}

func trimLinking(words []string) []string {
	for len(words) > 0 && linking[strings.ToLower(words[len(words)-1])] {
		words = words[:len(words)-1]
	}
	return words
}

// smallPlace is how many people must live in a place for its name alone to count:
// below, a word is more likely a word.
const smallPlace = 2000

func atPlace(m *alerts.Meaning, name string, radius float64) (alerts.Criteria, bool) {
	list := m.Places.Lookup(name)
	if len(list) == 0 {
		return alerts.Criteria{}, false
	}
	switch best := list[0]; {
	case best.Kind == gazetteer.KindState:
		return alerts.Criteria{States: []string{name}}, true
	case best.Kind == gazetteer.KindPostcode || best.Population >= smallPlace:
		return alerts.Criteria{Places: []alerts.Place{{Name: name, RadiusKM: &radius}}}, true
	}
	return alerts.Criteria{}, false
}

// isPostcode reports whether a name begins with digits.
func isPostcode(name string) bool { return name[0] >= '0' && name[0] <= '9' }

// asQuery reports whether all the words make a query by themselves.
func asQuery(m *alerts.Meaning, words []string) bool {
	_, err := m.Text.Parse(strings.Join(words, " "))
	return err == nil
}

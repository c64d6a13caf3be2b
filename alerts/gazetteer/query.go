package gazetteer

import "strings"

// maxQuery bounds, in bytes, how much of a text is read. No address of one
// place is longer; a longer text is not an address.
const maxQuery = 240

// query is a text taken apart: the names in it, in order, and a postcode.
type query struct {
	segments    [][]word
	code        string // four or five digits, or empty
	codeCountry string // from "D-45879"; empty if none was written
	numbers     bool   // other words with digits stood in the text
}

var codeCountries = map[string]string{"d": "DE", "de": "DE", "a": "AT", "at": "AT", "oe": "AT", "ch": "CH", "fl": "LI", "li": "LI", "l": "LU", "lu": "LU",
	"f": "FR", "fr": "FR", "i": "IT", "it": "IT", "nl": "NL", "b": "BE", "be": "BE", "pl": "PL", "cz": "CZ", "es": "ES", "dk": "DK"}

// parseQuery takes s apart at commas, brackets, slashes, dashes and "und".
// Numbers other than a postcode are dropped.
func parseQuery(s string) query {
	var q query
	words := split(clip(s))
	var segment []word
	end := func() {
		if len(segment) > 0 {
			q.segments = append(q.segments, segment)
		}
		segment = nil
	}
	for i, w := range words {
		if w.sep >= slash || breaks[w.text] {
			end()
		}
		if breaks[w.text] {
			continue
		}
		if !strings.ContainsAny(w.text, "0123456789") {
			segment = append(segment, w)
			continue
		}
		country, code := splitCode(w.text)
		if code == "" || q.code != "" {
			q.numbers = true
			continue
		}
		q.code, q.codeCountry = code, codeCountries[country]
		if country == "" && i > 0 && len(segment) > 0 && w.sep <= hyphen && codeCountries[words[i-1].text] != "" && (w.sep == hyphen || len(segment) == 1) {
			q.codeCountry = codeCountries[words[i-1].text]
			segment = segment[:len(segment)-1]
		}
	}
	end()
	return q
}

// breaks are the words between two places.
var breaks = wordSet("und and sowie")

// splitCode takes a postcode apart: "45879", "8001", "ch8001".
func splitCode(s string) (country, code string) {
	digits := strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyz")
	if len(digits) < 4 || len(digits) > 5 || strings.Trim(digits, "0123456789") != "" {
		return "", ""
	}
	country = s[:len(s)-len(digits)]
	if country != "" && codeCountries[country] == "" {
		return "", ""
	}
	return country, digits
}

// words are all names of the query as one.
func (q *query) words() []word {
	var out []word
	for _, s := range q.segments {
		out = append(out, s...)
	}
	return out
}

func clip(s string) string {
	if len(s) > maxQuery {
		return s[:maxQuery]
	}
	return s
}

package cluster

import "strings"

// refKinds are the labels of reference numbers, folded. A board's "Job-ID" and an
// employer's "Kennziffer" are different numbers of one job.
var refKinds = map[string]string{
	"kennziffer": "number", "kennzahl": "number", "kenn": "number", "ausschreibungsnummer": "number", "stellennummer": "number", "chiffre": "number",
	"vakanz": "number", "vakanznummer": "number", "vacancy": "number",
	"referenznummer": "reference", "referenzcode": "reference", "referenz": "reference", "reference": "reference", "ref": "reference",
	"jobid": "id", "jobnummer": "id", "requisition": "id", "req": "id",
}

// refPairs are labels of two words.
var refPairs = map[[2]string]string{
	{"job", "id"}: "id", {"job", "nr"}: "id", {"job", "number"}: "id", {"posting", "id"}: "id", {"stellen", "id"}: "number", {"stellen", "nr"}: "number",
	{"ausschreibungs", "nr"}: "number", {"kenn", "nr"}: "number",
}

// refFirsts are the first words of refPairs.
var refFirsts = func() map[string]bool {
	firsts := map[string]bool{}
	for pair := range refPairs {
		firsts[pair[0]] = true
	}
	return firsts
}()

// refWords may stand between a label and its number.
var refWords = set("nr no number nummer id code lautet ist is")

// refFinder collects the reference numbers of a text.
type refFinder struct{ found []ref }

// maxRefs bounds the numbers kept of one posting.
const maxRefs = 8

// line looks through a line's folded words.
func (f *refFinder) line(words []string) {
	for i := 0; i < len(words) && len(f.found) < maxRefs; i++ {
		kind, next := refKinds[words[i]], i+1
		if i+1 < len(words) {
			if k := refPairs[[2]string{words[i], words[i+1]}]; k != "" {
				kind, next = k, i+2
			}
		}
		if kind == "" {
			continue
		}
		for next < len(words) && refWords[words[next]] {
			next++
		}
		if value := refValue(words[next:]); value != "" {
			f.found = append(f.found, ref{kind, value})
		}
	}
}

// refValue reads a number that folding took apart: "MED-2026/17" is "med 2026 17".
func refValue(words []string) string {
	const maxParts, maxLetters = 4, 6
	var parts []string
	for i, w := range words[:min(len(words), maxParts)] {
		digit := strings.ContainsAny(w, "0123456789")
		prefix := i == 0 && len(w) <= maxLetters && len(words) > 1 && strings.ContainsAny(words[1], "0123456789")
		if !digit && !prefix {
			break
		}
		parts = append(parts, w)
	}
	return strings.Join(parts, " ")
}

package jobposting

import (
	"strings"

	"github.com/jobalertd/jobalertd/alerts/text"
)

// agencyNames are parts of names (folded) that agencies give themselves.
var agencyNames = []string{
	"personaldienst", "personalservice", "personalvermittlung", "personalberatung", "personalleasing", "personalmanagement", "zeitarbeit",
	"arbeitnehmerueberlassung", "jobvermittlung", "headhunt", "executive search", "staffing", "recruiting", "recruitment", "personal gmbh",
}

// agencyMarks are what agencies write, in lower case, each list behind a word
// that all of its marks contain: most postings have none of those words.
var agencyMarks = []struct {
	word  string
	marks []string
}{
	{"kunde", []string{
		"im auftrag unseres kunden", "im auftrag unserer kunden", "im auftrag eines kunden", "im kundenauftrag", "im namen unseres kunden",
		"unser kunde ist ein", "unser kunde, ein", "für unseren kunden suchen wir", "für unsere kunden suchen wir", "für einen unserer kunden",
		"suchen wir für unseren kunden", "suchen wir für einen kunden", "für unser kundenunternehmen", "für ein renommiertes kundenunternehmen",
		"bei unserem kunden vor ort eingesetzt", "einsatz bei unserem kunden",
	}},
	{"mandant", []string{"im auftrag unseres mandanten", "für unseren mandanten", "unser mandant ist", "unser mandant,"}},
	{"mandantin", []string{"für unsere mandantin"}},
	{"auftraggeber", []string{"im auftrag unseres auftraggebers", "unser auftraggeber ist"}},
	{"arbeitnehmerüberlassung", []string{"arbeitnehmerüberlassung"}},
	{"personalvermittlung", []string{"personalvermittlung"}},
	{"personaldienstleister", []string{"personaldienstleister"}},
	{"zeitarbeits", []string{"zeitarbeitsunternehmen", "zeitarbeitsfirma"}},
	{"-tarif", []string{"igz-tarif", "bap-tarif", "gvp-tarif"}},
	{"/dgb", []string{"igz/dgb", "bap/dgb"}},
	{" client", []string{"on behalf of our client", "on behalf of a client", "our client is", "our client, a", "for our client"}},
	{" agency", []string{"recruitment agency", "staffing agency", "employment agency"}},
	{"perm", []string{"temp-to-perm", "temp to perm"}},
}

// refusals in the same sentence turn a mark round: "keine Zeitarbeit", "von
// Anfragen durch Personaldienstleister bitten wir abzusehen", "no agencies".
var refusals = []string{
	"kein", "nicht ", "nicht.", "ohne ", "abzusehen", "absehen", "verzichten", "unerwünscht", "abstand", "no ", "not ", "non-", "please do not", "we do not", "unsolicited",
	"ablehnen", "statt ", "anfragen von", "anfragen durch", "angebote von",
}

// agency reports whether somebody advertises for somebody else: by the list of
// names, by what the name says, or by marks in the text.
func (d *document) agency() bool {
	if name := text.Fold(d.p.Employer); name != "" {
		for end := 0; end < len(name); end++ { // "muster zeitarbeit" lists "muster zeitarbeit gmbh essen" too
			if name[end] == ' ' && d.r.agencies[name[:end]] {
				return true
			}
		}
		if d.r.agencies[name] {
			return true
		}
		for _, part := range agencyNames {
			if strings.Contains(name, part) {
				return true
			}
		}
	}
	return markedAgency(d.plain)
}

// markStarts has a bit for each way in which four bytes may begin a word of
// agencyMarks, whatever their case.
var markStarts = func() (bits [1 << 10]uint64) {
	for _, group := range agencyMarks {
		h := startHash(group.word)
		bits[h>>6] |= 1 << (h & 63)
	}
	return bits
}()

// startHash is over the first four bytes, lower and upper case alike.
func startHash(s string) uint32 {
	_ = s[3]
	first := uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
	return (first | 0x20202020) * 0x9e3779b1 >> 16
}

// markedAgency reports whether a text holds a mark that it does not refuse. It is
// read once; most of it is passed over at a glance.
func markedAgency(s string) bool {
	for i := 0; i+4 <= len(s); i++ {
		h := startHash(s[i:])
		if markStarts[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, group := range agencyMarks {
			if !startsFold(s[i:], group.word) {
				continue
			}
			for _, mark := range group.marks {
				if claimed(s, mark, i-strings.Index(mark, group.word)) {
					return true
				}
			}
		}
	}
	return false
}

// startsFold reports whether s begins with prefix, lower and upper case alike.
func startsFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// claimed reports whether s says mark at i without refusing it.
func claimed(s, mark string, i int) bool {
	return i >= 0 && startsFold(s[i:], mark) && !refused(s, i, i+len(mark))
}

// refused looks for a refusal in the sentence around s[i:end].
func refused(s string, i, end int) bool {
	start := strings.LastIndexAny(s[:i], ".!?\n") + 1
	stop := len(s)
	if n := strings.IndexAny(s[end:], ".!?\n"); n >= 0 {
		stop = end + n + 1
	}
	sentence := strings.ToLower(s[start:stop])
	for _, r := range refusals {
		if strings.Contains(sentence, r) {
			return true
		}
	}
	return false
}

package jobposting

import (
	"strings"

	"github.com/jobalertd/jobalertd/alerts/text"
)

// agencyNames are parts of names (folded) that agencies give themselves.
var agencyNames = []string{
	"personaldienst", "personalservice", "personalvermittlung", "personalberatung", "personalleasing", "personalmanagement", "zeitarbeit",
	"arbeitnehmerueberlassung", "jobvermittlung", "headhunt", "executive search", "staffing", "recruiting services", "recruitment",
}

// agencyMarks are what agencies write, in lower case.
var agencyMarks = []string{
	"im auftrag unseres kunden", "im auftrag unserer kunden", "im auftrag eines kunden", "im auftrag unseres mandanten", "im kundenauftrag",
	"im auftrag unseres auftraggebers", "im namen unseres kunden",
	"für unseren mandanten", "für unsere mandantin", "unser mandant ist", "unser mandant,", "unser kunde ist ein", "unser kunde, ein", "unser auftraggeber ist",
	"für unseren kunden suchen wir", "für unsere kunden suchen wir", "für einen unserer kunden", "suchen wir für unseren kunden", "suchen wir für einen kunden",
	"für unser kundenunternehmen", "für ein renommiertes kundenunternehmen", "bei unserem kunden vor ort eingesetzt", "einsatz bei unserem kunden",
	"arbeitnehmerüberlassung", "personalvermittlung", "personaldienstleister", "zeitarbeitsunternehmen", "zeitarbeitsfirma", "igz-tarif", "bap-tarif", "gvp-tarif", "igz/dgb", "bap/dgb",
	"on behalf of our client", "on behalf of a client", "our client is", "our client, a", "for our client", "recruitment agency", "staffing agency", "employment agency", "temp-to-perm", "temp to perm",
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
	plain := strings.ToLower(d.plain)
	for _, mark := range agencyMarks {
		for i := strings.Index(plain, mark); i >= 0; {
			if !refused(plain, i, i+len(mark)) {
				return true
			}
			next := strings.Index(plain[i+len(mark):], mark)
			if next < 0 {
				break
			}
			i += len(mark) + next
		}
	}
	return false
}

// refused looks for a refusal in the sentence around s[i:end].
func refused(s string, i, end int) bool {
	start := strings.LastIndexAny(s[:i], ".!?\n") + 1
	stop := len(s)
	if n := strings.IndexAny(s[end:], ".!?\n"); n >= 0 {
		stop = end + n + 1
	}
	for _, r := range refusals {
		if strings.Contains(s[start:stop], r) {
			return true
		}
	}
	return false
}

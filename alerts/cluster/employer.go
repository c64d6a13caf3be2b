package cluster

import (
	"slices"
	"strings"

	"github.com/jobalertd/jobalertd/alerts/text"
)

var legalForms = set("gmbh mbh ggmbh ag se kg kgaa ohg gbr ug ev eg e v co inc ltd llc sa sarl bv und and the die der das deutschland germany gruppe group holding")

// publicBodies are words of a public employer's name that one board writes and
// another does not: "Universitätsstadt Marburg, Der Magistrat", "Stadt Marburg".
var publicBodies = set("stadt stadtverwaltung universitaetsstadt hansestadt landeshauptstadt kreisstadt gemeinde gemeindeverwaltung verwaltung verwaltungsgemeinschaft landkreis kreis kreisverwaltung landratsamt bezirksamt magistrat buergermeister buergermeisterin oberbuergermeister oberbuergermeisterin landrat landraetin personalamt")

// nobody are folded names under which boards publish those who do not say who they are.
var nobody = map[string]bool{"keine angabe": true, "k a": true, "anonym": true, "anonymous": true, "confidential": true, "vertraulich": true, "chiffre": true,
	"nicht genannt": true, "firma nicht genannt": true, "ohne angabe": true, "unbekannt": true, "unknown": true, "n a": true, "arbeitgeber anonym": true, "anonymer arbeitgeber": true}

func employerWords(name string) []string {
	var all, words []string
	folded := text.Fold(name)
	if nobody[folded] {
		return nil
	}
	for w := range strings.FieldsSeq(folded) {
		all = append(all, w)
		if !legalForms[w] && !publicBodies[w] {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		words = all
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// namedOf has a bit for each word of an employer: two without a bit in common have no
// word in common, though words may share a bit.
func namedOf(employer []string) (bits uint64) {
	for _, w := range employer {
		bits |= 1 << (scatter(hashWord(w)) & 63)
	}
	return bits
}

// employers says how the advertisers of two postings go together.
type employers int

const (
	othersEmployer  employers = iota
	relatedEmployer           // they have a name in common: a subsidiary, a house
	sameEmployer
	sameAgency    // one agency, which advertises for many
	agencyBetween // one of them, or both, advertises for somebody else, or does not say who it is
)

func compareEmployers(a, b *Sketch) employers {
	x, y := a.employer, b.employer
	common := 0
	if a.named&b.named != 0 {
		if common = shared(x, y); common == min(len(x), len(y)) {
			if a.agency && b.agency {
				return sameAgency
			}
			return sameEmployer
		}
	}
	switch {
	case a.agency || b.agency || len(x) == 0 || len(y) == 0:
		return agencyBetween
	case common > 0 && haveName(a, b):
		return relatedEmployer
	}
	return othersEmployer
}

// haveName reports whether two employers share a word that is a name: neither
// that of a trade nor that of their town.
func haveName(a, b *Sketch) bool {
	for _, w := range a.employer {
		if _, ok := slices.BinarySearch(b.employer, w); ok && len(w) >= 4 && !tradeWords[w] && !a.isTown(w) && !b.isTown(w) {
			return true
		}
	}
	return false
}

func (s *Sketch) isTown(w string) bool {
	for i := range s.places {
		if strings.Contains(s.places[i].name, w) {
			return true
		}
	}
	return false
}

// tradeWords are folded words of many employers' names.
var tradeWords = set(`klinik kliniken klinikum krankenhaus praxis hausarztpraxis zahnarztpraxis apotheke mvz zentrum med medical medizin dr prof st sankt pflege pflegedienst pflegezentrum
	seniorenzentrum seniorenheim seniorenresidenz altenheim altenhilfe haus verein stiftung caritas diakonie awo drk rotes kreuz lebenshilfe stadtwerke hotel restaurant gasthof cafe
	baeckerei metzgerei autohaus kanzlei steuerberatung steuerberatungsgesellschaft rechtsanwaelte versicherung versicherungen bank sparkasse volksbank schule universitaet hochschule kita
	personal personaldienste personalservice personalberatung personalvermittlung zeitarbeit recruiting service services dienst dienste logistik logistics transport spedition software
	system systeme systems solution solutions consulting beratung technik technologie technology technologies digital data info it edv elektro elektrotechnik bau hochbau tiefbau
	bauunternehmen maschinenbau anlagenbau metallbau automotive energie energy handel markt maerkte immobilien gebaeude reinigung sicherheit security management international
	europe european deutsche deutscher nord sued west ost und partner kollegen soehne sohn gebr gebrueder betrieb betriebs gesellschaft unternehmensgruppe company gruppe werk werke
	katholische evangelische kirche kirchengemeinde bundesamt landesamt amt ministerium therapiezentrum therapiezentren therapie physiotherapie`)

package alerts

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// Criterion names one of the conditions criteria consist of.
type Criterion string

// The criteria, in the order reasons are given.
const (
	ByQuery    Criterion = "query"
	ByPlace    Criterion = "place"
	ByRemote   Criterion = "remote"
	BySalary   Criterion = "salary"
	ByType     Criterion = "employment_type"
	ByEmployer Criterion = "employer"
	ByAgency   Criterion = "agency"
	ByLanguage Criterion = "language"
	BySource   Criterion = "source"
)

// Reason says why one criterion held or did not.
type Reason struct {
	Criterion Criterion
	Held      bool
	// Unstated: the posting does not say what was asked for, and was taken all the same.
	Unstated bool
	// DistanceKM is from the nearest place asked for; negative when no distance was measured.
	DistanceKM float64
	// For ByQuery: the words stood in the title; and they were found by way of a
	// synonym or a compound's parts rather than themselves.
	InTitle, Indirect bool
	// Via is the line of synonyms or the compound's parts by which they were found.
	Via string

	de, en string
}

// Text is the reason in a subscriber's language: "de", else English.
func (r Reason) Text(locale string) string {
	if locale == "de" {
		return r.de
	}
	return r.en
}

// Explain gives the reason for each criterion that is given, in a fixed order,
// and whether all held. It agrees with Matches.
func (c *Criteria) Explain(d *Document) (bool, []Reason) {
	if !c.prepared {
		return false, nil
	}
	var rs []Reason
	add := func(r ...Reason) { rs = append(rs, r...) }
	add(c.explainQuery(d)...)
	add(c.explainPlace(d)...)
	add(c.explainPay(d)...)
	add(c.explainType(d)...)
	add(c.explainEmployer(d)...)
	if c.NoAgencies {
		add(plain(ByAgency, !d.Agency, "nicht von einer Vermittlung", "not from an agency", "von einer Vermittlung oder Zeitarbeitsfirma", "from an agency"))
	}
	if len(c.Languages) > 0 {
		add(plain(ByLanguage, c.languageHolds(d), "Sprache: "+d.Language, "language: "+d.Language, "Sprache: "+orDash(d.Language), "language: "+orDash(d.Language)))
	}
	if len(c.Sources) > 0 {
		add(plain(BySource, c.sourceHolds(d), "Quelle: "+d.Source, "source: "+d.Source, "Quelle: "+d.Source, "source: "+d.Source))
	}
	held := c.canary == (d.Source == CanarySource)
	for _, r := range rs {
		held = held && r.Held
	}
	return held, rs
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// plain is a reason with two texts for each outcome.
func plain(c Criterion, held bool, de, en, notDE, notEN string) Reason {
	r := Reason{Criterion: c, Held: held, DistanceKM: -1, de: de, en: en}
	if !held {
		r.de, r.en = notDE, notEN
	}
	return r
}

func (c *Criteria) explainQuery(d *Document) []Reason {
	if c.query.IsZero() {
		return nil
	}
	_, hits := c.query.Explain(d.Text)
	rs := make([]Reason, 0, len(hits))
	for i := range hits {
		h := &hits[i]
		r := Reason{Criterion: ByQuery, Held: h.Found != "" && !h.Excluded, DistanceKM: -1, InTitle: h.InTitle,
			Indirect: h.Rule.Indirect()}
		r.Via = h.Via
		r.de, r.en = hitText(h)
		rs = append(rs, r)
	}
	return rs
}

// hitText words one hit: "Medizininformatiker: „medizinische Informatik“ im Titel (Bestandteile)".
func hitText(h *text.Hit) (de, en string) {
	switch {
	case h.Excluded:
		return fmt.Sprintf("ausgeschlossen: „%s“", h.Found), fmt.Sprintf("excluded: “%s”", h.Found)
	case h.Found == "":
		return fmt.Sprintf("%s: nicht gefunden", h.Asked), fmt.Sprintf("%s: not found", h.Asked)
	}
	whereDE, whereEN := "im Text", "in the text"
	if h.InTitle {
		whereDE, whereEN = "im Titel", "in the title"
	}
	ruleDE, ruleEN := ruleText(h.Rule, "de"), ruleText(h.Rule, "en")
	if text.Fold(h.Found) == text.Fold(h.Asked) {
		return fmt.Sprintf("„%s“ %s", h.Found, whereDE), fmt.Sprintf("“%s” %s", h.Found, whereEN)
	}
	return fmt.Sprintf("„%s“ %s (%s ← %s)", h.Found, whereDE, ruleDE, h.Asked),
		fmt.Sprintf("“%s” %s (%s ← %s)", h.Found, whereEN, ruleEN, h.Asked)
}

func (c *Criteria) explainPlace(d *Document) []Reason {
	var rs []Reason
	if c.RemoteRule() != RemoteInclude {
		de, en := "nicht im Homeoffice", "not remote"
		if d.Remote {
			de, en = "ortsunabhängig", "remote"
		}
		rs = append(rs, plain(ByRemote, c.remoteHolds(d), de, en, de, en))
	}
	if !c.HasPlace() {
		return rs
	}
	held := c.placeHolds(d)
	km, from := c.nearest(d)
	r := Reason{Criterion: ByPlace, Held: held, DistanceKM: km}
	switch {
	case d.Remote && held:
		r.de, r.en = "ortsunabhängig", "remote: passes any place"
	case km >= 0 && len(c.Places) > 0 && (!held || c.inCircle(d)):
		r.de, r.en = distanceText(km, from)
	case held:
		r.de, r.en = d.placeText(), d.placeText()
	case len(d.Locations) == 0:
		r.de, r.en = "Ort nicht angegeben", "place not stated"
	default:
		r.de, r.en = "Ort passt nicht: "+d.placeText(), "elsewhere: "+d.placeText()
	}
	return append(rs, r)
}

// distanceText says a distance as people do: in whole kilometres, "in" below half of one.
func distanceText(km float64, from string) (de, en string) {
	n := int(math.Round(km))
	if n == 0 {
		return "in " + from, "in " + from
	}
	far := Quantity(strconv.Itoa(n), "km")
	return far + " von " + from, far + " from " + from
}

func (c *Criteria) inCircle(d *Document) bool {
	for i := range d.Locations {
		l := &d.Locations[i]
		for j := range c.Places {
			if l.Located && c.Places[j].Contains(l.Lat, l.Lon) {
				return true
			}
		}
	}
	return false
}

// nearest is the shortest distance from any place asked for to any location, and
// that place's name; -1 where neither has a point.
func (c *Criteria) nearest(d *Document) (km float64, from string) {
	km, place := c.nearestPlace(d)
	if place == nil {
		return km, ""
	}
	return km, place.Label()
}

func (c *Criteria) nearestPlace(d *Document) (km float64, place *Place) {
	km = -1
	for i := range d.Locations {
		l := &d.Locations[i]
		if !l.Located {
			continue
		}
		for j := range c.Places {
			p := &c.Places[j]
			if x := gazetteer.DistanceKM(*p.Lat, *p.Lon, l.Lat, l.Lon); km < 0 || x < km {
				km, place = x, p
			}
		}
	}
	return km, place
}

// Label is what to call the place: its name, its postcode, or its coordinates.
func (p *Place) Label() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.Postcode != "":
		return p.Postcode
	case p.Lat != nil && p.Lon != nil:
		return fmt.Sprintf("%.3f, %.3f", *p.Lat, *p.Lon)
	}
	return ""
}

// placeText lists where the posting's work is, as shown to people.
func (d *Document) placeText() string {
	var names []string
	for _, l := range d.Locations {
		n := l.Name
		if n == "" {
			n = l.State
		}
		if n == "" {
			n = l.Country
		}
		if n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return orDash(strings.Join(names, ", "))
}

func (c *Criteria) explainPay(d *Document) []Reason {
	if c.Salary == nil {
		return nil
	}
	r := Reason{Criterion: BySalary, Held: c.payHolds(d), DistanceKM: -1}
	if !c.payComparable(d) {
		r.Unstated = r.Held
		de, en := "Gehalt nicht angegeben", "pay not stated"
		if d.Pay != nil {
			de, en = "Gehalt in "+d.Pay.Currency+", nicht vergleichbar", "pay in "+d.Pay.Currency+", not comparable"
		}
		switch {
		case !r.Held:
			r.de, r.en = de+": weggelassen", en+": dropped"
		case c.UnknownPayRule() == UnknownMark:
			r.de, r.en = de+": markiert", en+": marked"
		default:
			r.de, r.en = de+": aufgenommen", en+": taken"
		}
		return []Reason{r}
	}
	r.de, r.en = c.payText(d.Pay, r.Held, "de"), c.payText(d.Pay, r.Held, "en")
	return []Reason{r}
}

// payText compares what is stated with the wish: "45.000–52.000 € im Jahr ≥ 3.500 € im Monat (40 h/Woche … angenommen)".
func (c *Criteria) payText(s *pay.Statement, held bool, locale string) string {
	sign := "≥"
	if !held {
		sign = "<"
	}
	out := fmt.Sprintf("%s %s %s", stated(s, locale), sign, c.Salary.Text(locale))
	if a := s.Assumption.Text(locale); a != "" {
		out += " (" + a + ")"
	}
	return out
}

func (c *Criteria) explainType(d *Document) []Reason {
	if len(c.EmploymentTypes) == 0 {
		return nil
	}
	if len(d.EmploymentTypes) == 0 {
		return []Reason{{Criterion: ByType, Held: true, Unstated: true, DistanceKM: -1,
			de: "Beschäftigungsart nicht angegeben: aufgenommen", en: "employment type not stated: taken"}}
	}
	var de, en []string
	for _, t := range d.EmploymentTypes {
		de, en = append(de, t.Text("de")), append(en, t.Text("en"))
	}
	a, b := strings.Join(de, ", "), strings.Join(en, ", ")
	return []Reason{plain(ByType, c.typeHolds(d), a, b, a, b)}
}

func (c *Criteria) explainEmployer(d *Document) []Reason {
	if len(c.employers)+len(c.notEmployers) == 0 {
		return nil
	}
	name := orDash(d.Employer)
	return []Reason{plain(ByEmployer, c.employerHolds(d), "Arbeitgeber: "+name, "employer: "+name,
		"Arbeitgeber nicht gewünscht: "+name, "employer not wanted: "+name)}
}

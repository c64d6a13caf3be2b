package alerts_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/pay"
)

// TestExplainAgreesWithMatches: the reasons hold exactly when the criteria match,
// and each says something in both languages.
func TestExplainAgreesWithMatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, d := drawCriteria(t), drawDocument(t)
		if embedded().Prepare(c) != nil {
			t.Skip("criteria with a fault")
		}
		held, reasons := c.Explain(d)
		if want := c.Matches(d); held != want {
			t.Fatalf("explained as %v, matches is %v\ncriteria: %+v\nposting: %+v\nreasons: %+v", held, want, c, d.Posting, reasons)
		}
		all := true
		for _, r := range reasons {
			all = all && r.Held
			if r.Text("de") == "" || r.Text("en") == "" {
				t.Fatalf("a reason without a text: %+v", r)
			}
		}
		if all != held {
			t.Fatalf("held is %v, the reasons say %v", held, reasons)
		}
	})
}

func TestUnpreparedCriteriaMatchNothing(t *testing.T) {
	c := &alerts.Criteria{Query: "Koch"}
	if held, reasons := c.Explain(posting()); held || reasons != nil || c.Matches(posting()) {
		t.Error("unprepared criteria held")
	}
}

func TestReasonsNameWhatDecided(t *testing.T) {
	radius := 5.0
	paid := func(p *alerts.Posting) {
		s := pay.Normalise(3200, 3800, "EUR", pay.Month, pay.Hints{})
		p.Pay = &s
	}
	for name, c := range map[string]struct {
		criteria alerts.Criteria
		document *alerts.Document
		held     bool
		de       string // part of one reason
	}{
		"word":              {alerts.Criteria{Query: "Medizininformatiker"}, posting(), true, "im Titel"},
		"word missing":      {alerts.Criteria{Query: "Koch"}, posting(), false, "Koch: nicht gefunden"},
		"word excluded":     {alerts.Criteria{Query: "Medizininformatiker -Krankenhausinformationssystem"}, posting(), false, "ausgeschlossen"},
		"distance":          {alerts.Criteria{Places: []alerts.Place{{Name: "Bochum"}}}, posting(), true, "7\u00a0km von Bochum"},
		"too far":           {alerts.Criteria{Places: []alerts.Place{{Name: "Bochum", RadiusKM: &radius}}}, posting(), false, "7\u00a0km von Bochum"},
		"state":             {alerts.Criteria{States: []string{"NRW"}}, posting(), true, "Gelsenkirchen"},
		"elsewhere":         {alerts.Criteria{States: []string{"Bayern"}}, posting(), false, "Ort passt nicht: Gelsenkirchen"},
		"remote":            {alerts.Criteria{States: []string{"Bayern"}}, posting(func(p *alerts.Posting) { p.Remote = true }), true, "ortsunabhängig"},
		"only remote":       {alerts.Criteria{Remote: alerts.RemoteOnly}, posting(), false, "nicht im Homeoffice"},
		"no place":          {alerts.Criteria{States: []string{"Bayern"}}, posting(func(p *alerts.Posting) { p.Locations = nil }), false, "Ort nicht angegeben"},
		"pay":               {alerts.Criteria{Salary: &alerts.Salary{Min: 3500, Unit: "MONTH"}}, posting(paid), true, "≥"},
		"too little pay":    {alerts.Criteria{Salary: &alerts.Salary{Min: 3900, Unit: "MONTH"}}, posting(paid), false, "<"},
		"pay not stated":    {alerts.Criteria{Salary: &alerts.Salary{Min: 3500, Unit: "MONTH"}}, posting(), true, "Gehalt nicht angegeben: aufgenommen"},
		"pay marked":        {alerts.Criteria{Salary: &alerts.Salary{Min: 3500, Unit: "MONTH"}, SalaryUnknown: alerts.UnknownMark}, posting(), true, "markiert"},
		"pay dropped":       {alerts.Criteria{Salary: &alerts.Salary{Min: 3500, Unit: "MONTH"}, SalaryUnknown: alerts.UnknownDrop}, posting(), false, "weggelassen"},
		"another currency":  {alerts.Criteria{Salary: &alerts.Salary{Min: 3500, Currency: "CHF", Unit: "MONTH"}}, posting(paid), true, "Gehalt in EUR, nicht vergleichbar"},
		"type":              {alerts.Criteria{EmploymentTypes: []alerts.EmploymentType{alerts.PartTime}}, posting(), false, "Vollzeit"},
		"type not stated":   {alerts.Criteria{EmploymentTypes: []alerts.EmploymentType{alerts.PartTime}}, posting(func(p *alerts.Posting) { p.EmploymentTypes = nil }), true, "nicht angegeben"},
		"employer":          {alerts.Criteria{Employers: []string{"KLINIKUM NORD"}}, posting(), true, "Klinikum Nord gGmbH"},
		"employer unwanted": {alerts.Criteria{Query: "Informatiker", NotEmployers: []string{"Klinikum Nord GmbH"}}, posting(), false, "nicht gewünscht"},
		"agency":            {alerts.Criteria{Query: "Informatiker", NoAgencies: true}, posting(func(p *alerts.Posting) { p.Agency = true }), false, "von einer Vermittlung"},
		"language":          {alerts.Criteria{Query: "Informatiker", Languages: []string{"en"}}, posting(), false, "Sprache: de"},
		"source":            {alerts.Criteria{Sources: []string{"board"}}, posting(), false, "Quelle: clinic"},
	} {
		t.Run(name, func(t *testing.T) {
			held, reasons := prepare(t, c.criteria).Explain(c.document)
			var texts []string
			for _, r := range reasons {
				texts = append(texts, r.Text("de"))
			}
			if held != c.held || !strings.Contains(strings.Join(texts, "\n"), c.de) {
				t.Errorf("%v because of %q, want %v because of %q", held, texts, c.held, c.de)
			}
		})
	}
}

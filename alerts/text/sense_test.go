package text_test

import "testing"

func TestMatches_WordsInCompanyMeanSomethingElse(t *testing.T) {
	t.Parallel()
	a := shared()
	for _, c := range []struct {
		query, title, body string
		want               bool
	}{
		{"driver", "Device Driver Tester", "", false},
		{"driver", "Device Driver Tester and Driver", "", true},
		{"device driver", "Engineer", "You write device drivers for Linux.", true},
		{`"device driver"`, "Engineer", "You write device drivers for Linux.", true},
		{"Go", "Mitarbeiter Go-Kart-Bahn", "", false},
		{"Go", "Go-Entwickler", "", true},
		{"Go-Kart", "Mitarbeiter Go-Kart", "", true},
		{"Pflege", "Sachbearbeiter", "Pflege der Stammdaten in SAP", false},
		{"Pflege", "Sachbearbeiter", "Pflege der Bewohner", true},
		{"Stammdatenpflege", "Sachbearbeiter Stammdatenpflege", "", true},
		{"Vertrieb", "Buchhalter", "Enge Zusammenarbeit mit dem Vertrieb.", false},
		{"Vertrieb", "Kaufmann", "Sie verstärken den Vertrieb.", true},
		{"data engineer", "Sales Engineer, Data Centers", "", false},
		{"data engineer", "Engineer, Data Platform", "", true},
		{"data engineer", "Data Engineering Lead", "", true},
		{"sales manager", "Vertriebsleiter", "", true},
		{"Leiter Finanzen", "Leiter Einkauf", "Kenntnisse in Finanzen", false},
	} {
		q, err := a.Parse(c.query)
		if err != nil {
			t.Fatal(err)
		}
		d := a.Document(c.title, c.body, "")
		if got := q.Matches(d); got != c.want {
			t.Errorf("%s against %q, %q: %v, want %v", c.query, c.title, c.body, got, c.want)
		}
		if held, hits := q.Explain(d); held != c.want {
			t.Errorf("%s against %q, %q is explained as %v: %+v", c.query, c.title, c.body, held, hits)
		}
	}
}

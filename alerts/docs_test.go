package alerts_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// example is a row of a table in docs/matching.md:
//
//	| criteria | posting | matches | why |
//
// Criteria are a query, or in code the flags of `jobalertd match`. A posting is
// a title, followed by what else it states: "in Herne", "remote", "pays …",
// "type PART_TIME", "at EMPLOYER", "agency", "language de", "from SOURCE",
// "says: …". Why is part of the reasons in English.
type example struct {
	line                   int
	criteria, posting, why string
	matches                bool
}

const exampleHeader = "| criteria | posting | matches | why |"

func TestExamplesOfTheDocumentationHold(t *testing.T) {
	m := meaning(t)
	examples := readExamples(t, "../docs/matching.md")
	if len(examples) < 40 {
		t.Fatalf("found %d examples, want 40 at least: has the tables' form changed?", len(examples))
	}
	for _, e := range examples {
		t.Run(fmt.Sprintf("line %d", e.line), func(t *testing.T) {
			c, err := parseCriteria(e.criteria)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Prepare(c); err != nil {
				t.Fatalf("%s: %v", e.criteria, err)
			}
			p, err := parsePosting(m, e.posting)
			if err != nil {
				t.Fatal(err)
			}
			d := m.Document(p)
			matches, reasons := c.Explain(d)
			var english []string
			for _, r := range reasons {
				english = append(english, fmt.Sprintf("%s: %s", r.Criterion, r.Text("en")))
			}
			said := strings.Join(english, "\n")
			if matches != e.matches || c.Matches(d) != e.matches {
				t.Errorf("%s, against %s: matches %v, documented %v\n%s", e.criteria, e.posting, matches, e.matches, said)
			}
			if !strings.Contains(said, e.why) {
				t.Errorf("%s, against %s: documented reason %q is none of\n%s", e.criteria, e.posting, e.why, said)
			}
		})
	}
}

func TestPostingAndReceiptOfTheDocumentationAreRead(t *testing.T) {
	doc, err := os.ReadFile("../docs/recruiters.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := jsonBlocks(string(doc))
	if len(blocks) != 2 {
		t.Fatalf("found %d blocks of JSON, want a posting and a receipt", len(blocks))
	}
	reader := jobposting.New(meaning(t), jobposting.Options{Lifetime: 60 * 24 * time.Hour, MaxBytes: 1 << 20})
	reading, err := reader.Read("city-hospital", []byte(blocks[0]), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatalf("the posting is rejected: %v", err)
	}
	if len(reading.Warnings) > 0 {
		t.Errorf("the posting is warned of: %v", reading.Warnings)
	}
	if p := reading.Posting; !p.Locations[0].Located || p.Pay == nil || p.Pay.Max != 3800 {
		t.Errorf("place or pay of the posting is not understood: %+v, %+v", p.Locations, p.Pay)
	}
	var receipt alerts.Receipt
	d := json.NewDecoder(strings.NewReader(blocks[1]))
	d.DisallowUnknownFields()
	if err := d.Decode(&receipt); err != nil {
		t.Errorf("the receipt: %v", err)
	}
}

func jsonBlocks(doc string) []string {
	var blocks []string
	for i, piece := range strings.Split(doc, "```") {
		if block, ok := strings.CutPrefix(piece, "json\n"); ok && i%2 == 1 {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// meaning is what the program has built in.
func meaning(t *testing.T) *alerts.Meaning {
	t.Helper()
	places, err := gazetteer.Open()
	if err != nil {
		t.Fatal(err)
	}
	return &alerts.Meaning{Text: text.New(text.Embedded()), Places: places}
}

func readExamples(t *testing.T, path string) []example {
	t.Helper()
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var (
		examples []example
		inTable  bool
		n        int
	)
	for line := range strings.Lines(string(doc)) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case line == exampleHeader:
			inTable = true
			continue
		case !strings.HasPrefix(line, "|"):
			inTable = false
		}
		if !inTable || strings.HasPrefix(line, "| ---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if len(cells) != 4 {
			t.Fatalf("line %d has %d cells, want 4: %s", n, len(cells), line)
		}
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		if cells[2] != "yes" && cells[2] != "no" {
			t.Fatalf("line %d: matches is %q, want yes or no", n, cells[2])
		}
		examples = append(examples, example{line: n, criteria: cells[0], posting: cells[1], matches: cells[2] == "yes", why: cells[3]})
	}
	return examples
}

// parseCriteria reads a bare query, or flags as one types them in a shell.
func parseCriteria(s string) (*alerts.Criteria, error) {
	if !strings.HasPrefix(s, "--") {
		return &alerts.Criteria{Query: s}, nil
	}
	c := &alerts.Criteria{}
	radius := float64(alerts.DefaultRadiusKM)
	words := splitWords(s)
	for i := 0; i < len(words); i++ {
		flag, value := words[i], ""
		if flag != "--no-agencies" {
			if i++; i == len(words) {
				return nil, fmt.Errorf("%s has no value", flag)
			}
			value = words[i]
		}
		switch flag {
		case "--query":
			c.Query = value
		case "--place":
			c.Places = append(c.Places, alerts.Place{Name: value, RadiusKM: &radius})
		case "--radius":
			km, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return nil, fmt.Errorf("--radius: %w", err)
			}
			radius = km
		case "--state":
			c.States = append(c.States, value)
		case "--remote":
			c.Remote = alerts.RemotePolicy(value)
		case "--salary":
			amount, currency, unit, err := pay.ParseWish(value)
			if err != nil {
				return nil, fmt.Errorf("--salary: %w", err)
			}
			c.Salary = &alerts.Salary{Min: amount, Currency: currency, Unit: string(unit)}
		case "--salary-unknown":
			c.SalaryUnknown = alerts.UnknownPay(value)
		case "--employment-type":
			c.EmploymentTypes = append(c.EmploymentTypes, alerts.EmploymentType(value))
		case "--employer":
			c.Employers = append(c.Employers, value)
		case "--not-employer":
			c.NotEmployers = append(c.NotEmployers, value)
		case "--no-agencies":
			c.NoAgencies = true
		case "--language":
			c.Languages = append(c.Languages, value)
		case "--source":
			c.Sources = append(c.Sources, value)
		default:
			return nil, fmt.Errorf("%s is no flag of the criteria", flag)
		}
	}
	return c, nil
}

// splitWords splits at blanks outside single quotes, which it takes off.
func splitWords(s string) []string {
	var words []string
	for i, piece := range strings.Split(s, "'") {
		if i%2 == 1 {
			words = append(words, piece)
			continue
		}
		words = append(words, strings.Fields(piece)...)
	}
	return words
}

// parsePosting reads a title and what else is stated, apart by semicolons.
func parsePosting(m *alerts.Meaning, s string) (*alerts.Posting, error) {
	parts := strings.Split(s, "; ")
	p := &alerts.Posting{Source: "example", Identifier: "1", Title: parts[0], Language: "de"}
	for _, part := range parts[1:] {
		word, value, _ := strings.Cut(part, " ")
		switch word {
		case "in":
			found := m.Places.Lookup(value)
			if len(found) == 0 {
				return nil, fmt.Errorf("no place is called %q", value)
			}
			f := found[0]
			p.Locations = append(p.Locations, alerts.Location{Name: f.Name, State: f.StateCode, Country: f.Country,
				Located: f.Kind != gazetteer.KindState, Lat: f.Lat, Lon: f.Lon})
		case "somewhere-in":
			code, ok := m.Places.Country(value)
			if !ok {
				return nil, fmt.Errorf("no country is called %q", value)
			}
			p.Locations = append(p.Locations, alerts.Location{Country: code})
		case "remote":
			p.Remote = true
		case "pays":
			stated, ok := pay.Parse(value)
			if !ok {
				return nil, fmt.Errorf("%q states no pay", value)
			}
			p.Pay = &stated
		case "type":
			p.EmploymentTypes = append(p.EmploymentTypes, alerts.EmploymentType(value))
		case "at":
			p.Employer = value
		case "agency":
			p.Agency = true
		case "language":
			p.Language = value
		case "from":
			p.Source = value
		case "says:":
			p.Description = "<p>" + strings.ReplaceAll(value, " / ", "</p><p>") + "</p>"
		default:
			return nil, fmt.Errorf("%q says nothing that a posting states", part)
		}
	}
	return p, nil
}

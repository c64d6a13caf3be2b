package main

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
)

// mix makes as many postings, and searches for them, as a bench needs, after the
// postings of a file: what occurs often there is published and looked for often.
type mix struct {
	originals []map[string]any
	read      []alerts.Posting // the same, as intake reads them
	random    *rand.Rand
}

// sampleMix names the program's own sample instead of a file.
const sampleMix = "sample"

// newMix reads the postings of a file, or of the program's own sample; those that
// would be rejected are left out.
func newMix(name string, seed uint64, reader *jobposting.Reader, now time.Time) (*mix, error) {
	m := &mix{random: rand.New(rand.NewPCG(seed, 1))}
	documents := load{postings: name}.postingDocuments()
	if name == sampleMix {
		own, err := sample(now)
		if err != nil {
			return nil, err
		}
		documents = func(yield func(json.RawMessage, error) bool) {
			for _, raw := range own {
				if !yield(raw, nil) {
					return
				}
			}
		}
	}
	for raw, err := range documents {
		if err != nil {
			return nil, err
		}
		var p map[string]any
		if json.Unmarshal(raw, &p) != nil || p["title"] == nil {
			continue // an @graph, say
		}
		p["datePosted"] = now.AddDate(0, 0, -len(m.read)%30).Format(time.DateOnly)
		delete(p, "validThrough")
		if raw, err = json.Marshal(p); err != nil {
			return nil, err
		}
		reading, rejected := read(reader, benchSource, raw, now)
		if rejected != nil {
			continue
		}
		m.originals, m.read = append(m.originals, p), append(m.read, reading.Posting)
	}
	if len(m.read) == 0 {
		return nil, fmt.Errorf("%s holds no posting that could be stored", name)
	}
	return m, nil
}

// postings are n postings: the originals again and again, each time with an
// identifier of their own.
func (m *mix) postings(n int) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for i := range n {
			p := m.originals[i%len(m.originals)]
			p["identifier"] = "mix-" + strconv.Itoa(i)
			raw, err := json.Marshal(p)
			if !yield(raw, err) || err != nil {
				return
			}
		}
	}
}

// searches are n searches as visitors of pages make them: most for an occupation in
// a town, some for one of the two alone, some for more.
func (m *mix) searches(n int, meaning *alerts.Meaning) ([]*alerts.Criteria, error) {
	var out []*alerts.Criteria
	for tries := 0; len(out) < n; tries++ {
		if tries > 100*(n+1) {
			return nil, fmt.Errorf("only %d searches can be made of these postings", len(out))
		}
		if c := m.search(); meaning.Prepare(c) == nil {
			out = append(out, c)
		}
	}
	return out, nil
}

func (m *mix) search() *alerts.Criteria {
	p := &m.read[m.random.IntN(len(m.read))]
	c := &alerts.Criteria{Query: m.occupation(p.Title)}
	if len(p.Locations) > 0 && p.Locations[0].Name != "" {
		radius := []float64{10, 25, 25, 50}[m.random.IntN(4)]
		c.Places = []alerts.Place{{Name: p.Locations[0].Name, RadiusKM: &radius}}
	}
	switch kind := m.random.IntN(10); {
	case kind < 2:
		c.Places = nil
	case kind < 3:
		c.Query = ""
	case kind < 4:
		c.Query, c.Places, c.States = m.occupation(p.Title), nil, []string{"DE-NW"}
	case kind < 5:
		c.Salary = &alerts.Salary{Min: float64(2500 + 250*m.random.IntN(8)), Currency: "EUR", Unit: "MONTH"}
		c.EmploymentTypes = []alerts.EmploymentType{alerts.FullTime}
	}
	return c
}

// occupation is the first long word of a title, sometimes with the next one.
func (m *mix) occupation(title string) string {
	var long []string
	for _, w := range strings.FieldsFunc(title, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("()/,|–", r) }) {
		if utf8.RuneCountInString(w) > 3 {
			long = append(long, w)
		}
	}
	if len(long) == 0 {
		return title
	}
	return strings.Join(long[:min(len(long), 1+m.random.IntN(4)/3)], " ")
}

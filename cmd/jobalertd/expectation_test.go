package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// manyPostings makes n postings from the sample, each an offer of its own: the
// teams' numbers keep them from being folded as one job published twice.
func manyPostings(t testing.TB, n int, prefix string, now time.Time) []json.RawMessage {
	t.Helper()
	base, err := sample(now)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]json.RawMessage, n)
	for i := range out {
		var p map[string]any
		if err := json.Unmarshal(base[i%len(base)], &p); err != nil {
			t.Fatal(err)
		}
		p["identifier"] = fmt.Sprintf("%s-%05d", prefix, i)
		if title, ok := p["title"].(string); ok {
			p["title"] = fmt.Sprintf("%s Team %d", title, 1000+i)
		}
		p["url"] = fmt.Sprintf("https://jobs.example.org/%s-%05d", prefix, i)
		if out[i], err = json.Marshal(p); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// What the tests' subscribers look for.
var (
	soughtJobs = []string{"Medizininformatiker", "Pflegefachkraft", "Koch", "Elektroniker", "Java", "Lagerist OR Kommissionierer", "Erzieher -Kinderpfleger",
		"Finanzbuchhalter OR Bilanzbuchhalter", "Sozialarbeiter", "Systemadministrator", "\"Software Engineer\"", "DevOps OR title:Developer",
		"Medizinische Fachangestellte", "Heizungsbauer", "Accountant", "\"Data Analyst\"", "Verwaltungsfachangestellte", "nurse"}
	soughtTowns = []string{"Gelsenkirchen", "Köln", "Herne", "Stuttgart", "Hamburg", "Münster", "Essen", "Gladbeck", "Bottrop", "Berlin", "Nürnberg",
		"Düsseldorf", "Bochum", "Leipzig", "Frankfurt am Main", "Dortmund", "Hannover", "München", "Recklinghausen", "Bielefeld", "Wuppertal", "Duisburg"}
)

// importLine is a subscription as an import file has it.
type importLine map[string]any

// manyWishes gives n subscriptions with various criteria, each of an address of its own but
// every eighth, which is the second one of the address before.
func manyWishes(n int) []importLine {
	out := make([]importLine, n)
	for i := range out {
		owner := i
		if i%8 == 7 {
			owner--
		}
		l := importLine{"email": fmt.Sprintf("s%04d@example.org", owner), "frequency": "daily", "hour": 7, "locale": []string{"de", "en"}[i%2],
			"confirmed_at": "2026-03-01T09:00:00Z", "consent": map[string]string{"text": "v1", "source": "import"}}
		if i%11 != 10 {
			l["query"] = soughtJobs[i%len(soughtJobs)]
		}
		if i%5 != 4 || i%11 == 10 {
			l["places"] = []map[string]any{{"name": soughtTowns[(i*7+i/len(soughtTowns))%len(soughtTowns)], "radius_km": []int{10, 25, 50, 100}[i/3%4]}}
		}
		if i%3 != 2 {
			l["remote"] = []string{"include", "exclude"}[i%3]
		}
		if i%4 == 1 {
			l["salary"] = map[string]any{"min": 2400 + 100*(i%9), "currency": "EUR", "unit": "MONTH"}
			l["salary_unknown"] = []string{"take", "drop", "mark"}[i/4%3]
		}
		if i%6 == 5 {
			l["employment_types"] = []string{"FULL_TIME"}
		}
		if i%13 == 12 {
			l["no_agencies"] = true
		}
		if i%10 == 3 {
			l["frequency"] = "instant"
		}
		out[i] = l
	}
	return out
}

// expectation is what a set of subscribers must get of a set of postings,
// computed by Criteria.Matches alone: no index, match log or window, and read from
// what was published and imported rather than from what is stored.
type expectation struct {
	rejected []bool              // by posting, in the order given
	by       map[string][]string // address to identifiers, ascending; those with none are left out
}

// expect judges each posting as of now and holds it against each subscription.
func expect(t testing.TB, c *config.Config, source string, postings []json.RawMessage, lines []json.RawMessage, now time.Time) expectation {
	t.Helper()
	m, err := testMeaning()
	if err != nil {
		t.Fatal(err)
	}
	reader, err := newReader(c, m)
	if err != nil {
		t.Fatal(err)
	}
	e := expectation{rejected: make([]bool, len(postings)), by: map[string][]string{}}
	wanted := make([]subscriptions.Import, len(lines))
	for i, line := range lines {
		if wanted[i], err = subscriptions.DecodeImportLine(line, subscriptions.ImportRules{Meaning: m, Timezone: c.Digest.Timezone, Now: now}); err != nil {
			t.Fatalf("subscription %s: %v", line, err)
		}
	}
	sets := map[string]map[string]bool{}
	for i, raw := range postings {
		reading, err := reader.Read(source, raw, now)
		if err != nil {
			e.rejected[i] = true
			continue
		}
		d := m.Document(&reading.Posting)
		for j := range wanted {
			if wanted[j].Wish.Criteria.Matches(d) {
				if sets[wanted[j].Email] == nil {
					sets[wanted[j].Email] = map[string]bool{}
				}
				sets[wanted[j].Email][reading.Posting.Identifier] = true
			}
		}
	}
	for address, set := range sets {
		e.by[address] = slices.Sorted(maps.Keys(set))
	}
	return e
}

// pairs is how many postings all subscribers get together.
func (e *expectation) pairs() (n int) {
	for _, ids := range e.by {
		n += len(ids)
	}
	return n
}

// delivery is what arrived at a relay, held against an expectation.
type delivery struct {
	distinct, doubled int                 // mails by Message-ID, and those beyond
	by                map[string][]string // address to identifiers over all distinct mails, ascending, repeated if sent twice
}

// deliveries reads the relay's mails. A mail that came twice counts once, and the
// second may say less than the first but nothing else.
func (in *installation) deliveries(st *stores) delivery {
	in.t.Helper()
	mails := in.relay.all(in.t)
	d := delivery{by: map[string][]string{}}
	byID := map[string]received{}
	for _, m := range mails {
		first, again := byID[m.id]
		switch {
		case !again:
			byID[m.id] = m
			d.distinct++
			continue
		case first.to != m.to:
			in.t.Errorf("Message-ID %s went to %s and to %s", m.id, first.to, m.to)
		}
		for _, n := range m.postings {
			if !slices.Contains(first.postings, n) {
				in.t.Errorf("mail %s to %s, sent again, has posting %d which the first had not", m.id, m.to, n)
			}
		}
		d.doubled++
	}
	names := identifiers(in.t, st)
	for _, m := range byID {
		if len(m.postings) == 0 {
			in.t.Errorf("mail %s to %s links to no posting", m.id, m.to)
		}
		for _, n := range m.postings {
			d.by[m.to] = append(d.by[m.to], names[n])
		}
	}
	for _, ids := range d.by {
		slices.Sort(ids)
	}
	return d
}

// identifiers are the stored postings' by number.
func identifiers(t testing.TB, st *stores) map[uint32]string {
	t.Helper()
	names := map[uint32]string{}
	err := st.postings.OpenBetween(t.Context(), st.db.Reader, 0, 1<<62, time.Time{}, func(p alerts.Stored) error {
		names[p.Number] = p.Identifier
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// compare reports, subscriber by subscriber, where what arrived is not what was
// expected: each posting exactly once.
func (e *expectation) compare(t testing.TB, d delivery) {
	t.Helper()
	faults := 0
	addresses := map[string]bool{}
	for a := range e.by {
		addresses[a] = true
	}
	for a := range d.by {
		addresses[a] = true
	}
	for _, a := range slices.Sorted(maps.Keys(addresses)) {
		if slices.Equal(e.by[a], d.by[a]) {
			continue
		}
		if faults++; faults <= 5 {
			t.Errorf("%s got %v\nexpected %v", a, d.by[a], e.by[a])
		}
	}
	if faults > 5 {
		t.Errorf("and %d further subscribers", faults-5)
	}
}

// complete reports whether everything expected has arrived, if maybe too often.
func (e *expectation) complete(d delivery) bool {
	for a, want := range e.by {
		if len(slices.Compact(slices.Clone(d.by[a]))) < len(want) {
			return false
		}
	}
	return true
}

// marshalLines writes import lines.
func marshalLines(t testing.TB, wishes []importLine) []json.RawMessage {
	t.Helper()
	out := make([]json.RawMessage, len(wishes))
	for i, w := range wishes {
		raw, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = raw
	}
	return out
}

// fitting drops the subscribers whom more postings reach than one mail can show:
// above that it counts them instead.
func fitting(t testing.TB, c *config.Config, source string, postings, lines []json.RawMessage, now time.Time) []json.RawMessage {
	t.Helper()
	e := expect(t, c, source, postings, lines, now)
	return slices.DeleteFunc(slices.Clone(lines), func(line json.RawMessage) bool {
		var l struct{ Email string }
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		return len(e.by[l.Email]) > mailHolds
	})
}

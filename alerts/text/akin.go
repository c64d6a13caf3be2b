package text

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed data/akin.txt
var embeddedAkin string

// akin is one occupation of a group, ready to be compared. Both are of one name.
type akin struct {
	name  string
	query Query
	title *Document
}

// akinGroup is occupations akin to each other, by language: German, English.
type akinGroup [][2]*akin

// readAkin makes the groups ready. It panics if the embedded file is malformed,
// which a test rules out.
func (a *Analyser) readAkin() []akinGroup {
	var groups []akinGroup
	ready := map[string]*akin{}
	one := func(name string) *akin {
		if ready[name] == nil {
			q, err := a.Parse(name)
			if err != nil {
				panic("data/akin.txt: " + name + ": " + err.Error())
			}
			ready[name] = &akin{name, q, a.Document(name, "", "")}
		}
		return ready[name]
	}
	for line := range strings.Lines(embeddedAkin) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		var g akinGroup
		for member := range strings.SplitSeq(line, ";") {
			german, english, both := strings.Cut(member, "/")
			if !both {
				english = german
			}
			g = append(g, [2]*akin{one(strings.TrimSpace(german)), one(strings.TrimSpace(english))})
		}
		groups = append(groups, g)
	}
	return groups
}

// Akin lists occupations akin to the one that q asks for, in German ("de") or
// English, the nearest first: those of the groups that q's occupation is in,
// without what q finds anyway and what it leaves out. It is empty for a query
// that asks for more than an occupation, or for none that is known.
func (a *Analyser) Akin(q Query, locale string) []string {
	if q.IsZero() {
		return nil
	}
	language := 1
	if primaryLanguage(locale) == "de" {
		language = 0
	}
	asked := a.Document(q.positive(), "", "")
	var names []string
	for _, g := range a.akin() {
		if !slices.ContainsFunc(g, func(m [2]*akin) bool { return m[0].is(q, asked) || m[1].is(q, asked) }) {
			continue
		}
		for _, m := range g {
			if !q.Matches(m[0].title) && !q.Matches(m[1].title) && !q.excludes(m[0].title) && !q.excludes(m[1].title) && !slices.Contains(names, m[language].name) {
				names = append(names, m[language].name)
			}
		}
	}
	return names
}

// is reports whether a query asks for this very occupation: each finds the other.
func (m *akin) is(q Query, asked *Document) bool { return m.query.Matches(asked) && q.Matches(m.title) }

// positive are the words that q asks for, as a title.
func (q Query) positive() string {
	var words []string
	for _, c := range q.c.clauses {
		if c.excluded {
			continue
		}
		for _, one := range c.atoms {
			words = append(words, one.text)
		}
	}
	return strings.Join(words, " ")
}

func (q Query) excludes(d *Document) bool {
	return slices.ContainsFunc(q.c.excluded, func(g group) bool { return g.holds(d) })
}

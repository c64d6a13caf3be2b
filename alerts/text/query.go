package text

import (
	"strings"
)

// Query is what somebody looks for, understood: required groups, all of which
// must hold, and excluded ones, none of which may. The zero Query matches
// everything. Queries are immutable and safe for concurrent use.
type Query struct{ c *compiled }

// compiled is a query's clauses as understood and as looked up.
type compiled struct {
	clauses  []clause
	required []group
	excluded []group
	bonds    []bond
}

// clause is one condition: any of its atoms, or, excluded, none of them.
type clause struct {
	excluded bool
	atoms    []atom
}

// atom is a word or a phrase as typed, gender tags and idle words left out.
type atom struct {
	text   string
	phrase bool
	title  bool // in the title alone
}

// IsZero tells the query that matches everything.
func (q Query) IsZero() bool { return q.c == nil }

// PeekDepth is how many pointers in a row lead from a Query to what an index asks of it.
const PeekDepth = 3

// Peek reads what lies at a depth, from 1 to PeekDepth, and returns something of it, which
// means nothing. Whoever takes in many queries reads one depth of all of them before
// the next, and waits for memory once instead of for each (docs/adr/0022).
func (q Query) Peek(depth int) (read int) {
	if q.c == nil {
		return 0
	}
	if depth == 1 {
		return len(q.c.required) + len(q.c.excluded) + len(q.c.bonds)
	}
	for _, groups := range [...][]group{q.c.required, q.c.excluded} {
		for i := range groups {
			if g := &groups[i]; depth == 2 {
				read += g.atoms
			} else if len(g.units) > 0 && g.units[0] != nil {
				read++
			}
		}
	}
	return read
}

// String returns the query in the syntax that Parse reads; parsing it again
// gives the same query.
func (q Query) String() string {
	if q.c == nil {
		return ""
	}
	return printClauses(q.c.clauses)
}

func printClauses(clauses []clause) string {
	var b strings.Builder
	for i, c := range clauses {
		if i > 0 {
			b.WriteByte(' ')
		}
		for j, a := range c.atoms {
			if j > 0 {
				b.WriteString(" OR ")
			}
			if c.excluded {
				b.WriteByte('-')
			}
			b.WriteString(a.String())
		}
	}
	return b.String()
}

func (a atom) String() string {
	s := a.text
	if a.phrase || strings.Contains(s, " ") {
		s = `"` + s + `"`
	}
	if a.title {
		s = "title:" + s
	}
	return s
}

// Describe says the query in words, in the locale's language ("de", else
// English): "Medizininformatiker UND (HL7 ODER FHIR), ohne Praktikum".
func (q Query) Describe(locale string) string {
	if q.c == nil {
		return ""
	}
	w := describeEnglish
	if primaryLanguage(locale) == "de" {
		w = describeGerman
	}
	var required, excluded []string
	asked := 0
	for _, c := range q.c.clauses {
		if !c.excluded {
			asked++
		}
	}
	for _, c := range q.c.clauses {
		var alternatives []string
		for _, a := range c.atoms {
			alternatives = append(alternatives, a.describe(w))
		}
		if c.excluded {
			excluded = append(excluded, alternatives...)
			continue
		}
		s := strings.Join(alternatives, w.or)
		if len(alternatives) > 1 && asked > 1 {
			s = "(" + s + ")"
		}
		required = append(required, s)
	}
	out := strings.Join(required, w.and)
	if len(excluded) > 0 {
		out += w.without + strings.Join(excluded, ", ")
	}
	return out
}

type describing struct{ and, or, without, inTitle, open, close string }

var (
	describeGerman  = describing{" UND ", " ODER ", ", ohne ", " (im Titel)", "„", "“"}
	describeEnglish = describing{" AND ", " OR ", ", without ", " (in the title)", "“", "”"}
)

func (a atom) describe(w describing) string {
	s := a.text
	if a.phrase {
		s = w.open + s + w.close
	}
	if a.title {
		s += w.inTitle
	}
	return s
}

package database

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/bits"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Queries is a store's named statements, read once at start. It is safe for
// concurrent use.
type Queries struct {
	dialect    Dialect
	statements map[string]statement
}

type statement struct {
	named      string   // as written, without comments: parameters as :name
	positional string   // parameters as ?
	bound      string   // parameters as the dialect writes them
	params     []string // the name of each parameter, in order
}

var nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// LoadQueries reads queries/*.sql and queries/DIALECT/*.sql from fsys and
// keeps the statements that names asks for. A statement begins with a line
// "-- name: claim-due"; comments are dropped. One found in the dialect's folder
// takes the place of the shared one; both dialects must know every name. All
// faults come back at once: a name missing or given twice, text before the
// first name, and what sqlx cannot read ("::", "?", a colon within a string).
func LoadQueries(fsys fs.FS, d Dialect, names ...string) (*Queries, error) {
	shared, err := readStatements(fsys, "queries")
	faults := []error{err}
	own := make(map[Dialect]map[string]string, 2)
	for _, dialect := range []Dialect{SQLite, PostgreSQL} {
		own[dialect], err = readStatements(fsys, path.Join("queries", string(dialect)))
		faults = append(faults, err)
	}

	q := &Queries{dialect: d, statements: make(map[string]statement, len(names))}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			faults = append(faults, fmt.Errorf("query %s: asked for twice", name))
			continue
		}
		text, found := shared[name]
		_, sqlite := own[SQLite][name]
		_, postgres := own[PostgreSQL][name]
		if !found && !(sqlite && postgres) {
			faults = append(faults, fmt.Errorf("query %s: not found for %s", name, missingFor(sqlite, postgres)))
			continue
		}
		if override, ok := own[d][name]; ok {
			text = override
		}
		s, err := compile(d, text)
		if err != nil {
			faults = append(faults, fmt.Errorf("query %s: %w", name, err))
			continue
		}
		q.statements[name] = s
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return q, nil
}

func missingFor(sqlite, postgres bool) string {
	switch {
	case sqlite:
		return string(PostgreSQL)
	case postgres:
		return string(SQLite)
	}
	return "either dialect"
}

// Get returns the text of a statement with the dialect's parameters, for a
// caller that prepares it. It panics for a name that was not asked for at
// load.
func (q *Queries) Get(name string) string { return q.statement(name).bound }

func (q *Queries) statement(name string) statement {
	s, ok := q.statements[name]
	if !ok {
		panic("database: query " + name + " was not asked for in LoadQueries")
	}
	return s
}

// readStatements reads every .sql file of one folder; a folder that is not
// there has no statements.
func readStatements(fsys fs.FS, folder string) (map[string]string, error) {
	files, err := fs.Glob(fsys, path.Join(folder, "*.sql"))
	if err != nil {
		return nil, fmt.Errorf("list queries: %w", err)
	}
	statements := make(map[string]string)
	var faults []error
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read queries: %w", err)
		}
		faults = append(faults, splitStatements(statements, file, string(text)))
	}
	return statements, errors.Join(faults...)
}

// splitStatements adds the statements of one file to dst.
func splitStatements(dst map[string]string, file, text string) error {
	var faults []error
	fault := func(line int, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s:%d: %s", file, line+1, fmt.Sprintf(format, args...)))
	}
	name, named := "", false
	for i, line := range strings.Split(text, "\n") {
		if begun, ok := namedBy(line); ok {
			name, named = begun, true
			if !nameForm.MatchString(name) {
				fault(i, "name %q must be lower-case words joined by hyphens", name)
			}
			if _, twice := dst[name]; twice {
				fault(i, "query %s stands twice", name)
			}
			dst[name] = ""
			continue
		}
		line, err := stripComment(line)
		if err != nil {
			fault(i, "%v", err)
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		if !named {
			fault(i, "statement before the first name line")
			continue
		}
		dst[name] += line + "\n"
	}
	return errors.Join(faults...)
}

// namedBy returns the name that a line gives to the statement behind it.
func namedBy(line string) (name string, ok bool) {
	comment, ok := strings.CutPrefix(strings.TrimSpace(line), "--")
	if !ok {
		return "", false
	}
	name, ok = strings.CutPrefix(strings.TrimSpace(comment), "name:")
	if name = strings.TrimSpace(name); !ok || strings.ContainsAny(name, " \t") {
		return "", false
	}
	return name, true
}

// stripComment drops a comment to the end of the line, and refuses what
// sqlx.Named would misread.
func stripComment(line string) (string, error) {
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			} else if c == ':' || c == '?' {
				return line, fmt.Errorf("%q within quotes would be taken for a parameter; pass the text as one", c)
			}
		case c == '\'' || c == '"':
			quote = c
		case strings.HasPrefix(line[i:], "--"):
			return strings.TrimRight(line[:i], " \t"), nil
		case strings.HasPrefix(line[i:], "/*"):
			return line, errors.New("write comments with --")
		case strings.HasPrefix(line[i:], "::"):
			return line, errors.New("write CAST(x AS type), not x::type")
		case c == '?':
			return line, errors.New("write :name, not ?")
		}
	}
	if quote != 0 {
		return line, errors.New("a quoted text must end on its line")
	}
	return strings.TrimRight(line, " \t\r"), nil
}

// compile lets sqlx find the parameters, by giving it each one's own name as
// its value.
func compile(d Dialect, text string) (statement, error) {
	text = strings.TrimSuffix(strings.TrimSpace(text), ";")
	if text == "" {
		return statement{}, errors.New("is empty")
	}
	values := make(map[string]any)
	for _, rest := range strings.Split(text, ":")[1:] {
		name := rest[:len(rest)-len(strings.TrimLeft(rest, paramRunes))]
		if strings.TrimLeft(name, "0123456789.") == name { // else sqlx finds no value, and says so
			values[name] = name
		}
	}
	positional, args, err := sqlx.Named(text, values)
	if err != nil {
		return statement{}, err
	}
	s := statement{named: text, positional: positional, bound: sqlx.Rebind(d.bindType(), positional)}
	for _, arg := range args {
		s.params = append(s.params, arg.(string))
	}
	return s, nil
}

// paramRunes are what the name of a parameter is made of.
const paramRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."

// sqliteRows is how many rows a statement of Pages has at most on SQLite: longer ones
// hardly run faster, and a connection keeps none of them.
const sqliteRows = 128

// Pages cuts rows for a statement of many, atMost at once. On SQLite, where a statement
// has VALUES for each, a page is a power of two long, the longest first: so there are few
// texts whatever comes, and a connection has them prepared.
func Pages[T any](d Dialect, rows []T, atMost int) iter.Seq[[]T] {
	if d != SQLite {
		return slices.Chunk(rows, atMost)
	}
	atMost = min(atMost, sqliteRows)
	return func(yield func([]T) bool) {
		for rest := rows; len(rest) > 0; {
			n := 1 << (bits.Len(uint(min(len(rest), atMost))) - 1)
			if !yield(rest[:n:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

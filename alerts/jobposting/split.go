package jobposting

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The formats that Split takes. FormatAuto tells them apart by the first bytes.
const (
	FormatAuto  = "auto"
	FormatJSON  = "json"  // an object, an array, an @graph, or several values one after the other
	FormatJSONL = "jsonl" // one object a line
	FormatHTML  = "html"  // a page with JSON-LD
)

// Formats lists them.
var Formats = []string{FormatAuto, FormatJSON, FormatJSONL, FormatHTML}

// maxUnit bounds what is held in memory at once: a line, an element of the
// outermost array, a document that is no array, a page.
const maxUnit = 32 << 20

// ErrTooLarge is wrapped by the error for a unit of a file that is longer than
// is held in memory.
var ErrTooLarge = fmt.Errorf("is larger than %d MiB; split the file, or write one posting a line (jsonl)", maxUnit>>20)

// Split yields the JobPostings of a file, each as one JSON document that Read
// takes, in the file's order. format is one of Formats. Objects that are of
// another type are yielded too, for Read to say so; the other types that stand
// beside a JobPosting in a @graph or on a page are not.
//
// An error concerns one place of the file, which it names; where reading can go
// on behind it (the next line, the next script of a page) it does. Memory is
// bounded by maxUnit, however long the file. A yielded document is the caller's.
func Split(r io.Reader, format string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		b := bufio.NewReaderSize(r, 64<<10)
		if mark, _ := b.Peek(3); string(mark) == "\xef\xbb\xbf" {
			_, _ = b.Discard(3) // Peek has read them
		}
		if format == FormatAuto || format == "" {
			format = sniff(b)
		}
		switch format {
		case FormatJSON:
			splitJSON(b, yield)
		case FormatJSONL:
			splitLines(b, yield)
		case FormatHTML:
			splitPage(b, yield)
		default:
			yield(nil, fmt.Errorf("format %q is not known; use one of %s", format, strings.Join(Formats, ", ")))
		}
	}
}

type yieldFunc = func(json.RawMessage, error) bool

// sniff tells the format from what can be seen of the file: "<" begins a page,
// and a first line that is a whole object begins a file with one a line.
func sniff(b *bufio.Reader) string {
	seen, _ := b.Peek(b.Size())
	seen = bytes.TrimLeft(seen, " \t\r\n")
	if len(seen) == 0 {
		return FormatJSON
	}
	if seen[0] == '<' && !bytes.HasPrefix(seen, []byte("<![CDATA[")) {
		return FormatHTML
	}
	first, _, more := bytes.Cut(seen, []byte("\n"))
	first = bytes.TrimRight(first, " \t\r")
	if seen[0] == '{' && more && bytes.HasSuffix(first, []byte("}")) && len(first) > 2 {
		return FormatJSONL
	}
	return FormatJSON
}

// splitJSON yields from a stream of JSON values; arrays are read element by element.
func splitJSON(r io.Reader, yield yieldFunc) {
	limited := &limiter{r: r}
	dec := jsontext.NewDecoder(limited, jsontext.AllowDuplicateNames(true))
	for index := 0; ; {
		limited.since = dec.InputOffset()
		k := dec.PeekKind()
		if k == '[' || k == ']' { // enter or leave an array; elements follow as if they stood alone
			if dec.StackDepth() > 0 && k == '[' {
				yield(nil, fmt.Errorf("value %d: is an array within an array; a JobPosting is needed", index+1))
				return
			}
			if _, err := dec.ReadToken(); err != nil {
				yield(nil, splitError(index, limited, err))
				return
			}
			continue
		}
		v, err := dec.ReadValue()
		if errors.Is(err, io.EOF) && dec.StackDepth() == 0 {
			if index == 0 {
				yield(nil, errors.New("the file holds no JSON value"))
			}
			return
		}
		if err != nil {
			yield(nil, splitError(index, limited, err))
			return
		}
		index++
		if !yieldValue(v, fmt.Sprintf("value %d", index), yield) {
			return
		}
	}
}

func splitError(index int, l *limiter, err error) error {
	if errors.Is(err, ErrTooLarge) || l.full {
		return fmt.Errorf("value %d: %w", index+1, ErrTooLarge)
	}
	if l.err != nil {
		return fmt.Errorf("read value %d: %w", index+1, l.err)
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return fmt.Errorf("value %d: is not valid JSON at byte %d of the file: %w", index+1, syntax.ByteOffset, syntax.Err)
	}
	return fmt.Errorf("value %d: is not valid JSON: %w", index+1, err)
}

// limiter fails once a value reaches past maxUnit.
type limiter struct {
	r     io.Reader
	read  int64
	since int64 // where the value that is being read began
	full  bool
	err   error // of the file, not its end
}

func (l *limiter) Read(p []byte) (int, error) {
	if l.read-l.since > maxUnit {
		l.full = true
		return 0, ErrTooLarge
	}
	n, err := l.r.Read(p)
	l.read += int64(n)
	if err != nil && err != io.EOF {
		l.err = err
	}
	return n, err
}

// splitLines yields from a file with one document a line. A line that is wrong
// does not end it.
func splitLines(b *bufio.Reader, yield yieldFunc) {
	for number := 1; ; number++ {
		line, err := readLine(b)
		at := fmt.Sprintf("line %d", number)
		switch {
		case errors.Is(err, ErrTooLarge):
			if !yield(nil, fmt.Errorf("%s: %w", at, err)) {
				return
			}
			continue
		case err != nil && !errors.Is(err, io.EOF):
			yield(nil, fmt.Errorf("read line %d: %w", number, err))
			return
		}
		if text := bytes.TrimSpace(line); len(text) > 0 && !yieldValue(text, at, yield) {
			return
		}
		if errors.Is(err, io.EOF) {
			return
		}
	}
}

// readLine reads to the end of a line, at most maxUnit bytes of it; of a longer
// line the rest is read and dropped.
func readLine(b *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := b.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxUnit; !long {
			line = append(line, part...)
		} else {
			line = nil
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if long && (err == nil || err == io.EOF) {
			return nil, ErrTooLarge
		}
		return line, err
	}
}

// yieldValue yields one JSON value's postings: itself, or those inside it.
func yieldValue(raw []byte, at string, yield yieldFunc) bool {
	if kindOf(raw) == '[' { // a line that is an array
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return yield(nil, fmt.Errorf("%s: is not valid JSON: %w", at, err))
		}
		for i, item := range items {
			if !yieldValue(item, fmt.Sprintf("%s, element %d", at, i+1), yield) {
				return false
			}
		}
		return true
	}
	doc, err := parseLarge(raw)
	if err != nil {
		return yield(nil, fmt.Errorf("%s: %w", at, err))
	}
	found := postings(doc)
	if len(found) < 2 {
		return yield(bytes.Clone(raw), nil)
	}
	refs := gather(doc)
	for _, p := range found {
		if !yield(withReferences(p, refs), nil) {
			return false
		}
	}
	return true
}

func kindOf(raw []byte) byte {
	if raw = bytes.TrimLeft(raw, " \t\r\n"); len(raw) == 0 {
		return 0
	}
	return raw[0]
}

// withReferences makes a document of its own of a node, with the nodes it
// refers to, directly or through them.
func withReferences(n node, refs references) json.RawMessage {
	if len(refs) == 0 {
		return bytes.Clone(n.raw)
	}
	var needed [][]byte
	seen := map[string]bool{n.get("@id").text: true}
	var visit func(node)
	visit = func(m node) {
		if target := refs.resolve(m); target.kind == kindObject && len(m.members) == 1 && len(target.members) > 1 {
			if id := m.get("@id").text; !seen[id] && !target.isType("jobposting") {
				seen[id] = true
				needed = append(needed, target.raw)
				visit(target)
			}
			return
		}
		for _, item := range m.items {
			visit(item)
		}
		for _, member := range m.members {
			visit(member.val)
		}
	}
	visit(n)
	if len(needed) == 0 {
		return bytes.Clone(n.raw)
	}
	out := append([]byte(`{"@graph":[`), n.raw...)
	for _, raw := range needed {
		out = append(append(out, ','), raw...)
	}
	return append(out, ']', '}')
}

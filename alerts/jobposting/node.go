package jobposting

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// What one document may consist of. A JobPosting has some dozens of values;
// these bound what hostile input can make of a megabyte.
const (
	maxNodes = 50_000
	maxDepth = 64
)

// kind is the kind of a JSON value, with null as the zero value: an absent
// member and one that is null mean the same.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindObject
	kindArray
)

// node is one JSON value. Members keep their order, so that what is read does
// not depend on chance where a document names something twice.
type node struct {
	kind    kind
	text    string // of a string its value, of a number or bool its literal
	members []member
	items   []node
	raw     []byte // the value as written, of objects and arrays
}

type member struct {
	key string // folded by foldKey
	val node
}

// parse reads one JSON document. The error is in words for whoever wrote the
// document and names the line.
func parse(raw []byte) (node, error) {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(raw)) == 0 {
		return node{}, errors.New("is empty; send one JobPosting as a JSON object")
	}
	return parseUpTo(raw, maxNodes)
}

// parseLarge reads a document of a file, which may hold thousands of postings.
func parseLarge(raw []byte) (node, error) { return parseUpTo(raw, maxNodes*20) }

func parseUpTo(raw []byte, most int) (node, error) {
	p := parsers.Get().(*parser)
	defer p.giveBack()
	p.dec.Reset(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true))
	p.raw, p.left = raw, most
	n, err := p.value(0)
	if err != nil {
		return node{}, describe(raw, err)
	}
	if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return node{}, errors.New("holds more than one JSON value; send one JobPosting at a time")
	}
	return n, nil
}

// parser is used for one document after another.
type parser struct {
	dec  jsontext.Decoder
	raw  []byte
	left int // values that may still come
	// The members and items of what is being read, those of the innermost last.
	members []member
	items   []node
	text    []byte // room to take escapes out
}

var parsers = sync.Pool{New: func() any { return new(parser) }}

// mostKept is how many members or items, and mostText how much text in bytes, a
// parser keeps room for.
const (
	mostKept = 256
	mostText = 1 << 16
)

func (p *parser) giveBack() {
	if cap(p.members) > mostKept || cap(p.items) > mostKept || cap(p.text) > mostText {
		return
	}
	// What was read must not be held by what may come next.
	clear(p.members[:cap(p.members)])
	clear(p.items[:cap(p.items)])
	p.members, p.items, p.raw = p.members[:0], p.items[:0], nil
	p.dec.Reset(bytes.NewBuffer(nil))
	parsers.Put(p)
}

var (
	errTooMany = errors.New("holds too many values for a JobPosting")
	errTooDeep = errors.New("is nested too deeply for a JobPosting")
)

func (p *parser) value(depth int) (node, error) {
	if p.left--; p.left < 0 {
		return node{}, errTooMany
	}
	if depth > maxDepth {
		return node{}, errTooDeep
	}
	if p.dec.PeekKind() == '"' {
		text, err := p.string()
		return node{kind: kindString, text: text}, err
	}
	t, err := p.dec.ReadToken()
	if err != nil {
		return node{}, err
	}
	switch t.Kind() {
	case '0':
		return node{kind: kindNumber, text: t.String()}, nil
	case 't', 'f':
		return node{kind: kindBool, text: t.String()}, nil
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	}
	return node{}, nil
}

// string reads a string, and copies it once: most of a document is one.
func (p *parser) string() (string, error) {
	quoted, err := p.dec.ReadValue()
	if err != nil {
		return "", err
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1]), nil
	}
	p.text, err = jsontext.AppendUnquote(p.text[:0], quoted)
	return string(p.text), err
}

func (p *parser) object(depth int) (node, error) {
	n := node{kind: kindObject}
	start, from := p.dec.InputOffset()-1, len(p.members)
	for p.dec.PeekKind() != '}' {
		key, err := p.key()
		if err != nil {
			return node{}, err
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		p.members = append(p.members, member{key, v})
	}
	_, err := p.dec.ReadToken()
	n.members = slices.Clone(p.members[from:])
	p.members = p.members[:from]
	n.raw = p.raw[start:p.dec.InputOffset()]
	return n, err
}

// usualKeys are those of nearly every document, as they are written, to what
// foldKey makes of them.
var usualKeys = func() map[string]string {
	m := map[string]string{}
	for _, key := range strings.Fields(`@context @type @id @graph @value identifier name value url title description hiringOrganization sameAs logo
		datePosted validThrough employmentType jobLocation address streetAddress addressLocality addressRegion postalCode addressCountry geo latitude
		longitude baseSalary currency minValue maxValue unitText inLanguage jobLocationType directApply industry qualifications responsibilities skills`) {
		m[key] = foldKey(key)
	}
	return m
}()

// key reads a member's name.
func (p *parser) key() (string, error) {
	quoted, err := p.dec.ReadValue()
	if err != nil {
		return "", err
	}
	if key, ok := usualKeys[string(quoted[1:len(quoted)-1])]; ok && quoted[0] == '"' {
		return key, nil
	}
	name, err := jsontext.AppendUnquote(nil, quoted)
	return foldKey(string(name)), err
}

func (p *parser) array(depth int) (node, error) {
	n := node{kind: kindArray}
	start, from := p.dec.InputOffset()-1, len(p.items)
	for p.dec.PeekKind() != ']' {
		v, err := p.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		p.items = append(p.items, v)
	}
	_, err := p.dec.ReadToken()
	n.items = slices.Clone(p.items[from:])
	p.items = p.items[:from]
	n.raw = p.raw[start:p.dec.InputOffset()]
	return n, err
}

// describe words a JSON error for the document's author.
func describe(raw []byte, err error) error {
	if errors.Is(err, errTooMany) || errors.Is(err, errTooDeep) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("is not valid JSON: it ends too early; was it cut off?")
	}
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return errors.New("is not valid JSON")
	}
	at := min(max(int(syntax.ByteOffset), 0), len(raw))
	line := 1 + bytes.Count(raw[:at], []byte("\n"))
	column := at - (bytes.LastIndexByte(raw[:at], '\n') + 1) + 1
	what := syntax.Err.Error()
	switch {
	case strings.Contains(what, "UTF-8"):
		what = "the bytes are not UTF-8; encode the document as UTF-8"
	case strings.Contains(what, "string"):
		what += ` (write line breaks as \n and quotation marks as \" inside strings)`
	}
	return fmt.Errorf("is not valid JSON at line %d, byte %d: %s", line, column, what)
}

// vocabularies are the prefixes that a key or type of schema.org may carry.
var vocabularies = []string{"https://schema.org/", "http://schema.org/", "schema:"}

// foldKey makes one key of the spellings that occur: "Title", "schema:title"
// and "https://schema.org/title" are "title".
func foldKey(s string) string { return strings.ToLower(withoutVocabulary(s)) }

func withoutVocabulary(s string) string {
	for _, v := range vocabularies {
		s = strings.TrimPrefix(s, v)
	}
	return s
}

// get returns the member of that name (folded), null when n has none. Where a
// document has it twice the last counts, as in most JSON readers.
func (n node) get(key string) node {
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].key == key {
			return n.members[i].val
		}
	}
	return node{}
}

// list gives an array's items, and of any other value but null that value alone.
func (n node) list() []node {
	switch n.kind {
	case kindArray:
		return n.items
	case kindNull:
		return nil
	}
	return []node{n}
}

// str is the text of a value that should be text: a string or number, a
// {"@value": …}, something with a name, or the first of a list that has any.
func (n node) str() string {
	switch n.kind {
	case kindString, kindNumber:
		return n.text
	case kindObject:
		for _, key := range []string{"@value", "name"} {
			if s := n.get(key).str(); s != "" {
				return s
			}
		}
	case kindArray:
		for _, item := range n.items {
			if s := item.str(); s != "" {
				return s
			}
		}
	}
	return ""
}

// isType reports whether one of the value's @type is name (folded).
func (n node) isType(name string) bool {
	for _, t := range n.get("@type").list() {
		if t.kind == kindString && foldKey(t.text) == name {
			return true
		}
	}
	return false
}

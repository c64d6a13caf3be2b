package jobposting

import (
	"errors"
	"fmt"
	"strings"
)

// holders are the members under which documents carry a JobPosting that is not
// the document itself.
var holders = []string{"@graph", "itemlistelement", "datafeedelement", "item", "mainentity"}

// postings returns the JobPostings in a document: itself, or those of its
// @graph, of its list's items, or the main entity of a page.
func postings(n node) []node {
	var found []node
	for _, n := range n.list() {
		if n.isType("jobposting") {
			found = append(found, n)
			continue
		}
		for _, h := range holders {
			found = append(found, postings(n.get(h))...)
		}
	}
	return found
}

// single returns the one JobPosting of a document, or says why there is none.
// A document without any @type is taken for a JobPosting.
func single(doc node) (node, error) {
	switch doc.kind {
	case kindArray:
		return node{}, errors.New("is an array; send each JobPosting as an object of its own (postings push and the HTTP API split arrays)")
	case kindObject:
	default:
		return node{}, errors.New("is not a JSON object; send one JobPosting")
	}
	found := postings(doc)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return node{}, fmt.Errorf("holds %d JobPostings; send each as an object of its own (postings push and the HTTP API split them)", len(found))
	case doc.get("@graph").kind != kindNull:
		return node{}, errors.New("has an @graph without a JobPosting; one of its nodes needs \"@type\": \"JobPosting\"")
	case doc.get("@type").kind == kindNull:
		return doc, nil
	}
	return node{}, fmt.Errorf("is of type %s; a JobPosting is needed (\"@type\": \"JobPosting\")", quoteShort(typeName(doc)))
}

func typeName(n node) string {
	for _, t := range n.get("@type").list() {
		if t.kind == kindString {
			return t.text
		}
	}
	return "?"
}

// references resolves {"@id": "…"} to the node of that name elsewhere in the
// document. The zero value resolves nothing.
type references map[string]node

// gather collects the named nodes of a document that has an @graph.
func gather(doc node) references {
	if doc.get("@graph").kind == kindNull {
		return nil
	}
	refs := references{}
	refs.add(doc)
	return refs
}

func (r references) add(n node) {
	for _, item := range n.items {
		r.add(item)
	}
	if id := n.get("@id"); id.kind == kindString && len(n.members) > 1 {
		if _, known := r[id.text]; !known {
			r[id.text] = n
		}
	}
	for _, m := range n.members {
		r.add(m.val)
	}
}

// resolve returns what n refers to, or n itself when it is no reference.
func (r references) resolve(n node) node {
	if len(r) == 0 || n.kind != kindObject || len(n.members) != 1 {
		return n
	}
	if found, ok := r[n.get("@id").text]; ok {
		return found
	}
	return n
}

// list is n.list with each item resolved.
func (r references) list(n node) []node {
	items := r.resolve(n).list()
	if len(r) == 0 {
		return items
	}
	out := make([]node, len(items))
	for i, item := range items {
		out[i] = r.resolve(item)
	}
	return out
}

// quoteShort quotes what a document says for a message, cut to a length that
// can be read.
func quoteShort(s string) string {
	const most = 60
	s = oneLine(s)
	if r := []rune(s); len(r) > most {
		s = strings.TrimSpace(string(r[:most])) + "…"
	}
	return fmt.Sprintf("%q", s)
}

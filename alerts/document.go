package alerts

import (
	"strings"

	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// Meaning holds the data that words and places get their meaning from. One value
// serves a whole process; it is immutable and safe for concurrent use.
type Meaning struct {
	Text   *text.Analyser
	Places *gazetteer.Gazetteer
}

// Document is a posting made ready to be matched: its text analysed once. It is
// immutable; the posting it was made from must not change while it is in use.
type Document struct {
	*Posting
	Text *text.Document

	employer string // folded, legal form off
}

// Document analyses p.
func (m *Meaning) Document(p *Posting) *Document { return m.DocumentOf(p, PlainText(p.Description)) }

// DocumentOf analyses p for a caller who has the plain text of its description.
func (m *Meaning) DocumentOf(p *Posting, plain string) *Document {
	return &Document{
		Posting:  p,
		Text:     m.Text.Document(p.Title, plain, p.Language),
		employer: foldEmployer(p.Employer),
	}
}

// Packed is a document without its texts, small enough to keep very many: enough to
// match and to rank by. It is immutable.
type Packed struct {
	posting  Posting
	text     string
	words    text.Dictionary // shared by the documents packed together
	employer string
}

// Pack makes the packed forms of documents, which share what they can.
func Pack(ds []*Document) []*Packed {
	var terms []text.Term
	for _, d := range ds {
		terms = append(terms, d.Text.Terms()...)
	}
	words := text.NewDictionary(terms)
	out := make([]*Packed, len(ds))
	var room []byte
	for i, d := range ds {
		room = d.Text.Pack(room[:0], words)
		p := &Packed{posting: *d.Posting, text: string(room), words: words, employer: d.employer}
		p.posting.Identifier, p.posting.Title, p.posting.Description, p.posting.Employer, p.posting.URL = "", "", "", "", ""
		out[i] = p
	}
	return out
}

// Unpacked is room for one packed document at a time.
type Unpacked struct {
	d    Document
	room text.Unpacked
}

// Read makes p a document, less its texts, so that Explain must not be asked of it.
// It is valid until the next Read.
func (u *Unpacked) Read(p *Packed) *Document {
	u.d = Document{Posting: &p.posting, Text: u.room.ReadAll(p.text, p.words), employer: p.employer}
	return &u.d
}

// EmployerKey is the employer in the form in which names are compared: folded,
// without the legal form. It is empty for an anonymous posting.
func (d *Document) EmployerKey() string { return d.employer }

// legalForms are dropped from the end of an employer's name before comparing.
var legalForms = map[string]bool{
	"gmbh": true, "mbh": true, "ggmbh": true, "ag": true, "se": true, "kg": true, "kgaa": true, "ohg": true, "gbr": true,
	"ug": true, "ev": true, "eg": true, "co": true, "inc": true, "ltd": true, "llc": true, "sa": true, "sarl": true, "bv": true,
	"e": true, "v": true, "haftungsbeschraenkt": true,
}

// foldEmployer is the form in which employers are compared: folded, without the
// legal forms at its end ("Muster GmbH & Co. KG" is "muster").
func foldEmployer(name string) string {
	words := strings.Fields(text.Fold(name))
	n := len(words)
	for n > 1 && legalForms[words[n-1]] {
		n--
	}
	return strings.Join(words[:n], " ")
}

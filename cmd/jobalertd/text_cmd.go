package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// textCmd shows the analysis of words.
type textCmd struct {
	Analyse textAnalyseCmd `cmd:"" help:"What analysis makes of words. Without WORD, each line of standard input."`
	Learn   textLearnCmd   `cmd:"" help:"Propose compound parts from postings, as a vocabulary file to review."`
	Esco    textESCOCmd    `cmd:"" name:"import-esco" help:"Make a vocabulary file of ESCO's occupation labels, which you download yourself."`
}

type textAnalyseCmd struct {
	Word []string `arg:"" optional:"" help:"Words."`
	JSON bool     `help:"One JSON object a word." name:"json"`
}

func (textAnalyseCmd) Help() string {
	return "Example:\n  jobalertd text analyse Medizininformatiker:in \"C++\""
}

func (c textAnalyseCmd) Run(s *session) error {
	cfg, err := s.config()
	if err != nil {
		return err
	}
	m, err := s.meaning(cfg)
	if err != nil {
		return err
	}
	return eachText(c.Word, s.stdin, func(word string) error {
		a := m.Text.Analyse(word)
		if c.JSON {
			return s.printJSON(a)
		}
		s.printf("%s\n  terms    %s\n  parts    %s\n  dropped  %s\n", a.Word, strings.Join(a.Terms, " "), strings.Join(a.Parts, " | "), strings.Join(a.Dropped, " "))
		return nil
	})
}

type textLearnCmd struct {
	Files []string `arg:"" name:"file" help:"Postings (JSON, JSONL or HTML), - for standard input."`
	Out   string   `help:"Vocabulary file to write; standard output if empty." placeholder:"FILE" short:"o"`
}

func (textLearnCmd) Help() string {
	return "Example:\n  jobalertd text learn postings.jsonl -o words.txt\n\nRead what it proposes, take out what is wrong, and name the file in text.vocabulary_file.\nA running daemon never learns by itself."
}

func (c textLearnCmd) Run(s *session) error {
	cfg, err := s.config()
	if err != nil {
		return err
	}
	v, err := vocabulary(cfg)
	if err != nil {
		return err
	}
	_, reader, err := s.reading()
	if err != nil {
		return err
	}
	var faults []error
	documents := func(yield func(string) bool) {
		for p, err := range s.readPostings(c.Files, "auto", "learn", reader) {
			if err != nil {
				faults = append(faults, err)
				continue
			}
			if p.reading != nil && !yield(p.reading.Posting.Title+"\n"+alerts.PlainText(p.reading.Posting.Description)) {
				return
			}
		}
	}
	parts := text.Learn(v, iter.Seq[string](documents))
	if err := errors.Join(faults...); err != nil {
		return err
	}
	out := s.stdout
	if c.Out != "" {
		f, err := os.Create(c.Out)
		if err != nil {
			return err
		}
		defer f.Close()
		out = f
	}
	return writeParts(out, parts)
}

type textESCOCmd struct {
	Files []string `arg:"" name:"file" help:"occupations_de.csv and occupations_en.csv of the ESCO portal's download."`
	Out   string   `help:"Vocabulary file to write; standard output if empty." placeholder:"FILE" short:"o"`
}

func (textESCOCmd) Help() string {
	return "Example:\n  jobalertd text import-esco occupations_de.csv occupations_en.csv -o esco.txt\n\nName the file in text.vocabulary_file. ESCO is reused under its own terms: this uses the ESCO\nclassification of the European Commission."
}

func (c textESCOCmd) Run(s *session) (err error) {
	var files []io.Reader
	for _, name := range c.Files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		files = append(files, f)
	}
	out := s.stdout
	if c.Out != "" {
		f, err := os.Create(c.Out)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	groups, err := text.ImportESCO(out, files...)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stderr, "%d groups of synonyms\n", groups)
	return nil
}

func writeParts(w io.Writer, parts []text.LearntPart) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %d proposed compound parts; take out what is wrong.\n[parts]\n", len(parts))
	for _, p := range parts {
		fmt.Fprintf(&b, "# %d times: %s\n%s", p.Count, strings.Join(p.Examples, ", "), p.Part)
		if p.Kind != "" {
			fmt.Fprintf(&b, "\t%s", p.Kind)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// filePosting is one document of a file.
type filePosting struct {
	file     string
	index    int // counting from 0 within the file
	raw      []byte
	reading  *jobposting.Reading // nil when rejected
	rejected *jobposting.Rejected
}

// readPostings reads and judges the documents of files, "-" being standard
// input. An error concerns one place of a file; reading goes on after it where
// that is possible.
func (s *session) readPostings(files []string, format, source string, r *jobposting.Reader) iter.Seq2[filePosting, error] {
	return func(yield func(filePosting, error) bool) {
		for _, name := range files {
			if !s.readFile(name, format, source, r, yield) {
				return
			}
		}
	}
}

func (s *session) readFile(name, format, source string, r *jobposting.Reader, yield func(filePosting, error) bool) bool {
	in := s.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return yield(filePosting{file: name}, err)
		}
		defer f.Close()
		in = f
	}
	index := 0
	for raw, err := range jobposting.Split(in, format) {
		p := filePosting{file: name, index: index, raw: raw}
		index++
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		} else if r != nil {
			p.reading, p.rejected = read(r, source, raw, s.now())
		}
		if !yield(p, err) {
			return false
		}
	}
	return true
}

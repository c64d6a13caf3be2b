package text

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// escoLabels are the names of one occupation, preferred ones first.
type escoLabels struct{ preferred, others []string }

// maxESCOAlternatives bounds the other names taken of one occupation.
const maxESCOAlternatives = 24

// ImportESCO turns occupations files of the ESCO classification, one a
// language, as its portal gives them out (CSV with the columns conceptUri,
// preferredLabel and altLabels, the latter separated by line breaks), into a
// [synonyms] section for Extend, written to w. Preferred labels of one
// concept are equal; they point at its other labels, not the reverse. It
// returns how many groups it wrote. ESCO is © European Union, to be reused
// with acknowledgement, so the result is the operator's and not embedded.
func ImportESCO(w io.Writer, files ...io.Reader) (groups int, err error) {
	concepts := map[string]*escoLabels{}
	for i, f := range files {
		if err := readESCO(f, concepts); err != nil {
			return 0, fmt.Errorf("ESCO file %d: %w", i+1, err)
		}
	}
	var b strings.Builder
	b.WriteString("# This uses the ESCO classification of the European Commission.\n[synonyms]\n")
	for _, uri := range slices.Sorted(maps.Keys(concepts)) {
		groups += concepts[uri].write(&b)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return 0, fmt.Errorf("write ESCO synonyms: %w", err)
	}
	return groups, nil
}

func readESCO(f io.Reader, concepts map[string]*escoLabels) error {
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("read the header: %w", err)
	}
	if len(head) > 0 {
		head[0] = strings.TrimPrefix(head[0], "\ufeff")
	}
	uri, preferred, others := slices.Index(head, "conceptUri"), slices.Index(head, "preferredLabel"), slices.Index(head, "altLabels")
	if uri < 0 || preferred < 0 || others < 0 {
		return errors.New("columns conceptUri, preferredLabel and altLabels are wanted")
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(row) <= max(uri, preferred, others) {
			continue
		}
		c := concepts[row[uri]]
		if c == nil {
			c = &escoLabels{}
			concepts[row[uri]] = c
		}
		c.preferred = addLabel(c.preferred, row[preferred])
		for l := range strings.Lines(row[others]) {
			if len(c.others) < maxESCOAlternatives {
				c.others = addLabel(c.others, l)
			}
		}
	}
}

// addLabel adds a label in its masculine form, which stands for all, unless
// it is there or has signs that a group cannot hold.
func addLabel(list []string, label string) []string {
	label, _, _ = strings.Cut(strings.TrimSpace(label), "/")
	label = strings.TrimSpace(label)
	if canonical(label) == "" || strings.ContainsAny(label, "=|#[]\"\n") || strings.Contains(label, "->") {
		return list
	}
	if slices.ContainsFunc(list, func(l string) bool { return Fold(l) == Fold(label) }) {
		return list
	}
	return append(list, label)
}

func (c *escoLabels) write(b *strings.Builder) int {
	groups := 0
	if len(c.preferred) > 1 {
		fmt.Fprintln(b, strings.Join(c.preferred, " = "))
		groups++
	}
	others := slices.DeleteFunc(slices.Clone(c.others), func(l string) bool {
		return slices.ContainsFunc(c.preferred, func(p string) bool { return Fold(p) == Fold(l) })
	})
	if len(c.preferred) > 0 && len(others) > 0 {
		fmt.Fprintln(b, strings.Join(c.preferred, " | ")+" -> "+strings.Join(others, " | "))
		groups++
	}
	return groups
}

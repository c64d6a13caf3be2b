package config

import (
	"cmp"
	"slices"
	"strings"
)

// Fault is one thing wrong with the settings.
type Fault struct {
	Key     string // such as http.public_url; empty if it is none key's
	Origin  string // FILE:LINE or the environment variable; empty for a default
	Problem string // with the value, unless that is a secret, and what is allowed

	line int // within the file, to put faults in its order
}

// Error reads "jobalertd.toml:3: http.listen: …".
func (f *Fault) Error() string {
	parts := []string{f.Origin, f.Key, f.Problem}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// Faults is every fault found: those of the file by line, then those of the
// environment, then those of settings that nobody gave.
type Faults struct{ List []*Fault }

// Error has a line for each fault.
func (f *Faults) Error() string {
	lines := make([]string, len(f.List))
	for i, fault := range f.List {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives errors.As each fault.
func (f *Faults) Unwrap() []error {
	list := make([]error, len(f.List))
	for i, fault := range f.List {
		list[i] = fault
	}
	return list
}

func (f *Faults) add(fault Fault) { f.List = append(f.List, &fault) }

// err is nil if there are none.
func (f *Faults) err() error {
	if len(f.List) == 0 {
		return nil
	}
	slices.SortStableFunc(f.List, func(a, b *Fault) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.line, b.line), cmp.Compare(a.Key, b.Key))
	})
	return f
}

func (f *Fault) rank() int {
	switch {
	case f.line > 0:
		return 0
	case f.Origin != "":
		return 1
	}
	return 2
}

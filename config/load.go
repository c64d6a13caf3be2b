package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	gotoml "github.com/pelletier/go-toml/v2"
)

const (
	// DefaultFile is read when no file is named and it exists.
	DefaultFile = "jobalertd.toml"

	envPrefix = "JOBALERTD_"
	// envRequire is for the project's tests, which start the program.
	envRequire = "JOBALERTD_REQUIRE"
	fileSuffix = "_file"
	maxFile    = 1 << 20
)

// Load returns the defaults, changed by the file at path, changed by the
// variables of environ (as os.Environ gives them) that begin with JOBALERTD_.
// An empty path means DefaultFile, if that exists. Whatever is wrong, unknown
// keys and Validate's faults included, comes back in one *Faults; the file
// being unreadable is an error of its own.
func Load(path string, environ []string) (*Config, error) {
	name, text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var faults Faults
	given := make(map[string]entry)
	fromFile(given, name, text, &faults)
	fromEnvironment(given, environ, &faults)

	c := Default()
	c.apply(given, &faults)
	misread := slices.Clone(faults.List)
	for _, fault := range c.check() {
		if slices.ContainsFunc(misread, func(m *Fault) bool { return m.Key == fault.Key }) {
			continue // judged a default, for its own value never arrived
		}
		e := origin(given, fault.Key)
		fault.Origin, fault.line = e.origin, e.line
		faults.add(fault)
	}
	if err := faults.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// origin finds who gave key, its file or the table it is an entry of; nobody is the zero entry.
func origin(given map[string]entry, key string) entry {
	for {
		for _, way := range []string{key, key + fileSuffix} {
			if e, ok := given[way]; ok {
				return e
			}
		}
		at := strings.LastIndex(key, ".")
		if at < 0 {
			return entry{}
		}
		key = key[:at]
	}
}

func readFile(path string) (name string, text []byte, err error) {
	name = path
	if path == "" {
		name = DefaultFile
	}
	info, err := os.Stat(name)
	if path == "" && errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	}
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("%s is larger than any settings, %d bytes", name, info.Size())
	}
	if err == nil {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return "", nil, fmt.Errorf("read settings: %w", err)
	}
	return name, text, nil
}

// entry is a value that somebody gave.
type entry struct {
	value  any
	origin string
	line   int // 0: from the environment
}

// fromFile adds the keys of a TOML text to given.
func fromFile(given map[string]entry, name string, text []byte, faults *Faults) {
	k := koanf.New(".")
	if err := k.Load(rawbytes.Provider(text), toml.Parser()); err != nil {
		fault := Fault{Origin: name, Problem: err.Error()}
		if syntax := new(gotoml.DecodeError); errors.As(err, &syntax) {
			fault.line, _ = syntax.Position()
			fault.Origin = fmt.Sprintf("%s:%d", name, fault.line)
			fault.Problem = "not TOML: " + strings.TrimPrefix(syntax.Error(), "toml: ")
		}
		faults.add(fault)
		return
	}
	lines := keyLines(text)
	layer := make(map[string]entry)
	for key, value := range k.All() {
		line := lineOf(lines, key)
		layer[key] = entry{value, fmt.Sprintf("%s:%d", name, line), line}
	}
	merge(given, layer, faults)
}

// fromEnvironment adds the variables to given; they override it.
func fromEnvironment(given map[string]entry, environ []string, faults *Faults) {
	names := make(map[string]string)          // of the variables by key
	provider := env.Provider("\x00", env.Opt{ // no name has that byte, so nothing is nested
		Prefix: envPrefix,
		TransformFunc: func(name, value string) (string, any) {
			if name == envRequire {
				return "", nil
			}
			key := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, envPrefix)), "__", ".")
			names[key] = name
			return key, value
		},
		EnvironFunc: func() []string { return environ },
	})
	values, err := provider.Read()
	if err != nil {
		faults.add(Fault{Problem: "read the environment: " + err.Error()})
		return
	}
	layer := make(map[string]entry)
	for key, value := range values {
		layer[key] = entry{value: value, origin: names[key]}
	}
	merge(given, layer, faults)
}

// merge puts layer over given. A secret and its file are two ways to give one
// thing: within a layer that is a fault, a later layer's way replaces the
// earlier one's.
func merge(given, layer map[string]entry, faults *Faults) {
	for _, s := range new(Config).settings() {
		if !s.secret() {
			continue
		}
		plain, file := s.key, s.key+fileSuffix
		for _, key := range []string{plain, file} {
			if layer[key].value == "" {
				delete(layer, key) // empty is not given; it may stand in an example
			}
		}
		_, hasPlain := layer[plain]
		e, hasFile := layer[file]
		if hasPlain && hasFile {
			faults.add(Fault{file, e.origin, "stands beside " + plain + ": give one of them", e.line})
			delete(layer, plain)
			delete(layer, file)
		}
		if hasPlain || hasFile {
			delete(given, plain)
			delete(given, file)
		}
	}
	maps.Copy(given, layer)
}

// apply sets what was given.
func (c *Config) apply(given map[string]entry, faults *Faults) {
	settings := c.settings()
	for _, key := range slices.Sorted(maps.Keys(given)) {
		e := given[key]
		if err := applyOne(settings, key, e); err != nil {
			faults.add(Fault{key, e.origin, err.Error(), e.line})
		}
	}
}

func applyOne(settings []setting, key string, e entry) error {
	fromText := e.line == 0
	_, isTable := e.value.(map[string]any) // only an empty one is left as such
	for _, s := range settings {
		switch {
		case isTable && (s.table() && s.key == key || strings.HasPrefix(s.key, key+".")):
			return nil
		case s.key == key:
			return s.set(e.value, fromText)
		case s.secret() && s.key+fileSuffix == key:
			return s.setFromFile(e.value)
		case s.table() && strings.HasPrefix(key, s.key+"."):
			return s.setEntry(strings.TrimPrefix(key, s.key+"."), e.value, fromText)
		case strings.HasPrefix(s.key, key+"."):
			return errors.New("is a section, not a key")
		}
	}
	if near := nearest(settings, key); near != "" {
		return fmt.Errorf("unknown key; did you mean %s?", near)
	}
	return errors.New("unknown key; jobalertd config example prints all there are")
}

// setFromFile reads a secret; a line break at its end is not part of it.
func (s setting) setFromFile(raw any) error {
	path, ok := raw.(string)
	if !ok {
		return errors.New("must be a file's name in quotes")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s.value.SetString(strings.TrimRight(string(text), "\r\n"))
	return nil
}

// nearest finds the key that an unknown one was probably meant to be: the same name in another section, or
// one slip of the pen away.
func nearest(settings []setting, key string) string {
	name := key[strings.LastIndex(key, ".")+1:]
	for _, s := range settings {
		if oneSlip(s.key, key) {
			return s.key
		}
	}
	for _, s := range settings {
		if s.key[strings.LastIndex(s.key, ".")+1:] == name {
			return s.key
		}
	}
	return ""
}

// oneSlip reports whether a becomes b by one letter put in, left out or
// changed, or two exchanged.
func oneSlip(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a)+len(b) == 1 || len(a) == 1 && len(b) == 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

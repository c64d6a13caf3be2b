package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

var (
	inTemplate = regexp.MustCompile(`\bt "([a-z-]+\.[a-z-]+)"`)
	inCode     = regexp.MustCompile(`"([a-z]+\.[a-z-]+)"`)
	verbs      = regexp.MustCompile(`%[a-z]`)
)

// indirect are the prefixes of keys that are put together at run time.
var indirect = []string{"done.", "outlook.", "problem.", "consent.event-", "consent.way-"}

func TestEveryTextIsThereInBothLanguagesAndUsed(t *testing.T) {
	raw, err := os.ReadFile("texts.toml")
	if err != nil {
		t.Fatal(err)
	}
	var sections map[string]map[string]map[string]string
	if err := toml.Unmarshal(raw, &sections); err != nil {
		t.Fatal(err)
	}
	used := usedKeys(t)
	for section, entries := range sections {
		for what, byLocale := range entries {
			key := section + "." + what
			de, en := byLocale["de"], byLocale["en"]
			if de == "" || en == "" || len(byLocale) != 2 {
				t.Errorf("%s: %v", key, byLocale)
			}
			if !slices.Equal(verbs.FindAllString(de, -1), verbs.FindAllString(en, -1)) {
				t.Errorf("%s fills in other things in German than in English", key)
			}
			if !used[key] && !slices.ContainsFunc(indirect, func(p string) bool { return strings.HasPrefix(key, p) }) {
				t.Errorf("%s is never shown", key)
			}
			delete(used, key)
		}
	}
	for key := range used {
		t.Errorf("%s is shown and not in the catalogue", key)
	}
}

func usedKeys(t *testing.T) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	find := func(glob string, re *regexp.Regexp, keep func(string) bool) {
		names, err := filepath.Glob(glob)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", glob, names, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range re.FindAllStringSubmatch(string(content), -1) {
				if keep(m[1]) {
					used[m[1]] = true
				}
			}
		}
	}
	find("templates/*.html", inTemplate, func(string) bool { return true })
	find("*.go", inCode, func(key string) bool {
		return !strings.HasSuffix(key, ".toml") && !strings.HasSuffix(key, ".html") && !strings.HasSuffix(key, ".css") && !strings.HasSuffix(key, "-") && key != "salary.unit" && key != "salary.currency" && key != "salary.min"
	})
	return used
}

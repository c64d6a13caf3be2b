package web

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// locales are the languages of the pages, the default first.
var locales = []string{"de", "en"}

// texts are the pages' words: key, then locale. A text may hold the verbs of
// package fmt.
type texts map[string]map[string]string

// readTexts reads the catalogue: tables [page.what] with a key for each locale. A
// text that lacks a language or has another is a fault.
func readTexts(fsys fs.FS, name string) (texts, error) {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	var sections map[string]map[string]map[string]string
	if err := toml.Unmarshal(raw, &sections); err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	all := texts{}
	var faults []error
	for section, entries := range sections {
		for what, byLocale := range entries {
			key := section + "." + what
			all[key] = byLocale
			for _, locale := range locales {
				if strings.TrimSpace(byLocale[locale]) == "" {
					faults = append(faults, fmt.Errorf("text %s has no %s", key, locale))
				}
			}
			if len(byLocale) != len(locales) {
				faults = append(faults, fmt.Errorf("text %s has a language we do not speak", key))
			}
		}
	}
	return all, errors.Join(faults...)
}

// say is a text in a language, with its verbs filled in.
func (t texts) say(locale, key string, args ...any) string {
	byLocale, ok := t[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return byLocale[locale]
	}
	return fmt.Sprintf(byLocale[locale], args...)
}

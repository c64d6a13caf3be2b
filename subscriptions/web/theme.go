package web

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"

	"github.com/pelletier/go-toml/v2"
)

// A theme is an operator's folder whose files take the place of the built-in ones:
//
//	templates/NAME.html  a page, or parts.html or layout.html
//	texts.toml           some texts, in some languages
//	static/style.css     the whole style sheet; or
//	static/theme.css     rules after it, for colours alone
//	static/…             more files, for templates to link to
//
// What does not fit is refused at the start, and not found out by a visitor.

// themed reads a file of the theme, or else the built-in one.
func (s *Site) themed(name string) ([]byte, error) {
	if s.Theme != nil {
		content, err := fs.ReadFile(s.Theme, name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return content, err
		}
	}
	return fs.ReadFile(files, name)
}

// checkTheme refuses templates that take the place of none.
func (s *Site) checkTheme() error {
	if s.Theme == nil {
		return nil
	}
	own, err := fs.Glob(s.Theme, "templates/*")
	if err != nil {
		return fmt.Errorf("read the theme: %w", err)
	}
	for _, name := range own {
		if _, err := fs.Stat(files, name); err != nil {
			return fmt.Errorf("theme: %s takes the place of no template", name)
		}
	}
	return nil
}

var textVerbs = regexp.MustCompile(`%[a-z]`)

// themeTexts puts the theme's texts in the place of the built-in ones. Each must be
// one of these, in a language of theirs, and fill in the same things.
func (s *Site) themeTexts() error {
	if s.Theme == nil {
		return nil
	}
	raw, err := fs.ReadFile(s.Theme, "texts.toml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the theme's texts: %w", err)
	}
	var sections map[string]map[string]map[string]string
	if err := toml.Unmarshal(raw, &sections); err != nil {
		return fmt.Errorf("read the theme's texts: %w", err)
	}
	var faults []error
	for section, entries := range sections {
		for what, byLocale := range entries {
			key := section + "." + what
			was, ok := s.texts[key]
			if !ok {
				faults = append(faults, fmt.Errorf("theme: no text is called %s", key))
				continue
			}
			is := maps.Clone(was)
			for locale, text := range byLocale {
				if was[locale] == "" || !slices.Equal(textVerbs.FindAllString(text, -1), textVerbs.FindAllString(was[locale], -1)) {
					faults = append(faults, fmt.Errorf("theme: text %s, %s: must fill in what %q does", key, locale, was[locale]))
				}
				is[locale] = text
			}
			s.texts[key] = is
		}
	}
	return errors.Join(faults...)
}

// themeAssets adds the theme's own files to those served.
func (s *Site) themeAssets() error {
	if s.Theme == nil {
		return nil
	}
	own, err := readAssets(s.Theme, "static")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, a := range own {
		maps.DeleteFunc(s.assets, func(_ string, built asset) bool { return built.name == a.name })
	}
	maps.Copy(s.assets, own)
	return nil
}

// parseNamed adds one template file to t, the theme's if it has one.
func (s *Site) parseNamed(t *template.Template, name string) error {
	content, err := s.themed(name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if _, err := t.New(path.Base(name)).Parse(string(content)); err != nil {
		return fmt.Errorf("parse %s: %w", name, err)
	}
	return nil
}

// BuiltIn are the files whose places a theme's may take, for an operator to start
// from.
func BuiltIn() fs.FS { return files }

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jobalertd/jobalertd/mailer/compose"
	"github.com/jobalertd/jobalertd/subscriptions/web"
)

// configThemeCmd shows what http.theme_dir can take the place of.
type configThemeCmd struct {
	File string `arg:"" optional:"" help:"One of the names that the command lists."`
}

func (configThemeCmd) Help() string {
	return "Example:\n  jobalertd config theme\n  jobalertd config theme templates/imprint.html > theme/templates/imprint.html\n\n" +
		"Lists the built-in templates, texts and styles by the names that http.theme_dir has for them, or prints one of them.\n" +
		"Keep in that folder only what you change: the rest then comes with each new version."
}

// mailFolder is where a theme keeps the templates of mails.
const mailFolder = "mails/"

func (c configThemeCmd) Run(s *session) error {
	mails, err := compose.Templates()
	if err != nil {
		return err
	}
	if c.File != "" {
		name, from := c.File, web.BuiltIn()
		if rest, ok := strings.CutPrefix(name, mailFolder); ok {
			name, from = rest, mails
		}
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return usagef("no built-in file is called %q; `jobalertd config theme` lists them", c.File)
		}
		s.printf("%s", content)
		return nil
	}
	list := func(prefix string, files fs.FS) error {
		return fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				s.printf("%s%s\n", prefix, path)
			}
			return err
		})
	}
	if err := errors.Join(list("", web.BuiltIn()), list(mailFolder, mails)); err != nil {
		return fmt.Errorf("list the built-in files: %w", err)
	}
	return nil
}

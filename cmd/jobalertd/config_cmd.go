package main

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/jobalertd/jobalertd/config"
)

// configCmd prints and checks settings.
type configCmd struct {
	Example configExampleCmd `cmd:"" help:"Print every key with its default and meaning."`
	Check   configCheckCmd   `cmd:"" help:"Report every fault of the settings at once."`
	Theme   configThemeCmd   `cmd:"" help:"List the templates, texts and styles that http.theme_dir can replace, or print one."`
}

type configExampleCmd struct{}

func (configExampleCmd) Help() string {
	return "Example:\n  jobalertd config example > jobalertd.toml"
}

func (configExampleCmd) Run(s *session) error {
	s.printf("%s", config.Example())
	return nil
}

type configCheckCmd struct{}

func (configCheckCmd) Help() string {
	return "Example:\n  jobalertd config check --config /etc/jobalertd.toml"
}

func (configCheckCmd) Run(s *session) error {
	if _, err := s.config(); err != nil {
		return err
	}
	s.printf("the settings are in order\n")
	return nil
}

// migrateCmd brings a database up to this program.
type migrateCmd struct{}

func (migrateCmd) Help() string {
	return "Example:\n  jobalertd migrate --config /etc/jobalertd.toml\n\nRun it once before starting replicas of a new version: it changes the schema, and puts\nthis program's vocabulary into force. Replicas with another vocabulary stop and say so."
}

func (migrateCmd) Run(ctx context.Context, s *session) error {
	st, err := s.open(ctx, openStores) // which migrates
	if err != nil {
		return err
	}
	defer st.close()
	if err := st.adoptAnalysis(ctx, true); err != nil {
		return err
	}
	s.printf("the database is up to date; vocabulary %s is in force\n", st.meaning.Text.Hash())
	return nil
}

type versionCmd struct{}

func (versionCmd) Help() string { return "Example:\n  jobalertd version" }

func (versionCmd) Run(s *session) error {
	s.printf("jobalertd %s\n", version())
	return nil
}

// version is the module's version, with the commit it was built from where that is known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v, revision := info.Main.Version, ""
	for _, set := range info.Settings {
		if set.Key == "vcs.revision" {
			revision = set.Value[:min(12, len(set.Value))]
		}
	}
	if revision == "" {
		return fmt.Sprintf("%s (%s)", v, info.GoVersion)
	}
	return fmt.Sprintf("%s (%s, %s)", v, revision, info.GoVersion)
}

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/jobalertd/jobalertd/config"
)

// What the documents name must exist: files, settings, metrics, commands, and the
// decisions that the code refers to.

// document is one Markdown file of the repository.
type document struct {
	name string // relative to the root
	text string
}

func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	root, docs := documents(t)
	link := regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)|src="([^"]+)"`)
	for _, d := range docs {
		for _, m := range link.FindAllStringSubmatch(d.text, -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(d.name), target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", d.name, target)
			}
		}
	}
}

func TestSettingsOfTheDocumentsExist(t *testing.T) {
	known := settingKeys(config.Example())
	// Subjects and files begin like settings of [postings]; those two are named apart.
	setting := regexp.MustCompile("`((?:http|nats|database|smtp|mail|inbound|digest|text|archive|retention|log)\\.[a-z_]+|postings\\.(?:lifetime|agencies_file))[^`]*`")
	_, docs := documents(t)
	found := 0
	for _, d := range docs {
		for _, m := range setting.FindAllStringSubmatch(d.text, -1) {
			found++
			if !slices.Contains(known, strings.TrimSuffix(m[1], "_file")) && !slices.Contains(known, m[1]) {
				t.Errorf("%s names the setting %s, which does not exist", d.name, m[1])
			}
		}
	}
	if found == 0 {
		t.Error("found no setting in any document: has their form changed?")
	}
}

// settingKeys lists the keys of an example file, such as "http.listen".
func settingKeys(example string) []string {
	var keys []string
	section := ""
	key := regexp.MustCompile(`^#([a-z_]+) = `)
	for line := range strings.Lines(example) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]") + "."
		}
		if m := key.FindStringSubmatch(line); m != nil {
			keys = append(keys, section+m[1])
		}
	}
	return keys
}

func TestMetricsOfTheDocumentsExist(t *testing.T) {
	root, docs := documents(t)
	sources := goSources(t, root)
	metric := regexp.MustCompile(`jobalert_[a-z_]+`)
	for _, d := range docs {
		for _, name := range metric.FindAllString(d.text, -1) {
			if !strings.Contains(sources, `"`+name+`"`) {
				t.Errorf("%s names the metric %s, which does not exist", d.name, name)
			}
		}
	}
}

func TestMessagesOfTheOperatorsTableAreOurs(t *testing.T) {
	root, docs := documents(t)
	sources := goSources(t, root)
	i := slices.IndexFunc(docs, func(d document) bool { return d.name == filepath.Join("docs", "operations.md") })
	if i < 0 {
		t.Fatal("docs/operations.md does not exist")
	}
	_, table, _ := strings.Cut(docs[i].text, "## Three in the morning")
	message := regexp.MustCompile("(?m)^\\| `([^`/]+)` \\|")
	found := 0
	for _, m := range message.FindAllStringSubmatch(table, -1) {
		for _, piece := range regexp.MustCompile(`…|\bN\b|: process`).Split(m[1], -1) {
			found++
			if !strings.Contains(sources, strings.TrimSpace(piece)) {
				t.Errorf("docs/operations.md quotes %q, which the program does not say: %q is missing", m[1], piece)
			}
		}
	}
	if found == 0 {
		t.Error("found no message in the table: has its form changed?")
	}
}

func TestDocumentsOfTheCodeExist(t *testing.T) {
	root, _ := documents(t)
	for _, name := range regexp.MustCompile(`docs/(?:adr/\d{4}|[a-z]+\.md)`).FindAllString(goSources(t, root), -1) {
		matches, err := filepath.Glob(filepath.Join(root, name+"*"))
		if err != nil || len(matches) == 0 {
			t.Errorf("the code refers to %s, which does not exist", name)
		}
	}
}

func TestCommandsOfTheDocumentsExist(t *testing.T) {
	var cli commands
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("(?s)```.*?```|`[^`]+`|(?m)^    .*$")
	command := regexp.MustCompile(`\bjobalertd ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?`)
	_, docs := documents(t)
	found := 0
	for _, d := range docs {
		for _, piece := range code.FindAllString(d.text, -1) {
			for _, m := range command.FindAllStringSubmatch(piece, -1) {
				found++
				if !hasCommand(parser.Model.Node, m[1], m[2]) {
					t.Errorf("%s names the command %q, which does not exist", d.name, m[0])
				}
			}
		}
	}
	if found == 0 {
		t.Error("found no command in any document: has their form changed?")
	}
}

// hasCommand reports whether first is a command, and second, where first is a
// group, one of the group.
func hasCommand(node *kong.Node, first, second string) bool {
	for _, child := range node.Children {
		if child.Name != first {
			continue
		}
		return len(child.Children) == 0 || hasCommand(child, second, "")
	}
	return false
}

// documents reads every Markdown file of the repository.
func documents(t *testing.T) (root string, docs []document) {
	t.Helper()
	root = moduleRoot(t)
	eachFile(t, root, ".md", func(name, text string) { docs = append(docs, document{name, text}) })
	if len(docs) < 10 {
		t.Fatalf("found %d documents", len(docs))
	}
	return root, docs
}

// goSources is the whole of the module's Go code but its tests.
func goSources(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	eachFile(t, root, ".go", func(name, text string) {
		if !strings.HasSuffix(name, "_test.go") {
			b.WriteString(text)
		}
	})
	return b.String()
}

func eachFile(t *testing.T, root, suffix string, f func(name, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "data") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, suffix) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		f(name, string(text))
		return err
	})
	if err != nil {
		t.Fatalf("read the repository: %v", err)
	}
}

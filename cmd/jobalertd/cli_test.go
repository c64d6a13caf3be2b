package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

// leaves are the commands that do something, as "postings push", with their node.
func leaves(t testing.TB) map[string]*kong.Node {
	t.Helper()
	parser, err := kong.New(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*kong.Node{}
	for _, n := range parser.Model.Leaves(false) {
		found[strings.TrimPrefix(n.Path(), "jobalertd ")] = n
	}
	if len(found) < 30 {
		t.Fatalf("found only %d commands", len(found))
	}
	return found
}

func TestHelp_OfEveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	for name := range leaves(t) {
		r := runCommand(t, "", append(strings.Fields(name), "--help")...)
		if r.status != exitDone || r.errOut != "" {
			t.Errorf("%s --help ended with %d: %s", name, r.status, r.errOut)
		}
		_, example, ok := strings.Cut(r.out, "Example")
		if !ok || !strings.Contains(example, "jobalertd "+name) {
			t.Errorf("%s --help shows no example of it:\n%s", name, r.out)
		}
		if !strings.Contains(r.out, "--config") {
			t.Errorf("%s --help does not name --config", name)
		}
	}
}

// TestHelp_ExamplesCanBeMeant parses each example: no unknown flag, nothing missing.
func TestHelp_ExamplesCanBeMeant(t *testing.T) {
	t.Parallel()
	parsed := 0
	for name, node := range leaves(t) {
		for line := range strings.SplitSeq(node.Detail, "\n") {
			_, line, ok := strings.Cut(line, "jobalertd ")
			if !ok || strings.HasPrefix(line, "with") {
				continue
			}
			line, _, _ = strings.Cut(line, " > ")
			line, _, _ = strings.Cut(line, " < ")
			line, _, _ = strings.Cut(line, " | ")
			parser, err := kong.New(&commands{})
			if err != nil {
				t.Fatal(err)
			}
			args := shellWords(line)
			if !strings.HasPrefix(line, name) {
				continue // prose that names another command
			}
			parsed++
			if _, err := parser.Parse(args); err != nil {
				t.Errorf("the example of %s, jobalertd %s, is refused: %v", name, line, err)
			}
		}
	}
	if parsed < 30 {
		t.Errorf("only %d examples were found", parsed)
	}
}

// shellWords splits as a shell does, as far as quotes go.
func shellWords(line string) (words []string) {
	var word strings.Builder
	quote, within := rune(0), false
	for _, r := range line {
		switch {
		case quote == 0 && (r == '"' || r == '\''):
			quote, within = r, true
		case r == quote:
			quote = 0
		case quote == 0 && r == ' ':
			if within || word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
			within = false
		default:
			word.WriteRune(r)
		}
	}
	if within || word.Len() > 0 {
		words = append(words, word.String())
	}
	return words
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	in := newInstallation(t, databasetest.SQLiteURL(t), "", "")
	posting := filepath.Join(in.dir, "p.json")
	if err := os.WriteFile(posting, offer(t, "p", nil), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(in.dir, "broken.json")
	if err := os.WriteFile(broken, []byte(`{"@type":"JobPosting"`), 0o600); err != nil {
		t.Fatal(err)
	}
	tomorrow := time.Now().Add(24 * time.Hour).Format(time.RFC3339)
	for _, test := range []struct {
		args   string
		status int
		says   string // on standard error
	}{
		{"version", exitDone, ""},
		{"config check", exitDone, ""},
		{"config theme", exitDone, ""},
		{"config theme mails/digest.de.html.tmpl", exitDone, ""},
		{"config theme templates/hmoe.html", exitUsage, "templates/hmoe.html"},
		{"postings check " + posting, exitDone, ""},
		{"places lookup Gelsenkirchen", exitDone, ""},
		{"subscriptions list", exitFailed, "jobalertd serve"},
		{"migrate", exitDone, ""},
		{"subscriptions list", exitDone, ""},
		{"digests run --at " + tomorrow + " --force", exitDone, ""},

		{"postings check " + broken, exitFailed, ""},
		{"postings check " + filepath.Join(in.dir, "nowhere.json"), exitFailed, ""},
		{"places lookup Xyzzyheim", exitFailed, ""},
		{"postings show board p", exitFailed, "postings list"},
		{"digests preview 99", exitFailed, "subscriptions list"},
		{"digests show 99", exitFailed, "digests list"},
		{"subscriptions export nobody@example.org", exitFailed, "nobody has this address"},
		{"recruiters revoke board", exitFailed, "recruiters list"},
		{"postings push " + posting, exitFailed, "jobalertd serve"},
		{"subscriptions import " + filepath.Join(in.dir, "nowhere.jsonl"), exitFailed, "nowhere.jsonl"},

		{"", exitUsage, "--help"},
		{"sevre", exitUsage, "serve"},
		{"postings", exitUsage, "push"},
		{"postings push", exitUsage, "file"},
		{"postings list --colour", exitUsage, "--colour"},
		{"bench intake --live 0 --stand-in 100us", exitUsage, "--live"},
		{"bench intake --stand-in -1s", exitUsage, "--stand-in"},
		{"bench match --postgres postgres:///x", exitUsage, "--peers postgres"},
		{"postings list --limit many", exitUsage, "--limit"},
		{"postings push --source Board! " + posting, exitUsage, "a-z, 0-9"},
		{"recruiters add UPPER", exitUsage, "a-z, 0-9"},
		{"digests run --at tomorrow", exitUsage, "2026-12-01"},
		{"digests run --at " + tomorrow, exitUsage, "--force"},
		{"subscriptions add --email nobody --query Koch", exitUsage, "--email"},
		{"subscriptions add --email a@example.org", exitUsage, ""},
		{"subscriptions add --email a@example.org --query Koch --salary much", exitUsage, "--salary"},
		{"match --place Xyzzyheim " + posting, exitUsage, "Xyzzyheim"},
	} {
		r := in.command(strings.Fields(test.args)...)
		if r.status != test.status {
			t.Errorf("jobalertd %s ended with %d, want %d: %s%s", test.args, r.status, test.status, r.out, r.errOut)
		}
		if !strings.Contains(r.errOut, test.says) {
			t.Errorf("jobalertd %s says nothing of %q: %s", test.args, test.says, r.errOut)
		}
		if test.status == exitDone && r.errOut != "" {
			t.Errorf("jobalertd %s writes to standard error: %s", test.args, r.errOut)
		}
		if test.status == exitUsage && r.out != "" {
			t.Errorf("jobalertd %s, which cannot be meant, prints %s", test.args, r.out)
		}
		wantNoStack(t, r.errOut)
	}
}

// TestJSON_IsOneObjectALine runs every command that has --json on an installation
// where something has happened.
func TestJSON_IsOneObjectALine(t *testing.T) {
	t.Parallel()
	in := newInstallation(t, databasetest.SQLiteURL(t), "", "")
	file := func(name string, content []byte) string {
		path := filepath.Join(in.dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	postings := file("p.jsonl", append(append(offer(t, "one", nil), '\n'), offer(t, "two", nil)...))
	bounce := file("bounce.eml", []byte("From: MAILER-DAEMON@example.org\r\nTo: alerts@jobs.example.org\r\nSubject: Undelivered\r\n\r\n550 5.1.1 no such user\r\n"))
	list := file("relevance.tsv", []byte("query\ttitle\ttext\tshould_match\tlang\tcategory\twhy\nKoch\tKoch (m/w/d)\t\tyes\tde\tplain\tthe word itself\n"))
	lines := file("import.jsonl", []byte(`{"email":"c@example.org","query":"Koch","confirmed_at":"2026-03-01T09:00:00Z","consent":{"text":"v1"}}`+"\n"+`{"email":"nobody"}`+"\n"))
	c := in.start(0)
	tomorrow := time.Now().Add(25 * time.Hour).Format(time.RFC3339)
	steps := []struct {
		args  string
		lines int // at least
	}{
		{"recruiters add board", 1},
		{"recruiters list", 1},
		{"subscriptions add --email a@example.org --query Koch --confirmed", 1},
		{"subscriptions import " + lines, 2},
		{"subscriptions list", 2},
		{"postings check " + postings, 2},
		{"postings push --source board " + postings, 2},
		{"postings list", 2},
		{"postings show board one", 1},
		{"postings clusters", 1},
		{"digests run --force --wait --at " + tomorrow, 1},
		{"digests list", 1},
		{"digests show 1", 1},
		{"outbox list", 1},
		{"postings withdraw --source board one", 1},
		{"suppressions add x@example.org", 0},
		{"suppressions list", 1},
		{"match --query Koch " + postings, 2},
		{"relevance " + list, 1},
		{"places lookup Gelsenkirchen", 1},
		{"text analyse Medizininformatiker Koch", 2},
		{"pay parse 3500€/Monat", 1},
		{"bounces classify " + bounce, 1},
		{"verify", 1},
		{"doctor", 1},
		{"demo --exit", 1},
		{"bench match --subscriptions 200 --postings 50", 1},
		{"bench intake --subscriptions 200 --postings 50 --live 50 --rate 10,20 --for 1s", 1},
		{"bench digest --subscribers 200 --postings 50", 1},
		{"bench mail --to " + in.relay.Address() + " --count 20 --connections 2", 1},
		{"bench sink", 2},
		{"bench search --postings 200 --searches 50", 1},
		{"bench signup --visitors 4 --signups 8", 1},
	}
	done := map[string]bool{}
	all := leaves(t)
	for _, step := range steps {
		args := strings.Fields(step.args)
		name := args[0]
		if _, ok := all[name]; !ok {
			name = strings.Join(args[:2], " ")
		}
		done[name] = true
		if !hasJSON(all[name]) {
			if step.lines > 0 && !alwaysJSON[name] {
				t.Errorf("%s has no --json", name)
			}
		} else {
			args = append(args, "--json")
		}
		r := in.command(args...)
		wantNoStack(t, r.errOut)
		n := 0
		for line := range strings.Lines(r.out) {
			var object map[string]any
			if step.lines == 0 {
				break
			}
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				if strings.HasPrefix(name, "demo") {
					continue // it tells its story first
				}
				t.Errorf("jobalertd %s prints a line that is no JSON object: %s", strings.Join(args, " "), line)
				continue
			}
			n++
		}
		if n < step.lines {
			t.Errorf("jobalertd %s ended with %d and printed %d objects, want %d\n%s%s", strings.Join(args, " "), r.status, n, step.lines, r.out, r.errOut)
		}
	}
	for name, node := range all {
		if hasJSON(node) && !done[name] {
			t.Errorf("%s has --json and is not tried here", name)
		}
	}
	c.stop()
}

// alwaysJSON are commands that print nothing else.
var alwaysJSON = map[string]bool{"subscriptions export": true, "bench match": true, "bench intake": true, "bench digest": true, "bench search": true, "bench mail": true, "bench signup": true}

func hasJSON(n *kong.Node) bool {
	return slices.ContainsFunc(n.Flags, func(f *kong.Flag) bool { return f.Name == "json" })
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The layout and its dependency rule, docs/adr/0001. Paths are relative to the
// module: "alerts", "alerts/text".
const module = "github.com/jobalertd/jobalertd"

var (
	// folders are where packages live, each with the folders whose roots it may import.
	folders = map[string][]string{
		"config":        nil,
		"alerts":        nil,
		"subscriptions": {"alerts"},
		"mailer":        {"alerts", "subscriptions"},
		"cmd":           {"alerts", "subscriptions", "mailer", "config"},
	}
	// pure packages do no I/O, and any sibling may import them. Roots are pure too.
	pure = []string{
		"alerts", "alerts/text", "alerts/gazetteer", "alerts/jobposting", "alerts/percolate", "alerts/pay", "alerts/cluster",
		"subscriptions", "mailer", "mailer/compose",
	}
	// foundations import none of ours; stores, intake and the followers of the
	// database may import them.
	foundations = []string{"config/database", "config/broker"}
	// onFoundations are the packages that keep tables, read the stream, or follow
	// the clock.
	onFoundations = []string{
		"alerts/store", "alerts/intake", "alerts/archive", "subscriptions/store",
		"mailer/canary", "mailer/digest", "mailer/outbox", "mailer/suppression",
	}
	// peers are test support that a command runs as well: bench sink is the server
	// that the tests of sending measure themselves against.
	peers = map[string]string{"cmd/jobalertd": "mailer/smtp/smtptest"}
	// impure is what a pure package must not import: sockets, files, SQL, NATS,
	// SMTP, global randomness.
	impure = regexp.MustCompile(`^(net|net/http|net/smtp|net/textproto|os|os/.*|database/sql|math/rand|math/rand/v2|` +
		`github\.com/jmoiron/sqlx|github\.com/nats-io/.*|github\.com/wneessen/go-mail)$`)
	// inMemory are impure libraries of which a pure package uses what does no I/O:
	// compose builds messages with go-mail, and mailer/smtp sends them.
	inMemory = map[string]string{"mailer/compose": "github.com/wneessen/go-mail"}
	// vague names say nothing of what is inside.
	vague = []string{"util", "utils", "common", "helpers", "models", "types", "interfaces"}
)

// goPackage is what `go list` says of one package, paths relative to the module
// where they are ours. Only what is compiled into the program counts: tests may
// import more.
type goPackage struct {
	path    string
	imports []string
	dir     string
	files   []string
}

// folder is the first part of a path, and rest what follows it.
func folder(p string) (first, rest string) {
	first, rest, _ = strings.Cut(p, "/")
	return first, rest
}

func isTestSupport(p string) bool { return strings.HasSuffix(p, "test") }

// importFaults lists what p may not import, with the rule it breaks.
func importFaults(p goPackage) []string {
	var faults []string
	fault := func(imported, rule string) {
		faults = append(faults, fmt.Sprintf("%s imports %s: %s", p.path, imported, rule))
	}
	from, _ := folder(p.path)
	for _, imported := range p.imports {
		own, isOurs := strings.CutPrefix(imported, module+"/")
		if !isOurs {
			if slices.Contains(pure, p.path) && impure.MatchString(imported) && inMemory[p.path] != imported {
				fault(imported, "a pure package does no I/O")
			}
			continue
		}
		to, rest := folder(own)
		switch {
		case to == "cmd":
			fault(own, "nothing imports cmd")
		case isTestSupport(own) && peers[p.path] != own:
			fault(own, "only tests import test support")
		case from == "cmd":
		case from == "config":
			fault(own, "config and what lies below it import none of ours")
		case own == "config":
			fault(own, "only cmd imports config; a part gets its own options")
		case slices.Contains(foundations, own):
			if !slices.Contains(onFoundations, p.path) {
				fault(own, "only stores, intake and followers stand on the database and the broker")
			}
		case to == from:
			if rest != "" && !slices.Contains(pure, own) {
				fault(own, "siblings do not import each other unless the one imported is pure")
			}
		case !slices.Contains(folders[from], to):
			fault(own, from+" does not import "+to)
		case rest != "":
			fault(own, "across folders only roots are imported; declare an interface")
		}
	}
	return faults
}

// placeFaults lists what is wrong with where p lies and how it is called.
func placeFaults(p goPackage) []string {
	var faults []string
	first, _ := folder(p.path)
	if _, ok := folders[first]; !ok {
		faults = append(faults, p.path+": packages live under cmd, config, alerts, subscriptions and mailer alone")
	}
	if slices.Contains(vague, path.Base(p.path)) {
		faults = append(faults, p.path+": the name says nothing; code lives beside the noun it serves")
	}
	return faults
}

// bodyFaults lists clocks, goroutines and mail clients in the source of a pure package.
func bodyFaults(name string, source *ast.File, position func(token.Pos) token.Position) []string {
	var faults []string
	ast.Inspect(source, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			faults = append(faults, fmt.Sprintf("%s %s: a pure package starts no goroutine", name, position(n.Pos())))
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			switch {
			case !ok:
			case x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, n.Sel.Name):
				faults = append(faults, fmt.Sprintf("%s %s: a pure package reads no clock; take now time.Time", name, position(n.Pos())))
			case strings.Contains(x.Name, "mail") && n.Sel.Name == "NewClient":
				faults = append(faults, fmt.Sprintf("%s %s: a pure package sends nothing", name, position(n.Pos())))
			}
		}
		return true
	})
	return faults
}

func TestPackagesKeepTheDependencyRule(t *testing.T) {
	for _, p := range listPackages(t) {
		if isTestSupport(p.path) {
			continue
		}
		for _, fault := range slices.Concat(placeFaults(p), importFaults(p)) {
			t.Error(fault)
		}
	}
}

func TestPurePackagesReadNoClockStartNoGoroutineAndSendNothing(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range listPackages(t) {
		if !slices.Contains(pure, p.path) {
			continue
		}
		seen[p.path] = true
		set := token.NewFileSet()
		for _, file := range p.files {
			source, err := parser.ParseFile(set, filepath.Join(p.dir, file), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, fault := range bodyFaults(p.path, source, set.Position) {
				t.Error(fault)
			}
		}
	}
	for _, p := range pure {
		if !seen[p] {
			t.Errorf("pure package %s does not exist; take it off the list", p)
		}
	}
}

func TestTheDependencyRuleCatches(t *testing.T) {
	for _, c := range []struct{ from, imported, want string }{
		{"alerts", module + "/subscriptions", "alerts does not import subscriptions"},
		{"subscriptions/web", module + "/mailer", "subscriptions does not import mailer"},
		{"alerts/store", module + "/config", "only cmd imports config"},
		{"mailer/digest", module + "/alerts/store", "only roots are imported"},
		{"mailer/digest", module + "/alerts/text", "only roots are imported"},
		{"alerts/store", module + "/alerts/intake", "siblings"},
		{"alerts", module + "/alerts/store", "siblings"},
		{"config/broker", module + "/config/database", "import none of ours"},
		{"config", module + "/alerts", "import none of ours"},
		{"subscriptions/web", module + "/config/database", "only stores, intake and followers"},
		{"mailer/outbox", module + "/cmd/jobalertd", "nothing imports cmd"},
		{"alerts/store", module + "/config/database/databasetest", "only tests"},
		{"alerts/text", "os", "does no I/O"},
		{"alerts/percolate", "github.com/nats-io/nats.go", "does no I/O"},
		{"mailer", "github.com/wneessen/go-mail", "does no I/O"},
		{"subscriptions", "github.com/jmoiron/sqlx", "does no I/O"},
		{"mailer", "net/http", "does no I/O"},
		{"alerts/intake", module + "/alerts/percolate", ""},
		{"alerts/intake", module + "/config/database", ""},
		{"alerts", module + "/alerts/text", ""},
		{"mailer/digest", module + "/subscriptions", ""},
		{"cmd/jobalertd", module + "/config", ""},
		{"cmd/jobalertd", module + "/mailer/smtp", ""},
		{"alerts", "net/url", ""},
		{"mailer/compose", "github.com/wneessen/go-mail", ""},
	} {
		faults := strings.Join(importFaults(goPackage{path: c.from, imports: []string{c.imported}}), "\n")
		if c.want == "" && faults != "" || !strings.Contains(faults, c.want) {
			t.Errorf("%s importing %s: got %q, want %q", c.from, c.imported, faults, c.want)
		}
	}
}

func TestTheBodyRuleCatches(t *testing.T) {
	const source = `package p
		import "time"
		func f() { go f(); _ = time.Now(); _ = time.Hour; gomail.NewClient(); gomail.NewMsg() }`
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	if faults := bodyFaults("p", file, set.Position); len(faults) != 3 {
		t.Errorf("got %q, want a goroutine, a clock and a mail client", faults)
	}
}

func TestATableIsNamedInTheSQLOfOnePackage(t *testing.T) {
	root := moduleRoot(t)
	schema, err := os.ReadFile(filepath.Join(root, "config/database/migrations/sqlite/0001_initial.sql"))
	if err != nil {
		t.Fatal(err)
	}
	created := regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`).FindAllStringSubmatch(string(schema), -1)
	if len(created) == 0 {
		t.Fatal("the schema creates no table")
	}
	named := map[string][]string{} // table to packages
	used := regexp.MustCompile(`\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)`)
	files, err := fs.Glob(os.DirFS(root), "*/*/queries/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	dialects, err := fs.Glob(os.DirFS(root), "*/*/queries/*/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range slices.Concat(files, dialects) {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		owner, _, _ := strings.Cut(file, "/queries/")
		if strings.HasPrefix(owner, "cmd/") {
			continue // what proves the promises reads across, and changes nothing
		}
		for _, m := range used.FindAllStringSubmatch(regexp.MustCompile(`(?m)--.*$`).ReplaceAllString(string(text), ""), -1) {
			if !slices.Contains(named[m[1]], owner) {
				named[m[1]] = append(named[m[1]], owner)
			}
		}
	}
	if len(named) == 0 {
		t.Fatal("no table is named in any package's SQL")
	}
	for _, c := range created {
		table := c[1]
		if owners := named[table]; len(owners) > 1 {
			t.Errorf("table %s is named in the SQL of %s: one of them owns it, the others ask", table, strings.Join(owners, " and "))
		}
	}
}

// moduleRoot is the folder of go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatalf("find the module: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// listPackages asks the go command for every package of the module.
func listPackages(t *testing.T) []goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	list.Dir = moduleRoot(t)
	out, err := list.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("list packages: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("list packages: %v", err)
	}
	var packages []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Dir  string
			GoFiles, Imports []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("read what go list says: %v", err)
		}
		own := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		packages = append(packages, goPackage{path: own, imports: p.Imports, dir: p.Dir, files: p.GoFiles})
	}
	if len(packages) == 0 {
		t.Fatal("go list named no package")
	}
	return packages
}

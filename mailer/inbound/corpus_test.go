package inbound

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder of real bounces can be named in JOBALERTD_BOUNCE_CORPUS: eml/ with
// the mails, and expected.tsv with a line for each recipient, whose columns
// file, class, recipient and reason (found by the names in the first line) are read.
// Published collections are not this project's to pass on.
func TestClassify_AgreesWithCorpus(t *testing.T) {
	dir := os.Getenv("JOBALERTD_BOUNCE_CORPUS")
	if dir == "" {
		t.Skip("JOBALERTD_BOUNCE_CORPUS names no folder of bounces")
	}
	f, err := os.Open(filepath.Join(dir, "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	columns := map[string]int{}
	rows, right, named, suppressed, policies, counted := 0, 0, 0, 0, 0, 0
	taken := map[string]int{}
	for lines.Scan() {
		row := strings.Split(lines.Text(), "\t")
		if len(columns) == 0 {
			for i, name := range row {
				columns[name] = i
			}
			continue
		}
		file, class, recipient := row[columns["file"]], row[columns["class"]], row[columns["recipient"]]
		want := Kind(class)
		switch class {
		case "autoreply":
			want = AutoReply
		case "not-a-bounce":
			want = Unknown
		case "undecoded":
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, "eml", file))
		if err != nil {
			t.Fatal(err)
		}
		got, found := reportOf(Classify(raw), recipient, taken[file])
		taken[file]++
		rows++
		if found {
			named++
		}
		if policyReasons[row[columns["reason"]]] {
			policies++
			if got.Kind == Hard {
				t.Errorf("%s %s: a refusal by policy (%s) would suppress the address: %.200q", file, recipient, row[columns["reason"]], got.Diagnostic)
			}
			if got.Kind == Soft && !got.Policy {
				counted++
				t.Logf("%s %s: a refusal by policy (%s) counts as a soft bounce: %s %.200q", file, recipient, row[columns["reason"]], got.Status, got.Diagnostic)
			}
		}
		if got.Kind == want {
			right++
		} else {
			t.Logf("%s %s: %s, want %s (%s): %s %.200q", file, recipient, got.Kind, want, row[columns["reason"]], got.Status, got.Diagnostic)
			if got.Kind == Hard {
				suppressed++
			}
		}
		if !found && want != Unknown {
			t.Logf("%s: recipient %q, want %q", file, got.Recipient, recipient)
		}
	}
	t.Logf("%d of %d kinds right (%.1f %%), %d recipients named; %d wrongly hard; %d of %d refusals by policy count as soft",
		right, rows, 100*float64(right)/float64(rows), named, suppressed, counted, policies)
	if right*100 < rows*95 {
		t.Errorf("fewer than 95 %% right")
	}
}

// policyReasons are the collection's names for what is about the sender.
var policyReasons = map[string]bool{"blocked": true, "rejected": true, "policyviolation": true, "securityerror": true, "authfailure": true, "spamdetected": true,
	"requireptr": true, "badreputation": true, "virusdetected": true, "norelaying": true, "contenterror": true, "notcompliantrfc": true, "ratelimited": true,
	"failedstarttls": true, "emailtoolarge": true, "mesgtoobig": true, "toomanyconn": true, "speeding": true}

// reportOf is the report on a recipient, else the one at its place.
func reportOf(reports []Report, recipient string, place int) (Report, bool) {
	for _, r := range reports {
		if strings.EqualFold(r.Recipient, recipient) {
			return r, true
		}
	}
	if place < len(reports) {
		return reports[place], false
	}
	return Report{Kind: "missing"}, false
}

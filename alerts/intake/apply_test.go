package intake

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// meaning is the embedded data without places.
var meaning = sync.OnceValue(func() *alerts.Meaning { return &alerts.Meaning{Text: text.New(text.Embedded())} })

// applyAll judges messages one after another against what is stored, as batches
// of one, and returns the record and the receipts in order.
func applyAll(t interface{ Fatalf(string, ...any) }, stored map[alerts.Key]*alerts.Record, messages ...*message) []alerts.Receipt {
	var receipts []alerts.Receipt
	position := int64(100)
	for _, m := range messages {
		s := &batchState{records: stored, number: uint32(len(stored)), nowMS: 1, created: 7}
		position++
		if err := s.message(m, position); err != nil {
			t.Fatalf("apply message %d: %v", m.sequence, err)
		}
		receipts = append(receipts, m.receipt)
	}
	return receipts
}

func publish(sequence uint64, hash string, reached ...uint32) *message {
	return &message{source: "board", identifier: "1", sequence: sequence, matched: reached,
		body: hash, reading: &jobposting.Reading{Posting: alerts.Posting{Source: "board", Identifier: "1", Title: hash}, Hash: hash}}
}

func withdraw(sequence uint64) *message {
	return &message{source: "board", identifier: "1", sequence: sequence, withdrawal: true}
}

var key = alerts.Key{Source: "board", Identifier: "1"}

func TestApply_AnswersWhatBecameOfEachMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		messages []*message
		want     string // statuses, in order
		open     bool
		content  string
	}{
		"a repeat of the content changes nothing":   {[]*message{publish(1, "a"), publish(2, "a")}, "stored unchanged", true, "a"},
		"new content is an update":                  {[]*message{publish(1, "a"), publish(2, "b")}, "stored updated", true, "b"},
		"a withdrawal is final":                     {[]*message{publish(1, "a"), withdraw(2)}, "stored withdrawn", false, "a"},
		"a publish after a withdrawal reopens":      {[]*message{publish(1, "a"), withdraw(2), publish(3, "a")}, "stored withdrawn stored", true, "a"},
		"the same message again repeats its answer": {[]*message{publish(1, "a"), publish(1, "a")}, "stored stored", true, "a"},
		"a late message cannot turn it back":        {[]*message{publish(2, "b"), publish(1, "a")}, "stored stored", true, "b"},
		"a late publish cannot revive it":           {[]*message{publish(1, "a"), withdraw(3), publish(2, "b")}, "stored withdrawn withdrawn", false, "a"},
		"withdrawing what is unknown leaves a mark": {[]*message{withdraw(2), publish(1, "a")}, "withdrawn withdrawn", false, ""},
		"and a later publish counts":                {[]*message{withdraw(1), publish(2, "a")}, "withdrawn stored", true, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stored := map[alerts.Key]*alerts.Record{}
			var got []string
			for _, r := range applyAll(t, stored, c.messages...) {
				got = append(got, string(r.Status))
			}
			r := stored[key]
			if s := strings.Join(got, " "); s != c.want || r.Withdrawn == c.open || r.ContentHash != c.content {
				t.Errorf("got %q, withdrawn %v, content %q; want %q, withdrawn %v, content %q", s, r.Withdrawn, r.ContentHash, c.want, !c.open, c.content)
			}
		})
	}
}

// However often and in whatever order messages come, what is stored is what
// they say in the order of their sequences.
func TestApply_RedeliveryInAnyOrderChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "messages")
		make := func(i int, kind int) *message {
			if kind == 0 {
				return withdraw(uint64(i))
			}
			return publish(uint64(i), fmt.Sprint(kind))
		}
		kinds := rapid.SliceOfN(rapid.IntRange(0, 3), n, n).Draw(t, "kinds")
		inOrder := map[alerts.Key]*alerts.Record{}
		for i, k := range kinds {
			applyAll(t, inOrder, make(i+1, k))
		}
		// The newest comes last in any case: only then is everything known.
		shuffled := map[alerts.Key]*alerts.Record{}
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 20).Draw(t, "redelivered") {
			applyAll(t, shuffled, make(i+1, kinds[i]))
		}
		applyAll(t, shuffled, make(n, kinds[n-1]))
		a, b := inOrder[key], shuffled[key]
		if a.Withdrawn != b.Withdrawn || a.StreamSequence != b.StreamSequence {
			t.Fatalf("in order: withdrawn %v at %d; redelivered: withdrawn %v at %d", a.Withdrawn, a.StreamSequence, b.Withdrawn, b.StreamSequence)
		}
		if !a.Withdrawn && a.ContentHash != b.ContentHash {
			t.Fatalf("in order the content is %q, redelivered %q", a.ContentHash, b.ContentHash)
		}
	})
}

func TestApply_LogsWhomThePostingReaches(t *testing.T) {
	t.Parallel()
	s := &batchState{records: map[alerts.Key]*alerts.Record{}, created: 7}
	m := publish(1, "a", 3, 5, 9)
	if err := s.message(m, 41); err != nil {
		t.Fatal(err)
	}
	if len(s.matches) != 1 || s.matches[0].Position != 41 || fmt.Sprint(s.matches[0].Subscriptions) != "[3 5 9]" {
		t.Errorf("logged %+v, want one row at 41 with 3, 5, 9", s.matches)
	}
	if r := s.records[key]; r.Body != m.body || r.Number != 1 || s.matches[0].Posting != r.Number {
		t.Errorf("stored %q as number %d, logged as %d; want %q as 1", r.Body, r.Number, s.matches[0].Posting, m.body)
	}
}

func TestReached_FollowsWhatChangedSinceTheIndex(t *testing.T) {
	t.Parallel()
	changed := map[uint32]alerts.CriteriaChange{5: {Subscription: 5}, 6: {Subscription: 6}}
	for id, query := range map[uint32]string{3: "Koch", 7: "Koch", 8: "Gärtner", 9: "Gärtner"} {
		c := &alerts.Criteria{Query: query}
		if err := meaning().Prepare(c); err != nil {
			t.Fatal(err)
		}
		changed[id] = alerts.CriteriaChange{Subscription: id, Criteria: c}
	}
	s := &batchState{changes: changed}
	m := &message{matched: []uint32{3, 5, 9, 11}, document: meaning().Document(&alerts.Posting{Title: "Koch", Source: "board"})}
	for range 2 { // as when a batch is tried again
		if got := s.reached(m); fmt.Sprint(got) != "[3 7 11]" {
			t.Errorf("reached %v, want [3 7 11]: 5 has ended, 7 is new, 9 asks for something else", got)
		}
	}
	if fmt.Sprint(m.matched) != "[3 5 9 11]" {
		t.Errorf("what the index found became %v", m.matched)
	}
}

func TestRoundReached_HidesSmallCounts(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 1: "<5", 4: "<5", 5: "5", 1234: "1234"} {
		if got := roundReached(n); got != want {
			t.Errorf("%d is given as %q, want %q", n, got, want)
		}
	}
}

func TestParseSubject_TakesOnlyPublishedAndWithdrawn(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]bool{
		"postings.published.board": true, "postings.withdrawn.city-hospital": true,
		"postings.published.Board": false, "postings.published": false, "postings.deleted.board": false, "postings.published.a.b": false, "": false,
	} {
		if _, _, ok := parseSubject(subject); ok != want {
			t.Errorf("subject %q: taken %v, want %v", subject, ok, want)
		}
	}
}

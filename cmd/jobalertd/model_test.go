package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// The model holds the daemon to one sentence (docs/delivery.md): a subscriber gets
// every posting published after she confirmed, still open, that meets her criteria
// as they stand when the digest is built, once. It knows no positions, windows,
// bitmaps or transactions, only the order of what happened.

// modelPosting is a posting as last published.
type modelPosting struct {
	number    uint32
	published int   // the step at which its present content came
	first     int64 // position of its first content, which decides between equals
	content   map[string]any
	posting   alerts.Posting
	withdrawn bool
}

// modelAlert is one confirmed alert.
type modelAlert struct {
	id         uint32
	subscriber int64
	criteria   alerts.Criteria
	schedule   subscriptions.Schedule
	paused     bool
	cap        int // of a digest; 0: the world's
	defers     bool
	best       bool      // it came back from a pause and wants the best alone
	through    int       // served up to this step
	due        time.Time // zero: nothing is due
	served     string    // local date of the last occurrence served
}

// modelMatch is a row of what instant alerts are woken by.
type modelMatch struct {
	step   int
	alerts []uint32
}

type model struct {
	w         *world
	rng       *rand.Rand
	step      int
	postings  map[string]*modelPosting
	alerts    map[uint32]*modelAlert
	addresses map[int64]string
	delivered map[int64]map[uint32]bool    // shown, or told by number
	named     map[int64][]modelEntry       // shown with twins
	deferred  map[int64][]modelEntry       // put off for each subscriber
	dismissed map[int64]map[uint32]bool    // "not for me"
	apart     map[int64]map[[2]uint32]bool // "these are two jobs"
	cadences  subscriptions.Cadences
	happened  *tally
	unmet     []modelMatch // logged since the follower last came by
	hold      time.Duration
	log       []string
}

// modelCadence is a frequency that the operator named.
const modelCadence subscriptions.Frequency = "twice"

var (
	modelTitles = []string{"Medizininformatiker (m/w/d)", "Informatiker:in für Medizinische Informatik", "Pflegefachkraft (w/m/d)",
		"Krankenpflegerin", "Koch (m/w/d)", "Softwareentwickler (m/w/d)"}
	modelEmployers = []string{"Haus am Park GmbH", "Klinikum Nord gGmbH"}
	modelTowns     = []string{"Gelsenkirchen", "Herne", "Münster", "Köln"}
	modelQueries   = []string{"Medizininformatiker", "Pflegefachkraft OR Koch", "Informatiker -Koch", "Softwareentwickler", ""}
)

// modelSeeds and modelSteps make TestDigestsEqualTheModel longer than CI has time for.
const (
	modelSeeds = "TEST_MODEL_SEEDS"
	modelSteps = "TEST_MODEL_STEPS"
)

func fromEnvironment(t *testing.T, name string, otherwise int) int {
	t.Helper()
	if os.Getenv(name) == "" {
		return otherwise
	}
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func TestDigestsEqualTheModel(t *testing.T) {
	t.Parallel()
	seeds, steps := fromEnvironment(t, modelSeeds, 4), fromEnvironment(t, modelSteps, 150)
	if testing.Short() {
		seeds = 1
	}
	var happened tally
	t.Run("seeds", func(t *testing.T) {
		for seed := range seeds {
			t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
				t.Parallel()
				eachDatabase(t, func(t *testing.T, url string) { runModel(t, url, uint64(seed), steps, &happened) })
			})
		}
	})
	t.Log(happened.of)
	for _, what := range []string{"shown", "folded", "counted", "deferred", "deferred before", "for several alerts", "withdrawn before sending",
		"dismissed", "set apart", "shown though folded once", "best after a pause", "instant", "cadence"} {
		if happened.of[what] == 0 && seeds > 1 {
			t.Errorf("no digest had anything %s, so it was not proved", what)
		}
	}
}

// tally counts what digests were made of.
type tally struct {
	mu sync.Mutex
	of map[string]int
}

func (c *tally) add(what string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[what] += n
}

func runModel(t *testing.T, url string, seed uint64, steps int, happened *tally) {
	start := time.Date(2026, 3, 25, 6, 30, 0, 0, time.UTC) // the clocks change on the 29th
	w := newWorld(t, url, start)
	if w.library = seed%2 == 1; w.library {
		w.restart()
	}
	m := newModel(w, seed)
	m.happened = happened
	for m.step = 1; m.step <= steps; m.step++ {
		m.act()
		if t.Failed() {
			for _, line := range m.log {
				t.Log(line)
			}
			t.FailNow()
		}
	}
	if len(m.delivered) == 0 {
		t.Fatal("the model delivered nothing, so it proved nothing")
	}
}

func newModel(w *world, seed uint64) *model {
	return &model{w: w, rng: rand.New(rand.NewPCG(seed, 7)), postings: map[string]*modelPosting{}, alerts: map[uint32]*modelAlert{},
		addresses: map[int64]string{}, delivered: map[int64]map[uint32]bool{}, named: map[int64][]modelEntry{},
		deferred: map[int64][]modelEntry{}, dismissed: map[int64]map[uint32]bool{},
		apart: map[int64]map[[2]uint32]bool{}, happened: &tally{}, hold: w.config.Digest.InstantHold, cadences: subscriptions.Cadences(w.config.Digest.Cadences)}
}

func (m *model) note(format string, args ...any) {
	m.log = append(m.log, fmt.Sprintf("%3d %s  ", m.step, m.w.now().Format("02 15:04:05"))+fmt.Sprintf(format, args...))
}

// act does one thing that happens to such a daemon.
func (m *model) act() {
	m.advance(time.Duration(m.rng.IntN(40)) * time.Minute)
	switch n := m.rng.IntN(122); {
	case n < 24:
		m.publish()
	case n < 40:
		m.crossPost()
	case n < 45:
		m.repeat()
	case n < 52:
		m.withdraw()
	case n < 63:
		m.confirm()
	case n < 70:
		m.edit()
	case n < 75:
		m.pause()
	case n < 80:
		m.resume()
	case n < 82:
		m.end()
	case n < 90:
		m.dismiss()
	case n < 92:
		m.letGo()
	case n < 94:
		m.separate()
	case n < 97:
		m.note("restart")
		m.w.restart()
	case n < 98:
		m.note("everything is delivered again")
		m.w.redeliver()
	default:
		m.tick()
	}
}

func (m *model) advance(d time.Duration) { m.w.clock.Add(d.Milliseconds()) }

func oneOf[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// any returns a random alert that f accepts, nil if there is none.
func (m *model) any(f func(*modelAlert) bool) *modelAlert {
	var ids []uint32
	for id, a := range m.alerts {
		if f(a) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	return m.alerts[oneOf(m.rng, ids)]
}

func (m *model) publish() {
	id := fmt.Sprintf("p%d", m.rng.IntN(40))
	content := map[string]any{"@type": "JobPosting", "identifier": id, "title": oneOf(m.rng, modelTitles),
		"description": "<p>" + m.text() + "</p>", "hiringOrganization": oneOf(m.rng, modelEmployers),
		"datePosted": m.w.now().Format(time.DateOnly), "validThrough": m.w.now().Add(time.Duration(24+m.rng.IntN(24*20)) * time.Hour).Format(time.RFC3339)}
	if m.rng.IntN(5) > 0 {
		content["jobLocation"] = map[string]any{"address": map[string]any{"addressLocality": oneOf(m.rng, modelTowns), "addressCountry": "DE"}}
	} else {
		content["jobLocationType"] = "TELECOMMUTE"
	}
	if m.rng.IntN(2) == 0 {
		content["baseSalary"] = map[string]any{"currency": "EUR", "value": map[string]any{"minValue": 2500 + 500*m.rng.IntN(4), "maxValue": 3500 + 500*m.rng.IntN(4), "unitText": "MONTH"}}
	}
	m.send(id, content)
}

// text is a description like no other's: near-duplicates are cross-posts alone.
func (m *model) text() string {
	words := make([]string, 40)
	for i := range words {
		words[i] = string([]byte{'k' + byte(m.rng.IntN(8)), "aeiou"[m.rng.IntN(5)], 'k' + byte(m.rng.IntN(8)), "aeiou"[m.rng.IntN(5)], 'k' + byte(m.rng.IntN(8))})
	}
	return strings.Join(words, " ")
}

// send publishes content and notes what the daemon must make of it.
func (m *model) send(id string, content map[string]any) {
	answer := m.w.publish(content)
	p := m.postings[id]
	want := alerts.StatusStored
	if p != nil && !p.withdrawn {
		want = alerts.StatusUpdated
	}
	m.note("publish %s %v: %s", id, content["title"], answer.Status)
	if answer.Status != want {
		m.w.t.Errorf("step %d: publishing %s was answered %q (%v), want %q", m.step, id, answer.Status, answer.Errors, want)
		return
	}
	stored, err := m.w.daemon.postings.PostingByKey(context.Background(), m.w.daemon.db.Reader, alerts.Key{Source: "board", Identifier: id})
	m.w.must(err)
	m.postings[id] = &modelPosting{number: stored.Number, published: m.step, first: stored.FirstPosition, content: content, posting: stored.Posting}
	row := modelMatch{step: m.step}
	for _, a := range m.alerts {
		if m.matches(a, m.postings[id]) {
			row.alerts = append(row.alerts, a.id)
		}
	}
	m.unmet = append(m.unmet, row)
}

func (m *model) matches(a *modelAlert, p *modelPosting) bool {
	return a.criteria.Matches(m.w.daemon.meaning.Document(&p.posting))
}

// repeat publishes what stands already.
func (m *model) repeat() {
	for _, id := range slices.Sorted(maps.Keys(m.postings)) {
		p := m.postings[id]
		if p.withdrawn || p.content == nil || !p.posting.Open(m.w.now()) {
			continue
		}
		answer := m.w.publish(p.content)
		m.note("repeat %s: %s", id, answer.Status)
		if answer.Status != alerts.StatusUnchanged {
			m.w.t.Errorf("step %d: repeating %s was answered %q %v, want unchanged", m.step, id, answer.Status, answer.Errors)
		}
		return
	}
}

func (m *model) withdraw() {
	ids := slices.Sorted(maps.Keys(m.postings))
	if len(ids) == 0 {
		return
	}
	id := oneOf(m.rng, ids)
	answer := m.w.withdraw(id)
	m.note("withdraw %s: %s", id, answer.Status)
	if answer.Status != alerts.StatusWithdrawn {
		m.w.t.Errorf("step %d: withdrawing %s was answered %q", m.step, id, answer.Status)
	}
	m.postings[id].withdrawn = true
}

func (m *model) wish() subscriptions.Wish {
	w := subscriptions.Wish{Label: fmt.Sprintf("alert %d", m.step)}
	for {
		radius := float64(10 + 30*m.rng.IntN(3))
		w.Criteria = alerts.Criteria{Query: oneOf(m.rng, modelQueries)}
		if m.rng.IntN(3) > 0 || w.Criteria.Query == "" {
			w.Criteria.Places = []alerts.Place{{Name: oneOf(m.rng, modelTowns), RadiusKM: &radius}}
		}
		if m.rng.IntN(3) == 0 {
			w.Criteria.Salary = &alerts.Salary{Min: 4000, Currency: "EUR", Unit: "MONTH"}
			w.Criteria.SalaryUnknown = oneOf(m.rng, []alerts.UnknownPay{alerts.UnknownTake, alerts.UnknownDrop})
		}
		if m.w.daemon.meaning.Prepare(&w.Criteria) == nil {
			break
		}
	}
	if m.rng.IntN(2) == 0 {
		w.MaxPostings = 1 + m.rng.IntN(3)
		w.Overflow = oneOf(m.rng, []subscriptions.Overflow{subscriptions.Count, subscriptions.Defer})
	}
	w.Schedule = subscriptions.Schedule{Frequency: oneOf(m.rng, []subscriptions.Frequency{subscriptions.Instant, subscriptions.Daily, subscriptions.Daily, subscriptions.Weekly, modelCadence}),
		Hour: m.rng.IntN(24), Weekday: time.Weekday(m.rng.IntN(7)), Timezone: oneOf(m.rng, []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe"})}
	if w.Schedule.Frequency == modelCadence {
		w.Schedule.Hour, w.Schedule.Weekday = 0, 0
	}
	return w
}

func (m *model) confirm() {
	wish := m.wish()
	address := fmt.Sprintf("s%d@example.org", m.rng.IntN(6))
	subscriber, id, ok := m.w.subscribe(address, wish)
	if !ok {
		return // the same alert stands, or the address was asked three times today
	}
	m.addresses[subscriber] = address
	a := &modelAlert{id: id, subscriber: subscriber, criteria: wish.Criteria, schedule: wish.Schedule, through: m.step}
	a.cap, a.defers = wish.MaxPostings, wish.Overflow == subscriptions.Defer
	m.setDue(a)
	m.alerts[id] = a
	m.note("confirm alert %d of %s: %s, %s", id, address, subscriptions.Describe(m.w.daemon.meaning, &wish.Criteria, "en"), wish.Schedule.Describe("en"))
}

// setDue is when an alert that was confirmed, edited or resumed is next due.
func (m *model) setDue(a *modelAlert) {
	if a.schedule.Frequency == subscriptions.Instant {
		a.due = time.Time{}
		return
	}
	var err error
	a.due, err = a.schedule.Next(m.w.now(), a.served, m.cadences)
	m.w.must(err)
}

func (m *model) edit() {
	if a := m.any(func(*modelAlert) bool { return true }); a != nil {
		m.change(a, m.wish(), "edit")
	}
}

// change gives an alert another wish.
func (m *model) change(a *modelAlert, wish subscriptions.Wish, what string) {
	m.w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
		return m.w.daemon.subscriptions.Edit(ctx, tx, a.id, wish, m.w.now())
	})
	was := *a
	a.criteria, a.schedule = wish.Criteria, wish.Schedule
	a.cap, a.defers = wish.MaxPostings, wish.Overflow == subscriptions.Defer
	if !a.paused {
		m.setDue(a)
		// A digest that is owed already stays owed.
		owed := was.schedule.Frequency != subscriptions.Instant && !was.due.IsZero() && !was.due.After(m.w.now())
		if owed && a.schedule.Frequency != subscriptions.Instant && m.localDate(a) > a.served {
			a.due = was.due
		}
		if a.schedule.Frequency == subscriptions.Instant {
			a.due = m.w.now() // it may have something waiting already
		}
	}
	m.note("%s alert %d: %s, %s", what, a.id, subscriptions.Describe(m.w.daemon.meaning, &wish.Criteria, "en"), wish.Schedule.Describe("en"))
}

// localDate is the day it is for an alert's subscriber.
func (m *model) localDate(a *modelAlert) string {
	loc, err := time.LoadLocation(a.schedule.Timezone)
	m.w.must(err)
	return m.w.now().In(loc).Format(time.DateOnly)
}

func (m *model) pause() {
	a := m.any(func(a *modelAlert) bool { return !a.paused })
	if a == nil {
		return
	}
	onReturn := oneOf(m.rng, []subscriptions.OnReturn{subscriptions.CatchUp, subscriptions.StartFresh, subscriptions.BestOnly})
	m.w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
		_, err := m.w.daemon.subscriptions.Pause(ctx, tx, []uint32{a.id}, time.Time{}, onReturn)
		return err
	})
	a.paused, a.due = true, time.Time{}
	m.note("pause alert %d, then %s", a.id, onReturn)
}

func (m *model) resume() {
	a := m.any(func(a *modelAlert) bool { return a.paused })
	if a == nil {
		return
	}
	onReturn := m.w.get(a.id).OnReturn
	fresh := onReturn == subscriptions.StartFresh
	a.best = onReturn == subscriptions.BestOnly
	m.w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
		_, err := m.w.daemon.subscriptions.Resume(ctx, tx, []uint32{a.id}, m.w.now())
		return err
	})
	a.paused = false
	if fresh {
		a.through = m.step
	}
	m.setDue(a)
	if a.schedule.Frequency == subscriptions.Instant {
		a.due = m.w.now()
	}
	m.note("resume alert %d", a.id)
}

func (m *model) end() {
	if a := m.any(func(*modelAlert) bool { return true }); a != nil {
		m.endAlert(a)
	}
}

func (m *model) endAlert(a *modelAlert) {
	m.w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
		_, err := m.w.daemon.subscriptions.End(ctx, tx, a.subscriber, []uint32{a.id}, subscriptions.EndedUnsubscribed, subscriptions.Circumstances{Source: "test"}, m.w.now())
		return err
	})
	delete(m.alerts, a.id)
	m.note("end alert %d", a.id)
}

// wake is what the instant follower does with the rows it has not met.
func (m *model) wake() {
	for _, row := range m.unmet {
		for _, id := range row.alerts {
			a := m.alerts[id]
			if a != nil && !a.paused && a.schedule.Frequency == subscriptions.Instant && a.due.IsZero() && a.through < row.step {
				a.due = m.w.now().Add(m.hold)
				a.through = row.step - 1
			}
		}
	}
	m.unmet = nil
}

func (m *model) served(a *modelAlert, now time.Time) {
	if a.schedule.Frequency == subscriptions.Instant {
		a.due = time.Time{}
		return
	}
	var err error
	a.served, err = a.schedule.Served(a.due, now, m.cadences)
	m.w.must(err)
	a.due, err = a.schedule.Next(now, a.served, m.cadences)
	m.w.must(err)
}

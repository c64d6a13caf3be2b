package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/percolate"
	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/subscriptions"
)

type benchMatchCmd struct {
	Subscriptions string        `help:"How many to make, or a file of import lines." default:"100000" placeholder:"N|FILE"`
	Postings      string        `help:"How many to make, or a file of JobPostings." default:"2000" placeholder:"N|FILE"`
	Threads       int           `help:"Percolating at once." default:"1"`
	Seed          uint64        `help:"Of what is made." default:"1"`
	For           time.Duration `help:"Measure at least so long; every posting at least once." default:"3s"`
	Check         int           `help:"Postings whose answer is compared with Criteria.Matches of every subscription; 0: as many as take some seconds." default:"0"`
	IDs           string        `help:"Write \"posting-id TAB subscription numbers\" there; a subscription's number is its line." name:"ids" placeholder:"FILE" type:"path"`
	Peers         []string      `help:"Engines to compare with: naive, postgres." enum:"naive,postgres" placeholder:"PEER"`
	Postgres      string        `help:"Database for the peer postgres; empty: a private server. A table jobalertd_bench_anchors is made and dropped." placeholder:"URL"`
	Changes       int           `help:"Subscriptions to edit, remove and add again, at rest and while the index is merged; 0: none." default:"20000"`
	Soak          time.Duration `help:"Change and percolate for so long and watch memory; 0: not." default:"0s"`
	CPUProfile    string        `help:"Where to write a CPU profile of percolating." placeholder:"FILE" name:"cpu-profile" type:"path"`
	JSON          bool          `help:"On one line at a terminal too." name:"json"`
}

func (benchMatchCmd) Help() string {
	return "Example:\n  jobalertd bench match --subscriptions 1000000 --postings 2000 --peers naive,postgres"
}

// matchFigures are the answer of bench match.
type matchFigures struct {
	machine
	Subscriptions        int                    `json:"subscriptions"`
	Postings             int                    `json:"postings"`
	Threads              int                    `json:"threads"`
	PostingsPerSecond    float64                `json:"postings_per_second"`
	P50                  float64                `json:"p50_us"`
	P99                  float64                `json:"p99_us"`
	MatchesPerPosting    float64                `json:"matches_per_posting"`
	BuildSeconds         float64                `json:"build_seconds"`          // without decoding import lines
	BuildCPU             float64                `json:"build_cpu_seconds"`      // the same, collecting garbage included
	BytesPerSubscription float64                `json:"bytes_per_subscription"` // of the index's arrays
	HeapPerSubscription  float64                `json:"heap_per_subscription"`  // by which the heap grew: with the units of words, and what else building leaves behind
	RSS                  int64                  `json:"rss_bytes"`              // of the whole process once the index is built, analysed postings included
	PeakRSS              int64                  `json:"peak_rss_bytes"`         // until then: what building took
	Quickest             spanFigures            `json:"quickest"`               // of each posting's shortest time: what it takes while nobody else has the core
	CPUPerPosting        float64                `json:"cpu_us_per_posting"`
	AnalysisPerPosting   float64                `json:"analysis_us_per_posting"` // before, once a posting; not part of the rate
	Refused              int                    `json:"refused_lines"`
	Changes              *changeFigures         `json:"changes,omitempty"`
	Soak                 *soakFigures           `json:"soak,omitempty"`
	Peers                map[string]peerFigures `json:"peers"`
	Checked              int                    `json:"checked_postings"` // against Criteria.Matches
	Agrees               bool                   `json:"agrees"`
}

type peerFigures struct {
	PostingsPerSecond float64 `json:"postings_per_second"`
	Postings          int     `json:"postings"`
	P50               float64 `json:"p50_us"`
	P99               float64 `json:"p99_us"`
	BuildSeconds      float64 `json:"build_seconds,omitempty"`
	Agrees            bool    `json:"agrees"`
}

// matching is what bench match works on.
type matching struct {
	load      load
	rules     subscriptions.ImportRules
	lines     int // of subscriptions, refused ones included
	documents []*alerts.Document
	naive     naiveScan
	index     *percolate.Index
	answers   [][]uint32 // by document
}

// Run measures, and fails if any answer is not that of Criteria.Matches.
func (c benchMatchCmd) Run(ctx context.Context, s *session) error {
	if c.Threads < 1 {
		return usagef("--threads must be at least 1")
	}
	if c.Postgres != "" && !slices.Contains(c.Peers, "postgres") {
		return usagef("--postgres is where the peer postgres works: give --peers postgres too")
	}
	cfg, err := s.config()
	if err != nil {
		return err
	}
	m, err := s.meaning(cfg)
	if err != nil {
		return err
	}
	f := matchFigures{machine: thisMachine(), Threads: c.Threads, Peers: map[string]peerFigures{}}
	w := &matching{
		load:  load{seed: c.Seed, subscriptions: c.Subscriptions, postings: c.Postings},
		rules: subscriptions.ImportRules{Meaning: m, Calendar: subscriptions.NewCalendar(nil), Timezone: cfg.Digest.Timezone, Now: s.now()},
	}
	s.say("analysing postings")
	if err := w.analyse(cfg, &f); err != nil {
		return err
	}
	if w.lines, err = w.load.count(); err != nil {
		return err
	}
	w.naive.begin(w.documents, w.sample(c.Check))
	s.say("building the index, and comparing %d postings with Criteria.Matches", len(w.naive.sample))
	if err := w.build(&f); err != nil {
		return err
	}
	s.say("percolating")
	if err := w.measure(c, &f); err != nil {
		return err
	}
	if c.IDs != "" {
		if err := w.writeIDs(c.IDs); err != nil {
			return err
		}
	}
	if c.Changes > 0 {
		s.say("changing subscriptions")
		if f.Changes, err = w.change(ctx, c.Changes); err != nil {
			return err
		}
	}
	if c.Soak > 0 {
		s.say("soaking for %s", c.Soak)
		if f.Soak, err = w.soak(ctx, c.Soak); err != nil {
			return err
		}
	}
	if err := w.compare(ctx, c, s, &f); err != nil {
		return err
	}
	if err := s.report(f, c.JSON); err != nil {
		return err
	}
	if !f.Agrees {
		return errors.New("the index and Criteria.Matches disagree: the figures mean nothing; please report this with the two inputs")
	}
	return nil
}

// compare asks the peers, of which the naive scan is the judge.
func (w *matching) compare(ctx context.Context, c benchMatchCmd, s *session, f *matchFigures) error {
	naive := w.naive.figures(w.answers)
	f.Checked, f.Agrees = naive.Postings, naive.Agrees && (f.Changes == nil || f.Changes.Agrees) && (f.Soak == nil || f.Soak.Agrees)
	for _, peer := range c.Peers {
		switch peer {
		case "naive":
			f.Peers[peer] = naive
		case "postgres":
			s.say("loading PostgreSQL")
			theirs, err := w.postgres(ctx, c.Postgres)
			if err != nil {
				return fmt.Errorf("peer postgres: %w", err)
			}
			f.Peers[peer] = theirs
			f.Agrees = f.Agrees && f.Peers[peer].Agrees
		}
	}
	return nil
}

// analyse reads the postings.
func (w *matching) analyse(cfg *config.Config, f *matchFigures) error {
	reader, err := newReader(cfg, w.rules.Meaning)
	if err != nil {
		return err
	}
	var analysis time.Duration
	for raw, err := range w.load.postingDocuments() {
		if err != nil {
			return err
		}
		reading, rejected := read(reader, "bench", raw, w.rules.Now)
		if rejected != nil {
			return fmt.Errorf("posting %d: %w", len(w.documents)+1, rejected)
		}
		began := time.Now()
		w.documents = append(w.documents, w.rules.Meaning.Document(&reading.Posting))
		analysis += time.Since(began)
	}
	if f.Postings = len(w.documents); f.Postings == 0 {
		return usagef("there must be at least one posting")
	}
	f.AnalysisPerPosting = micros(analysis) / float64(f.Postings)
	return nil
}

// learnFrom is how many of the postings the index learns word frequencies from. A
// daemon learns them from the days before; from others of one load it learns the same.
const learnFrom = 2000

// build makes the index from criteria that are decoded as it goes, and shows each to
// the naive scan once it is in; the time of neither is counted. No peer keeps them
// all.
func (w *matching) build(f *matchFigures) error {
	df := &percolate.Frequencies{}
	step := max(1, len(w.documents)/learnFrom)
	for i := 0; i < len(w.documents); i += step {
		df.Learn(w.documents[i])
	}
	before := heapBytes()
	w.index = percolate.New(df)
	var failed error
	var aside, asideCPU time.Duration
	defer whileIndexing()()
	began, cpu := time.Now(), cpuTime()
	w.index.Load(w.lines, func(yield func(uint32, *alerts.Criteria) bool) {
		resumed, resumedCPU := began, cpu
		failed = w.chunks(everyLine, func(first int, chunk []*alerts.Criteria) {
			aside, asideCPU = aside+time.Since(resumed), asideCPU+cpuTime()-resumedCPU
			for i, c := range chunk {
				if c == nil {
					f.Refused++
				} else if !yield(uint32(first+i+1), c) {
					return
				}
			}
			resumed, resumedCPU = time.Now(), cpuTime()
			w.naive.see(first, chunk)
		})
	})
	f.BuildSeconds, f.BuildCPU = (time.Since(began) - aside).Seconds(), (cpuTime() - cpu - asideCPU).Seconds()
	if failed != nil {
		return failed
	}
	if f.Subscriptions = w.index.Len(); f.Subscriptions == 0 {
		return usagef("there must be at least one subscription")
	}
	f.BytesPerSubscription = float64(w.index.Stats().Bytes) / float64(f.Subscriptions)
	f.HeapPerSubscription = float64(heapBytes()-before) / float64(f.Subscriptions)
	f.RSS, f.PeakRSS = residentBytes(), peakRSS()
	return nil
}

// heapBytes is what the heap holds once everything unreachable is gone.
func heapBytes() int64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// measure percolates every posting once to warm up and to keep the answers, and
// then round after round for as long as asked.
func (w *matching) measure(c benchMatchCmd, f *matchFigures) error {
	w.answers = make([][]uint32, len(w.documents))
	matches := 0
	for i, d := range w.documents {
		w.answers[i] = w.index.Percolate(nil, d)
		matches += len(w.answers[i])
	}
	f.MatchesPerPosting = float64(matches) / float64(len(w.documents))
	runtime.GC()
	taken, quickest := make([]latencies, c.Threads), make(latencies, len(w.documents))
	profiled, err := profileTo(c.CPUProfile)
	if err != nil {
		return err
	}
	cpu, began := cpuTime(), time.Now()
	var wg sync.WaitGroup
	for t := range c.Threads {
		wg.Go(func() {
			var dst []uint32
			for round := 0; round == 0 || time.Since(began) < c.For; round++ {
				for i := t; i < len(w.documents); i += c.Threads {
					start := time.Now()
					dst = w.index.Percolate(dst[:0], w.documents[i])
					span := time.Since(start)
					if taken[t] = append(taken[t], span); round == 0 || span < quickest[i] {
						quickest[i] = span
					}
				}
			}
		})
	}
	wg.Wait()
	elapsed, burnt := time.Since(began), cpuTime()-cpu
	all := slices.Concat(taken...)
	f.PostingsPerSecond = float64(len(all)) / elapsed.Seconds()
	f.CPUPerPosting = micros(burnt) / float64(len(all))
	f.P50, f.P99, f.Quickest = micros(all.quantile(0.50)), micros(all.quantile(0.99)), quickest.figures()
	return profiled()
}

func (p *peerFigures) rate(taken latencies) {
	var total time.Duration
	for _, d := range taken {
		total += d
	}
	p.PostingsPerSecond = float64(len(taken)) / total.Seconds()
	p.P50, p.P99 = micros(taken.quantile(0.50)), micros(taken.quantile(0.99))
}

func (w *matching) writeIDs(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("--ids: %w", err)
	}
	out := bufio.NewWriterSize(f, 1<<20)
	var line []byte
	for i, d := range w.documents {
		line = append(append(line[:0], d.Identifier...), '\t')
		for j, id := range w.answers[i] {
			if j > 0 {
				line = append(line, ' ')
			}
			line = strconv.AppendUint(line, uint64(id), 10)
		}
		if _, err = out.Write(append(line, '\n')); err != nil {
			break
		}
	}
	if err = errors.Join(err, out.Flush(), f.Close()); err != nil {
		return fmt.Errorf("write --ids: %w", err)
	}
	return nil
}

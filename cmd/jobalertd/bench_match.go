package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/percolate"
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
	BuildSeconds         float64                `json:"build_seconds"`
	BytesPerSubscription float64                `json:"bytes_per_subscription"` // the index without the criteria it points to
	RSS                  int64                  `json:"rss_bytes"`              // of the whole process, criteria and postings included
	CPUPerPosting        float64                `json:"cpu_us_per_posting"`
	AnalysisPerPosting   float64                `json:"analysis_us_per_posting"` // before, once a posting; not part of the rate
	Refused              int                    `json:"refused_lines"`
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
	criteria  []*alerts.Criteria // by number less one; nil for a refused line
	documents []*alerts.Document
	index     *percolate.Index
	answers   [][]uint32 // by document
}

// Run measures, and fails if any answer is not that of Criteria.Matches.
func (c benchMatchCmd) Run(ctx context.Context, s *session) error {
	if c.Threads < 1 {
		return usagef("--threads must be at least 1")
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
	w, err := c.read(s, m, &f)
	if err != nil {
		return err
	}
	w.build(&f)
	w.measure(c.Threads, c.For, &f)
	f.RSS = residentBytes()
	if c.IDs != "" {
		if err := w.writeIDs(c.IDs); err != nil {
			return err
		}
	}
	sample := w.sample(c.Check)
	s.say("comparing %d postings with Criteria.Matches", len(sample))
	naive := w.naive(sample)
	f.Checked, f.Agrees = naive.Postings, naive.Agrees
	for _, peer := range c.Peers {
		switch peer {
		case "naive":
			f.Peers[peer] = naive
		case "postgres":
			s.say("loading PostgreSQL")
			if f.Peers[peer], err = w.postgres(ctx, c.Postgres); err != nil {
				return fmt.Errorf("peer postgres: %w", err)
			}
			f.Agrees = f.Agrees && f.Peers[peer].Agrees
		}
	}
	if err := s.report(f, c.JSON); err != nil {
		return err
	}
	if !f.Agrees {
		return errors.New("the index and Criteria.Matches disagree: the figures mean nothing; please report this with the two inputs")
	}
	return nil
}

// read decodes criteria and analyses postings.
func (c benchMatchCmd) read(s *session, m *alerts.Meaning, f *matchFigures) (*matching, error) {
	l := load{seed: c.Seed, subscriptions: c.Subscriptions, postings: c.Postings}
	cfg, err := s.config()
	if err != nil {
		return nil, err
	}
	w := &matching{}
	s.say("reading subscriptions")
	rules := subscriptions.ImportRules{Meaning: m, Timezone: cfg.Digest.Timezone, Now: s.now()}
	for line, err := range l.subscriptionLines() {
		if err != nil {
			return nil, err
		}
		one, err := subscriptions.DecodeImportLine(line, rules)
		if err != nil {
			f.Refused++
			w.criteria = append(w.criteria, nil)
			continue
		}
		criteria := one.Wish.Criteria
		w.criteria = append(w.criteria, &criteria)
	}
	s.say("analysing postings")
	reader, err := newReader(cfg, m)
	if err != nil {
		return nil, err
	}
	var analysis time.Duration
	for raw, err := range l.postingDocuments() {
		if err != nil {
			return nil, err
		}
		reading, rejected := read(reader, "bench", raw, s.now())
		if rejected != nil {
			return nil, fmt.Errorf("posting %d: %w", len(w.documents)+1, rejected)
		}
		began := time.Now()
		w.documents = append(w.documents, m.Document(&reading.Posting))
		analysis += time.Since(began)
	}
	f.Subscriptions, f.Postings = len(w.criteria)-f.Refused, len(w.documents)
	if f.Subscriptions == 0 || f.Postings == 0 {
		return nil, usagef("there must be at least one subscription and one posting")
	}
	f.AnalysisPerPosting = micros(analysis) / float64(f.Postings)
	return w, nil
}

// learnFrom is how many postings the index learns word frequencies from, as a
// daemon has from those of the days before.
const learnFrom = 2000

func (w *matching) build(f *matchFigures) {
	df := &percolate.Frequencies{}
	step := max(1, len(w.documents)/learnFrom)
	for i := 0; i < len(w.documents); i += step {
		df.Learn(w.documents[i])
	}
	runtime.GC()
	began := time.Now()
	w.index = percolate.Build(func(yield func(uint32, *alerts.Criteria) bool) {
		for i, c := range w.criteria {
			if c != nil && !yield(uint32(i+1), c) {
				return
			}
		}
	}, df)
	f.BuildSeconds = time.Since(began).Seconds()
	f.BytesPerSubscription = float64(w.index.Stats().Bytes) / float64(w.index.Len())
}

// measure percolates every posting once to warm up and to keep the answers, and
// then round after round for as long as asked.
func (w *matching) measure(threads int, atLeast time.Duration, f *matchFigures) {
	w.answers = make([][]uint32, len(w.documents))
	matches := 0
	for i, d := range w.documents {
		w.answers[i] = w.index.Percolate(nil, d)
		matches += len(w.answers[i])
	}
	f.MatchesPerPosting = float64(matches) / float64(len(w.documents))
	runtime.GC()
	taken := make([]latencies, threads)
	cpu, began := cpuTime(), time.Now()
	var wg sync.WaitGroup
	for t := range threads {
		wg.Go(func() {
			var dst []uint32
			for round := 0; round == 0 || time.Since(began) < atLeast; round++ {
				for i := t; i < len(w.documents); i += threads {
					start := time.Now()
					dst = w.index.Percolate(dst[:0], w.documents[i])
					taken[t] = append(taken[t], time.Since(start))
				}
			}
		})
	}
	wg.Wait()
	elapsed, burnt := time.Since(began), cpuTime()-cpu
	all := slices.Concat(taken...)
	f.PostingsPerSecond = float64(len(all)) / elapsed.Seconds()
	f.CPUPerPosting = micros(burnt) / float64(len(all))
	f.P50, f.P99 = micros(all.quantile(0.50)), micros(all.quantile(0.99))
}

// checkPairs bounds how many pairs of posting and subscription are compared
// unless asked otherwise.
const checkPairs = 20_000_000

// sample is which documents are compared, spread evenly; at least ten.
func (w *matching) sample(n int) []int {
	if n == 0 {
		n = max(10, checkPairs/len(w.criteria))
	}
	n = min(n, len(w.documents))
	out := make([]int, n)
	for i := range out {
		out[i] = i * len(w.documents) / n
	}
	return out
}

// naive asks Criteria.Matches of every subscription: the definition, and a peer.
func (w *matching) naive(sample []int) peerFigures {
	p := peerFigures{Postings: len(sample), Agrees: true}
	var taken latencies
	var dst []uint32
	for _, i := range sample {
		start := time.Now()
		dst = dst[:0]
		for n, c := range w.criteria {
			if c != nil && c.Matches(w.documents[i]) {
				dst = append(dst, uint32(n+1))
			}
		}
		taken = append(taken, time.Since(start))
		p.Agrees = p.Agrees && slices.Equal(dst, w.answers[i])
	}
	p.rate(taken)
	return p
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

package main

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

// TestServe_TwoReplicasLoseAndDoubleNothingAcrossKills runs two daemons on one
// PostgreSQL and one NATS server and kills one or the other with SIGKILL, over and
// over, while postings come in, digests are built and mails go out: its neighbour
// goes on, and it comes back on its own folder.
func TestServe_TwoReplicasLoseAndDoubleNothingAcrossKills(t *testing.T) {
	t.Parallel()
	url := databasetest.EmptyPostgresURL(t)
	nats := newRemoteNATS(t)
	first := newInstallation(t, url, nats.setting(), "")
	first.must("migrate")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	p := &pairOrdeal{ordeal: &ordeal{installation: first, rng: rand.New(rand.NewPCG(seed, 2)), board: dialRecruiter(t, nats.url(), "board")}}
	p.ins = [2]*installation{first, newReplica(t, url, nats.setting(), "", first.relay)}
	postings, people, intakeKills, digestKills := 300, 250, 2, 3
	if thorough() {
		postings, people, intakeKills, digestKills = 800, 400, 4, 6
	}
	all := manyPostings(t, postings, "k", time.Now())
	lines := fitting(t, first.config(), p.board.source, all, marshalLines(t, manyWishes(4*people)), time.Now())
	lines = lines[:min(len(lines), people)]
	first.importLines(lines)
	p.publish(all, intakeKills)
	p.mail(digestKills)
	p.judge(expect(t, first.config(), p.board.source, all, lines, time.Now()))
}

// pairOrdeal is an ordeal of two replicas; the second is never alone.
type pairOrdeal struct {
	*ordeal
	ins   [2]*installation
	alive [2]*child
}

func (p *pairOrdeal) begin() {
	for i, in := range p.ins {
		p.alive[i] = startChild(p.t, in.settings, p.ahead)
	}
	for _, c := range p.alive {
		waitReady(p.t, c)
	}
}

func (p *pairOrdeal) killBoth() {
	for _, c := range p.alive {
		c.kill()
		p.kills++
	}
}

// killOne kills one of the two, and starts it again beside the other.
func (p *pairOrdeal) killOne() {
	i := p.rng.IntN(2)
	p.alive[i].kill()
	p.kills++
	p.alive[i] = startReady(p.t, p.ins[i].settings, p.ahead)
}

func (p *pairOrdeal) publish(raws []json.RawMessage, kills int) {
	p.t.Helper()
	at := map[int]bool{}
	for len(at) < kills {
		at[1+p.rng.IntN(len(raws)-1)] = true
	}
	p.begin()
	n := 0
	for a := range p.board.publishAll(p.t.Context(), raws) {
		p.acks = append(p.acks, a)
		if n++; at[n] {
			p.killOne()
		}
	}
	if n != len(raws) {
		p.t.Fatalf("%d of %d postings were acknowledged", n, len(raws))
	}
	p.sent += len(raws)
	p.killBoth() // with whatever intake has not stored yet
}

// mail lets both build and send on the next day, and kills one of them at random
// moments: as digests are built, and among the mails.
func (p *pairOrdeal) mail(kills int) {
	p.t.Helper()
	p.nextDay()
	p.begin()
	for i := range kills {
		moment := p.alive[p.rng.IntN(2)].saw("digest run started")
		if i > 0 {
			moment = p.mailTaken(nil, 1+p.rng.IntN(30), false)
		}
		select {
		case <-moment:
			<-time.After(time.Duration(p.rng.IntN(150)) * time.Millisecond) // random: it waits for nothing
		case <-time.After(8 * time.Second): // there was nothing left to do
		}
		p.relay.watch(nil)
		p.killOne()
	}
	p.killBoth()
	p.ahead += 3 * time.Minute // of whoever is not started again leases run out
}

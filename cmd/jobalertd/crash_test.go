package main

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/broker"
)

// thorough reports whether this run may take minutes: in CI it does.
func thorough() bool { return os.Getenv("CI") != "" && !testing.Short() }

// TestServe_LosesAndDoublesNothingAcrossKills kills a daemon with SIGKILL, over and
// over, while postings come in and while mails go out, and starts it again on the
// same folder. Afterwards every acknowledged posting is stored or rejected with a
// reason, and every subscriber has each posting that meets her criteria once.
func TestServe_LosesAndDoublesNothingAcrossKills(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		o := newOrdeal(t, url)
		days, intakeKills, digestKills, postings := 1, 2, 3, 400
		if thorough() {
			days, intakeKills, digestKills, postings = 2, 5, 5, 1000
		}
		all := manyPostings(t, postings*days, "k", time.Now())
		lines := fitting(t, o.config(), o.board.source, all, marshalLines(t, manyWishes(1200)), time.Now())
		lines = lines[:min(len(lines), 400)]
		o.importLines(lines)
		for part := range slices.Chunk(all, postings) {
			o.publish(part, intakeKills)
			o.nextDay()
			o.mail(digestKills)
		}
		o.judge(expect(t, o.config(), o.board.source, all, lines, time.Now()))
	})
}

// ordeal is one installation's.
type ordeal struct {
	*installation
	board *recruiter
	rng   *rand.Rand
	ahead time.Duration // of the daemon's clock
	kills int
	acks  []acknowledged // index counts over all that was published
	sent  int
}

func newOrdeal(t *testing.T, url string) *ordeal {
	in := newInstallation(t, url, "", "")
	in.must("migrate")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	o := &ordeal{installation: in, rng: rand.New(rand.NewPCG(seed, 1))}
	o.board = in.dialRecruiter("board", in.addRecruiter("board"))
	return o
}

// publish sends postings as fast as they are acknowledged and kills the daemon
// when a random number has been.
func (o *ordeal) publish(raws []json.RawMessage, kills int) {
	o.t.Helper()
	at := map[int]bool{}
	for len(at) < kills {
		at[1+o.rng.IntN(len(raws)-1)] = true
	}
	c := o.start(o.ahead)
	n := 0
	for a := range o.board.publishAll(o.t.Context(), raws) {
		a.index += o.sent
		o.acks = append(o.acks, a)
		if n++; at[n] {
			c.kill()
			o.kills++
			c = o.start(o.ahead)
		}
	}
	if n != len(raws) {
		o.t.Fatalf("%d of %d postings were acknowledged", n, len(raws))
	}
	o.sent += len(raws)
	c.kill() // with whatever intake has not stored yet
	o.kills++
}

// nextDay is after everybody's hour.
func (o *ordeal) nextDay() { o.ahead += 24 * time.Hour }

// mail lets digests be built and mails go out, and kills the daemon in between.
// Before each restart leases run out.
func (o *ordeal) mail(kills int) {
	o.t.Helper()
	for i := range kills {
		c := o.start(o.ahead)
		var moment <-chan struct{}
		wait := time.Duration(o.rng.IntN(200)) * time.Millisecond
		switch {
		case i < 1+kills/4: // while digests are built
			moment = c.saw("digest run started")
		case i%2 == 0: // with a mail taken whose sender does not know it yet
			moment, wait = o.mailTaken(c, 1+o.rng.IntN(30), true), 0
		default: // at any moment among the mails
			moment = o.mailTaken(c, 1+o.rng.IntN(30), false)
		}
		select {
		case <-moment:
			<-time.After(wait) // random: it waits for nothing
		case <-time.After(8 * time.Second): // there was nothing left to do
		case <-c.ended:
			if !c.shot.Load() {
				o.t.Fatalf("the daemon ended by itself: %v\n%s", c.err, c.log())
			}
		}
		o.relay.watch(nil)
		c.kill()
		o.kills++
		o.ahead += 3 * time.Minute
	}
}

// mailTaken is closed when the daemon's nth mail has come; with kill it is killed
// before it can learn that.
func (o *ordeal) mailTaken(c *child, n int, kill bool) <-chan struct{} {
	taken := make(chan struct{})
	o.relay.watch(func() {
		if n--; n == 0 {
			if kill {
				_ = c.shoot()
			}
			close(taken)
		}
	})
	return taken
}

// judge lets the daemon finish, asks it once more a day later, and compares.
func (o *ordeal) judge(want expectation) {
	o.t.Helper()
	t, st := o.t, o.stores()
	c := o.start(o.ahead)
	drained := comesTrue(t, time.Minute, func() bool { return intakeIdle(t, o.operator()) })
	if !drained {
		t.Fatalf("intake has not worked off the stream\n%s", c.log())
	}
	o.storedOrRejected(st, want)
	// The end of the window comes with the next day's run at the latest.
	c.stop()
	o.nextDay()
	c = o.start(o.ahead)
	if !comesTrue(t, time.Minute, func() bool { return want.complete(o.deliveries(st)) && outboxDone(t, st) }) {
		t.Errorf("not everything has arrived\n%s", c.log())
	}
	c.stop()
	o.nextDay()
	c = o.start(o.ahead)
	select {
	case <-c.saw("digest run finished"):
	case <-time.After(time.Minute):
		t.Fatalf("no digest run on the last day\n%s", c.log())
	}
	eventually(t, time.Minute, "the outbox is empty", func() bool { return outboxDone(t, st) })
	c.stop()

	got := o.deliveries(st)
	want.compare(t, got)
	t.Logf("%d kills; %d subscribers got %d postings in %d mails, %d of them twice", o.kills, len(want.by), want.pairs(), got.distinct, got.doubled)
	if got.doubled > relayConnections*o.kills {
		t.Errorf("%d mails came twice, more than one for each of %d connections and %d kills", got.doubled, relayConnections, o.kills)
	}
	if want.pairs() == 0 {
		t.Error("nobody was to get anything, so nothing was proved")
	}
}

// intakeIdle reports whether all that was published has been dealt with.
func intakeIdle(t testing.TB, b *broker.Broker) bool {
	t.Helper()
	c, err := b.JetStream().Consumer(t.Context(), broker.Postings, broker.IntakeConsumer)
	if err != nil {
		return false
	}
	info := c.CachedInfo()
	return info.NumPending == 0 && info.NumAckPending == 0
}

func outboxDone(t testing.TB, st *stores) bool {
	t.Helper()
	n, err := st.outbox.Unfinished(t.Context(), true)
	return err == nil && n == 0
}

// storedOrRejected holds every acknowledgement against database and REJECTIONS.
func (o *ordeal) storedOrRejected(st *stores, want expectation) {
	o.t.Helper()
	reasons := rejections(o.t, o.operator())
	lost := 0
	for _, a := range o.acks {
		id := "k-" + pad(a.index)
		_, err := st.postings.PostingByKey(o.t.Context(), st.db.Reader, alerts.Key{Source: o.board.source, Identifier: id})
		switch {
		case want.rejected[a.index]:
			if reasons[a.sequence] == "" {
				o.t.Errorf("message %d was to be rejected, but rejections.%s has no reason for it", a.sequence, o.board.source)
			}
		case errors.Is(err, alerts.ErrNotFound):
			lost++
		case err != nil:
			o.t.Fatal(err)
		}
	}
	if lost > 0 {
		o.t.Errorf("%d of %d acknowledged postings are neither stored nor rejected", lost, len(o.acks))
	}
}

// pad writes a posting's number as manyPostings does.
func pad(i int) string {
	s := strconv.Itoa(i)
	for len(s) < 5 {
		s = "0" + s
	}
	return s
}

// rejections are the reasons by the sequence of the rejected message.
func rejections(t testing.TB, b *broker.Broker) map[uint64]string {
	t.Helper()
	stream, err := b.JetStream().Stream(t.Context(), broker.Rejections)
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[uint64]string{}
	for sequence := uint64(1); sequence <= stream.CachedInfo().State.LastSeq; sequence++ {
		m, err := stream.GetMsg(t.Context(), sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		of, err := strconv.ParseUint(m.Header.Get("Jobalert-Sequence"), 10, 64)
		if err != nil {
			t.Fatalf("rejection %d names no message: %v", sequence, m.Header)
		}
		reasons[of] = m.Header.Get("Jobalert-Reason")
	}
	return reasons
}

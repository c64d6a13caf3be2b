package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// remoteNATS is a NATS server that is not the daemon's own, which can go away and
// come back with what it stored.
type remoteNATS struct {
	t       testing.TB
	address string
	dir     string
	server  *server.Server
}

func newRemoteNATS(t testing.TB) *remoteNATS {
	t.Helper()
	r := &remoteNATS{t: t, address: steadyAddress(t), dir: t.TempDir()}
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *remoteNATS) url() string { return "nats://" + r.address }

// setting is what a daemon's section [nats] needs to use it.
func (r *remoteNATS) setting() string { return "url = " + strconv.Quote(r.url()) }

func (r *remoteNATS) start() {
	r.t.Helper()
	host, port, _ := strings.Cut(r.address, ":")
	n, err := strconv.Atoi(port)
	if err != nil {
		r.t.Fatal(err)
	}
	r.server, err = server.NewServer(&server.Options{ServerName: "remote", Host: host, Port: n, NoSigs: true, JetStream: true,
		StoreDir: r.dir, DisableJetStreamBanner: true, MaxPayload: 2 << 20})
	if err != nil {
		r.t.Fatal(err)
	}
	r.server.Start()
	if !r.server.ReadyForConnections(20 * time.Second) {
		r.t.Fatal("the remote NATS server did not start")
	}
}

func (r *remoteNATS) stop() {
	r.server.Shutdown()
	r.server.WaitForShutdown()
}

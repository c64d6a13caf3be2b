package broker

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A server whose disk was full, or failed, once takes no message into that stream
// any more, even when there is room again; only a new one does. So it is started
// anew then. Meanwhile publishers are refused, and nothing acknowledged is lost:
// that was synced before.

// healEvery is how often the disk is tried.
const healEvery = time.Second

// roomNeeded is how much must be writable before it is worth it, in bytes.
const roomNeeded = 8 * MaxPosting

// cannotWrite reads the server's own words; it has no other way to say so.
func cannotWrite(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "critical write error") || strings.Contains(text, "will be disabled")
}

// Storing reports whether messages can be stored, as far as this process knows:
// false while the embedded server cannot write to its disk.
func (b *Broker) Storing() bool { return !b.Embedded() || b.storing.Load() }

// watch starts what heals the server, until stopHealing.
func (b *Broker) watch(trouble <-chan struct{}) {
	b.storing.Store(true)
	ctx, cancel := context.WithCancel(context.Background()) // ended by stopHealing
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.heal(ctx, trouble)
	}()
	b.stopHealing = func() {
		cancel()
		<-done
	}
}

func (b *Broker) heal(ctx context.Context, trouble <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-trouble:
		}
		b.storing.Store(false)
		b.log.Error("the embedded NATS server cannot write to data_dir: postings are refused until it can; make room there")
		if trouble = b.restart(ctx); trouble == nil {
			return
		}
		b.storing.Store(true)
		b.log.Info("the embedded NATS server writes again")
	}
}

// restart starts the server anew as soon as the disk takes something; nil once
// ctx has ended.
func (b *Broker) restart(ctx context.Context) (trouble <-chan struct{}) {
	tick := time.NewTicker(healEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := b.tryDisk()
		if err == nil {
			trouble, err = b.relaunch(ctx)
		}
		if err == nil {
			return trouble
		}
		b.log.Debug("the embedded NATS server still cannot write", "err", err)
	}
}

// tryDisk writes and removes a file beside the streams.
func (b *Broker) tryDisk() error {
	f, err := os.CreateTemp(b.opts.DataDir, "room-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}()
	if _, err := f.Write(make([]byte, roomNeeded)); err != nil {
		return err
	}
	return f.Sync()
}

// relaunch stops the server and starts another on the same port and store. The
// clients find it by reconnecting, ours among them.
func (b *Broker) relaunch(ctx context.Context) (<-chan struct{}, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.opts.Listen != "" && b.port == 0 {
		b.port = b.server.Addr().(*net.TCPAddr).Port
	}
	opts, err := b.serverOptions(b.users)
	if err != nil {
		return nil, err
	}
	b.server.Shutdown()
	b.server.WaitForShutdown()
	trouble, err := b.launch(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("in %s: %w", filepath.Clean(b.opts.DataDir), err)
	}
	return trouble, nil
}

// actualPort is where the server listens.
func (b *Broker) actualPort() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.port != 0 {
		return b.port
	}
	return b.server.Addr().(*net.TCPAddr).Port
}

// inProcess connects to whichever server is ours at the moment.
type inProcess struct{ b *Broker }

func (p inProcess) InProcessConn() (net.Conn, error) {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	return p.b.server.InProcessConn()
}

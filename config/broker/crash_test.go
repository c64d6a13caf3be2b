package broker

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// crashDir tells this binary, run again by a test, to publish into the folder
// it names until it is killed.
const crashDir = "BROKER_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := publishForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

// publishForEver prints each sequence once it was acknowledged.
func publishForEver(dir string) error {
	ctx := context.Background()
	b, err := Start(ctx, Options{DataDir: dir})
	if err != nil {
		return err
	}
	if err := EnsureStreams(ctx, b.JetStream(), StreamOptions{}); err != nil {
		return err
	}
	for {
		ack, err := b.JetStream().Publish(ctx, "postings.published.acme", []byte("{}"))
		if err != nil {
			return err
		}
		fmt.Println(ack.Sequence)
	}
}

func TestStart_KeepsEveryAcknowledgedPostingAcrossKills(t *testing.T) {
	if testing.Short() {
		t.Skip("kills three processes")
	}
	dir := t.TempDir()
	var acknowledged uint64
	for _, enough := range []int{50, 200, 1} {
		acknowledged = publishUntilKilled(t, dir, enough)
	}
	b := startAt(t, dir)
	stream, err := b.JetStream().Stream(t.Context(), Postings)
	if err != nil {
		t.Fatal(err)
	}
	if state := stream.CachedInfo().State; state.LastSeq < acknowledged || state.FirstSeq != 1 || state.Msgs != state.LastSeq {
		t.Errorf("acknowledged up to %d; the stream holds %d from %d to %d", acknowledged, state.Msgs, state.FirstSeq, state.LastSeq)
	}
	if acknowledged < 251 {
		t.Errorf("sequences began anew: %d after three lives", acknowledged)
	}
}

// publishUntilKilled lets a child publish and kills it after enough
// acknowledgements. It returns the last that was seen.
func publishUntilKilled(t *testing.T, dir string, enough int) (last uint64) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), crashDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for seen := 0; lines.Scan(); seen++ {
		if seen == enough {
			if err := child.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
		if n, err := strconv.ParseUint(strings.TrimSpace(lines.Text()), 10, 64); err == nil {
			last = n
		}
	}
	if err := child.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
	if last == 0 {
		t.Fatal("nothing was acknowledged")
	}
	return last
}

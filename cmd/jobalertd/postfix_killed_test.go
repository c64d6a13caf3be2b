package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// toBeKilled, in the environment, has the test start a Postfix and wait.
const toBeKilled = "TEST_POSTFIX_TO_BE_KILLED"

func TestPostfix_EndsWithTestsThatAreKilled(t *testing.T) {
	if os.Getenv(toBeKilled) != "" {
		p := startPostfix(t, "127.0.0.1:1")
		fmt.Println("folder:", p.dir)
		<-t.Context().Done()
		return
	}
	if os.Getuid() != 0 {
		lacking(t, "postfix", "Postfix starts as root only")
	}
	t.Parallel()
	cmd := exec.CommandContext(context.Background(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), toBeKilled+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dir, said := "", ""
	for lines := bufio.NewScanner(out); dir == "" && lines.Scan(); said += lines.Text() + "\n" {
		dir, _ = strings.CutPrefix(lines.Text(), "folder: ")
		if dir == lines.Text() {
			dir = ""
		}
	}
	var daemons []int
	for _, file := range []string{"queue/pid/master.pid", "run/dovecot/master.pid"} {
		raw, err := os.ReadFile(filepath.Join(dir, file))
		if dir == "" || err != nil {
			break
		}
		var pid int
		if _, err := fmt.Sscan(string(raw), &pid); err == nil && syscall.Kill(pid, 0) == nil {
			daemons = append(daemons, pid)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if dir == "" && strings.Contains(said, "PASS") {
		t.Skip("no Postfix was started")
	}
	if len(daemons) != 2 {
		t.Fatalf("%d daemons were started in %q, want 2\n%s", len(daemons), dir, said)
	}
	eventually(t, 20*time.Second, "the daemons have ended, and their folder is gone", func() bool {
		for _, pid := range daemons {
			if syscall.Kill(pid, 0) == nil {
				return false
			}
		}
		_, err := os.Stat(dir)
		return os.IsNotExist(err)
	})
}

package database_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/jmoiron/sqlx"
	"go.uber.org/goleak"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

// crashURL tells this binary, run again by a test, to write into the database
// it names until it is killed.
const crashURL = "DATABASE_TEST_CRASH_URL"

func TestMain(m *testing.M) {
	if url := os.Getenv(crashURL); url != "" {
		if err := writeForEver(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

// writeForEver prints each position once it was committed.
func writeForEver(url string) error {
	ctx := context.Background()
	db, err := database.Open(ctx, url, testOptions())
	if err != nil {
		return err
	}
	for {
		var position int64
		err := db.Tx(ctx, func(tx *sqlx.Tx) (err error) {
			if position, err = database.Advance(ctx, tx, 1); err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, tx.Rebind("INSERT INTO notes (position, title) VALUES (?, ?)"), position, fmt.Sprint(position))
			return err
		})
		if err != nil {
			return err
		}
		fmt.Println(position)
	}
}

func TestTx_IsWholeOrAbsentAfterAKill(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes")
	}
	eachEmpty(t, func(t *testing.T, _ database.Dialect, url string) {
		db := databasetest.Open(t, url, testOptions())
		databasetest.Migrate(t, db)
		for _, enough := range []int{20, 1, 70} {
			committed := writeUntilKilled(t, url, enough)
			position, err := database.Position(t.Context(), db.Reader)
			if err != nil {
				t.Fatal(err)
			}
			var notes int64
			if err := db.Reader.Get(&notes, "SELECT count(*) FROM notes"); err != nil {
				t.Fatal(err)
			}
			if position < committed || notes != position {
				t.Errorf("committed up to %d; the clock says %d and there are %d notes", committed, position, notes)
			}
		}
	})
}

// writeUntilKilled lets a child write, kills it after enough commits, and
// returns the last one it told of.
func writeUntilKilled(t *testing.T, url string, enough int) (last int64) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), crashURL+"="+url)
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
		if n, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
			last = n
		}
	}
	if err := child.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
	if last == 0 {
		t.Fatal("nothing was committed")
	}
	return last
}

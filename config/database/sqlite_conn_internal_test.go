package database

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// openFile opens a new file, and runs f with its writer's one connection.
func openFile(t *testing.T) (path string, db *DB, on func(f func(c *sqliteConn))) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "test.db")
	db, err := Open(t.Context(), "sqlite:"+path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return path, db, func(f func(c *sqliteConn)) {
		t.Helper()
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		err = conn.Raw(func(c any) error {
			f(c.(*sqliteConn))
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestSQLiteConn_KeepsWhatItRanAndOnlySoMuch(t *testing.T) {
	_, db, on := openFile(t)
	const text = "SELECT ?"
	ask := func(text string, args ...any) {
		t.Helper()
		var got string
		if err := db.GetContext(t.Context(), &got, text, args...); err != nil {
			t.Fatal(err)
		}
	}
	ask(text, "one")
	on(func(c *sqliteConn) {
		if c.idle[text] == nil {
			t.Fatal("the statement is not kept")
		}
		first := c.idle[text].Value.(keptStatement).stmt
		again, err := c.take(t.Context(), text)
		if err != nil || again != first || c.idle[text] != nil {
			t.Errorf("taken is %p, %v, kept was %p", again, err, first)
		}
		if err := c.keep(text, again); err != nil {
			t.Error(err)
		}
	})
	for i := range 2000 {
		ask(fmt.Sprintf("SELECT '%d, %s'", i, strings.Repeat("long ", i%50)))
	}
	on(func(c *sqliteConn) {
		length := 0
		for e := c.used.Front(); e != nil; e = e.Next() {
			length += len(e.Value.(keptStatement).text)
		}
		if length != c.length || length > maxKept || length < maxKept/2 || len(c.idle) != c.used.Len() {
			t.Errorf("%d and %d statements of %d bytes are kept, counted as %d, want at most %d", c.used.Len(), len(c.idle), length, c.length, maxKept)
		}
		if c.idle[text] != nil {
			t.Error("the statement used longest ago is kept still")
		}
	})
	long := "SELECT '" + strings.Repeat("x", maxKeptText) + "'"
	ask(long)
	if _, err := db.ExecContext(t.Context(), long); err != nil {
		t.Error(err)
	}
	on(func(c *sqliteConn) {
		if c.idle[long] != nil {
			t.Errorf("a text of %d bytes is kept", len(long))
		}
	})
}

// SQLite holds a file open while one of its statements is not given up.
func TestSQLiteConn_ClosingGivesTheFileUp(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("open files are read from /proc, which only Linux has")
	}
	path, db, _ := openFile(t)
	for range 3 {
		var n int
		if err := db.GetContext(t.Context(), &n, "SELECT COUNT(*) FROM sqlite_schema"); err != nil {
			t.Fatal(err)
		}
		if err := db.Reader.GetContext(t.Context(), &n, "SELECT COUNT(*) FROM sqlite_schema"); err != nil {
			t.Fatal(err)
		}
	}
	if open := openFiles(t, path); len(open) == 0 {
		t.Fatal("the file is not open: this test looks for nothing")
	}
	db.Shrink()
	if open := openFiles(t, path); len(open) > 0 {
		t.Errorf("after idle connections were closed these are open: %v", open)
	}
}

func openFiles(t *testing.T, path string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && strings.HasPrefix(to, path) {
			open = append(open, to)
		}
	}
	slices.Sort(open)
	return open
}

// A transaction that ends with rows open, and a statement given too few values, leave
// the text usable.
func TestSQLiteConn_ATextThatWentWrongRunsAgain(t *testing.T) {
	_, db, _ := openFile(t)
	const text = "SELECT value FROM json_each('[1, 2, 3]') WHERE value > ?"
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tx.QueryContext(t.Context(), text, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() // the transaction's end does, before
	if !rows.Next() {
		t.Fatal("no row:", rows.Err())
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	var got []int
	if err := db.SelectContext(t.Context(), &got, text); err == nil {
		t.Errorf("without its value it gave %v", got)
	}
	if err := db.SelectContext(t.Context(), &got, text, 1); err != nil || !slices.Equal(got, []int{2, 3}) {
		t.Errorf("it gave %v, %v, want 2 and 3", got, err)
	}
}

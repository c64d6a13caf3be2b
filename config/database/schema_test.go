package database_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

// table is what both dialects must agree on.
type table struct {
	Columns map[string]column // by name
	Unique  []string          // the primary key and other unique keys, "a,b", "a where …", sorted
	Foreign []string          // "column references table(column) on delete action", sorted
}

// column says a column's kind (number, real, text, bytes) and whether it may
// be null.
type column struct {
	Kind string
	Null bool
}

func TestMigrations_AgreeBetweenDialects(t *testing.T) {
	for name, opts := range map[string]database.Options{
		"released": {},
		"test":     testOptions(),
	} {
		t.Run(name, func(t *testing.T) {
			lite := databasetest.Open(t, databasetest.SQLiteURL(t), opts)
			databasetest.Migrate(t, lite)
			pg := databasetest.Open(t, databasetest.EmptyPostgresURL(t), opts)
			databasetest.Migrate(t, pg)

			got, want := sqliteSchema(t, lite), postgresSchema(t, pg)
			if len(want) < 2 {
				t.Errorf("only %d tables: nothing was compared", len(want))
			}
			if name == "released" { // 0007: SQLite could only drop it by copying the table
				digests := want["digests"]
				digests.Foreign = append(digests.Foreign, "run_id references digest_runs(id) on delete no action")
				want["digests"] = digests
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("schemas differ (-postgres +sqlite):\n%s", diff)
			}
		})
	}
}

func TestSchema_ReadsKeysAndColumns(t *testing.T) {
	db := databasetest.Open(t, databasetest.SQLiteURL(t), testOptions())
	databasetest.Migrate(t, db)
	want := table{
		Columns: map[string]column{
			"id": {"number", false}, "note": {"number", false}, "author": {"text", false},
		},
		Unique:  []string{"author where author<>''", "id", "note,author"},
		Foreign: []string{"note references notes(position) on delete cascade"},
	}
	if diff := cmp.Diff(want, sqliteSchema(t, db)["replies"]); diff != "" {
		t.Errorf("replies (-want +got):\n%s", diff)
	}
}

// kind reduces a column's type to what both dialects mean by it. SQLite has no
// booleans.
func kind(t *testing.T, declared string) string {
	t.Helper()
	for name, types := range map[string][]string{
		"number": {"integer", "int", "bigint", "smallint", "boolean"},
		"real":   {"real", "double precision", "double"},
		"text":   {"text", "character varying"},
		"bytes":  {"blob", "bytea"},
	} {
		if slices.Contains(types, strings.ToLower(declared)) {
			return name
		}
	}
	t.Errorf("type %q is none that both dialects are known to mean the same by", declared)
	return declared
}

// condition makes a partial index's condition comparable.
func condition(text string) string {
	if i := strings.LastIndex(strings.ToLower(text), " where "); i >= 0 {
		text = text[i+len(" where "):]
		return " where " + strings.NewReplacer("(", "", ")", "", " ", "", "::text", "", "\n", "", "\t", "").Replace(text)
	}
	return ""
}

type key struct {
	Table, Name, Columns, Text string
}

func (k key) String() string { return k.Columns + condition(k.Text) }

func sqliteSchema(t *testing.T, db *database.DB) map[string]table {
	t.Helper()
	var columns []struct {
		Table, Name, Type string
		Null, Primary     bool
	}
	query(t, db, &columns, `SELECT m.name AS "table", c.name, c.type, c."notnull" = 0 AS "null", c.pk > 0 AS "primary"
		FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT IN ('goose_db_version', 'sqlite_sequence')`)
	tables := make(map[string]table)
	for _, c := range columns {
		if _, known := tables[c.Table]; !known {
			tables[c.Table] = table{Columns: make(map[string]column)}
		}
		tables[c.Table].Columns[c.Name] = column{kind(t, c.Type), c.Null && !c.Primary}
	}

	var keys []key
	query(t, db, &keys, `SELECT m.name AS "table", '' AS name, '' AS text,
			(SELECT group_concat(name, ',' ORDER BY pk) FROM pragma_table_info(m.name) WHERE pk > 0) AS columns
		FROM sqlite_master m WHERE m.type = 'table'
			AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE pk > 0)
		UNION ALL
		SELECT m.name, i.name, CASE WHEN i.partial THEN (SELECT sql FROM sqlite_master WHERE name = i.name) ELSE '' END,
			(SELECT group_concat(coalesce(name, '(expression)'), ',' ORDER BY seqno) FROM pragma_index_info(i.name))
		FROM sqlite_master m, pragma_index_list(m.name) i
		WHERE m.type = 'table' AND i."unique" AND i.origin <> 'pk'`)
	var foreign []key
	query(t, db, &foreign, `SELECT m.name AS "table", '' AS name, '' AS text,
			f."from" || ' references ' || f."table" || '(' || coalesce(f."to", '') || ') on delete ' || lower(f.on_delete) AS columns
		FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`)
	return gather(tables, keys, foreign)
}

func postgresSchema(t *testing.T, db *database.DB) map[string]table {
	t.Helper()
	var columns []struct {
		Table, Name, Type string
		Null              bool
	}
	query(t, db, &columns, `SELECT table_name AS "table", column_name AS name, data_type AS type, is_nullable = 'YES' AS "null"
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'goose_db_version'`)
	tables := make(map[string]table)
	for _, c := range columns {
		if _, known := tables[c.Table]; !known {
			tables[c.Table] = table{Columns: make(map[string]column)}
		}
		tables[c.Table].Columns[c.Name] = column{kind(t, c.Type), c.Null}
	}

	var keys []key
	query(t, db, &keys, `SELECT c.relname AS "table", i.relname AS name,
			CASE WHEN x.indpred IS NULL THEN '' ELSE pg_get_indexdef(x.indexrelid) END AS text,
			(SELECT string_agg(coalesce(a.attname, '(expression)'), ',' ORDER BY k.n)
			   FROM unnest(x.indkey) WITH ORDINALITY k (attnum, n)
			   LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum AND k.attnum > 0) AS columns
		FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
		WHERE x.indisunique AND c.relnamespace = 'public'::regnamespace`)
	var foreign []key
	query(t, db, &foreign, `SELECT c.relname AS "table", f.conname AS name, '' AS text,
			a.attname || ' references ' || r.relname || '(' || b.attname || ') on delete ' ||
			CASE f.confdeltype WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' WHEN 'r' THEN 'restrict'
				WHEN 'd' THEN 'set default' ELSE 'no action' END AS columns
		FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class r ON r.oid = f.confrelid,
			unnest(f.conkey, f.confkey) k (own, other), pg_attribute a, pg_attribute b
		WHERE f.contype = 'f' AND a.attrelid = f.conrelid AND a.attnum = k.own AND b.attrelid = f.confrelid AND b.attnum = k.other`)
	return gather(tables, keys, foreign)
}

// gather puts keys in their tables and drops goose's own table.
func gather(tables map[string]table, keys, foreign []key) map[string]table {
	for _, k := range keys {
		own := tables[k.Table]
		own.Unique = append(own.Unique, k.String())
		tables[k.Table] = own
	}
	for _, k := range foreign {
		own := tables[k.Table]
		own.Foreign = append(own.Foreign, k.Columns)
		tables[k.Table] = own
	}
	for name, own := range tables {
		slices.Sort(own.Unique)
		own.Unique = slices.Compact(own.Unique)
		slices.Sort(own.Foreign)
		tables[name] = own
	}
	delete(tables, "goose_db_version")
	delete(tables, "sqlite_sequence")
	return tables
}

func query(t *testing.T, db *database.DB, dest any, text string) {
	t.Helper()
	if err := db.Select(dest, text); err != nil {
		t.Fatal(err)
	}
}

func TestMigrations_MatchLogIsStoredUncompressed(t *testing.T) {
	db := databasetest.Postgres(t)
	var storage []string
	query(t, db, &storage, `SELECT CAST(attstorage AS text) FROM pg_attribute
		WHERE attrelid = CAST('match_log' AS regclass) AND attname = 'subscriptions'`)
	if want := []string{"e"}; !slices.Equal(storage, want) { // out of line if need be, never compressed
		t.Errorf("match_log.subscriptions is stored as %q, want %q", storage, want)
	}
}
